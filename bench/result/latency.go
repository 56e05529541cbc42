package result

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/stats"
)

// AllLatency describes the latency of all transactions that were scheduled within a window, from intended to committed
// (or answered, where nothing is committed). Those that did not get there, whatever became of them, count as slower
// than every one that did: they are censored at the time for which they were waited for.
type AllLatency struct {
	N       uint64            `json:"n"`                 // scheduled
	Missing map[string]uint64 `json:"missing,omitempty"` // by outcome, those that did not get there
	// Quantiles are in ascending order of their percentages, the Standard ones of package stats among them.
	Quantiles []AllQuantile `json:"quantiles"`
}

// AllQuantile is a quantile over all scheduled transactions. One of Value, Beyond and Never is set, and none where
// fewer than stats.MinBeyond transactions are beyond it.
type AllQuantile struct {
	Percent float64  `json:"percent"`         // between 0 and 100
	Value   *float64 `json:"value,omitempty"` // in seconds
	// Beyond is set where the quantile is a missing transaction's: it is at least that many seconds, for which each one
	// whose end is unknown was waited for.
	Beyond *float64 `json:"beyond,omitempty"`
	// Never says that the quantile is a missing transaction's and that the end of all of those is known: none is ever committed.
	Never bool `json:"never,omitempty"`
}

// At returns the quantile of a percentage in seconds. Where beyond is true it is a missing transaction's: larger than
// value, which is +Inf where none of these can still be committed. It is not ok where the quantile was not stored, or
// has too few transactions beyond it, or a is nil, as in runs of older versions.
func (a *AllLatency) At(percent float64) (value float64, beyond, ok bool) {
	if a == nil {
		return 0, false, false
	}
	for _, q := range a.Quantiles {
		switch {
		case q.Percent != percent:
		case q.Never:
			return math.Inf(1), true, true
		case q.Beyond != nil:
			return *q.Beyond, true, true
		case q.Value != nil:
			return *q.Value, false, true
		}
	}
	return 0, false, false
}

// Lost returns how many transactions are missing, of any outcome.
func (a *AllLatency) Lost() (n uint64) {
	if a != nil {
		for _, k := range a.Missing {
			n += k
		}
	}
	return n
}

// All describes the latency of all transactions intended in the window, with the quantiles of ascending percentages.
func (w *Window) All(percents []float64) *AllLatency {
	came := newHistogram()
	var missing Counts
	for o, n := range w.Counts {
		if Outcome(o).Class() != Succeeded {
			missing[o] = n
		} else if h := w.ended(Outcome(o)); h != nil {
			came.Merge(h)
		}
	}
	all := &AllLatency{N: w.Scheduled(), Missing: missing.Map()}
	for _, percent := range percents {
		q := AllQuantile{Percent: percent}
		value, beyond, ok := stats.Ranked(came, all.N-uint64(came.TotalCount()), percent)
		switch {
		case ok && !beyond:
			seconds := time.Duration(value).Seconds()
			q.Value = &seconds
		case ok && w.lost == 0:
			q.Never = true
		case ok:
			seconds := w.waited.Seconds()
			q.Beyond = &seconds
		}
		all.Quantiles = append(all.Quantiles, q)
	}
	return all
}

// ByOutcome returns by the name of the outcome the time in seconds from intended to the end of the transactions
// intended in the window, with the quantiles of percents. Those that never started are left out.
func (w *Window) ByOutcome(percents []float64) map[string]stats.Quantiles {
	by := map[string]stats.Quantiles{}
	for _, o := range Outcomes() {
		if h := w.ended(o); h != nil {
			by[o.String()] = stats.Summarize(h, time.Nanosecond.Seconds(), percents...)
		}
	}
	return by
}

// ended returns the histogram of the times from intended to the end of transactions, nil where there are none.
func (w *Window) ended(o Outcome) *hdrhistogram.Histogram {
	if o == Valid {
		return w.latency[Valid][PartCommit]
	}
	return w.ends[o]
}

// Satisfaction says which share of all transactions that were scheduled in a window was fast enough, after the
// Application Performance Index: an objective T is satisfied up to T, still tolerated up to 4 T, and missed beyond, as
// by every transaction that was not committed (Apdex Alliance, Apdex Technical Specification 1.1, 2007). Intervals of
// the point has that of the satisfied share, under SatisfiedShare.
type Satisfaction struct {
	Objective  float64 `json:"objective_s"`      // T, of the latency from intended to committed (or answered)
	Satisfied  float64 `json:"satisfied_share"`  // 0 to 1
	Tolerating float64 `json:"tolerating_share"` // 0 to 1, those satisfied not among them
	Apdex      float64 `json:"apdex"`            // Satisfied + Tolerating/2
}

// SatisfiedShare is the key of the interval of Satisfaction.Satisfied.
const SatisfiedShare = "satisfied_share"

// TolerableTimes is how many times its objective a latency may be and still be tolerated.
const TolerableTimes = 4

// CommitAtPeers describes the latency in seconds from intended to the instant at which a peer had committed the
// transaction, by the peers' own logs, over the valid transactions of a window.
type CommitAtPeers struct {
	Peers map[string]stats.Quantiles `json:"peers"`         // by peer; one that did not report every block is left out
	All   *stats.Quantiles           `json:"all,omitempty"` // the last peer of the channel; nil where one is left out
}
