package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// orders puts the values of segments into random orders, and tells whether any split is then at least so good. It looks at few
// of the ends of a segment: with W(S) the sum of the distances among the values of S over their number, which no further value
// makes smaller, a split of S into A and B is at most 2(W(S) - W(A) - W(B)) good. So the best split until an end e is exceeded
// until a later one by 2(W(later) - W(e)) at most, and splits from i on are at most 2(W(later) - W(i)) good. Ends until which
// neither is enough are passed over.
type orders struct {
	*scan
	sorted []float64 // the values
	given  []int     // the rank of each value in the order of the series
	ranks  []int     // likewise in the order that is looked at
	lowest float64   // of the values of a segment: others count from it, as sums of larger ones would be less exact
	spread []float64 // of a segment: 2W of its first i
	tree   []node    // of the values met, by their ranks from 1 on: a Fenwick tree
	met    node      // all of them
}

// A node sums up values.
type node struct{ count, sum float64 }

func newOrders(values []float64, s *scan) *orders {
	n := len(values)
	o := &orders{
		scan: s, sorted: make([]float64, n), given: make([]int, n), ranks: make([]int, n),
		spread: make([]float64, n+1), tree: make([]node, n+1),
	}
	for i := range o.ranks {
		o.ranks[i] = i
	}
	slices.SortStableFunc(o.ranks, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	for rank, i := range o.ranks {
		o.sorted[rank], o.given[i] = values[i], rank
	}
	return o
}

// reset begins with the given order.
func (o *orders) reset() { copy(o.ranks, o.given) }

// shuffle puts the values within each segment into another order.
func (o *orders) shuffle(bounds []int, r *rand.Rand) {
	for i, from := range bounds[:len(bounds)-1] {
		segment := o.ranks[from:bounds[i+1]]
		r.Shuffle(len(segment), func(a, b int) { segment[a], segment[b] = segment[b], segment[a] })
	}
}

// reach says whether any split of any segment is at least so good, as best of a scan would find.
func (o *orders) reach(bounds []int, q float64) bool {
	for i, from := range bounds[:len(bounds)-1] {
		if o.segment(o.ranks[from:bounds[i+1]], q) {
			return true
		}
	}
	return false
}

func (o *orders) segment(ranks []int, q float64) bool {
	if len(ranks) < 2*o.least {
		return false
	}
	o.lowest = o.sorted[slices.Min(ranks)]
	o.forget()
	for i, rank := range ranks {
		o.within[i+1] = o.within[i] + o.meet(rank)
		o.spread[i+1] = 2 * o.within[i+1] * o.per[i+1]
	}
	best, looked := math.Inf(-1), 0 // until which end all splits were looked at
	from := o.least                 // the first split that was not
	for end := 2 * o.least; end <= len(ranks); end++ {
		if max(best+o.spread[end]-o.spread[looked], o.spread[end]-o.spread[from]) < q {
			continue
		}
		var reached bool
		if best, reached = o.until(ranks[:end], q); reached {
			return true
		}
		looked, from = end, end-o.least+1
	}
	return false
}

// until looks at all splits of the first values of a segment: a bound of the best, and whether one is good enough.
func (o *orders) until(ranks []int, q float64) (best float64, reached bool) {
	n, after := len(ranks), 0.0
	o.forget()
	for i := n - 1; i >= o.least; i-- {
		after += o.meet(ranks[i])
		if i > n-o.least {
			continue
		}
		if o.quality(n, i, o.within[n], o.within[i], after) >= q {
			return 0, true
		}
		best = max(best, o.spread[n]-o.spread[i]-2*after*o.per[n-i])
	}
	return best, false
}

// forget meets nothing yet.
func (o *orders) forget() {
	clear(o.tree)
	o.met = node{}
}

// meet returns the sum of the distances of the value of a rank to those met before, and adds it to them.
func (o *orders) meet(rank int) float64 {
	v := o.sorted[rank] - o.lowest
	var below node
	for i := rank; i > 0; i &= i - 1 {
		below.count += o.tree[i].count
		below.sum += o.tree[i].sum
	}
	for i := rank + 1; i < len(o.tree); i += i & -i {
		o.tree[i].count++
		o.tree[i].sum += v
	}
	distance := v*(2*below.count-o.met.count) + o.met.sum - 2*below.sum
	o.met.count++
	o.met.sum += v
	return distance
}
