package reports

import (
	"iter"
	"math"
	"slices"
	"time"

	"meterbench/bench/result"
)

// A tally counts the transactions of a load level by time and latency, in bounded memory however long the level takes:
// once there are more than tallyBins bins, every two become one.
type tally struct {
	part      result.Part // the latency that is counted
	bin       time.Duration
	intended  []uint64 // transactions, by their intended start
	failed    []uint64 // of these, those that did not succeed
	succeeded []uint64 // those that did, by their commit, or their answer where that is all
	latencies [][]uint32
	largest   []float64 // seconds, by intended start
}

const (
	firstBin  = 10 * time.Millisecond // 10 ms times a power of two at the end
	tallyBins = 256
	// latencyBins go from leastLatency on, perDecade to each power of ten: a value in one of them is known to within 2 %.
	latencyBins  = 9 * perDecade
	perDecade    = 60
	leastLatency = 1e-6
)

func newTally(part result.Part) *tally { return &tally{part: part, bin: firstBin} }

// add counts a transaction.
func (t *tally) add(r *result.Record) {
	if r.Intended < 0 {
		return
	}
	at := t.place(r.Intended)
	t.intended[at]++
	if r.Outcome.Class() != result.Succeeded {
		t.failed[at]++
		return
	}
	if d, ok := r.Span(t.part); ok {
		if t.latencies[at] == nil {
			t.latencies[at] = make([]uint32, latencyBins)
		}
		t.latencies[at][latencyBin(d.Seconds())]++
		t.largest[at] = max(t.largest[at], d.Seconds())
	}
	done := r.Committed
	if r.Outcome == result.Answered {
		done = r.Endorsed
	}
	if done >= 0 {
		at := t.place(done) // may double the bins
		t.succeeded[at]++
	}
}

// place returns the bin of an instant, which there is then.
func (t *tally) place(at time.Duration) int {
	for at/t.bin >= tallyBins {
		t.halve()
	}
	i := int(at / t.bin)
	for len(t.intended) <= i {
		t.intended, t.failed, t.succeeded = append(t.intended, 0), append(t.failed, 0), append(t.succeeded, 0)
		t.latencies, t.largest = append(t.latencies, nil), append(t.largest, 0)
	}
	return i
}

// halve makes one bin of every two.
func (t *tally) halve() {
	t.bin *= 2
	n := (len(t.intended) + 1) / 2
	for i := range n {
		for _, counts := range []*[]uint64{&t.intended, &t.failed, &t.succeeded} {
			(*counts)[i] = sum((*counts)[2*i : min(2*i+2, len(*counts))])
		}
		t.latencies[i] = added(t.latencies[2*i : min(2*i+2, len(t.latencies))])
		t.largest[i] = slices.Max(t.largest[2*i : min(2*i+2, len(t.largest))])
	}
	t.intended, t.failed, t.succeeded = t.intended[:n], t.failed[:n], t.succeeded[:n]
	t.latencies, t.largest = t.latencies[:n], t.largest[:n]
}

func sum(counts []uint64) (total uint64) {
	for _, n := range counts {
		total += n
	}
	return total
}

// added returns the counts of all bins together, nil where there are none. It may change them.
func added(bins [][]uint32) (total []uint32) {
	for _, counts := range bins {
		if total == nil {
			total = counts
			continue
		}
		for i, n := range counts {
			total[i] += n
		}
	}
	return total
}

// latencyBin returns the bin of a latency in seconds.
func latencyBin(seconds float64) int {
	if seconds <= leastLatency {
		return 0
	}
	return min(int(perDecade*math.Log10(seconds/leastLatency)), latencyBins-1)
}

// latencyEdge returns where a bin begins, in seconds.
func latencyEdge(bin int) float64 { return leastLatency * math.Pow(10, float64(bin)/perDecade) }

// medianOf returns the median of binned latencies, false where there are none.
func medianOf(counts []uint32) (seconds float64, ok bool) {
	var total, below uint64
	for _, n := range counts {
		total += uint64(n)
	}
	for i, n := range counts {
		if 2*(below+uint64(n)) >= total && total > 0 {
			within := (float64(total)/2 - float64(below)) / float64(n)
			return latencyEdge(i) * math.Pow(10, within/perDecade), true
		}
		below += uint64(n)
	}
	return 0, false
}

// tallies counts the transactions of some levels, each by the latency of its part.
func tallies(rows iter.Seq2[result.Row, error], parts map[result.LevelKey]result.Part) (map[result.LevelKey]*tally, error) {
	all := map[result.LevelKey]*tally{}
	var at result.LevelKey // most rows stand beside others of their level
	var current *tally
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		if row.LevelKey != at || current == nil {
			at, current = row.LevelKey, all[row.LevelKey]
			if part, drawn := parts[at]; drawn && current == nil {
				current = newTally(part)
				all[at] = current
			}
		}
		if current != nil {
			current.add(&row.Record)
		}
	}
	return all, nil
}
