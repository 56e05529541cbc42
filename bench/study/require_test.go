package study

import (
	"errors"
	"slices"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

func TestRequired(t *testing.T) {
	bad := func(series string, clients int, limit result.LimitKind) result.Point {
		return result.Point{Series: series, Repetition: 2, Load: result.Load{Kind: "closed", Clients: clients}, Limit: result.Limit{Kind: limit}}
	}
	stopped, short, hung := bad("a", 2, result.LimitHost), bad("a", 2, result.LimitHost), bad("a", 2, result.LimitHost)
	stopped.ClientGap = &result.ClientGap{Halted: 1.2, Tolerated: 0.04}
	short.ClientGap = &result.ClientGap{Longest: 1.2, Halted: 0.02, Tolerated: 0.04}
	hung.Disruptions = []result.Disruption{{}}
	tests := []struct {
		name  string
		point result.Point
		found result.Saturation
		want  string
	}{
		{"valid", result.Point{Series: "a", Valid: true}, result.Saturation{Series: "a", Reached: true}, ""},
		{"below", bad("a", 2, ""), result.Saturation{Series: "a", Reached: true, Clients: 4}, "a at 2 clients"},
		{"at", bad("a", 4, result.LimitClient), result.Saturation{Series: "a", Reached: true, Clients: 4}, "a at 4 clients"},
		{"beyond", bad("a", 8, ""), result.Saturation{Series: "a", Reached: true, Clients: 4}, ""},
		{"beyond what was not reached", bad("a", 8, ""), result.Saturation{Series: "a", Clients: 4}, "a at 8 clients"},
		{"no saturation", bad("a", 8, ""), result.Saturation{Series: "b", Reached: true, Clients: 4}, "a at 8 clients"},
		{"full host", bad("a", 2, result.LimitHost), result.Saturation{Series: "a", Reached: true, Clients: 4}, ""},
		{"full host, and the load generator was stopped", stopped, result.Saturation{Series: "b"}, "a at 2 clients"},
		{"full host, for which the load generator waited", short, result.Saturation{Series: "b"}, ""},
		{"full host, and a process hung", hung, result.Saturation{Series: "b"}, "a at 2 clients"},
		{"open, below", result.Point{Series: "a", Load: result.Load{Kind: "open", Offered: 50}}, result.Saturation{Series: "a", Reached: true, Offered: 60}, "a at 50/s"},
		{"open, beyond", result.Point{Series: "a", Load: result.Load{Kind: "open", Offered: 70}}, result.Saturation{Series: "a", Reached: true, Offered: 60}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &study{Config: Config{Scenario: scenario.Scenario{Require: scenario.Require{Valid: true}, Repeat: 1}}}
			s.summary.Points, s.summary.Saturation = []result.Point{tt.point}, []result.Saturation{tt.found}
			err, notValid := errors.AsType[*NotValidError](s.required())
			if notValid != (tt.want != "") || notValid && !slices.Equal(err.Points, []string{tt.want}) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if s.Scenario.Require = (scenario.Require{}); s.required() != nil {
				t.Error("an error though nothing is required")
			}
		})
	}
}

// A search tries a load again that the client spoilt; levels that were given
// are all wanted.
func TestRequiredOfASearch(t *testing.T) {
	search := closed("a", time.Second)
	search.Load.Search = &scenario.Search{From: 1, To: 8}
	point := func(clients int, valid bool) result.Point {
		return result.Point{Series: "a", Repetition: 1, Load: result.Load{Kind: "closed", Clients: clients}, Valid: valid}
	}
	again := point(2, false)
	again.Series = "b"
	tests := []struct {
		name   string
		series scenario.Series
		points []result.Point
		want   []string
	}{
		{"measured again", search, []result.Point{point(2, false), point(2, true)}, nil},
		{"measured again at once valid", search, []result.Point{point(2, true), point(2, false)}, nil},
		{"never valid", search, []result.Point{point(2, false), point(2, false)}, []string{"a at 2 clients", "a at 2 clients"}},
		{"another load is valid", search, []result.Point{point(2, false), point(4, true)}, []string{"a at 2 clients"}},
		{"another series is valid", search, []result.Point{again, point(2, true)}, []string{"b at 2 clients"}},
		{"given", closed("a", time.Second, 2), []result.Point{point(2, false), point(2, true)}, []string{"a at 2 clients"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &study{Config: Config{Scenario: series(tt.series)}}
			s.Scenario.Require.Valid, s.summary.Points = true, tt.points
			var got []string
			if err, notValid := errors.AsType[*NotValidError](s.required()); notValid {
				got = err.Points
			}
			equal(t, "points", tt.want, got)
		})
	}
}

func TestRequireValid(t *testing.T) {
	s := series(open("a", 3*time.Second, 50))
	s.Require.Valid, s.Repeat = true, 2
	at := newSite()
	at.invalid = true
	o := conduct(t, s, at, nil)
	want := "the scenario requires valid points below saturation, and these are not: a at 50/s (repetition 1), a at 50/s (repetition 2); the report says why"
	if _, only := o.err.(*NotValidError); !only || o.err.Error() != want {
		t.Errorf("error %T: %v, want %s", o.err, o.err, want)
	}
	equal(t, "complete", true, o.summary.Complete)
	equal(t, "points", 2, len(o.summary.Points))
}

// A level at which nothing succeeded fails every run, whatever it requires; a share is held to what was scheduled.
func TestRequiredShare(t *testing.T) {
	search := closed("a", time.Second)
	search.Load.Search = &scenario.Search{From: 1, To: 8}
	point := func(series string, clients int, valid, failed uint64) result.Point {
		p := result.Point{Series: series, Repetition: 1, Load: result.Load{Kind: "closed", Clients: clients}, Valid: true, Scheduled: valid + failed,
			Outcomes: map[string]uint64{"valid": valid, "mvcc_conflict": failed}}
		p.MarkFailed()
		return p
	}
	answered := point("a", 1, 0, 1)
	answered.Conditions.Wait = result.WaitEndorse
	answered.Outcomes, answered.Scheduled, answered.Failed, answered.Valid = map[string]uint64{"answered": 99, "endorse_refused": 1}, 100, false, true
	given := closed("a", time.Second, 1, 2)
	none, all, most := scenario.Require{}, scenario.Require{Valid: true}, scenario.Require{ValidShare: 0.99}
	tests := []struct {
		name    string
		series  scenario.Series
		require scenario.Require
		points  []result.Point
		found   []result.Saturation
		want    NotValidError
	}{
		{"all fail", given, none, []result.Point{point("a", 1, 0, 9)}, nil, NotValidError{Failed: []string{"a at 1 client"}}},
		{"all fail, valid required", given, all, []result.Point{point("a", 1, 0, 9)}, nil, NotValidError{Failed: []string{"a at 1 client"}}},
		{"all fail, a share required", given, most, []result.Point{point("a", 1, 0, 9)}, nil, NotValidError{Failed: []string{"a at 1 client"}}},
		{"one level fails", given, none, []result.Point{point("a", 1, 9, 0), point("a", 2, 0, 9)}, nil, NotValidError{Failed: []string{"a at 2 clients"}}},
		{"beyond saturation nothing succeeds", given, none, []result.Point{point("a", 1, 9, 0), point("a", 2, 0, 9)},
			[]result.Saturation{{Series: "a", Reached: true, Clients: 1}}, NotValidError{Failed: []string{"a at 2 clients"}}},
		{"few succeed", given, none, []result.Point{point("a", 1, 1, 99)}, nil, NotValidError{}},
		{"few succeed, valid required", given, all, []result.Point{point("a", 1, 1, 99)}, nil, NotValidError{}},
		{"the share is kept", given, most, []result.Point{point("a", 1, 99, 1)}, nil, NotValidError{}},
		{"the share is missed", given, most, []result.Point{point("a", 1, 989, 11)}, nil, NotValidError{Below: []string{"a at 1 client (98.9 % of 1000, not 99 %)"}}},
		{"the share of answers is kept", given, most, []result.Point{answered}, nil, NotValidError{}},
		{"the share is missed beyond saturation", given, most, []result.Point{point("a", 1, 99, 0), point("a", 2, 1, 1)},
			[]result.Saturation{{Series: "a", Reached: true, Clients: 1}}, NotValidError{}},
		{"a step of a search fails", search, none, []result.Point{point("a", 1, 9, 0), point("a", 8, 0, 9)}, nil, NotValidError{}},
		{"all steps of a search fail", search, all, []result.Point{point("a", 1, 0, 9), point("a", 1, 0, 8)}, nil,
			NotValidError{Failed: []string{"a at 1 client", "a at 1 client"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &study{Config: Config{Scenario: series(tt.series)}}
			s.Scenario.Require, s.summary.Points, s.summary.Saturation = tt.require, tt.points, tt.found
			var got NotValidError
			if err, notValid := errors.AsType[*NotValidError](s.required()); notValid {
				got = *err
			}
			equal(t, "levels", tt.want, got)
		})
	}
}

// Whatever keeps everything from succeeding, of open and closed loads, phases and searches, is an error, and the audit of
// nothing is no pass.
func TestNothingSucceeds(t *testing.T) {
	refused := errors.New("refused")
	endorse := open("a", 3*time.Second, 50)
	endorse.Load.Wait = result.WaitEndorse
	acknowledge := closed("a", 3*time.Second, 4)
	acknowledge.Load.Wait = result.WaitAcknowledge
	early, late := open("a/early", 3*time.Second, 20), open("a/late", 3*time.Second, 30)
	early.Group, late.Group, late.Start = "a", "a", 2*time.Second
	full := open("a", 3*time.Second, 50)
	full.Load.Slots = 1
	search := open("a", 3*time.Second)
	search.Load.Search = &scenario.Search{From: 20, To: 80, Repetitions: 1}
	search.Load.Hold = 3 * time.Second
	all := func(o result.Outcome) func(int, *fate) {
		return func(_ int, f *fate) { *f = fate{told: o, err: refused} }
	}
	lost := func(_ int, f *fate) { *f = fate{lost: true} }
	tests := []struct {
		name   string
		series []scenario.Series
		fault  func(int, *fate)
		failed []string
	}{
		{"conflicts", []scenario.Series{open("a", 3*time.Second, 50)}, all(result.MVCCConflict), []string{"a at 50/s"}},
		{"refused, closed load", []scenario.Series{closed("a", 3*time.Second, 4, 8)}, all(result.EndorseRefused), []string{"a at 4 clients", "a at 8 clients"}},
		{"unknown", []scenario.Series{open("a", 3*time.Second, 50)}, lost, []string{"a at 50/s"}},
		{"dropped", []scenario.Series{full}, lost, []string{"a at 50/s"}},
		{"no answer", []scenario.Series{endorse}, all(result.EndorseTimeout), []string{"a at 50/s"}},
		{"acknowledged, then invalid", []scenario.Series{acknowledge}, all(result.EndorsementPolicy), []string{"a at 4 clients"}},
		{"phases", []scenario.Series{early, late}, all(result.Limited), []string{"a/early at 20/s", "a/late at 30/s"}},
		{"one series of two", []scenario.Series{open("a", 3*time.Second, 50), closed("b", 3*time.Second, 2)},
			func(n int, f *fate) {
				if n <= 170 { // what a is due and runs out with
					*f = fate{told: result.MVCCConflict, err: refused}
				}
			}, []string{"a at 50/s"}},
		{"a search", []scenario.Series{search}, all(result.SubmitRefused), []string{"a at 20/s", "a at 20/s"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := newSite()
			at.fault, at.mixed = tt.fault, true
			o := conduct(t, series(tt.series...), at, nil)
			var failed []string
			for _, p := range o.summary.Points {
				if p.Failed {
					failed = append(failed, place(p.Series, p.Load))
				}
				if p.Valid == p.Failed {
					t.Errorf("%s: valid %t, failed %t", place(p.Series, p.Load), p.Valid, p.Failed)
				}
			}
			equal(t, "failed points", tt.failed, failed)
			err, notValid := errors.AsType[*NotValidError](o.err)
			if !notValid {
				t.Fatalf("error %v", o.err)
			}
			equal(t, "levels of the error", tt.failed, err.Failed)
			if slices.Contains(tt.failed, "a at 50/s") && len(tt.series) > 1 {
				return // something is there to audit
			}
			equal(t, "audit", result.AuditNothing, o.summary.Audit.Verdict)
		})
	}
}
