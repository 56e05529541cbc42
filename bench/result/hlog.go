package result

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A latencyLog writes latency.hlog: an HdrHistogram interval log (format 1.3, V2 compressed histograms of nanoseconds)
// as the tools of hdrhistogram.org read it. Each part of a load level is one tag, <level>/<part>. Of the loggedParts it
// has an interval for every second of the window, of the others one for the whole window. A transaction belongs to the
// interval in which it was intended, so that those of a tag sum to the window's histogram.
type latencyLog struct {
	path string
	file *os.File
	buf  *bufio.Writer
	log  *hdrhistogram.HistogramLogWriter
	mu   sync.Mutex              // levels that run together write by turns
	line *hdrhistogram.Histogram // what is written next
}

const logInterval = time.Second

// loggedParts are the parts that a log by the second is worth its size for: the whole, and what the network takes of it.
var loggedParts = [...]Part{PartCommit, PartEndorse, PartOrderCommit, PartAnswer}

func createLatencyLog(path string, run Run) (*latencyLog, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, unwritable(path, err)
	}
	buf := bufio.NewWriter(f)
	l := &latencyLog{path: path, file: f, buf: buf, log: hdrhistogram.NewHistogramLogWriter(buf), line: newHistogram()}
	// Errors of buf stick and come out at Flush.
	l.log.OutputComment("[Latencies in nanoseconds by load level and part]")
	l.log.OutputLogFormatVersion()
	l.log.OutputStartTime(run.Started.UnixMilli())
	l.log.OutputLegend()
	return l, l.flush()
}

// write appends one histogram of a part of a level, over what was intended from one instant to another.
func (l *latencyLog) write(h *hdrhistogram.Histogram, key LevelKey, p Part, from, to time.Time) error {
	h.SetTag(latencyTag(key, p))
	h.SetStartTimeMs(from.UnixMilli())
	h.SetEndTimeMs(to.UnixMilli())
	if err := l.log.OutputIntervalHistogram(h); err != nil {
		return fmt.Errorf("%s: %s: %w", l.path, h.Tag(), err)
	}
	return nil
}

// writeIntervals appends intervals of a level.
func (l *latencyLog) writeIntervals(level *Level, all []interval) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := level.window
	for _, one := range all {
		from := w.From + time.Duration(one.number)*logInterval
		to := max(from, min(from+logInterval, w.To))
		for i, p := range loggedParts {
			for _, took := range one.took[i] {
				l.line.RecordValue(took) // within range: others are reported by the window
			}
			if len(one.took[i]) == 0 {
				continue
			}
			err := l.write(l.line, level.key, p, level.opened.Add(from), level.opened.Add(to))
			if l.line.Reset(); err != nil {
				return err
			}
		}
	}
	return l.flush()
}

// writeWindow appends the parts of a level that have one interval.
func (l *latencyLog) writeWindow(level *Level) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := level.window
	for _, p := range Parts() {
		h, ok := w.Latency(p)
		if !ok || slices.Contains(loggedParts[:], p) {
			continue
		}
		if err := l.write(h, level.key, p, level.opened.Add(w.From), level.opened.Add(w.To)); err != nil {
			return err
		}
	}
	return l.flush()
}

func (l *latencyLog) flush() error { return unwritable(l.path, l.buf.Flush()) }

func (l *latencyLog) close() error {
	return unwritable(l.path, cmp.Or(l.buf.Flush(), l.file.Sync(), l.file.Close()))
}

// An interval holds the latencies of those transactions that were intended in it.
type interval struct {
	number uint32 // of the window, from 0
	took   [len(loggedParts)][]int64
}

// A level keeps at most mostSamples latencies, 2 MB and more than a minute at 1,000 transactions per second, and makes
// room for spareSamples at a time: encoding a histogram takes about a millisecond of a processor that others need.
const (
	mostSamples  = 1 << 18
	spareSamples = mostSamples / 32
)

// intervals keeps latencies until their interval is over, in constant memory: once there are mostSamples, the oldest
// intervals are written. What comes later for one of these makes another interval of the same second, which readers sum.
type intervals struct {
	of   Outcome // of all: Valid from the first valid transaction on, else Answered
	open map[uint32]*interval
	n    int // latencies in open
}

// add adds a transaction of the window, and returns whether there is no room for another one.
func (s *intervals) add(r *Record, w *Window) (full bool) {
	if r.Outcome.Class() != Succeeded || r.Intended < w.From || r.Intended >= w.To || s.of == Valid && r.Outcome != Valid {
		return false
	}
	if s.of != r.Outcome {
		s.of, s.open, s.n = r.Outcome, map[uint32]*interval{}, 0
	}
	number := uint32((r.Intended - w.From) / logInterval)
	one := s.open[number]
	if one == nil {
		one = &interval{number: number}
		s.open[number] = one
	}
	for i, p := range loggedParts {
		if d, ok := r.Span(p); ok && d >= 0 && int64(d) <= histogramHighest {
			one.took[i] = append(one.took[i], int64(d))
			s.n++
		}
	}
	return s.n > mostSamples-len(loggedParts)
}

// take removes the oldest intervals with at least n latencies together, or all that there are.
func (s *intervals) take(n int) (oldest []interval) {
	for _, number := range slices.Sorted(maps.Keys(s.open)) {
		if n <= 0 {
			break
		}
		one := s.open[number]
		delete(s.open, number)
		oldest = append(oldest, *one)
		for _, took := range one.took {
			n -= len(took)
			s.n -= len(took)
		}
	}
	return oldest
}
