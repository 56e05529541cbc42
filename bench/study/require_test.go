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
		{"open, below", result.Point{Series: "a", Load: result.Load{Kind: "open", Offered: 50}}, result.Saturation{Series: "a", Reached: true, Offered: 60}, "a at 50/s"},
		{"open, beyond", result.Point{Series: "a", Load: result.Load{Kind: "open", Offered: 70}}, result.Saturation{Series: "a", Reached: true, Offered: 60}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &study{Config: Config{Scenario: scenario.Scenario{Require: "valid", Repeat: 1}}}
			s.summary.Points, s.summary.Saturation = []result.Point{tt.point}, []result.Saturation{tt.found}
			err, notValid := errors.AsType[*NotValidError](s.required())
			if notValid != (tt.want != "") || notValid && !slices.Equal(err.Points, []string{tt.want}) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if s.Scenario.Require = ""; s.required() != nil {
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
			s.Scenario.Require, s.summary.Points = "valid", tt.points
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
	s.Require, s.Repeat = "valid", 2
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
