package reference_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
	"meterbench/internal/random"
)

// BenchmarkRealTime loads a reference with servers in excess for four seconds
// of real time and compares the harness's account with the reference's own:
// by how much the quantiles of the commit latency are off, from arrival on,
// and how late after its true commit a transaction is seen to be committed.
func BenchmarkRealTime(b *testing.B) {
	for _, rate := range []float64{100, 1000} {
		b.Run(fmt.Sprintf("rate=%g", rate), func(b *testing.B) {
			var tr *trial
			for b.Loop() {
				c := reference.Config{Endorse: stage(1000, reference.Exponential, 5*time.Millisecond), Commit: commit(1000, reference.Exponential, 20*time.Millisecond), Seed: 1}
				tr = runReal(b, c, bench.Plan{Arrivals: arrival.Poisson{PerSecond: rate}, Slots: 5000, Random: random.Stream{Seed: 2}, Hold: 4 * time.Second})
			}
			var seen, truth, late []float64 // ms
			for _, r := range tr.records {
				x := tr.log[r.TxID]
				seen = append(seen, ms(r.Committed-r.Intended))
				truth = append(truth, ms(x.Committed.Sub(x.Arrived)))
				late = append(late, ms(tr.epoch.Add(r.Committed).Sub(x.Committed)))
			}
			for _, q := range []float64{0.5, 0.95, 0.99} {
				b.ReportMetric(quantile(truth, q), fmt.Sprintf("true-p%g-ms", 100*q))
				b.ReportMetric(quantile(seen, q)-quantile(truth, q), fmt.Sprintf("error-p%g-ms", 100*q))
				b.ReportMetric(quantile(late, q), fmt.Sprintf("late-p%g-ms", 100*q))
			}
			b.ReportMetric(float64(tr.Counts[result.Valid]), "transactions")
		})
	}
}

// BenchmarkSubmit measures what the reference itself costs per transaction,
// with every stage
// present and none taking more than a nanosecond or so.
func BenchmarkSubmit(b *testing.B) {
	target, err := reference.New(reference.Config{
		Endorse: stage(8, reference.Exponential, 1), Order: stage(1, reference.Constant, 1), Commit: commit(8, reference.Exponential, 1),
		Failures: []reference.Failure{{Outcome: result.MVCCConflict, Share: 0.01}},
	}, alarm.Timers{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		// The outcome's error is part of what is measured.
		_, _ = target.Submit(b.Context(), bench.Transaction{})
	}
}

func ms(d time.Duration) float64 { return 1e3 * d.Seconds() }

func quantile(values []float64, q float64) float64 {
	slices.Sort(values)
	return values[int(q*float64(len(values)))]
}
