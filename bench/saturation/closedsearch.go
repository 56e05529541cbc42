package saturation

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"meterbench/bench/stats"
)

// A ClosedSearch looks for the smallest number of clients whose throughput
// reaches 95 % of the plateau. It only decides, as an OpenSearch does: Next,
// measure, Observe, and in the end Found.
//
// It doubles the clients until the plateau is confirmed: two successive
// doublings from 95 % of it each gain less than 5 %. Then it halves the gap
// between the last number below 95 % and the first one that reaches it. The
// number found is measured again, since the step that it was found by is one
// that had luck, and several times for an interval of its throughput.
type ClosedSearch struct {
	config  ClosedConfig
	stage   string
	clients int       // asked for next
	tries   int       // that failed at clients
	levels  []*level  // measured, by number of clients; of throughput 0 where they failed
	at      int       // the number found; 0 while it is not
	again   int       // times that it was measured again
	rates   []float64 // throughput then
	paces   []float64 // the machine's then
	reason  string    // why the search is over, empty while it is not
	trials  []Trial
}

// ClosedConfig says how to search. Zero fields but From and To have defaults.
type ClosedConfig struct {
	From, To    int     // fewest and most clients
	Tries       int     // steps that must fail for a number of clients to fail, twice as many where they are invalid; default 2
	Resolution  float64 // relative width of the last gap, never below one client; default 0.01
	Repetitions int     // measurements of the number found; default 1, an interval needs 6
}

// NewClosedSearch returns a search that has not begun. An error names the
// field that makes no sense.
func NewClosedSearch(c ClosedConfig) (*ClosedSearch, error) {
	c.Tries = cmp.Or(c.Tries, 2)
	c.Resolution = cmp.Or(c.Resolution, 0.01)
	c.Repetitions = cmp.Or(c.Repetitions, 1)
	switch {
	case c.From < 1 || c.To < c.From:
		return nil, fmt.Errorf("saturation search: %d to %d clients; give at least 1 and a highest number not below the lowest", c.From, c.To)
	case c.Tries < 1 || c.Repetitions < 1:
		return nil, fmt.Errorf("saturation search: %d tries, %d repetitions; give at least 1 of each", c.Tries, c.Repetitions)
	case !(c.Resolution > 0 && c.Resolution < 1):
		return nil, fmt.Errorf("saturation search: resolution %g; give a share above 0 and below 1", c.Resolution)
	}
	return &ClosedSearch{config: c, stage: "climb", clients: c.From}, nil
}

// Next returns the number of clients to measure next, and whether there is
// one. It stays the same until a Step is observed.
func (s *ClosedSearch) Next() (clients float64, more bool) { return float64(s.clients), s.reason == "" }

// Left returns how many steps there are to come at most, unless the instrument
// fails often or the plateau turns out to be higher while the gap below it is
// halved.
func (s *ClosedSearch) Left() int {
	if s.reason != "" {
		return 0
	}
	c := s.config
	climb := bits.Len(uint((c.To-1)/c.From)) + 1
	halve := bits.Len(uint(c.To / 2))
	return max(1, climb+c.Tries-1+c.Tries*(halve+c.Repetitions)-len(s.trials))
}

// Observe takes the Step that was measured with the clients that Next
// returned. It panics if it is of another number, or there is none to measure.
func (s *ClosedSearch) Observe(step Step) {
	if s.reason != "" || step.Load != float64(s.clients) {
		panic(fmt.Sprintf("saturation: a step with %g clients was not asked for", step.Load))
	}
	t := step.checkClosed(s.stage)
	s.trials = append(s.trials, t)
	if t.Fault != "" && s.tries+1 < step.allowed(s.config.Tries) {
		s.tries++
		return
	}
	s.tries = 0
	switch s.stage {
	case "climb":
		s.climb(t)
	case "bisect":
		s.add(t)
		s.narrow()
	case "repeat":
		s.again++
		if t.Fault == "" {
			s.rates, s.paces = append(s.rates, t.Received), append(s.paces, t.Pace)
		}
		switch {
		case s.again < s.config.Repetitions:
		case s.rates == nil:
			s.reason = fmt.Sprintf("%d clients were found, but failed when measured again: %s", s.at, t.Fault)
		default:
			s.reason = "two doublings of the clients gained less than 5 % each"
		}
	}
}

// climb doubles the clients until the plateau is confirmed.
func (s *ClosedSearch) climb(t Trial) {
	if t.Fault != "" {
		s.reason = fmt.Sprintf("%d clients failed: %s", s.clients, t.Fault)
		return
	}
	s.add(t)
	switch {
	case confirmed(s.levels[s.knee():]):
		s.narrow()
	case s.clients == s.config.To:
		s.reason = "the most clients were measured and throughput may still grow"
	default:
		s.clients = min(s.config.To, 2*s.clients)
	}
}

func (s *ClosedSearch) add(t Trial) {
	l := &level{load: t.Load}
	if t.Fault == "" {
		l.throughput = t.Received
	}
	s.levels = append(s.levels, l)
	slices.SortFunc(s.levels, func(a, b *level) int { return cmp.Compare(a.load, b.load) })
}

// knee returns the first level at 95 % of the highest throughput of all.
func (s *ClosedSearch) knee() int {
	var highest float64
	for _, l := range s.levels {
		highest = max(highest, l.throughput)
	}
	return slices.IndexFunc(s.levels, func(l *level) bool { return l.throughput >= plateauShare*highest })
}

// narrow halves the gap below the first level that reaches the plateau. Below
// the lowest level of all nothing is looked for.
func (s *ClosedSearch) narrow() {
	knee := s.knee()
	at := int(s.levels[knee].load)
	if knee > 0 {
		below := int(s.levels[knee-1].load)
		if gap := at - below; gap > 1 && float64(gap) > s.config.Resolution*float64(at) {
			s.stage, s.clients = "bisect", below+gap/2
			return
		}
	}
	s.stage, s.clients, s.at = "repeat", at, at
}

// Found returns what the search came to. Where the plateau was not confirmed,
// or the number of clients that reaches it not measured again, that is the
// highest throughput so far, as a lower bound.
func (s *ClosedSearch) Found() Found {
	f := Found{
		Kind: "closed", Load: float64(s.at), Throughput: stats.Median(s.rates), ThroughputInterval: stats.MedianInterval(s.rates),
		Reached: s.rates != nil, Reason: cmp.Or(s.reason, "the search was not finished"), Trials: slices.Clone(s.trials),
	}
	if !f.Reached {
		f.Load = 0
		for _, l := range s.levels {
			if l.throughput > f.Throughput {
				f.Load, f.Throughput = l.load, l.throughput
			}
		}
	}
	f.spread(s.rates, s.paces)
	f.conclude("%g clients", len(s.rates))
	return f
}
