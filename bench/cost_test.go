package bench_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
)

// counter is a Sink that keeps nothing.
type counter struct{ n atomic.Uint64 }

func (c *counter) Record(result.Record) { c.n.Add(1) }

// instant commits at once.
func instant(_ context.Context, tx bench.Transaction) (bench.Receipt, error) {
	now := time.Now()
	if tx.Acknowledged != nil {
		tx.Acknowledged(now)
	}
	return bench.Receipt{Endorsed: now, Submitted: now, Committed: now, Outcome: result.Valid}, nil
}

// drive runs n transactions, or a few more, against an in-process stub and
// interrupts the level then.
func drive(tb testing.TB, p bench.Plan, n uint64) bench.Result {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var seen atomic.Uint64
	sink := &counter{}
	p.Hold = time.Hour
	res, err := bench.Run(ctx, alarm.Timers{}, p, workload(empty), target(func(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
		if seen.Add(1) == n {
			cancel()
		}
		return instant(ctx, tx)
	}), sink, func(bench.Live) {})
	if err != nil {
		tb.Fatal(err)
	}
	if res.Scheduled < n || sink.n.Load() != res.Scheduled {
		tb.Fatalf("%d scheduled, %d recorded, want %d", res.Scheduled, sink.n.Load(), n)
	}
	return res
}

// BenchmarkRun is the engine's own cost per transaction, against a stub that
// takes no time. The open load keeps to its schedule of 10 µs, so that its cost
// is the CPU time, not ns/op.
func BenchmarkRun(b *testing.B) {
	for _, bb := range []struct {
		name string
		plan bench.Plan
	}{
		{"closed", bench.Plan{Clients: 64}},
		{"acknowledge", bench.Plan{Clients: 64, Wait: result.WaitAcknowledge}},
		{"open", bench.Plan{Arrivals: arrival.Constant{PerSecond: 100_000}, Slots: 2000}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpu(b)
			drive(b, bb.plan, uint64(b.N))
			b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpu returns the CPU time of this process.
func cpu(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// The engine keeps nothing per transaction.
func TestConstantMemory(t *testing.T) {
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	res := drive(t, bench.Plan{Clients: 64}, 200_000)
	if after := heap(); after > before+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes over %d transactions", before, after, res.Scheduled)
	}
	runtime.KeepAlive(res)
}
