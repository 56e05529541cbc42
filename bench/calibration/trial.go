package calibration

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"meterbench/bench"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/internal/proc"
	"meterbench/internal/random"
)

// trial is one load level with both accounts of it, but for its run-out.
type trial struct {
	bench.Result
	mu      sync.Mutex
	records []result.Record // by sequence number
	log     map[[32]byte]reference.True
	cores   float64 // that this process used during the level, the reference included
}

// Record implements bench.Sink.
func (t *trial) Record(r result.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records = append(t.records, r)
}

// nothing is a workload whose transactions are empty.
type nothing struct{}

// Transaction implements bench.Workload.
func (nothing) Transaction(context.Context, uint64) (bench.Transaction, error) {
	return bench.Transaction{}, nil
}

// try loads a ledger. After an error there is nothing to compare.
func (c *calibrator) try(ctx context.Context, l reference.Config, p bench.Plan) (*trial, error) {
	c.seed++
	l.Seed, p.Random = c.seed, random.Stream{Seed: c.seed, Purpose: random.Arrivals}
	t := &trial{log: make(map[[32]byte]reference.True)}
	runtime.GC() // so that the garbage of the trial before is not collected in this one
	reference, err := reference.New(l, c.Reference, func(x reference.True) { t.log[x.TxID] = x })
	if err != nil {
		return nil, err
	}
	before, err := proc.Self()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	t.Result, err = bench.Run(ctx, c.Load, p, nothing{}, reference, t, nil)
	took := time.Since(begin)
	after, failed := proc.Self()
	reference.Close()
	if failed != nil {
		return nil, failed
	}
	t.cores = (after.CPU - before.CPU) / took.Seconds()
	if err == nil && t.Partial {
		err = context.Cause(ctx)
	}
	t.records = slices.DeleteFunc(t.records, func(r result.Record) bool {
		if r.Intended < p.Start+p.Hold {
			return false
		}
		delete(t.log, r.TxID)
		return true
	})
	slices.SortFunc(t.records, func(a, b result.Record) int { return cmp.Compare(a.Seq, b.Seq) })
	return t, err
}

// latencies returns the valid transactions' commit latencies in seconds: by the reference, and as measured.
func (t *trial) latencies() (truth, measured []float64) {
	return t.spans(result.PartCommit, func(x reference.True) time.Duration { return x.Committed.Sub(x.Arrived) })
}

// spans returns how long the valid transactions took for a part, in seconds: by the reference, and as measured.
func (t *trial) spans(part result.Part, real func(reference.True) time.Duration) (truth, measured []float64) {
	for _, r := range t.records {
		if span, ok := r.Span(part); ok && r.Outcome == result.Valid {
			truth = append(truth, real(t.log[r.TxID]).Seconds())
			measured = append(measured, span.Seconds())
		}
	}
	return truth, measured
}

// lags returns how late the transactions started, in seconds, in order.
func (t *trial) lags() []float64 {
	var all []float64
	for _, r := range t.records {
		if lag, ok := r.Span(result.PartLag); ok {
			all = append(all, lag.Seconds())
		}
	}
	slices.Sort(all)
	return all
}

// measuredRates returns the commits per second in every bin, as they were measured.
func (t *trial) measuredRates() []float64 {
	var commits []time.Duration
	for _, r := range t.records {
		if r.Outcome == result.Valid {
			commits = append(commits, r.Committed)
		}
	}
	return rates(commits)
}

// trueRates returns the same as the reference has them.
func (t *trial) trueRates() []float64 {
	var commits []time.Duration
	for _, x := range t.log { // counted, in whatever order
		if x.Outcome == result.Valid {
			commits = append(commits, x.Committed.Sub(t.Epoch))
		}
	}
	return rates(commits)
}

// rates returns the commits per second in bins of equal length, from capacityStart to capacityHold.
func rates(commits []time.Duration) []float64 {
	const bin = 100 * time.Millisecond
	counts := make([]float64, (capacityHold-capacityStart)/bin)
	for _, at := range commits {
		if at >= capacityStart && at < capacityHold {
			counts[(at-capacityStart)/bin] += 1 / bin.Seconds()
		}
	}
	return counts
}

// How the interval of a quantile's error is found.
const (
	resamples = 400
	blocks    = 50
)

// Compare compares a quantile of the true values with that of the measured values of the same transactions,
// both in order of time.
//
// The interval of the error is a bootstrap's: both quantiles are taken again and again of blocks of
// transactions picked at random with replacement, as neighbours share a queue and their errors depend on each
// other (Künsch, The Jackknife and the Bootstrap for General Stationary Observations, Annals of Statistics
// 17, 1989; percentiles as in Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
func Compare(truth, measured []float64, percent int) result.Deviation {
	d := result.Deviation{True: quantile(slices.Sorted(slices.Values(truth)), percent), Measured: quantile(slices.Sorted(slices.Values(measured)), percent)}
	size := len(truth) / blocks
	if size == 0 {
		return d
	}
	rng := random.Stream{Purpose: random.Resampling, Index: uint64(percent)}.Rand()
	errors := make([]float64, 0, resamples)
	a, b := make([]float64, 0, len(truth)), make([]float64, 0, len(truth))
	for range resamples {
		a, b = a[:0], b[:0]
		for range blocks {
			from := rng.IntN(len(truth) - size + 1)
			a, b = append(a, truth[from:from+size]...), append(b, measured[from:from+size]...)
		}
		slices.Sort(a)
		slices.Sort(b)
		errors = append(errors, quantile(b, percent)-quantile(a, percent))
	}
	slices.Sort(errors)
	low, high := errors[resamples*25/1000], errors[resamples*975/1000-1]
	d.Low, d.High = &low, &high
	return d
}

// quantile returns the smallest of sorted values with at least that many per cent up to it, and 0 of none.
func quantile(sorted []float64, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(1, (len(sorted)*percent+99)/100)-1]
}
