package authority

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"meterbench/simulators/fe"
	"meterbench/simulators/reading"
)

func authority(t testing.TB, length int, reveal bool) *Authority {
	t.Helper()
	a, err := New(t.Context(), Config{Params: fe.Params{Scheme: "ddh", Bits: 1024, Length: length, Bound: 100}, Reveal: reveal})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func tariff(weights ...int64) Tariff {
	return Tariff{Name: "t", Weights: weights, From: time.Unix(0, 0).UTC()}
}

func TestApprove(t *testing.T) {
	a := authority(t, 4, false)
	for _, c := range []struct {
		name    string
		tariff  Tariff
		want    string // empty: approved
		reveals bool
	}{
		{"day and night", tariff(30, 30, 20, 20), "", false},
		{"the same again", tariff(30, 30, 20, 20), "", false},
		{"in their span", tariff(60, 60, 40, 40), "", false},
		{"another mix of day and night", tariff(1, 1, 0, 0), "", false},
		{"one value alone", tariff(0, 0, 1, 0), "differ in value 2", true},
		{"one value with those known", tariff(1, 1, 0, 5), "differ in value 2", true},
		{"a difference that leaves one value", tariff(2, 1, 0, 0), "differ in value 0", true},
		{"a difference within the day", tariff(1, -1, 0, 0), "differ in value 0", true},
		{"nothing", tariff(0, 0, 0, 0), "all weights are zero", false},
		{"too short", tariff(1, 1, 1), "3 weights; readings have 4 values", false},
		{"over the bound", tariff(101, 1, 1, 1), "weight 0 is over the bound 100", false},
		{"without a name", Tariff{Weights: []int64{1, 1, 1, 1}}, "valid from", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := a.Approve(c.tariff)
			if errors.Is(err, ErrReveals) != c.reveals {
				t.Errorf("error %v; reveals: %t", err, c.reveals)
			}
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v; want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			hash, err := got.Function.Hash()
			if err != nil || hash != got.Hash {
				t.Errorf("hash %v, want %v, error %v", got.Hash, hash, err)
			}
			if want := reading.ParametersID(a.Public()); got.Function.Parameters != want {
				t.Errorf("parameters %v, want %v", got.Function.Parameters, want)
			}
			if got.Key.Params.Length != 4 {
				t.Errorf("key for %d values", got.Key.Params.Length)
			}
		})
	}
}

// Weights that are too far apart give values away with one key, and others with
// several.
func TestPackingIsRefused(t *testing.T) {
	if _, err := authority(t, 3, false).Approve(tariff(1, 100, 0)); !errors.Is(err, ErrReveals) || !strings.Contains(err.Error(), "differ in value 0 by steps of at most 10;") {
		t.Errorf("error %v", err)
	}
	if _, err := authority(t, 3, true).Approve(tariff(1, 100, 0)); err != nil {
		t.Errorf("where it is allowed: %v", err)
	}
	a := authority(t, 3, false)
	if _, err := a.Approve(tariff(13, 5, 7)); err != nil {
		t.Error(err)
	}
	if _, err := a.Approve(tariff(8, 30, 11)); !errors.Is(err, ErrReveals) {
		t.Errorf("error %v", err)
	}
	if _, err := a.Approve(tariff(26, 10, 14)); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
}

func TestOneValueRevealsItself(t *testing.T) {
	if _, err := authority(t, 1, false).Approve(tariff(7)); !errors.Is(err, ErrReveals) {
		t.Errorf("error %v", err)
	}
	got, err := authority(t, 1, true).Approve(tariff(7))
	if err != nil || !slices.Equal(got.Key.Function, []int64{7}) {
		t.Errorf("key of the function %v, %v", got.Key.Function, err)
	}
}

// What a caller does with the weights that it gave or got changes nothing of
// what is held against the next tariff.
func TestWeightsAreKept(t *testing.T) {
	a := authority(t, 3, false)
	given := tariff(1, 1, 1)
	approval, err := a.Approve(given)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range []int64{2, 1, 1} {
		given.Weights[i], approval.Function.Weights[i], approval.Key.Function[i] = w, w, w
	}
	if _, err := a.Approve(tariff(2, 1, 1)); !errors.Is(err, ErrReveals) {
		t.Errorf("error %v", err)
	}
}

// Keys asked for at once are judged together too: of two that reveal a value
// only together, one is refused.
func TestConcurrentApprovals(t *testing.T) {
	a := authority(t, 3, false)
	var group sync.WaitGroup
	errs := make([]error, 2)
	for i, weights := range [][]int64{{1, 1, 1}, {2, 1, 1}} {
		group.Go(func() { _, errs[i] = a.Approve(tariff(weights...)) })
	}
	group.Wait()
	if errors.Is(errs[0], ErrReveals) == errors.Is(errs[1], ErrReveals) {
		t.Errorf("errors %v", errs)
	}
}

func TestNewFails(t *testing.T) {
	if _, err := New(context.Background(), Config{Params: fe.Params{Scheme: "rsa"}}); err == nil || !strings.Contains(err.Error(), `key authority: fe: scheme "rsa" is unknown`) {
		t.Errorf("error %v", err)
	}
}
