package reference_test

import (
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
	"meterbench/internal/race"
	"meterbench/internal/random"
)

// latencies is a Sink that keeps commit latencies, in seconds.
type latencies struct {
	mu  sync.Mutex
	all []float64
}

func (l *latencies) Record(r result.Record) {
	latency, ok := r.Span(result.PartCommit)
	if !ok {
		latency = -1
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, latency.Seconds())
}

// The harness gives the quantiles that queueing theory has for the reference.
func TestClosedForms(t *testing.T) {
	if race.Enabled {
		t.Skip("other tests show the race detector as much as so many levels")
	}
	const mean = 9.7e-3 // seconds
	many, tolerance := 3_000_000, 0.02
	if testing.Short() {
		many, tolerance = 30_000, 0.2
	}
	quantiles := []float64{0.5, 0.95, 0.99}
	tests := []struct {
		name    string
		servers int
		kind    reference.Kind
		rho     float64
		want    func(q float64) float64
	}{
		{"M/M/1 at 0.5", 1, reference.Exponential, 0.5, mm1Quantile(0.5, mean)},
		{"M/M/1 at 0.8", 1, reference.Exponential, 0.8, mm1Quantile(0.8, mean)},
		{"M/D/4 at 0.5", 4, reference.Constant, 0.5, mdcQuantile(0.5, 4, mean)},
		{"M/D/4 at 0.8", 4, reference.Constant, 0.8, mdcQuantile(0.8, 4, mean)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := many
			if tt.rho <= 0.5 && !testing.Short() {
				n = many / 3 // neighbours wait alike for far fewer transactions than at 0.8
			}
			synctest.Test(t, func(t *testing.T) {
				target, err := reference.New(reference.Config{
					Commit: commit(tt.servers, tt.kind, time.Duration(mean*1e9)), Seed: 5,
				}, alarm.Timers{}, nil)
				if err != nil {
					t.Fatal(err)
				}
				rate := tt.rho * float64(tt.servers) / mean
				sink := &latencies{all: make([]float64, 0, n+n/10)}
				p := bench.Plan{Arrivals: arrival.Poisson{PerSecond: rate}, Slots: 10_000, Random: random.Stream{Seed: 3}, Hold: time.Duration(1.01 * float64(n) / rate * 1e9)}
				res, err := bench.Run(t.Context(), alarm.Timers{}, p, workload(empty), target, sink, nil)
				if err != nil || res.Counts[result.Valid] != res.Scheduled || int(res.Scheduled) < n {
					t.Fatalf("%v, %v", res.Counts.Map(), err)
				}
				slices.Sort(sink.all)
				for _, q := range quantiles {
					got, want := sink.all[int(q*float64(len(sink.all)))], tt.want(q)
					t.Logf("p%g of %d: %.4f ms, theory %.4f ms, off by %+.2f %%", 100*q, len(sink.all), 1e3*got, 1e3*want, 100*(got/want-1))
					if math.Abs(got/want-1) > tolerance {
						t.Errorf("p%g is off by more than %g %%", 100*q, 100*tolerance)
					}
				}
			})
		})
	}
}
