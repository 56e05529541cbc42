package study

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// A fragile site fails all transactions from a kill, stop or cut on until that is taken back. Its leader is orderer1.
type fragile struct {
	*site
	refuses map[result.EventKind]error
	takes   time.Duration // to do something

	mu   sync.Mutex
	down int
	did  []string
}

func fragileSite(change func(*fragile)) *site {
	s := newSite()
	s.as = func(s *site) Site {
		f := &fragile{site: s}
		s.fault = f.fail
		if change != nil {
			change(f)
		}
		return f
	}
	return s
}

func (f *fragile) fail(_ int, x *fate) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down > 0 {
		*x = fate{told: result.EndorseUnreachable, err: errors.New("nobody answers")}
	}
}

func (f *fragile) Disturb(_ context.Context, e scenario.Event) (result.Event, error) {
	if err := f.refuses[e.Kind]; err != nil {
		return result.Event{}, err
	}
	time.Sleep(f.takes)
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.Leader {
		e.Nodes = []string{"orderer1"}
	}
	f.did = append(f.did, fmt.Sprintf("%s %s%s", e.Kind, strings.Join(e.Nodes, ","), strings.Join(e.Sites, "-")))
	switch e.Kind {
	case result.EventKill, result.EventStop, result.EventCut:
		f.down++
	case result.EventRestart, result.EventHeal:
		f.down--
	}
	done := result.Event{Sites: e.Sites}
	for _, n := range e.Nodes {
		done.Nodes = append(done.Nodes, result.Process{Role: result.RoleOrderer, Name: n})
		if e.Kind == result.EventKill {
			f.events <- result.Incident{Process: done.Nodes[0], Kind: result.Ended, Noticed: result.NoticeExit, Since: time.Now()}
		}
	}
	return done, nil
}

// eventful returns a series of 50 transactions per second with events.
func eventful(hold time.Duration, events ...scenario.Event) scenario.Series {
	s := open("a", hold, 50.37)
	s.Events.Events = events
	return s
}

func event(at time.Duration, kind result.EventKind, node string) scenario.Event {
	e := scenario.Event{At: at, Kind: kind, Nodes: []string{node}}
	if node == "" {
		e.Nodes, e.Leader = nil, true
	}
	return e
}

// A level comes back from what is done to its network.
func TestEvents(t *testing.T) {
	const second = time.Second
	tests := []struct {
		name   string
		series scenario.Series
		change func(*fragile)
		did    []string // and what is taken back after the level
		events []string
		back   []string // next commit, full rate, what failed
	}{
		{"kill and restart", eventful(20*second, event(8*second, result.EventKill, "orderer0"), event(11*second, result.EventRestart, "orderer0")), nil,
			[]string{"kill orderer0", "restart orderer0"}, []string{"kill orderer0 8.0", "restart orderer0 11.0"}, []string{"0: 3.0 3.0 152 failed"}},
		{"never restarted", eventful(20*second, event(8*second, result.EventKill, "orderer0")), nil,
			[]string{"kill orderer0", "restart orderer0"}, []string{"kill orderer0 8.0"}, []string{"0: never never 605 failed"}},
		{"the leader", eventful(20*second, event(8*second, result.EventStop, ""), event(11*second, result.EventHeal, "")), nil,
			[]string{"stop orderer1", "heal orderer1"}, []string{"stop orderer1 8.0", "heal orderer1 11.0"}, []string{"0: 3.0 3.0 152 failed"}},
		{"two that overlap", eventful(20*second, event(8*second, result.EventKill, "orderer0"), event(9*second, result.EventStop, "orderer1"),
			event(10*second, result.EventRestart, "orderer0"), event(12*second, result.EventRestart, "orderer1")), nil,
			[]string{"kill orderer0", "stop orderer1", "restart orderer0", "restart orderer1"},
			[]string{"kill orderer0 8.0", "stop orderer1 9.0", "restart orderer0 10.0", "restart orderer1 12.0"},
			[]string{"0: 4.0 4.0 202 failed", "1: 3.0 3.0 151 failed"}},
		{"two one after the other", eventful(30*second, event(8*second, result.EventKill, "orderer0"), event(10*second, result.EventRestart, "orderer0"),
			event(20*second, result.EventStop, "orderer1"), event(23*second, result.EventHeal, "orderer1")), nil,
			[]string{"kill orderer0", "restart orderer0", "stop orderer1", "heal orderer1"},
			[]string{"kill orderer0 8.0", "restart orderer0 10.0", "stop orderer1 20.0", "heal orderer1 23.0"},
			[]string{"0: 2.0 2.0 101 failed", "2: 3.0 3.0 151 failed"}},
		{"cannot be done", eventful(20*second, event(8*second, result.EventKill, "orderer0"), event(9*second, result.EventStop, "orderer0")),
			func(f *fragile) {
				f.refuses = map[result.EventKind]error{result.EventKill: errors.New("no such process\nreally"), result.EventStop: errors.New("gone")}
			}, nil, []string{"kill  8.0: no such process", "stop  9.0: gone"}, nil},
		{"takes long", eventful(20*second, event(8*second, result.EventKill, "orderer0"), event(8500*ms, result.EventRestart, "orderer0")),
			func(f *fragile) { f.takes = 2 * time.Second },
			[]string{"kill orderer0", "restart orderer0"}, []string{"kill orderer0 8.0", "restart orderer0 10.0"}, []string{"0: 0.0 4.0 101 failed"}},
		{"sites", eventful(20*second, scenario.Event{At: 8 * second, Kind: result.EventCut, Sites: []string{"ptb"}}), nil,
			[]string{"cut ptb", "heal ptb"}, []string{"cut ptb 8.0"}, []string{"0: never never 605 failed"}},
		{"too early to compare", eventful(20*second, event(1500*ms, result.EventKill, "orderer0"), event(3*second, result.EventRestart, "orderer0")), nil,
			[]string{"kill orderer0", "restart orderer0"}, []string{"kill orderer0 1.5", "restart orderer0 3.0"}, []string{"0: 1.5 never 76 failed"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var at *fragile
			s := series(test.series)
			s.Require.Valid = true
			o := conduct(t, s, fragileSite(func(f *fragile) {
				if at = f; test.change != nil {
					test.change(f)
				}
			}), nil)
			if o.err != nil {
				t.Fatal(o.err)
			}
			p := o.summary.Points[0]
			equal(t, "what was done", test.did, at.did)
			var events, back []string
			for _, e := range p.Events {
				line := fmt.Sprintf("%s %s%s %.1f", e.Kind, named(e.Nodes), strings.Join(e.Sites, "-"), e.At)
				if e.Failed != "" {
					line += ": " + e.Failed
				}
				events = append(events, line)
			}
			for _, r := range p.Recoveries {
				back = append(back, fmt.Sprintf("%d: %s %s %d failed", r.Event, after(r.NextCommit), after(r.FullRate), r.Outcomes["endorse_unreachable"]))
			}
			equal(t, "events", test.events, events)
			equal(t, "recoveries", test.back, back)
			equal(t, "incidents", 0, len(o.summary.Incidents)+len(p.Disruptions))
			if !p.Valid && !p.Failed || p.Steady != "" || len(p.Intervals) > 0 || len(o.summary.Saturation) > 0 || !p.Disturbed() {
				t.Errorf("valid %t, steady %q, intervals %v, saturation %v", p.Valid, p.Steady, p.Intervals, o.summary.Saturation)
			}
		})
	}
}

func named(nodes []result.Process) string {
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	return strings.Join(names, ",")
}

func after(s *float64) string {
	if s == nil {
		return "never"
	}
	return fmt.Sprintf("%.1f", *s)
}

// What an event causes is no incident; every other end is.
func TestCaused(t *testing.T) {
	const second = time.Second
	end := func(node string, at time.Duration, kind result.IncidentKind) func(f *fragile) {
		return func(f *fragile) {
			go func() {
				time.Sleep(at)
				f.events <- result.Incident{Process: result.Process{Role: result.RoleOrderer, Name: node}, Kind: kind, Noticed: result.NoticeExit, Since: time.Now()}
			}()
		}
	}
	kill := []scenario.Event{event(3*second, result.EventKill, "orderer0"), event(5*second, result.EventRestart, "orderer0")}
	fill := []scenario.Event{event(3*second, result.EventFill, "orderer0"), event(4*second, result.EventHeal, "orderer0")}
	tests := []struct {
		name   string
		events []scenario.Event
		change func(*fragile)
		did    int // number of events, with those after the level
		caused bool
	}{
		{"the end of the one that was killed", kill, nil, 2, true},
		{"another one", kill, end("orderer1", 4*second, result.Ended), 0, false},
		{"the same one, once it is back", kill, end("orderer0", 6*second, result.Ended), 0, false},
		{"the same one, before", kill, end("orderer0", 2*second, result.Ended), 0, false},
		{"a hang after it", kill, end("orderer1", 4*second, result.Hung), 2, true},
		{"unreachable after it", kill, end("orderer1", 6*second, result.Unreachable), 2, true},
		{"no room", fill, end("orderer0", 3500*ms, result.Ended), 3, true},
		{"no room, and ends later", fill, end("orderer0", 5*second, result.Ended), 3, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var at *fragile
			o := conduct(t, series(eventful(10*second, test.events...)), fragileSite(func(f *fragile) {
				if at = f; test.change != nil {
					test.change(f)
				}
			}), nil)
			equal(t, "caused", test.caused, o.err == nil && len(o.summary.Incidents) == 0)
			if test.caused {
				equal(t, "events", test.did, len(at.did))
			} else if _, ok := errors.AsType[*IncidentError](o.err); !ok {
				t.Errorf("got %v", o.err)
			}
		})
	}
}

// What is silent while an organisation joins, as it hands out blocks, is no incident; what stands still, or stays silent, is.
func TestCausedByJoin(t *testing.T) {
	const second = time.Second
	for _, test := range []struct {
		name     string
		notice   result.Notice
		at, over time.Duration // since the run's start; the join takes from 3 s to 5 s
		caused   bool
	}{
		{"meanwhile", result.NoticeHealth, 3500 * ms, 4500 * ms, true},
		{"since before", result.NoticeHealth, 3500 * ms, 5500 * ms, true},
		{"no block", result.NoticeHeight, 3500 * ms, 6 * second, true},
		{"longer", result.NoticeHealth, 3500 * ms, 11 * second, false},
		{"afterwards", result.NoticeHealth, 6 * second, 7 * second, false},
		{"stopped", result.NoticeState, 3500 * ms, 4500 * ms, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			join := scenario.Event{At: 3 * second, Kind: result.EventJoin, Organisation: "nim"}
			o := conduct(t, series(eventful(12*second, join)), fragileSite(func(f *fragile) {
				f.takes, f.invalid = 2*second, !test.caused
				go func() {
					time.Sleep(test.at)
					in := result.Incident{Process: result.Process{Role: result.RolePeer, Name: "peer0"}, Kind: result.Hung, Noticed: test.notice, Since: time.Now()}
					if test.name == "since before" {
						in.Since = in.Since.Add(-second)
					}
					f.events <- in
					time.Sleep(test.over - test.at)
					in.Until = time.Now()
					f.events <- in
				}()
			}), nil)
			if o.err != nil {
				t.Fatal(o.err)
			}
			equal(t, "caused", test.caused, len(o.summary.Incidents) == 0)
		})
	}
}

// Every level with events has a network of its own, after those without.
func TestEventSessions(t *testing.T) {
	quiet, loud := closed("quiet", 4*time.Second, 1, 2), eventful(6*time.Second, event(3*time.Second, result.EventKill, "orderer0"), event(4*time.Second, result.EventRestart, "orderer0"))
	loud.Load.Rate = []float64{50.37, 51.3}
	s := series(loud, quiet)
	s.Repeat = 2
	var got []string
	for _, one := range PlannedSessions(s) {
		line := fmt.Sprintf("%d of %d:", one.Number, one.Of)
		for _, l := range one.Levels {
			line += fmt.Sprintf(" %s r%d", l, l.Repetition)
		}
		got = append(got, fmt.Sprint(line, " ", one.Events))
	}
	want := []string{
		"1 of 5: quiet at 1 client r1 quiet at 2 clients r1 quiet at 1 client r2 quiet at 2 clients r2 []",
		"2 of 5: a at 50.37/s r1 [kill orderer0 restart orderer0]", "3 of 5: a at 51.3/s r1 [kill orderer0 restart orderer0]",
		"4 of 5: a at 50.37/s r2 [kill orderer0 restart orderer0]", "5 of 5: a at 51.3/s r2 [kill orderer0 restart orderer0]",
	}
	equal(t, "sessions", want, got)
	equal(t, "levels", 8, Levels(s))
	equal(t, "load", 40*time.Second, Estimated(s, nil, usualSign).Load)
	at := fragileSite(nil)
	o := conduct(t, s, at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	equal(t, "points", 8, len(o.summary.Points))
	var events []int
	for _, one := range at.sessions {
		events = append(events, len(one.Events))
	}
	if !slices.Equal(events, []int{0, 2, 2, 2, 2}) {
		t.Errorf("the lab was told of %v events", events)
	}
}

// A target to which nothing can be done is refused before its series are prepared.
func TestNotDisturbable(t *testing.T) {
	at := newSite()
	o := conduct(t, series(eventful(6*time.Second, event(3*time.Second, result.EventKill, "orderer0"))), at, nil)
	is(t, o.err, errNotDisturbable)
	equal(t, "prepared", 0, len(at.needs))
}
