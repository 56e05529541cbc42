package worker

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/study"
)

// union returns the results of a level, and what each worker did.
func (r *run) union() (results []bench.Result, workers []study.WorkerLevel, err error) {
	for _, p := range r.parts {
		w, err := p.worker()
		if err != nil {
			return nil, nil, err
		}
		workers = append(workers, w)
	}
	for i := range r.level.Loads {
		var shares []bench.Result
		for _, w := range workers {
			shares = append(shares, w.Results[i])
		}
		results = append(results, bench.Union(shares))
	}
	return results, workers, nil
}

// state returns the state of the level, from what its workers have told, and the records that came since it was last called.
func (r *run) state(lag bool) bench.Live {
	now, took, lagged := bench.Live{}, newHistogram(), newHistogram()
	for _, l := range r.level.Loads {
		now.Hold = max(now.Hold, l.Plan.Start+l.Plan.Hold)
	}
	for _, p := range r.parts {
		p.mu.Lock()
		now.Elapsed = max(now.Elapsed, p.live.Elapsed)
		for o, n := range p.live.Counts {
			now.Counts[o] += n
		}
		now.InFlight += p.live.InFlight
		p.gauge.take(took, lagged)
		p.fresh = false
		p.mu.Unlock()
	}
	before := r.said
	if span := (now.Elapsed - before.Elapsed).Seconds(); span > 0 {
		scheduled := func(l bench.Live) float64 { return float64(l.InFlight + l.Counts.Total()) }
		now.Offered = max(0, scheduled(now)-scheduled(before)) / span
		now.Valid = float64(now.Counts[result.Valid]-min(before.Counts[result.Valid], now.Counts[result.Valid])) / span
		now.Answers = float64(now.Counts[result.Answered]-min(before.Counts[result.Answered], now.Counts[result.Answered])) / span
	}
	quantile := func(of *hdrhistogram.Histogram, percent float64) time.Duration {
		return time.Duration(of.ValueAtQuantile(percent)) * time.Microsecond
	}
	if took.TotalCount() > 0 {
		now.P50, now.P99 = quantile(took, 50), quantile(took, 99)
	}
	if lag && lagged.TotalCount() > 0 {
		late := quantile(lagged, 99)
		now.Lag = &late
	}
	r.said = now
	return now
}

// A gauge holds the latencies, and the lags where they are wanted, of a worker's records.
type gauge struct{ took, lag *hdrhistogram.Histogram }

// longest is the longest latency that a status line can show, as in bench.
const longest = time.Hour

// newHistogram returns one of two digits, in microseconds: what is stored is computed from the records.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, longest.Microseconds(), 2) }

func newGauge(lag bool) *gauge {
	g := &gauge{took: newHistogram()}
	if lag {
		g.lag = newHistogram()
	}
	return g
}

func (g *gauge) add(records []result.Record) {
	for i := range records {
		r := &records[i]
		// Within range, so that there is no error.
		if r.Outcome == result.Valid || r.Outcome == result.Answered {
			g.took.RecordValue(min(r.Lasted(), longest).Microseconds())
		}
		if g.lag != nil && r.Started != result.NotReached {
			g.lag.RecordValue(min(max(0, r.Started-r.Intended), longest).Microseconds())
		}
	}
}

// take moves what came to the histograms of all workers.
func (g *gauge) take(took, lag *hdrhistogram.Histogram) {
	took.Merge(g.took)
	g.took.Reset()
	if g.lag != nil {
		lag.Merge(g.lag)
		g.lag.Reset()
	}
}
