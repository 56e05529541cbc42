package lab

import (
	"strings"
	"testing"

	"meterbench/bench/scenario"
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
			for _, p := range Interleave(c.plans) {
				got = append(got, p.Scenario.Name)
				if p.Scenario.Repeat != 1 {
					t.Errorf("a run of %d repetitions", p.Scenario.Repeat)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
