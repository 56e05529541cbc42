package study

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
)

// A search is a series whose load is being looked for. Each of its steps is a load level and ends in a Point.
type search struct {
	series scenario.Series
	seeker seeker
}

// A seeker decides what to measure next: a *saturation.OpenSearch or a *saturation.ClosedSearch.
type seeker interface {
	Next() (load float64, more bool)
	Left() int
	Observe(saturation.Step)
	Result() saturation.Result
}

// newSearch returns the search of a series, which repeats itself as often as it says, or else as the scenario does.
func newSearch(series scenario.Series, repeat int) (seeker, error) {
	spec := series.Load.Search
	repetitions := cmp.Or(spec.Repetitions, repeat)
	if series.Load.Kind == result.LoadOpen {
		return saturation.NewOpenSearch(saturation.OpenConfig{From: spec.From, To: spec.To, MaxP99: spec.P99.Seconds(), Repetitions: repetitions})
	}
	return saturation.NewClosedSearch(saturation.ClosedConfig{From: int(spec.From), To: int(spec.To), Repetitions: repetitions})
}

// bound returns how many levels the search of a series takes at most.
func bound(series scenario.Series, repeat int) int {
	s, err := newSearch(series, repeat)
	if err != nil {
		return 0 // the study will say so
	}
	return s.Left()
}

// search looks for the loads of all series of a session that ask for it. They take turns, so that drift of
// the machine meets all of them alike.
func (s *session) search(ctx context.Context) error {
	first := len(s.searches)
	for _, series := range s.searched {
		seeker, err := newSearch(series, s.Scenario.Repeat)
		if err != nil {
			return fmt.Errorf("series %q: %w", series.Name, err)
		}
		s.searches = append(s.searches, search{series, seeker})
	}
	searches := s.searches[first:]
	number, last := s.before+len(s.turns), 0.0
	for more := true; more; {
		more = false
		for _, next := range searches {
			load, goes := next.seeker.Next()
			if !goes {
				continue
			}
			more = true
			number++
			series := next.series
			series.Load.Hold = series.HoldAt(load, s.Scenario.WarmupOf(series))
			l := level{series: series, load: loadOf(series, load), repetition: 1}
			for _, p := range s.summary.Points {
				if p.Series == next.series.Name && p.Load == l.load {
					l.repetition++
				}
			}
			t := turn{levels: []level{l}, number: number, of: number - 1, after: s.after, bound: true, lower: load < last}
			last = load
			for _, other := range searches {
				t.of += other.seeker.Left()
				t.after += time.Duration(other.seeker.Left()) * longest(other.series, s.Scenario.WarmupOf(other.series))
			}
			t.after -= longest(series, s.Scenario.WarmupOf(series))
			tally := saturation.NewTally(s.Scenario.WarmupOf(series).Seconds(), series.Load.Hold.Seconds(), series.Load.Search.P99.Seconds())
			t.watch = tally.Add
			points := len(s.summary.Points)
			backlog, err := s.turn(ctx, t)
			if err != nil {
				s.checkpoint(series.Name)
				return err
			}
			step := saturation.Step{Load: load, Invalid: "no transaction was due after the warm-up"}
			if len(s.summary.Points) > points {
				step = stepOf(&s.summary.Points[points], load, backlog, tally)
				step.Pace = s.pace[len(s.pace)-1] // right before, as the session's is not known yet
			}
			next.seeker.Observe(step)
			s.checkpoint(series.Name)
		}
	}
	return nil
}

// longest returns how long a step of the search of a series takes at most: at its lowest load.
func longest(series scenario.Series, warmup time.Duration) time.Duration {
	return series.HoldAt(series.Load.Search.From, warmup)
}

// stepOf returns the step of a search that a point is, whose transactions were tallied.
func stepOf(p *result.Point, load float64, backlog stats.Slope, tally *saturation.Tally) saturation.Step {
	step := saturation.Step{
		Load: load, Sent: float64(p.Scheduled) / p.Window, Due: p.Scheduled,
		Received: p.Rate(), Blocks: p.Blocks,
		Success: float64(p.Succeeded()) / float64(p.Scheduled),
		Dropped: p.Outcomes[result.Dropped.String()],
		Backlog: backlog,
	}
	switch {
	case !p.Measured():
		step.Invalid = strings.Join(p.Reasons, "; ")
	case noted(p, result.Shortened):
		step.Invalid = "the level was interrupted"
	}
	tally.Fill(&step)
	return step
}

// A Longer is a search some of whose steps are held longer than its load says, for the transactions that a p99 takes.
type Longer struct {
	Series string
	Below  float64       // loads, in transactions per second
	Hold   time.Duration // at the lowest one
}

// HeldLonger returns the searches of a scenario that hold steps longer than their loads say.
func HeldLonger(s scenario.Scenario) (all []Longer) {
	for _, series := range searched(s.Series) {
		l := series.Load
		if most := longest(series, s.WarmupOf(series)); most > l.Hold {
			share := float64(most-s.WarmupOf(series)) / float64(l.Hold-s.WarmupOf(series))
			all = append(all, Longer{series.Name, min(l.Search.To, share*l.Search.From), most})
		}
	}
	return all
}
