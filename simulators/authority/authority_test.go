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
	a := authority(t, 8, false)
	for _, c := range []struct {
		name    string
		tariff  Tariff
		want    string // empty: approved
		reveals bool
	}{
		{"day and night", tariff(30, 30, 30, 30, 20, 20, 20, 20), "", false},
		{"the same again", tariff(30, 30, 30, 30, 20, 20, 20, 20), "", false},
		{"in their span", tariff(60, 60, 60, 60, 40, 40, 40, 40), "", false},
		{"another mix of day and night", tariff(1, 1, 1, 1, 0, 0, 0, 0), "", false},
		{"one value alone", tariff(0, 0, 1, 0, 0, 0, 0, 0), "value 2 has the weights of only 0 others; want at least 3", true},
		{"one value with those known", tariff(1, 1, 1, 1, 0, 0, 0, 5), "value 7 has the weights of only 0 others", true},
		{"a difference that leaves one value", tariff(2, 1, 1, 1, 0, 0, 0, 0), "value 0 has the weights of only 0 others", true},
		{"a difference within the day", tariff(1, -1, 0, 0, 0, 0, 0, 0), "value 0 has the weights of only 0 others", true},
		{"another hour of the day", tariff(2, 2, 2, 1, 1, 1, 1, 2), "value 3 has the weights of only 0 others", true},
		{"nothing", tariff(0, 0, 0, 0, 0, 0, 0, 0), "all weights are zero", false},
		{"too short", tariff(1, 1, 1), "3 weights; readings have 8 values", false},
		{"over the bound", tariff(101, 1, 1, 1, 1, 1, 1, 1), "weight 0 is over the bound 100", false},
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
			if got.Key.Params.Length != 8 {
				t.Errorf("key for %d values", got.Key.Params.Length)
			}
		})
	}
}

// A refusal changes nothing of what is approved next, and is none where keys may reveal values.
func TestRefusalLeavesNothing(t *testing.T) {
	packed, sum := tariff(1, 100, 1, 1, 1), tariff(1, 1, 1, 1, 1)
	a := authority(t, 5, false)
	if _, err := a.Approve(packed); !errors.Is(err, ErrReveals) {
		t.Errorf("error %v", err)
	}
	if _, err := a.Approve(sum); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
	if _, err := authority(t, 5, true).Approve(packed); err != nil {
		t.Errorf("where it is allowed: %v", err)
	}
}

// An authority that starts again remembers nothing and need not: its keys compute nothing of readings from before, nor do
// the old ones of new readings.
func TestNewMasterKeyForgets(t *testing.T) {
	tables, err := fe.NewTables(fe.TableConfig{Entries: 1 << 10})
	if err != nil {
		t.Fatal(err)
	}
	before, after := authority(t, 5, false), authority(t, 5, false)
	sum, err := before.Approve(tariff(1, 1, 1, 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	less, err := after.Approve(tariff(1, 1, 1, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		of   *Authority
		key  fe.Key
		fits bool
	}{
		{"its own", before, sum.Key, true}, {"of a new master key", before, less.Key, false}, {"of the old one", after, sum.Key, false},
	} {
		ciphertext, err := c.of.master.Encryptor().Encrypt([]int64{5, 4, 3, 2, 1})
		if err != nil {
			t.Fatal(err)
		}
		evaluator, err := fe.NewEvaluator(t.Context(), c.of.Public(), tables)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := evaluator.Evaluate(t.Context(), ciphertext, c.key); errors.Is(err, fe.ErrNoResult) == c.fits {
			t.Errorf("the key %s: %v", c.name, err)
		}
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
	a := authority(t, 5, false)
	given := tariff(1, 1, 1, 1, 1)
	approval, err := a.Approve(given)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range []int64{2, 1, 1, 1, 1} {
		given.Weights[i], approval.Function.Weights[i], approval.Key.Function[i] = w, w, w
	}
	if _, err := a.Approve(tariff(2, 1, 1, 1, 1)); !errors.Is(err, ErrReveals) {
		t.Errorf("error %v", err)
	}
}

// Keys asked for at once are judged together too: of two that reveal a value
// only together, one is refused.
func TestConcurrentApprovals(t *testing.T) {
	a := authority(t, 5, false)
	var group sync.WaitGroup
	errs := make([]error, 2)
	for i, weights := range [][]int64{{1, 1, 1, 1, 1}, {1, 1, 1, 1, 0}} {
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
