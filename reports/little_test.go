package reports

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// Little's law is stated of every point that has it, and summed up over those that it judges.
func TestLittle(t *testing.T) {
	at := func(clients int, deviation float64, judged bool) result.Point {
		p := closed("s", clients, 10, 0.1)
		p.Little = &result.Little{Cycle: 0.1, Law: 0.1 * (1 + deviation), Deviation: deviation, Judged: judged}
		return p
	}
	for name, test := range map[string]struct {
		points []result.Point
		checks []string
		want   Finding
	}{
		"holds": {
			[]result.Point{at(1, 0.3, false), at(2, -0.04, true), at(4, 0.01, true)}, []string{"not judged", "passed", "passed"},
			Finding{Subject: "Little's law", Value: "holds at 2 of 2", To: "table-little", Verdict: Good, Text: "load levels that are steady and long enough: throughput and latency contradict each other there " +
				"by at most 4.00 % (s at 2 clients), of 5.00 % allowed."},
		},
		"fails": {
			[]result.Point{at(1, -0.06, true), at(2, 0.01, true)}, []string{"failed", "passed"},
			Finding{Subject: "Little's law", Value: "holds at 1 of 2", To: "table-little", Verdict: Bad, Text: "load levels that are steady and long enough: throughput and latency contradict each other there " +
				"by at most 6.00 % (s at 1 client), of 5.00 % allowed."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := Build(result.Run{}, result.Summary{Points: test.points})
			if diff := cmp.Diff(test.checks, cells(t, tableOf(t, r, "little"), "check")); diff != "" {
				t.Errorf("checks (-want +got):\n%s", diff)
			}
			got, _ := finding(r, "Little's law")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
		})
	}
	r := Build(result.Run{}, result.Summary{Points: []result.Point{closed("s", 1, 10, 0.1)}})
	if f, there := finding(r, "Little's law"); there {
		t.Errorf("a finding on points of an older version: %v", f)
	}
}
