package authority

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"meterbench/workloads/fe"
	"meterbench/workloads/reading"
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
		{"one value alone", tariff(0, 0, 1, 0), "value 2 of each reading follows", true},
		{"one value with those known", tariff(1, 1, 0, 5), "value 2 of each reading follows", true},
		{"a difference that leaves one value", tariff(2, 1, 0, 0), "value 0 of each reading follows", true},
		{"a difference within the day", tariff(1, -1, 0, 0), "value 0 of each reading follows", true},
		{"nothing", tariff(0, 0, 0, 0), "all weights are zero", false},
		{"too short", tariff(1, 1, 1), "3 weights; readings have 4 values", false},
		{"over the bound", tariff(101, 1, 1, 1), "weight 0 is over the bound 100", false},
		{"without a name", Tariff{Weights: []int64{1, 1, 1, 1}}, "valid from", false},
	} {
		got, err := a.Approve(c.tariff)
		if errors.Is(err, ErrReveals) != c.reveals || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v; want %q", c.name, err, c.want)
		}
		if c.want != "" {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		hash, err := got.Function.Hash()
		if err != nil || hash != got.Hash || got.Function.Parameters != reading.ParametersID(a.Public()) || got.Key.Params.Length != 4 {
			t.Errorf("%s: approved as %+v, error %v", c.name, got, err)
		}
	}
}

// Weights that are too far apart give values away with one key.
func TestPackingIsRefused(t *testing.T) {
	if _, err := authority(t, 3, false).Approve(tariff(1, 100, 0)); !errors.Is(err, ErrReveals) || !strings.Contains(err.Error(), "value 0 of each reading follows from the result alone") {
		t.Errorf("error %v", err)
	}
	if _, err := authority(t, 3, true).Approve(tariff(1, 100, 0)); err != nil {
		t.Errorf("where it is allowed: %v", err)
	}
	if _, err := authority(t, 3, false).Approve(tariff(20, 30, 0)); err != nil {
		t.Error(err)
	}
}

func TestOneValueRevealsItself(t *testing.T) {
	if _, err := authority(t, 1, false).Approve(tariff(7)); !errors.Is(err, ErrReveals) {
		t.Errorf("error %v", err)
	}
	got, err := authority(t, 1, true).Approve(tariff(7))
	if err != nil || got.Key.Function[0] != 7 {
		t.Errorf("%+v, %v", got, err)
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

// The span agrees with brute force: a unit vector is in a span if it does not
// raise the rank, and the rank is the size of the largest minor that is not 0.
func TestRevealedAgainstMinors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.IntRange(1, 4).Draw(t, "length")
		functions := rapid.SliceOfN(rapid.SliceOfN(rapid.Int64Range(-2, 2), length, length), 0, 4).Draw(t, "functions")
		var s span
		for _, y := range functions {
			s = s.with(y)
		}
		want, base := -1, rank(functions)
		if len(s.rows) != base {
			t.Fatalf("a basis of %d; the rank is %d", len(s.rows), base)
		}
		for i := length - 1; i >= 0; i-- {
			unit := make([]int64, length)
			unit[i] = 1
			if rank(append(functions[:len(functions):len(functions)], unit)) == base {
				want = i
			}
		}
		if got := s.revealed(); got != want {
			t.Fatalf("value %d is said to be revealed; by minors it is %d", got, want)
		}
	})
}

func rank(rows [][]int64) int {
	best := 0
	if len(rows) == 0 {
		return 0
	}
	for r := range 1 << len(rows) {
		for c := range 1 << len(rows[0]) {
			minor := pick(rows, r, c)
			if len(minor) > best && determinant(minor) != 0 {
				best = len(minor)
			}
		}
	}
	return best
}

// pick returns the square matrix of the rows and columns in the bit sets, or none.
func pick(rows [][]int64, r, c int) (minor [][]int64) {
	for i, row := range rows {
		if r>>i&1 == 0 {
			continue
		}
		var picked []int64
		for j, v := range row {
			if c>>j&1 == 1 {
				picked = append(picked, v)
			}
		}
		minor = append(minor, picked)
	}
	if len(minor) > 0 && len(minor) != len(minor[0]) {
		return nil
	}
	return minor
}

func determinant(m [][]int64) (sum int64) {
	if len(m) == 1 {
		return m[0][0]
	}
	sign := int64(1)
	for j := range m {
		var rest [][]int64
		for _, row := range m[1:] {
			rest = append(rest, append(append([]int64(nil), row[:j]...), row[j+1:]...))
		}
		sum += sign * m[0][j] * determinant(rest)
		sign = -sign
	}
	return sum
}
