package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"meterbench/bench/metric"
	"meterbench/bench/stats"
	"meterbench/internal/printable"
)

// Compare compares two sides. The error is an UnlikeError where conditions differ that must not, an UnknownConditionError where
// one is allowed to that no run has.
//
// Where the runs of both sides took turns, by their starts, the i-th of the one and of the other are a pair, and each run
// has one value of a metric, the geometric mean of its repetitions. Else each run has one too if there are MinValues of
// them on each side, and with fewer runs each repetition.
func Compare(base, head []Run, o Options) (*Comparison, error) {
	if len(base) == 0 || len(head) == 0 {
		return nil, fmt.Errorf("there are %d runs as the base and %d as the head; name one at least of each", len(base), len(head))
	}
	if base[0].file != head[0].file {
		return nil, mixed(base[0], head[0])
	}
	if err := repeated(slices.Concat(base, head)); err != nil {
		return nil, err
	}
	if err := o.checkAllow(slices.Concat(base, head)); err != nil {
		return nil, err
	}
	alive := func(r Run) bool { return r.alive }
	if !slices.ContainsFunc(base, alive) && !slices.ContainsFunc(head, alive) {
		return nil, fmt.Errorf("%s and %s: nothing succeeded at any point of either side; see their reports for the reasons",
			printable.Line(base[0].Source.Path), printable.Line(head[0].Source.Path))
	}
	base, head = inOrder(base), inOrder(head)
	unlike := differing(base, head)
	if refused := slices.DeleteFunc(slices.Clone(unlike), o.allows); len(refused) > 0 {
		return nil, &UnlikeError{refused}
	}
	c := &Comparison{Paired: tookTurns(base, head), Unlike: unlike, Alpha: cmp.Or(o.Alpha, DefaultAlpha), Minimum: cmp.Or(o.Minimum, DefaultMinimum)}
	for _, r := range base {
		c.Base = append(c.Base, r.Source)
	}
	for _, r := range head {
		c.Head = append(c.Head, r.Source)
	}
	var err error
	if c.Rows, err = rowsOf(base, head, c.Paired); err != nil {
		return nil, err
	}
	if err := c.gate(o.Gate); err != nil {
		return nil, err
	}
	decide(c.Rows, c.Alpha, c.Minimum)
	c.warn()
	return c, nil
}

// allows reports whether what differs may do so.
func (o Options) allows(u Unlike) bool {
	return u.Told || slices.ContainsFunc(o.Allow, u.Key.Within)
}

// repeated is an error where a run is there twice: with itself nothing differs, and its values count once.
func repeated(runs []Run) error {
	paths, ids := map[string]bool{}, map[string]string{}
	for _, r := range runs {
		id := fmt.Sprintf("%q %q %d", r.Source.Scenario, r.Source.Run, r.Source.Started.UnixNano())
		switch other, ok := ids[id]; {
		case paths[r.resolved]:
			return fmt.Errorf("%s: is named twice; name each run or file once, on one side", r.Source.Path)
		case ok && !r.file:
			return fmt.Errorf("%s: is the same run as %s; name each run once, on one side", r.Source.Path, other)
		}
		paths[r.resolved], ids[id] = true, r.Source.Path
	}
	return nil
}

// inOrder returns the runs of a side in the order of their starts, files as they were named.
func inOrder(runs []Run) []Run {
	return slices.SortedStableFunc(slices.Values(runs), func(a, b Run) int { return a.Source.Started.Compare(b.Source.Started) })
}

// tookTurns reports whether two or more runs of each side, in the order of their starts, are pairs of one and one, whichever
// of a pair was first.
func tookTurns(base, head []Run) bool {
	if len(base) != len(head) || len(base) < 2 || base[0].Source.Started.IsZero() || head[0].Source.Started.IsZero() {
		return false
	}
	for i := range base {
		b, h := base[i].Source.Started, head[i].Source.Started
		if b.Equal(h) {
			return false
		}
		if i > 0 && (!b.After(head[i-1].Source.Started) || !h.After(base[i-1].Source.Started)) {
			return false
		}
	}
	return true
}

// A rowKey identifies a row and the cells that make it up.
type rowKey struct {
	place
	metric string // its name
}

// rowsOf returns the rows with their values, by place and metric in the order in which they appear first. A metric that one
// side lacks has a row where it is gated.
func rowsOf(base, head []Run, paired bool) ([]Row, error) {
	places, metrics := map[place]int{}, map[string]int{}
	for i, m := range metric.All() {
		metrics[m.Name] = i
	}
	rows := map[rowKey]*Row{}
	for _, run := range slices.Concat(base, head) {
		for _, c := range run.cells {
			if _, ok := places[c.place]; !ok {
				places[c.place] = len(places)
			}
			if _, ok := metrics[c.metric.Name]; !ok {
				metrics[c.metric.Name] = len(metrics)
			}
			r := rows[c.key()]
			if r == nil {
				r = &Row{Series: c.series, Load: c.load, Metric: c.metric, Paired: paired}
				rows[c.key()] = r
			}
			if err := r.direct(c.metric, run.Source.Path); err != nil {
				return nil, err
			}
		}
	}
	perRun := paired || min(len(base), len(head)) >= MinValues
	bases, heads := cellsOf(base), cellsOf(head)
	var filled []Row
	for key, r := range rows {
		r.fill(bases[key], heads[key], perRun)
		if len(r.Base.Values)+len(r.Head.Values) > 0 {
			filled = append(filled, *r)
		}
	}
	slices.SortFunc(filled, func(a, b Row) int {
		return cmp.Or(
			places[place{a.Series, a.Load}]-places[place{b.Series, b.Load}],
			metrics[a.Metric.Name]-metrics[b.Metric.Name])
	})
	return filled, nil
}

func (c *cell) key() rowKey { return rowKey{c.place, c.metric.Name} }

// cellsOf returns the cells of each row by the runs of a side, nil for a run without it.
func cellsOf(runs []Run) map[rowKey][]*cell {
	all := map[rowKey][]*cell{}
	for i := range runs {
		for j := range runs[i].cells {
			c := &runs[i].cells[j]
			if all[c.key()] == nil {
				all[c.key()] = make([]*cell, len(runs))
			}
			all[c.key()][i] = c
		}
	}
	return all
}

// direct takes over which way is better, and whether the row is gated, from a cell, if the row has none yet. The error is of
// benchmark files that contradict each other.
func (r *Row) direct(m metric.Metric, path string) error {
	if r.Metric.Better == "" {
		r.Metric = m
	}
	if m.Better != "" && m.Better != r.Metric.Better {
		return fmt.Errorf("%s: says that of %s %s is better, and another file that %s is; correct the Unit line of one",
			path, printable.Line(m.Name), m.Better, r.Metric.Better)
	}
	r.Gated = r.Metric.Gated
	return nil
}

// fill takes the values of the cells. Of pairs, which run by run have both sides, it takes those that are complete.
func (r *Row) fill(base, head []*cell, perRun bool) {
	sides := [2]*Sample{&r.Base, &r.Head}
	has := func(cells []*cell, i int) bool { return cells != nil && cells[i] != nil && len(cells[i].values) > 0 }
	// Where no pair has it on both sides, what either has is kept, and is no pair: a level that died on one must not vanish.
	r.Paired = r.Paired && pairUp(base, head, has)
	for side, cells := range [2][]*cell{base, head} {
		for i, c := range cells {
			if c == nil {
				continue
			}
			sides[side].Missing += c.missing
			other := [2][]*cell{head, base}[side]
			switch {
			case len(c.values) == 0, r.Paired && !has(other, i):
			case perRun:
				sides[side].Values = append(sides[side].Values, middle(c.values))
				sides[side].Paces = append(sides[side].Paces, meanPace(c.paces))
			default:
				sides[side].Values = append(sides[side].Values, c.values...)
				sides[side].Paces = append(sides[side].Paces, c.paces...)
			}
		}
	}
	for _, s := range sides {
		if s.Median = math.NaN(); len(s.Values) > 0 {
			s.Median = stats.Median(s.Values)
		}
	}
}

// pairUp reports whether any pair has values on both sides.
func pairUp(base, head []*cell, has func(cells []*cell, i int) bool) bool {
	for i := range base {
		if has(base, i) && has(head, i) {
			return true
		}
	}
	return false
}

// middle returns the geometric mean of values, or where one is not above zero the arithmetic one.
func middle(values []float64) float64 {
	switch {
	case len(values) == 0:
		return 0
	case len(values) == 1: // without rounding
		return values[0]
	case slices.Min(values) < least:
		return stats.Mean(values)
	}
	return math.Exp(stats.Mean(logarithms(values)))
}

// meanPace returns the geometric mean of the paces of a run's repetitions, 0 where one is unknown.
func meanPace(paces []float64) float64 {
	if len(paces) == 0 || slices.Min(paces) < least {
		return 0
	}
	return middle(paces)
}
