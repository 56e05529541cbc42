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
			l := level{series: next.series, load: loadOf(next.series, load), repetition: 1}
			for _, p := range s.summary.Points {
				if p.Series == next.series.Name && p.Load == l.load {
					l.repetition++
				}
			}
			t := turn{levels: []level{l}, number: number, of: number - 1, after: s.after, bound: true, lower: load < last}
			last = load
			for _, other := range searches {
				t.of += other.seeker.Left()
				t.after += time.Duration(other.seeker.Left()) * other.series.Load.Hold
			}
			t.after -= next.series.Load.Hold
			points := len(s.summary.Points)
			backlog, err := s.turn(ctx, t)
			if err != nil {
				return err
			}
			step := saturation.Step{Load: load, Invalid: "no transaction was due after the warm-up"}
			if len(s.summary.Points) > points {
				step = stepOf(&s.summary.Points[points], load, backlog)
			}
			next.seeker.Observe(step)
		}
	}
	return nil
}

// stepOf returns the step of a search that a point is.
func stepOf(p *result.Point, load float64, backlog stats.Slope) saturation.Step {
	return saturation.Step{
		Load: load, Sent: float64(p.Scheduled) / p.Window, Due: p.Scheduled,
		Received: p.Throughput, Blocks: p.Blocks,
		Success: float64(p.Outcomes[result.Valid.String()]) / float64(p.Scheduled),
		Dropped: p.Outcomes[result.Dropped.String()],
		P99:     p.Latency[result.PartCommit.String()].P99, Backlog: backlog,
		Pace:    p.Sign,
		Invalid: strings.Join(p.Reasons, "; "),
	}
}
