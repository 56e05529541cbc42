package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"meterbench/bench/stats"
)

// blocks returns the rates in bins of 100 ms of blocks of a size that come every
// period from a phase on, all in seconds, and how many there were.
func blocks(window, phase, period, size float64) (rates []float64, n int) {
	rates = make([]float64, int(math.Round(window*10)))
	for at := phase; at < window; at += period {
		if bin := int(at * 10); bin < len(rates) {
			rates[bin] += size * 10
			n++
		}
	}
	return rates, n
}

// A batch timer that fits into the batches leaves their means no spread.
func TestRateInterval(t *testing.T) {
	rates, n := blocks(17, 0.25, 0.5, 8)
	if i := stats.BatchMeans(rates, 17); i.Low != i.High {
		t.Errorf("batch means alone give %g to %g", i.Low, i.High)
	}
	want := &stats.Interval{Low: 16 * 33. / 34, High: 16 * 35. / 34, N: 17, Method: "Student's t over 17 batch means, at least one block more or less"}
	if diff := cmp.Diff(want, stats.RateInterval(rates, 17, stats.Mean(rates)/float64(n)), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("interval (-want +got):\n%s", diff)
	}
	if stats.RateInterval(rates[:9], 10, 1) != nil {
		t.Error("nine values make ten batches")
	}
	// Where the batches differ by more than a block, they speak for themselves.
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range rates {
		rates[i] = 100 + 20*rng.NormFloat64()
	}
	if diff := cmp.Diff(stats.BatchMeans(rates, 17), stats.RateInterval(rates, 17, 0.1)); diff != "" {
		t.Errorf("as of the batches alone (-want +got):\n%s", diff)
	}
}

// However the window lies, the interval holds the rate of blocks that come evenly.
func TestRateIntervalHoldsPeriodicBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		period := rapid.Float64Range(0.05, 2).Draw(t, "period")
		phase := rapid.Float64Range(0, 1).Draw(t, "phase") * period
		window := rapid.Float64Range(5, 60).Draw(t, "window")
		window = math.Round(window*10) / 10
		rates, n := blocks(window, phase, period, 10)
		i := stats.RateInterval(rates, min(30, max(stats.MinBatches, int(window))), stats.Mean(rates)/float64(n))
		if rate := 10 / period; i.Low > rate+1e-9 || i.High < rate-1e-9 {
			t.Fatalf("%d blocks, one every %g s: %g/s is not within %g to %g", n, period, rate, i.Low, i.High)
		}
	})
}
