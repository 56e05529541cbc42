package result

import (
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latencies are kept in nanoseconds, from 0 to an hour, with 3 significant digits: a histogram takes 256 KB,
// and a part of some microseconds is as sharp as one of seconds.
const (
	histogramHighest = int64(time.Hour)
	histogramDigits  = 3
)

// binLength is the length of a throughput bin, or a little less where the window is not a multiple of it.
const binLength = 100 * time.Millisecond

// Window holds the measurements at one load level, between the warm-up and the end of the hold. Transactions
// belong to it by their intended instant, commits by the instant at which they were seen.
type Window struct {
	From, To time.Duration // offsets from the level's start
	Counts   Counts        // transactions intended in the window
	Level    Counts        // transactions of the whole level, warm-up included
	// Commits counts the valid commits seen in the window, in consecutive bins of length Bin that begin at From.
	Commits []uint64
	// Answers counts in the same bins the transactions answered in the window, which end there.
	Answers []uint64
	Bin     time.Duration
	Blocks  uint64 // distinct blocks, of all channels, that these commits came in
	// BytesMean is the mean size of the envelopes sent to the orderer by transactions intended in the window,
	// 0 where none was sent.
	BytesMean float64
	Largest   uint32 // envelope of the whole level, in bytes
	// Stalls counts how often recording had to wait for the disk: such a level was slowed down by its own measurement.
	Stalls uint64
	// Refused is nil, or names the latencies that are missing from the histograms because they were negative
	// or over an hour.
	Refused error

	latency     [outcomes]partHistograms          // of those that succeeded
	ends        [outcomes]*hdrhistogram.Histogram // of those started, from intended to an end other than a valid commit
	lost        uint64                            // of these, those whose class is Lost
	waited      time.Duration                     // the shortest time that one of them was waited for
	lag         *hdrhistogram.Histogram
	sites       []siteWindow          // by Record.Site
	blocks      map[blockRange]uint64 // bit sets of block numbers
	begun       []uint64              // distinct blocks, by the bin in which one came first
	bytes, sent uint64
	refused     uint64
}

// A blockRange is 64 consecutive blocks of a channel.
type blockRange struct {
	channel uint16
	number  uint64 // of a block / 64
}

// partHistograms holds a histogram for every part that has a value.
type partHistograms [parts]*hdrhistogram.Histogram

func newWindow(from, to time.Duration) *Window {
	bins := (to - from + binLength - 1) / binLength
	return &Window{
		From: from, To: to,
		Bin:     (to - from) / bins,
		Commits: make([]uint64, bins),
		Answers: make([]uint64, bins),
		begun:   make([]uint64, bins),
		blocks:  make(map[blockRange]uint64),
	}
}

// Scheduled returns the number of transactions intended in the window.
func (w *Window) Scheduled() uint64 { return w.Counts.Total() }

// Length returns the length of the window that Throughput is taken over: that of all its bins.
func (w *Window) Length() time.Duration { return w.Bin * time.Duration(len(w.Commits)) }

// Throughput returns the valid commits per second over the window, and 0 for an empty window.
func (w *Window) Throughput() float64 { return w.rate(w.Commits) }

// Answered returns the answered transactions per second over the window, and 0 for an empty window.
func (w *Window) Answered() float64 { return w.rate(w.Answers) }

func (w *Window) rate(counts []uint64) float64 {
	if len(counts) == 0 {
		return 0
	}
	return w.rates(counts, len(counts))[0]
}

// Rates returns the valid commits and the answers per second in consecutive spans of the given number of bins. A rest
// shorter than a span is left out.
func (w *Window) Rates(bins int) []float64 {
	ended := slices.Clone(w.Commits)
	for i, n := range w.Answers {
		ended[i] += n
	}
	return w.rates(ended, bins)
}

func (w *Window) rates(counts []uint64, bins int) (rates []float64) {
	for i := 0; bins > 0 && i+bins <= len(counts); i += bins {
		var n uint64
		for _, c := range counts[i : i+bins] {
			n += c
		}
		rates = append(rates, float64(n)/(w.Bin*time.Duration(bins)).Seconds())
	}
	return rates
}

// Latency returns the histogram of a part, in nanoseconds, over the valid transactions intended in the
// window; where there is none, and of PartAnswer, over the answered ones. It is false where no transaction passed the
// part.
func (w *Window) Latency(p Part) (*hdrhistogram.Histogram, bool) {
	of := Valid
	if w.Counts[Valid] == 0 || p == PartAnswer {
		of = Answered
	}
	h := w.latency[of][p]
	return h, h != nil
}

// Lag returns the histogram of the schedule lag, in nanoseconds, over all transactions intended in the window
// that were started, whatever became of them. It is false where none was started.
func (w *Window) Lag() (*hdrhistogram.Histogram, bool) { return w.lag, w.lag != nil }

// add counts one record of the level.
func (w *Window) add(r *Record) {
	if r.Outcome >= outcomes { // a target's mistake must not cost the run
		r.Outcome = Unknown
	}
	w.Level[r.Outcome]++
	w.Largest = max(w.Largest, r.Bytes)
	bin := func(at time.Duration) int { return min(int((at-w.From)/w.Bin), len(w.Commits)-1) }
	if r.Outcome == Answered && r.Endorsed >= w.From && r.Endorsed < w.To {
		w.Answers[bin(r.Endorsed)]++
	}
	if r.Outcome == Valid && r.Committed >= w.From && r.Committed < w.To {
		bin := bin(r.Committed)
		w.Commits[bin]++
		of, block := blockRange{r.Channel, r.Block / 64}, uint64(1)<<(r.Block%64)
		if w.blocks[of]&block == 0 {
			w.blocks[of] |= block
			w.begun[bin]++
		}
	}
	if r.Intended < w.From || r.Intended >= w.To {
		return
	}
	w.Counts[r.Outcome]++
	w.site(r.Site).add(w, r)
	if r.Bytes > 0 {
		w.bytes += uint64(r.Bytes)
		w.sent++
	}
	if d, ok := r.Span(PartLag); ok {
		w.observe(&w.lag, d, PartLag, r)
		if r.Outcome != Valid {
			w.end(r)
		}
	}
	if r.Outcome.Class() != Succeeded {
		return
	}
	for p := range parts {
		if d, ok := r.Span(p); ok {
			w.observe(&w.latency[r.Outcome][p], d, p, r)
		}
	}
}

// end keeps after what time a transaction of the window ended that was started, but not committed as valid.
func (w *Window) end(r *Record) {
	lasted := r.Lasted()
	w.observe(&w.ends[r.Outcome], lasted, PartCommit, r)
	if r.Outcome.Class() == Lost {
		if w.lost == 0 || lasted < w.waited {
			w.waited = lasted
		}
		w.lost++
	}
}

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, histogramHighest, histogramDigits)
}

// observe adds d to a histogram. A value that the histogram cannot hold is reported, never clamped: it would
// move the largest quantiles unseen.
func (w *Window) observe(h **hdrhistogram.Histogram, d time.Duration, p Part, r *Record) {
	if *h == nil {
		*h = newHistogram()
	}
	if int64(d) <= histogramHighest && (*h).RecordValue(int64(d)) == nil {
		return
	}
	w.refused++
	if w.Refused == nil {
		w.Refused = fmt.Errorf("transaction %d: its %s part took %v, outside 0 to %v", r.Seq, p, d, time.Duration(histogramHighest))
	}
}

// finish completes the counts, with the window's end cut back to end.
func (w *Window) finish(end time.Duration, stalls uint64) {
	if end < w.To {
		w.To = max(end, w.From)
		w.Commits = w.Commits[:(w.To-w.From)/w.Bin]
		w.Answers = w.Answers[:len(w.Commits)]
	}
	for _, n := range w.begun[:len(w.Commits)] {
		w.Blocks += n
	}
	if w.sent > 0 {
		w.BytesMean = float64(w.bytes) / float64(w.sent)
	}
	if w.refused > 1 {
		w.Refused = fmt.Errorf("%w; %d values in all", w.Refused, w.refused)
	}
	w.Stalls = stalls
	w.blocks, w.begun = nil, nil
}
