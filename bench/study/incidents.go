package study

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// An IncidentError is why a run ended early: a process of the network that ended.
type IncidentError struct{ result.Incident }

// Error returns the incident, on one line.
func (e *IncidentError) Error() string { return e.Incident.String() }

// incidents are those of one session. Goroutines share them.
type incidents struct {
	mu     sync.Mutex
	all    []result.Incident
	caused []result.Incident // by events: none of all
}

// add adds an incident, or what has become of one.
func (i *incidents) add(in result.Incident) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if in.By != "" {
		i.caused = append(i.caused, in)
		return
	}
	if at := slices.IndexFunc(i.all, in.Same); at >= 0 {
		i.all[at] = in
		return
	}
	i.all = append(i.all, in)
}

func (i *incidents) list() []result.Incident {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.all)
}

// blame gives the ends that events have caused to these events: each to the last one of its kind that was done to the process
// before, of a level that began at epoch.
func (i *incidents) blame(events []result.Event, epoch time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, in := range i.caused {
		for at := len(events) - 1; at >= 0; at-- {
			e := &events[at]
			began := epoch.Add(time.Duration(e.At * float64(time.Second)))
			if e.Kind == in.By && slices.Contains(e.Nodes, in.Process) && !in.Since.Before(began) {
				if !slices.ContainsFunc(e.Ended, in.Same) {
					e.Ended = append(e.Ended, in)
				}
				break
			}
		}
	}
}

// watch collects the incidents of the session's site until the context that it returns ends. That ends with a process which
// does, unless the scenario says that the run goes on; its cause is then an *IncidentError.
func (s *session) watch(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, s.abort = context.WithCancelCause(ctx)
	all := s.site.Incidents()
	go func() {
		for {
			select {
			case in := <-all:
				if !s.events.postpone(in) {
					s.incident(in)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, func() { s.abort(nil) }
}

// incident takes an incident, unless it was caused on purpose.
func (s *session) incident(in result.Incident) {
	if in.By != "" {
		s.incidents.add(in)
		return
	}
	if s.events.caused(in) {
		return
	}
	stops := in.Kind == result.Ended && s.Scenario.OnNodeExit != scenario.NodeExitContinue
	in.Continued = in.Kind == result.Ended && !stops
	if stops {
		s.abort(&IncidentError{in})
	}
	in.Log = below(s.Dir, in.Log)
	s.incidents.add(in)
}

// noticed is how long after the failure that it causes the end of a process is known.
const noticed = 500 * time.Millisecond

// explain returns what the user can mend where a step failed with err because a program of his has ended, else nil.
func (s *session) explain(ctx context.Context, err error) error {
	explainer, ok := as[Explainer](s.site)
	if err == nil || !ok {
		return nil
	}
	select {
	case <-ctx.Done():
	case <-time.After(noticed):
	}
	if end, ok := errors.AsType[*IncidentError](context.Cause(ctx)); ok {
		return explainer.Explain(end.Incident)
	}
	return nil
}

// below returns the path of a file in a folder from there, so that it holds wherever the folder goes, and of others as it is.
func below(dir, path string) string {
	if whole, err := filepath.Abs(dir); err == nil && path != "" {
		if from, err := filepath.Rel(whole, path); err == nil && filepath.IsLocal(from) {
			return from
		}
	}
	return path
}

// A span is a point in time: when its level ran, and what was committed in its window.
type span struct {
	point    int       // index
	epoch    time.Time // start of the level
	over     time.Time // when its last transaction had ended
	from, to time.Duration
	window   result.Window
	told     []result.Incident // that the point has
}

// disrupted returns the last point, whose level began at epoch and is over, with the incidents known by now.
func (s *session) disrupted(epoch time.Time, w *result.Window) result.Point {
	last := len(s.summary.Points) - 1
	s.spans = append(s.spans, span{point: last, epoch: epoch, over: time.Now(), from: w.From, to: w.To, window: *w})
	s.disrupt()
	return s.summary.Points[last]
}

// disrupt gives every incident to the run, and to the points of the session whose levels it fell into or lasted during. An
// incident may be noticed when the level is over.
func (s *session) disrupt() {
	all := s.incidents.list()
	s.summary.Incidents = append(s.summary.Incidents[:s.incidentsBefore:s.incidentsBefore], all...)
	for i := range s.spans {
		s.incidents.blame(s.summary.Points[s.spans[i].point].Events, s.spans[i].epoch)
		for _, in := range all {
			at := &s.spans[i]
			over := !in.Until.IsZero() && !in.Until.After(at.epoch.Add(at.from))
			if over || !in.Since.Before(at.over) || slices.ContainsFunc(at.told, in.Same) {
				continue
			}
			at.told = append(at.told, in)
			s.disruptPoint(&s.summary.Points[at.point], at, in)
		}
	}
}

// disruptPoint gives a point an incident. A point is not valid where a process hung, or where the run went on without one that
// ended, or that was not reached any more: its window is that of two networks.
func (s *session) disruptPoint(p *result.Point, at *span, in result.Incident) {
	d := result.Disruption{Process: in.Process, Kind: in.Kind, Since: in.Since, At: in.Since.Sub(at.epoch).Seconds()}
	d.Window, d.Throughput = worth(&at.window, in.Since.Sub(at.epoch))
	p.Disruptions = append(p.Disruptions, d)
	when, before := fmt.Sprintf("%.1f s into the level", d.At), d.At < 0
	if before {
		when = "before the level"
	}
	if in.Kind == result.Hung || (in.Continued || in.Kind == result.Unreachable) && !before {
		p.Valid = false
		reason := fmt.Sprintf("%s, %s", in, when)
		if in.Kind != result.Hung {
			reason += ": the window is that of two networks"
		}
		p.Reasons = append(p.Reasons, reason)
	}
	figures := when
	if d.Window > 0 {
		figures += fmt.Sprintf("; until then %.4g tx/s over %.1f s of the window", d.Throughput, d.Window)
	}
	s.flag(p, in.Code(), figures, "%s, at %s", in, in.Since.UTC().Format(time.TimeOnly+" MST"))
}

// worth returns how many seconds of a window were over at an instant of the level, in whole bins, and the valid commits per
// second in them.
func worth(w *result.Window, at time.Duration) (seconds, throughput float64) {
	bins := min(max(0, int((at-w.From)/w.Bin)), len(w.Commits))
	if bins == 0 {
		return 0, 0
	}
	var n uint64
	for _, c := range w.Commits[:bins] {
		n += c
	}
	seconds = (w.Bin * time.Duration(bins)).Seconds()
	return seconds, float64(n) / seconds
}
