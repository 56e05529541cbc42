package lab

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"meterbench/bench/scenario"
	"meterbench/bench/study"
)

func TestInterleave(t *testing.T) {
	of := func(name string, repeat int) Plan {
		return Plan{Scenario: scenario.Scenario{Name: name, Repeat: repeat}}
	}
	for _, c := range []struct {
		plans []Plan
		want  string
	}{
		{[]Plan{of("a", 1)}, "a"},
		{[]Plan{of("a", 3)}, "a a a"},
		{[]Plan{of("a", 2), of("b", 2)}, "a b a b"},
		{[]Plan{of("a", 1), of("b", 3)}, "a b b b"},
	} {
		t.Run(c.want, func(t *testing.T) {
			var got []string
			seeds := map[string]bool{} // with the name of the scenario
			for _, p := range Interleave(c.plans) {
				got = append(got, p.Scenario.Name)
				seeds[fmt.Sprint(p.Scenario.Name, p.Scenario.Seed)] = true
				if p.Scenario.Repeat != 1 {
					t.Errorf("a run of %d repetitions", p.Scenario.Repeat)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v", got)
			}
			if len(seeds) != len(got) {
				t.Errorf("%d runs have %d seeds", len(got), len(seeds))
			}
		})
	}
}

// A plan whose points are not valid keeps the next from running no more than one that is done; one
// that fails does.
func TestEach(t *testing.T) {
	failed := errors.New("disk full")
	bad := func(points ...string) error { return &study.NotValidError{Points: points} }
	missed := func(thresholds ...string) error { return &study.MissedError{Missed: thresholds} }
	for _, c := range []struct {
		name string
		ends []error
		ran  int
		want error
	}{
		{"done", []error{nil, nil}, 2, nil},
		{"not valid", []error{bad("x at 8 clients")}, 1, bad("x at 8 clients")},
		{"some not valid", []error{bad("x"), nil, bad("y")}, 3, bad("0: x", "2: y")},
		{"a threshold missed", []error{missed("x")}, 1, missed("x")},
		{"some missed", []error{missed("x"), nil, missed("y")}, 3, missed("0: x", "2: y")},
		{"missed, then not valid, then missed", []error{missed("x"), bad("y"), missed("z")}, 3, bad("1: y")},
		{"missed, then failed", []error{missed("x"), failed, nil}, 2, errors.Join(missed("0: x"), failed)},
		{"failed", []error{failed, nil}, 1, failed},
		{"not valid, then failed", []error{bad("x"), failed, nil}, 2, errors.Join(bad("0: x"), failed)},
	} {
		t.Run(c.name, func(t *testing.T) {
			plans := make([]Plan, len(c.ends))
			for i := range plans {
				plans[i].Scenario.Name = strconv.Itoa(i)
			}
			ran := 0
			err := Each(plans, func(Plan) error { ran++; return c.ends[ran-1] })
			if ran != c.ran {
				t.Errorf("%d ran, want %d", ran, c.ran)
			}
			if !reflect.DeepEqual(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}
