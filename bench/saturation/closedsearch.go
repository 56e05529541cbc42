package saturation

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// ClosedSearch looks for the smallest number of clients whose throughput reaches 95 % of the plateau. It only
// decides, as an OpenSearch does: Next, measure, Observe, and in the end Result.
//
// It doubles the clients until the plateau is confirmed, by the rule of Closed. Then it halves the gap between the last
// number below 95 % of it and the first one that reaches it. As long as the interval of the knee is wide it measures
// levels within that again. The number found is measured again, since a step that a search picks is likely a lucky one,
// and several times for an interval of its throughput.
type ClosedSearch struct {
	search
	config  ClosedConfig
	climbed []Sample  // by number of clients; of throughput 0 where they failed
	levels  []Sample  // those climbed, and those between
	sharpen int       // times that a level was measured again for the interval of the knee
	again   int       // times that the number found was measured again
	rates   []float64 // throughput then
	paces   []float64 // the machine's then
}

const (
	// mostSharpened bounds how often levels are measured again for the interval of the knee.
	mostSharpened = 4
	// narrowEnough is the width of that interval, highest over lowest, that needs no more measurements.
	narrowEnough = 1.1
)

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
	return max(1, climb+tries-1+tries*(halve+mostSharpened+c.Repetitions)-len(s.trials))
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
	s.levels = measured(s.levels, t)
	if s.stage == Climb {
		s.climbed = measured(s.climbed, t)
		s.climb(t)
	} else {
		s.narrow()
	}
}

// measured adds a trial to samples at ascending numbers of clients.
func measured(samples []Sample, t Trial) []Sample {
	rate := t.Received
	if t.Fault != "" {
		rate = 0
	}
	at, ok := slices.BinarySearchFunc(samples, t.Load, func(s Sample, clients float64) int { return cmp.Compare(s.Clients, clients) })
	if !ok {
		samples = slices.Insert(samples, at, Sample{Clients: t.Load})
	}
	samples[at].Rates = append(samples[at].Rates, rate)
	return samples
}

// climb doubles the clients until the plateau is confirmed. Where the most clients leave it undecided, it measures the
// levels beyond the knee again.
func (s *ClosedSearch) climb(t Trial) {
	if t.Fault != "" {
		s.reason = fmt.Sprintf("%g clients failed: %s", s.load, t.Fault)
		return
	}
	most := float64(s.config.To)
	k := FindKnee(s.climbed)
	switch growth := k.Gain.Growth(); {
	case growth == result.Flat:
		s.narrow()
	case s.climbed[len(s.climbed)-1].Clients < most:
		s.load = min(most, 2*s.load)
	case growth == result.Undecided && s.sharpen < mostSharpened:
		s.sharpen++
		s.load = leastMeasured(s.climbed, Knee{Clients: most, Low: k.Clients + 1, High: most})
	default:
		s.reason = "the most clients were measured and throughput may still grow"
	}
}

// narrow halves the gap below the first level that reaches the plateau, unless that is the lowest of all, and then
// measures levels within the interval of the knee again.
func (s *ClosedSearch) narrow() {
	k := findKnee(s.climbed, s.levels)
	knee := slices.IndexFunc(s.levels, func(l Sample) bool { return l.Clients == k.Clients })
	if knee > 0 {
		below := s.levels[knee-1].Clients
		if gap := k.Clients - below; gap > 1 && gap > resolution*k.Clients {
			s.stage, s.load = Bisect, below+math.Floor(gap/2)
			return
		}
	}
	if s.sharpen < mostSharpened && k.High > narrowEnough*k.Low {
		s.sharpen++
		s.stage, s.load = Sharpen, leastMeasured(s.levels, k)
		return
	}
	s.stage, s.load = Repeat, k.Clients
}

// leastMeasured returns the level within the interval of a knee that was measured the fewest times, the closest to the
// knee among such.
func leastMeasured(levels []Sample, k Knee) float64 {
	within := slices.DeleteFunc(slices.Clone(levels), func(l Sample) bool { return l.Clients < k.Low-1 || l.Clients > k.High })
	return slices.MinFunc(within, func(a, b Sample) int {
		return cmp.Or(cmp.Compare(len(a.Rates), len(b.Rates)), cmp.Compare(math.Abs(a.Clients-k.Clients), math.Abs(b.Clients-k.Clients)))
	}).Clients
}

// repeat adds a measurement of the number found.
func (s *ClosedSearch) repeat(t Trial) {
	s.again++
	if t.Fault == "" {
		s.rates, s.paces = append(s.rates, t.Received), append(s.paces, t.Pace)
		s.levels = measured(s.levels, t)
	}
	switch {
	case s.again < s.config.Repetitions:
	case s.rates == nil:
		s.reason = fmt.Sprintf("%g clients were found, but failed when measured again: %s", s.load, t.Fault)
	default:
		s.reason = "doublings of the clients gained less than 5 %"
	}
}

// Result returns what was found. Where the plateau was not confirmed, or the number of clients that reaches
// it not measured again, that is the highest throughput so far, as a lower bound.
func (s *ClosedSearch) Result() Result {
	r := s.summarise(s.rates)
	r.Reached = s.rates != nil
	best := slices.MaxFunc(append(s.climbed, Sample{}), func(a, b Sample) int { return cmp.Compare(stats.Median(a.Rates), stats.Median(b.Rates)) })
	if r.Reached {
		r.Load = s.load
	} else if best.Clients > 0 && stats.Median(best.Rates) > 0 {
		r.Load, r.Throughput = best.Clients, stats.Median(best.Rates)
	}
	r.Clients = int(r.Load)
	r.spread(s.rates, s.paces)
	r.conclude("%g clients", "measurements of what was found", len(s.rates))
	if r.Reached {
		k := findKnee(s.climbed, s.levels)
		k.describe(&r.Saturation)
		r.Reached = true // measured again, the levels between change the noise, but not the plateau
		if k.High > 0 {
			r.ClientsLow, r.ClientsHigh = min(r.ClientsLow, r.Clients), max(r.ClientsHigh, r.Clients)
		}
	}
	return r
}
