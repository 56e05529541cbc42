package bench_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
)

// lags is a Sink that keeps schedule lags.
type lags struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *lags) Record(r result.Record) {
	if lag, ok := r.Span(result.PartLag); ok {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all = append(l.all, lag)
	}
}

// BenchmarkLag measures how late transactions of a constant load start, in
// three seconds of real time, and the cores that the harness takes for it:
//
//	go test -run '^$' -bench Lag -benchtime 1x ./bench
func BenchmarkLag(b *testing.B) {
	precise, err := alarm.New()
	if err != nil {
		b.Fatal(err)
	}
	defer precise.Close()
	for _, rate := range []float64{100, 1000, 10_000} {
		for _, clock := range []struct {
			name string
			alarm.Clock
		}{{"timers", alarm.Timers{}}, {"alarm", precise}} {
			b.Run(fmt.Sprintf("rate=%g/%s", rate, clock.name), func(b *testing.B) {
				const hold = 3 * time.Second
				sink, busy, dropped := &lags{}, time.Duration(0), uint64(0)
				for b.Loop() {
					before := cpu(b)
					p := bench.Plan{Arrivals: arrival.Constant{PerSecond: rate}, Slots: 1000, Hold: hold}
					res, err := bench.Run(b.Context(), clock.Clock, p, workload(empty), target(instant), sink, nil)
					if err != nil {
						b.Fatal(err)
					}
					busy += cpu(b) - before
					dropped += res.Counts[result.Dropped]
				}
				slices.Sort(sink.all)
				for _, q := range []int{50, 99} {
					b.ReportMetric(1e6*sink.all[len(sink.all)*q/100].Seconds(), fmt.Sprintf("lag-p%d-us", q))
				}
				b.ReportMetric(1e6*sink.all[len(sink.all)-1].Seconds(), "lag-max-us")
				b.ReportMetric(busy.Seconds()/(hold.Seconds()*float64(b.N)), "cores")
				b.ReportMetric(float64(dropped), "dropped")
			})
		}
	}
}

// What is told of the last second has the lag of those that ended in it, where somebody wants it.
func TestLiveLag(t *testing.T) {
	for _, wanted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			const late = 15 * time.Millisecond
			back := target(func(context.Context, bench.Transaction) (bench.Receipt, error) {
				time.Sleep(20 * time.Millisecond)
				r := bench.Receipt{Committed: time.Now(), Outcome: result.MVCCConflict} // whatever becomes of it
				time.Sleep(late)
				return r, errors.New("conflict")
			})
			var seen []time.Duration
			_, err := bench.RunTogether(t.Context(), alarm.Timers{}, []bench.Load{
				{Plan: bench.Plan{Clients: 3, Hold: 3500 * time.Millisecond}, Workload: workload(empty), Sink: &records{}},
			}, back, bench.Watch{Lag: wanted, Live: func(l bench.Live) {
				if l.Lag != nil {
					seen = append(seen, *l.Lag)
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			if wanted && len(seen) < 3 || !wanted && len(seen) > 0 {
				t.Fatalf("wanted: %t, seen %v", wanted, seen)
			}
			for _, lag := range seen {
				if (lag - late).Abs() > late/50 { // two digits
					t.Errorf("lag %v, want %v", lag, late)
				}
			}
		})
	}
}
