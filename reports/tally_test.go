package reports

import (
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench/result"
)

// sent is a transaction that committed, or if it took no time failed.
func sent(intended, took time.Duration) result.Record {
	r := result.Record{Intended: intended, Started: intended, Prepared: intended, Endorsed: intended, Submitted: intended,
		Committed: intended + took, Outcome: result.Valid}
	if took == 0 {
		r.Outcome, r.Committed = result.MVCCConflict, result.NotReached
	}
	return r
}

// However long a level takes, its tally stays small and no transaction is lost in it.
func TestTallyKeepsCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.Int64Range(1, int64(30*time.Hour)).Draw(t, "length")
		took := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Minute)), 1, 200).Draw(t, "latencies")
		tally := newTally(result.PartCommit)
		var valid uint64
		for i, d := range took {
			at := time.Duration(float64(length) * float64(i) / float64(len(took)))
			r := sent(at, time.Duration(d))
			tally.add(&r)
			if r.Outcome == result.Valid {
				valid++
			}
		}
		if n := len(tally.intended); n > tallyBins || len(tally.latencies) != n || len(tally.largest) != n {
			t.Fatalf("%d bins of transactions, %d and %d of latencies, want at most %d and as many", n, len(tally.latencies), len(tally.largest), tallyBins)
		}
		var latencies uint64
		for _, counts := range tally.latencies {
			for _, n := range counts {
				latencies += uint64(n)
			}
		}
		want := []uint64{uint64(len(took)), uint64(len(took)) - valid, valid, valid}
		if diff := cmp.Diff(want, []uint64{sum(tally.intended), sum(tally.failed), sum(tally.succeeded), latencies}); diff != "" {
			t.Fatalf("due, failed, committed and latencies (-want +got):\n%s", diff)
		}
		if valid > 0 && slices.Max(tally.largest) != time.Duration(slices.Max(took)).Seconds() {
			t.Fatalf("the largest is %g s, want %v", slices.Max(tally.largest), time.Duration(slices.Max(took)))
		}
	})
}

// A median from bins is as near to the true one as bins are wide.
func TestMedianOf(t *testing.T) {
	draws := rand.New(rand.NewPCG(1, 1))
	for _, spread := range []float64{0, 0.01, 0.5, 2} {
		counts, values := make([]uint32, latencyBins), []float64{}
		for range 1001 {
			v := 0.2 * math.Exp(spread*draws.NormFloat64())
			values = append(values, v)
			counts[latencyBin(v)]++
		}
		slices.Sort(values)
		got, ok := medianOf(counts)
		if want := values[500]; !ok || math.Abs(got/want-1) > 0.04 {
			t.Errorf("spread %g: %g, want %g", spread, got, want)
		}
	}
	if _, ok := medianOf(nil); ok {
		t.Error("a median of nothing")
	}
}

// stored yields rows of two levels, the second not asked for, and then fails if it should.
func stored(levels [2]result.LevelKey, fail error) iter.Seq2[result.Row, error] {
	return func(yield func(result.Row, error) bool) {
		for i := range 100 {
			if !yield(result.Row{LevelKey: levels[i%2], Record: sent(time.Duration(i)*time.Second/10, 20*time.Millisecond)}, nil) {
				return
			}
		}
		if fail != nil {
			yield(result.Row{}, fail)
		}
	}
}

func TestTallies(t *testing.T) {
	levels := [2]result.LevelKey{{Series: "a", Repetition: 1}, {Series: "a", Repetition: 2}}
	parts := map[result.LevelKey]result.Part{levels[0]: result.PartCommit}
	all, err := tallies(stored(levels, nil), parts)
	if err != nil || len(all) != 1 || sum(all[levels[0]].succeeded) != 50 {
		t.Errorf("%v, %v: want 50 commits of the first level alone", all, err)
	}
	broken := errors.New("broken")
	if _, err := tallies(stored(levels, broken), parts); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}
