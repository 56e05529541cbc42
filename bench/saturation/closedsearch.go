package saturation

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// ClosedSearch looks for the smallest number of clients whose throughput reaches 95 % of the plateau. It only
// decides, as an OpenSearch does: Next, measure, Observe, and in the end Result.
//
// It doubles the clients until the plateau is confirmed: two successive doublings from 95 % of it each gain
// less than 5 %. Then it halves the gap between the last number below 95 % and the first one that reaches it.
// The number found is measured again, since a step that a search picks is likely a lucky one, and several
// times for an interval of its throughput.
type ClosedSearch struct {
	search
	config ClosedConfig
	levels []*level  // measured, by number of clients; of throughput 0 where they failed
	again  int       // times that the number found was measured again
	rates  []float64 // throughput then
	paces  []float64 // the machine's then
}

// ClosedConfig says what to search.
type ClosedConfig struct {
	From, To    int // fewest and most clients
	Repetitions int // measurements of the number found; 0 stands for 1, an interval needs 6
}

// NewClosedSearch returns a search that has not begun. An error names the field that makes no sense.
func NewClosedSearch(c ClosedConfig) (*ClosedSearch, error) {
	c.Repetitions = cmp.Or(c.Repetitions, 1)
	if c.From < 1 || c.To < c.From {
		return nil, fmt.Errorf("saturation search: %d to %d clients; give at least 1 and a highest number not below the lowest", c.From, c.To)
	}
	s, err := newSearch(float64(c.From), c.Repetitions)
	return &ClosedSearch{search: s, config: c}, err
}

// Left returns how many steps there are to come at most, unless the instrument fails often or the plateau
// turns out to be higher while the gap below it is halved.
func (s *ClosedSearch) Left() int {
	if s.reason != "" {
		return 0
	}
	c := s.config
	climb := bits.Len(uint((c.To-1)/c.From)) + 1
	halve := bits.Len(uint(c.To / 2))
	return max(1, climb+tries-1+tries*(halve+c.Repetitions)-len(s.trials))
}

// Observe takes the Step with the clients that Next returned. It panics at another number or after the end.
func (s *ClosedSearch) Observe(step Step) {
	t := step.checkClosed()
	if !s.add(t) {
		return
	}
	if s.stage == Repeat {
		s.repeat(t)
		return
	}
	l := &level{load: t.Load}
	if t.Fault == "" {
		l.throughput = t.Received
	}
	s.levels = append(s.levels, l)
	slices.SortFunc(s.levels, func(a, b *level) int { return cmp.Compare(a.load, b.load) })
	if s.stage == Climb {
		s.climb(t)
	} else {
		s.narrow()
	}
}

// climb doubles the clients until the plateau is confirmed.
func (s *ClosedSearch) climb(t Trial) {
	most := float64(s.config.To)
	switch {
	case t.Fault != "":
		s.reason = fmt.Sprintf("%g clients failed: %s", s.load, t.Fault)
	case confirmed(s.levels[knee(s.levels):]):
		s.narrow()
	case s.load == most:
		s.reason = "the most clients were measured and throughput may still grow"
	default:
		s.load = min(most, 2*s.load)
	}
}

// narrow halves the gap below the first level that reaches the plateau, unless that is the lowest of all.
func (s *ClosedSearch) narrow() {
	knee := knee(s.levels)
	at := s.levels[knee].load
	if knee > 0 {
		below := s.levels[knee-1].load
		if gap := at - below; gap > 1 && gap > resolution*at {
			s.stage, s.load = Bisect, below+math.Floor(gap/2)
			return
		}
	}
	s.stage, s.load = Repeat, at
}

// repeat adds a measurement of the number found.
func (s *ClosedSearch) repeat(t Trial) {
	s.again++
	if t.Fault == "" {
		s.rates, s.paces = append(s.rates, t.Received), append(s.paces, t.Pace)
	}
	switch {
	case s.again < s.config.Repetitions:
	case s.rates == nil:
		s.reason = fmt.Sprintf("%g clients were found, but failed when measured again: %s", s.load, t.Fault)
	default:
		s.reason = "two doublings of the clients gained less than 5 % each"
	}
}

// Result returns what was found. Where the plateau was not confirmed, or the number of clients that reaches
// it not measured again, that is the highest throughput so far, as a lower bound.
func (s *ClosedSearch) Result() Result {
	r := s.summarise(s.rates)
	r.Reached = s.rates != nil
	if r.Reached {
		r.Load = s.load
	} else if s.levels != nil && highest(s.levels).throughput > 0 {
		best := highest(s.levels)
		r.Load, r.Throughput = best.load, best.throughput
	}
	r.Clients = int(r.Load)
	r.spread(s.rates, s.paces)
	r.conclude("%g clients", "measurements of what was found", len(s.rates))
	return r
}
