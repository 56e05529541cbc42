package saturation

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
)

// OpenSearch looks for the highest offered load that a target keeps up with, and that meets a latency
// objective if there is one: its capacity. It only decides; the caller runs the loads:
//
//	for load, more := s.Next(); more; load, more = s.Next() {
//		s.Observe(measure(load))
//	}
//	result := s.Result()
//
// After the Distributed Ledger Performance Scan (Sedlmeir et al., HICSS 2021), it climbs from the lowest load
// by a constant factor until a load fails. From 80 % of the rate found so far, the last load that passed or the
// throughput beyond it if that was more, it climbs again in steps of 10 %. Each repetition starts from 80 % of
// what the one before found.
//
// Where that second climb ends because more was offered than taken, two steps offer a little more than is taken, and
// what is taken then is the capacity: a server that is always busy commits at its own rate, whatever the arrivals
// were. The last load that passed would not do: a step of a finite length passes by luck beyond the capacity, and fails
// by luck below. Where the climb ends because the latency objective is missed, the capacity is the load at which the
// share of late transactions is just 1 %, by a fit to all steps of the repetition and four more near it. Where less
// is taken under overload than what passed, the gap between the highest load that passed and the lowest that failed
// is halved until it is within the resolution, and its middle is the capacity. Where the climb ends for another reason,
// such as failures, that is the load that passed at its lower end.
//
// A load that fails is tried again, and both tries are judged together, as one step of twice the length; where they
// differ by more than luck, a third decides. A load that the instrument spoilt has four tries.
type OpenSearch struct {
	search
	config OpenConfig
	tried  []Trial // tries at the load under way, those that the instrument spoilt left out
	passed Trial   // highest load of this climb that passed, Load 0 if none did
	high   Trial   // lowest load of this climb that failed, Load 0 if none did
	beyond []Trial // steps of Exceed of this repetition
	doubt  Trial   // load to Confirm
	begun  int     // steps before this repetition
	ends   []end   // of the repetitions
}

// An end is what a repetition found.
type end struct {
	passed, failed Trial   // the loads it lies between; Load 0 is none
	capacity       float64 // per second
	beyond         []Trial // steps under overload that the capacity comes from; nil where it comes from elsewhere
}

// pace is that of the machine at the two loads that the repetition ended between, 0 where not known.
func (e end) pace() float64 {
	if e.passed.Pace == 0 || e.failed.Pace == 0 {
		return 0
	}
	return (e.passed.Pace + e.failed.Pace) / 2
}

// OpenConfig says what to search.
type OpenConfig struct {
	From, To    float64 // lowest and highest load, in transactions per second
	MaxP99      float64 // latency objective: most that the p99 may be, in seconds; 0 for none
	Repetitions int     // of all but the first climb; 0 stands for 1, an interval needs 6
}

// The first climb is in factors of coarse. After it loads are located from backoff of what passed before, in
// factors of fine. The search ends after maxSteps, and maxMore per repetition, with what it has.
const (
	coarse   = 2
	backoff  = 0.8
	fine     = 1.1
	maxSteps = 50
	maxMore  = 25
)

// NewOpenSearch returns a search that has not begun. An error names the field that makes no sense.
func NewOpenSearch(c OpenConfig) (*OpenSearch, error) {
	c.Repetitions = cmp.Or(c.Repetitions, 1)
	switch {
	case !(c.From > 0) || !(c.To >= c.From) || math.IsInf(c.To, 0):
		return nil, fmt.Errorf("saturation search: loads from %g/s to %g/s; give a lowest load above 0 and a highest not below it", c.From, c.To)
	case !(c.MaxP99 >= 0):
		return nil, fmt.Errorf("saturation search: p99 of at most %g s; give a time above 0, or 0 for none", c.MaxP99)
	}
	s, err := newSearch(c.From, c.Repetitions)
	return &OpenSearch{search: s, config: c}, err
}

// Left returns how many steps there are to come at most.
func (s *OpenSearch) Left() int {
	if s.reason != "" {
		return 0
	}
	return s.most() - len(s.trials)
}

func (s *OpenSearch) most() int { return maxSteps + maxMore*s.config.Repetitions }

// Observe takes the Step at the load that Next returned. It panics at another load or after the end.
func (s *OpenSearch) Observe(step Step) {
	t := step.check(s.rules())
	s.keep(t)
	if judged, decided := s.judge(t); decided {
		s.failed, s.tried = 0, nil
		switch s.stage {
		case Exceed:
			s.exceed(judged)
		case Confirm:
			s.confirm(judged)
		case Refine:
			s.refine()
		default:
			s.advance(judged)
		}
	}
	if s.reason == "" && len(s.trials) >= s.most() {
		s.reason = fmt.Sprintf("the search was limited to %d steps", s.most())
	}
}

// judge adds a try at the load under way, and returns how all tries there are judged, once that is decided.
func (s *OpenSearch) judge(t Trial) (judged Trial, decided bool) {
	s.failed++ // tries, also those that passed
	if t.Client {
		most := tries
		if t.Invalid != "" {
			most *= 2 // the instrument spoilt it, which says nothing about the target: it counts half
		}
		return t, s.failed >= most
	}
	s.tried = append(s.tried, t)
	switch {
	case s.stage == Exceed || s.stage == Confirm || s.stage == Refine || len(s.tried) > 2:
		return t, true
	case len(s.tried) == 1:
		return t, t.Fault == "" && !(s.stage == Bisect && s.high.kind == overload)
	}
	first := s.tried[0]
	judged = pool(first.Step, t.Step).check(s.rules())
	return judged, judged.Fault == "" || (first.Fault == "") == (t.Fault == "") || !differ(first.Step, t.Step)
}

// rules are those by which a step is judged: while a gap is halved, an error to either side has to be as likely.
func (s *OpenSearch) rules() rules {
	r := rules{objective: s.config.MaxP99, significance: significance}
	if s.stage == Bisect {
		r.significance = 0
	}
	return r
}

// advance moves on from a load that passed or failed for good.
func (s *OpenSearch) advance(t Trial) {
	if t.Fault == "" {
		s.passed = t
	} else {
		s.high = t
	}
	low, factor := s.passed.Load, fine
	if s.stage == Climb {
		factor = coarse
	}
	next := min(s.config.To, rounded(factor*low))
	switch {
	case low == 0 && s.load == s.config.From:
		s.finish(end{}, "even the lowest load failed: "+t.Fault)
	case low == 0: // the target takes less than was found before
		s.load = max(s.config.From, rounded(backoff*s.load))
	case low == s.config.To:
		s.finish(end{capacity: low}, "the highest load passed")
	case s.stage == Climb && s.high.Load > 0:
		s.locate(s.rate())
	case s.high.Load == 0 || s.stage == Locate && next < s.high.Load:
		s.load = next
	case s.stage == Locate && s.high.kind == latency:
		s.refine()
	case s.stage == Locate && s.high.kind == overload && s.offer(overFirst(s.high)):
	case s.stage == Locate && s.high.kind == overload && s.high.taken() < low: // which passed by luck, or the target collapses
		s.stage, s.load, s.doubt = Confirm, low, s.passed
	case s.high.Load > low*(1+resolution):
		s.stage, s.load = Bisect, rounded(math.Sqrt(low*s.high.Load))
	case s.high.kind != overload:
		s.repeat(end{capacity: low})
	default:
		s.repeat(end{capacity: math.Sqrt(low * s.high.Load)})
	}
}

// rate is the one found last: the highest load that passed or, after a climb in large steps, the throughput beyond it.
func (s *OpenSearch) rate() float64 {
	if beyond := min(s.high.taken(), s.high.Load); !s.high.Client && beyond > s.passed.Load {
		return beyond
	}
	return s.passed.Load
}

// locate begins a repetition below a rate.
func (s *OpenSearch) locate(rate float64) {
	s.stage, s.load = Locate, max(s.config.From, rounded(backoff*rate))
	s.passed, s.high, s.beyond, s.begun = Trial{}, Trial{}, nil, len(s.trials)
}

// repeat ends a repetition, and begins the next one if there is to be one.
func (s *OpenSearch) repeat(e end) {
	if len(s.ends)+1 == s.config.Repetitions {
		s.finish(e, fmt.Sprintf("a load of %.4g/s failed: %s", s.high.Load, s.high.Fault))
		return
	}
	s.finish(e, "")
	s.locate(e.capacity)
}

// finish ends a repetition, and where there is a reason the search.
func (s *OpenSearch) finish(e end, reason string) {
	e.passed, e.failed = s.passed, s.high
	s.ends = append(s.ends, e)
	s.reason = reason
}

// rounded keeps four digits of a load, well below the resolution, so that it reads the same everywhere.
func rounded(load float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(load, 'g', 4, 64), 64) // always a number
	return r
}
