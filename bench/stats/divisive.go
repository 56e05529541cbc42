package stats

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// Divisive finds where a series of independent values steps: E-divisive of Matteson and James, "A nonparametric approach for
// multiple change point analysis of multivariate data", Journal of the American Statistical Association 109 (2014), in one
// dimension with exponent 1. It assumes no distribution, and notices a change of spread or shape as well as one of the mean.
//
// A bisection takes the split of a segment that separates the two sides best, over all segments, and asks how often one at
// least so good appears when the values within each segment are put into a random order. Where values of one segment may be
// exchanged, a flat series has a change point with a probability of at most Level, over all its bisections together. Values
// that resemble their neighbours may not be exchanged: then false ones are more frequent.
type Divisive struct {
	Level        float64 // of each bisection's test, between 0 and 1
	Permutations int     // random orders tried by each test, at least 1/Level - 1, or nothing is ever found
	Segment      int     // fewest values between two change points, at least 2
}

// A ChangePoint is where a series steps.
type ChangePoint struct {
	Index int     // of the first value after it
	P     float64 // of its bisection's test, at most the level and at least 1/(permutations+1)
}

// ChangePoints returns the change points of a series in its order. For each of them and, unless the test is decided sooner, once
// more it takes a time of the permutations times the series' length with its logarithm, times how often such a step could be
// lost in the series: some for a clear one, in a long series one that is hardly seen up to its length. The end of the context
// ends it, with what was found until then. Values must be finite.
func (d Divisive) ChangePoints(ctx context.Context, values []float64, r *rand.Rand) []ChangePoint {
	scan := newScan(len(values), d.Segment)
	bounds := []int{0, len(values)} // of the segments
	orders := newOrders(values, scan)
	var found []ChangePoint
	for {
		at, best := scan.best(values, bounds)
		if best <= 0 {
			break
		}
		p := d.test(ctx, orders, bounds, best, r)
		if p > d.Level || ctx.Err() != nil {
			break
		}
		found = append(found, ChangePoint{at, p})
		bounds = append(bounds, at)
		slices.Sort(bounds)
	}
	slices.SortFunc(found, func(a, b ChangePoint) int { return a.Index - b.Index })
	return found
}

// test returns the share of random orders, the given one among them, whose best split is at least as good. It stops once
// that is above the level for sure.
func (d Divisive) test(ctx context.Context, o *orders, bounds []int, best float64, r *rand.Rand) float64 {
	all := float64(d.Permutations + 1)
	reached := 1.0
	o.reset()
	for range d.Permutations {
		if ctx.Err() != nil {
			break
		}
		o.shuffle(bounds, r)
		if o.reach(bounds, best*(1-rounding)) {
			if reached++; reached/all > d.Level {
				break
			}
		}
	}
	return reached / all
}

// A scan has the memory for looking over all splits of a segment.
type scan struct {
	least  int
	within []float64 // of values from 0: sum of the distances among the first i
	after  []float64 // likewise among those from i up to the one looked at
	per    []float64 // 1/i
}

func newScan(n, least int) *scan {
	s := &scan{least: max(2, least), within: make([]float64, n+1), after: make([]float64, n+1), per: make([]float64, n+1)}
	for i := range n {
		s.per[i+1] = 1 / float64(i+1)
	}
	return s
}

// best returns the best split over all segments, and how good it is: 0 or less where no segment is long enough.
func (s *scan) best(values []float64, bounds []int) (at int, q float64) {
	for i, from := range bounds[:len(bounds)-1] {
		if split, good := s.segment(values[from:bounds[i+1]]); good > q {
			at, q = from+split, good
		}
	}
	return at, q
}

// segment returns the split of a segment at which the values before it differ most from those after it, up to some end: the
// largest nm/(n+m) · E, with n and m values on the sides and E = 2/(nm) ΣΣ|x-y| - mean |x-x'| - mean |y-y'|, the energy
// distance with the means over pairs (equations 5 to 7 of the paper). Ends before the segment's own keep a second step
// from hiding the first.
func (s *scan) segment(values []float64) (at int, best float64) {
	clear(s.after)
	for last, v := range values {
		earlier := values[:last]
		after, within := s.after[:last], s.within[:last+1]
		distance := 0.0 // of v to those before i
		for i, w := range earlier {
			after[i] -= distance
			distance += math.Abs(v - w)
		}
		total := within[last] + distance
		s.within[last+1] = total
		for i := range after {
			after[i] += distance
		}
		n := last + 1
		if n < 2*s.least {
			continue
		}
		for i := s.least; i <= n-s.least; i++ {
			if q := s.quality(n, i, total, within[i], after[i]); q > best {
				at, best = i, q
			}
		}
	}
	return at, best
}

// quality returns how good the split of n values at i is, of the sums of the distances among all of them, those before i and
// those from i on.
func (s *scan) quality(n, i int, total, within, after float64) float64 {
	between := total - within - after
	return 2 * s.per[n] * (between - float64(n-i)*s.per[i-1]*within - float64(i)*s.per[n-i-1]*after)
}
