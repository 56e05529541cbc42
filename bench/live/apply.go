package live

import (
	"fmt"
	"math"
	"slices"

	"meterbench/bench/result"
)

// What a State keeps at most, so that it stays small however long a level, or a study, is. Points are kept all.
const (
	MostSeconds = 600 // of a level; beyond it two neighbours become one, so that all but the last are about as long
	LastSeconds = 60  // of these that stay single
	MostBlocks  = 500 // of a level
	MostSteps   = 200
)

// apply changes the state by what a message carries.
func (s *State) apply(change any) {
	switch c := change.(type) {
	case Run:
		s.Run = c
	case Step:
		s.Steps, s.Working = append(s.Steps, c), ""
		s.Steps = s.Steps[max(0, len(s.Steps)-MostSteps):]
	case string:
		s.Working = c
	case Level:
		s.Level = &c
	case Passed:
		s.Progress = c.Progress
		s.Level.pass(c)
	case Event:
		s.Level.Events = put(s.Level.Events, c, func(e Event) bool { return e.At == c.At && e.Kind == c.Kind })
	case Point:
		s.Points = put(s.Points, c, func(p Point) bool {
			return p.Series == c.Series && p.Load == c.Load && p.Repetition == c.Repetition
		})
		if s.Level != nil {
			s.Level.Over = true
		}
	case []Saturation:
		s.Saturations = c
	case []result.Warning:
		s.Warnings = c
	case End:
		s.End = &c
	default:
		panic(fmt.Sprintf("live: a state does not change by a %T", change))
	}
}

// put replaces the one that is the same, or adds it.
func put[T any](all []T, one T, same func(T) bool) []T {
	if i := slices.IndexFunc(all, same); i >= 0 {
		all[i] = one
		return all
	}
	return append(all, one)
}

// pass adds a Second.
func (l *Level) pass(p Passed) {
	l.Totals = p.Totals
	if n := len(l.Seconds); p.Replaces && n > 0 {
		l.Seconds = l.Seconds[:n-1]
	}
	l.Seconds = append(l.Seconds, p.Second)
	if len(l.Seconds) > MostSeconds {
		l.shorten()
	}
	left := MostBlocks
	for i := len(l.Seconds) - 1; i >= 0; i-- {
		blocks := l.Seconds[i].Blocks
		if len(blocks) > left {
			blocks = blocks[len(blocks)-left:]
		}
		left -= len(blocks)
		l.Seconds[i].Blocks = blocks
	}
}

// shorten makes one of the two neighbours that are the shortest together, the earliest such ones, which are not among the last
// minute's.
func (l *Level) shorten() {
	at, shortest, before := 0, math.Inf(1), 0.0
	began := 0.0 // of the pair
	for i := range len(l.Seconds) - LastSeconds - 1 {
		if both := l.Seconds[i+1].At - before; both < shortest {
			at, shortest, began = i, both, before
		}
		before = l.Seconds[i].At
	}
	l.Seconds[at+1] = merge(began, l.Seconds[at], l.Seconds[at+1])
	l.Seconds = slices.Delete(l.Seconds, at, at+1)
}

// merge makes one of two Seconds, the first of which began at an instant. Rates and CPU are means over time, as the median is;
// of the other quantiles it has the higher ones.
func merge(began float64, first, second Second) Second {
	a, b := first.At-began, second.At-first.At
	mean := func(x, y float64, digits float64) float64 { return round((x*a+y*b)/(a+b), digits) }
	means := func(x, y map[string]float64, digits float64) map[string]float64 {
		all := map[string]float64{}
		for k, v := range x {
			all[k] = mean(v, y[k], digits)
		}
		for k, v := range y {
			all[k] = mean(x[k], v, digits)
		}
		return all
	}
	either := func(x, y *float64, of func(x, y float64) float64) *float64 {
		switch {
		case x == nil:
			return y
		case y == nil:
			return x
		}
		v := of(*x, *y)
		return &v
	}
	highest := func(x, y float64) float64 { return max(x, y) }
	m := second
	m.Offered, m.Valid = mean(first.Offered, second.Offered, cents), mean(first.Valid, second.Valid, cents)
	m.Answered = mean(first.Answered, second.Answered, cents)
	m.Outcomes, m.CPU = means(first.Outcomes, second.Outcomes, cents), means(first.CPU, second.CPU, millis)
	m.P50 = either(first.P50, second.P50, func(x, y float64) float64 { return mean(x, y, micros) })
	m.P99, m.Lag = either(first.P99, second.P99, highest), either(first.Lag, second.Lag, highest)
	m.Packed += first.Packed
	if first.Cuts != nil {
		m.Cuts = map[string]int{}
		for _, cuts := range []map[string]int{first.Cuts, second.Cuts} {
			for reason, n := range cuts {
				m.Cuts[reason] += n
			}
		}
	}
	m.Blocks = slices.Concat(first.Blocks, second.Blocks)
	return m
}
