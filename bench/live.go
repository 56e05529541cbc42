package bench

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/result"
)

// latencyMax is the longest latency that the status line can show.
const latencyMax = time.Hour

// live counts the transactions of a load as they end.
type live struct {
	counts    [2][len(result.Counts{})]atomic.Uint64 // of the hold and of the run-out
	latencies *latencies                             // of all loads of the level; nil unless it is observed
}

// latencies go to one of a few histograms, so that goroutines seldom wait for the same lock.
type latencies [8]shard

// A shard holds durations in microseconds.
type shard struct {
	mu   sync.Mutex
	took *hdrhistogram.Histogram // by those that succeeded, from intended on
	lag  *hdrhistogram.Histogram // nil: nobody wants it
}

// newHistogram returns one of two digits, for a status line: what is stored is computed from the records.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, latencyMax.Microseconds(), 2)
}

func newLatencies(lag bool) *latencies {
	l := &latencies{}
	for i := range l {
		l[i].took = newHistogram()
		if lag {
			l[i].lag = newHistogram()
		}
	}
	return l
}

// count adds a transaction, of the hold or of the run-out, that ended.
func (v *live) count(rec result.Record, of int) {
	v.counts[of][rec.Outcome].Add(1)
	if v.latencies == nil {
		return
	}
	shard := &v.latencies[rec.Seq%uint64(len(v.latencies))]
	lagged := shard.lag != nil && rec.Started != result.NotReached
	succeeded := rec.Outcome == result.Valid || rec.Outcome == result.Answered
	if !succeeded && !lagged {
		return
	}
	shard.mu.Lock()
	defer shard.mu.Unlock()
	// Within range, so that there is no error.
	if succeeded {
		shard.took.RecordValue(min(rec.Lasted(), latencyMax).Microseconds())
	}
	if lagged {
		shard.lag.RecordValue(min(max(0, rec.Started-rec.Intended), latencyMax).Microseconds())
	}
}

func (v *live) counted(of int) result.Counts {
	var c result.Counts
	for i := range v.counts[of] {
		c[i] = v.counts[of][i].Load()
	}
	return c
}

// take returns the latencies, and the lags where they are wanted and else nil, since it was last called.
func (l *latencies) take() (took, lag *hdrhistogram.Histogram) {
	took = newHistogram()
	if l[0].lag != nil {
		lag = newHistogram()
	}
	for i := range l {
		shard := &l[i]
		shard.mu.Lock()
		took.Merge(shard.took)
		shard.took.Reset()
		if shard.lag != nil {
			lag.Merge(shard.lag)
			shard.lag.Reset()
		}
		shard.mu.Unlock()
	}
	return took, lag
}

// observe reports the state of a level once per second, and once more when it is stopped.
func observe(loads []*load, observed *latencies, report func(Live)) (stop func()) {
	if report == nil {
		return func() {}
	}
	quit := make(chan struct{})
	var observer sync.WaitGroup
	observer.Go(func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		var last Live
		for running := true; running; {
			select {
			case <-ticker.C:
			case <-quit:
				running = false
			}
			last = state(loads, observed, last)
			report(last)
		}
	})
	return func() {
		close(quit)
		observer.Wait()
	}
}

// state returns the state of a level, with rates since the state before.
func state(loads []*load, observed *latencies, before Live) Live {
	took, lag := observed.take()
	now := Live{Elapsed: max(0, loads[0].now())}
	var scheduled uint64
	for _, l := range loads {
		now.Hold = max(now.Hold, l.Plan.end())
		// Counts before scheduled: what is counted has been scheduled.
		for of := range l.live.counts {
			for o, n := range l.live.counted(of) {
				now.Counts[o] += n
			}
			scheduled += l.scheduled[of].Load()
		}
	}
	now.InFlight = scheduled - now.Counts.Total()
	if span := (now.Elapsed - before.Elapsed).Seconds(); span > 0 {
		now.Offered = float64(scheduled-before.InFlight-before.Counts.Total()) / span
		now.Valid = float64(now.Counts[result.Valid]-before.Counts[result.Valid]) / span
		now.Answers = float64(now.Counts[result.Answered]-before.Counts[result.Answered]) / span
	}
	quantile := func(of *hdrhistogram.Histogram, percent float64) time.Duration {
		return time.Duration(of.ValueAtQuantile(percent)) * time.Microsecond
	}
	if took.TotalCount() > 0 {
		now.P50, now.P99 = quantile(took, 50), quantile(took, 99)
	}
	if lag != nil && lag.TotalCount() > 0 {
		late := quantile(lag, 99)
		now.Lag = &late
	}
	return now
}

// collected returns the garbage collection since the given state.
func collected(since *debug.GCStats) GC {
	var now debug.GCStats
	debug.ReadGCStats(&now)
	gc := GC{Cycles: int(now.NumGC - since.NumGC), PauseTotal: now.PauseTotal - since.PauseTotal}
	for _, pause := range now.Pause[:min(gc.Cycles, len(now.Pause))] { // the latest first
		gc.PauseMax = max(gc.PauseMax, pause)
	}
	return gc
}
