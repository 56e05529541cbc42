package stats

import (
	"math"
	"slices"
)

// Series holds a long series of values as the means of batches of neighbours, in bounded memory: batches of 5
// values, and of 10, 20, … once there would be more than 65,536 of them (about 1 MB). The values may be added
// in any order, so that transactions can be added as they end and are still judged in the order in which they
// were intended. The zero Series is empty and ready to use.
type Series struct {
	size   uint64 // values per batch; 0 stands for batchSize, that of the zero Series
	n      uint64
	sums   []float64
	counts []uint64
}

const (
	batchSize  = 5 // of MSER-5
	maxBatches = 1 << 16
)

// Add adds the value whose place in the series is i, from 0. Places may stay empty: those of failed
// transactions, or of a warm-up that is left out.
func (s *Series) Add(i uint64, value float64) {
	if s.size == 0 {
		s.size = batchSize
	}
	for i/s.size >= maxBatches {
		s.coarsen()
	}
	at := int(i / s.size)
	if missing := at + 1 - len(s.sums); missing > 0 {
		s.sums = append(s.sums, make([]float64, missing)...)
		s.counts = append(s.counts, make([]uint64, missing)...)
	}
	s.sums[at] += value
	s.counts[at]++
	s.n++
}

// NewSeries returns an empty Series with batches of so many values, at least 1, while there is room.
func NewSeries(batch uint64) *Series { return &Series{size: max(1, batch)} }

// N returns how many values were added.
func (s *Series) N() uint64 { return s.n }

// coarsen joins every two neighbouring batches.
func (s *Series) coarsen() {
	half := (len(s.sums) + 1) / 2
	for i := range half {
		s.sums[i], s.counts[i] = s.sums[2*i], s.counts[2*i]
		if j := 2*i + 1; j < len(s.sums) {
			s.sums[i] += s.sums[j]
			s.counts[i] += s.counts[j]
		}
	}
	s.sums, s.counts = s.sums[:half], s.counts[:half]
	s.size *= 2
}

// means returns the means of the batches that are not empty, in order, and how many values each holds.
func (s *Series) means() (means []float64, counts []uint64) {
	for i, n := range s.counts {
		if n > 0 {
			means = append(means, s.sums[i]/float64(n))
			counts = append(counts, n)
		}
	}
	return means, counts
}

// minKept is the fewest batch means that a truncation may leave: of the last few some agree by chance.
const minKept = 5

// rounding is the relative difference up to which values count as equal.
const rounding = 1e-9

// mser returns how many values to cut off at the start of a series that begins with a transient: the number d of n that
// minimises
//
//	MSER(d) = Σ (y[i] - mean)² / (n-d)², over i >= d,
//
// the squared standard error of the mean of what is left (White, An Effective Truncation Heuristic for Bias Reduction
// in Simulation Output, Simulation 69, 1997). Over means of 5 values it is MSER-5 (White, Cobb and Spratt, A Comparison
// of Five Steady-State Truncation Heuristics for Simulation, Winter Simulation Conference 2000). Of equal minima the
// smallest d counts, and differences within a billionth of the mean are rounding.
func mser(y []float64) (d int) {
	least := math.Inf(1)
	var mean, squares float64 // of y[i:], by Welford's recursion
	for i, v := range slices.Backward(y) {
		kept := float64(len(y) - i)
		delta := v - mean
		mean += delta / kept
		squares += delta * (v - mean)
		if kept < minKept {
			continue
		}
		e := squares / (kept * kept)
		if squares <= kept*mean*mean*rounding*rounding {
			e = 0
		}
		if e <= least {
			least, d = e, i
		}
	}
	return d
}
