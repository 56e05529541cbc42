package reports

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// many makes n series of a base, each measured at the given numbers of clients.
func many(base string, n int, clients ...int) (all []series) {
	for i := range n {
		s := series{name: fmt.Sprintf("%s/batch=1s,%d", base, i+1), kind: result.LoadClosed, conditions: result.Conditions{BatchMessages: uint32(i + 1)}}
		for _, c := range clients {
			load := result.Load{Kind: result.LoadClosed, Clients: c}
			s.levels = append(s.levels, level{load: load, points: []result.Point{{
				Series: s.name, Factors: []result.Factor{{Key: "batch", Label: fmt.Sprintf("1s,%d", i+1)}}, Load: load, Throughput: float64(c), Valid: true,
			}}})
		}
		all = append(all, s)
	}
	return all
}

// Few series share a figure; of many, those of a name share a panel, a few in each, and none is lost but those of a single
// load level.
func TestThroughputOfManySeries(t *testing.T) {
	for _, test := range []struct {
		all  []series
		want []int // lines of each panel
	}{
		{many("a", mostLines, 1, 2), []int{mostLines}},
		{append(many("a", mostLines+2, 1, 2), many("b", 3, 1, 2)...), []int{mostLines, 2, 3}},
		{append(many("a", mostLines, 1, 2), many("b", 30, 4)...), []int{mostLines}},
		{many("a", mostLines+1, 4), []int{mostLines, 1}},
	} {
		groups := linesOf(test.all, result.LoadClosed)
		for what, figures := range map[string][]Figure{
			"throughput": throughputFigures(groups, result.LoadClosed), "latency": curveFigures(groups, result.LoadClosed),
		} {
			var lines []int
			for _, f := range figures {
				for _, p := range f.All() {
					lines = append(lines, len(p.Series))
				}
			}
			if diff := cmp.Diff(test.want, lines); what == "throughput" && diff != "" {
				t.Errorf("%s, lines (-want +got):\n%s", what, diff)
			}
			if len(figures) != 1 {
				t.Errorf("%s: %d figures, want one for one question", what, len(figures))
			}
		}
	}
}

// A factor's figure has no line of one point, and no name says what is the same on all lines.
func TestFactorFigureOfPartlyVaried(t *testing.T) {
	all := many("a", 2, 1)
	alone := many("b", 1, 1)[0]
	alone.conditions.Wait = "commit"
	all = append(all, alone)
	by := varied(all)
	for _, f := range by {
		lines := factorFigure(all, by, f).Series
		if f.Key != "batch_messages" {
			if len(lines) > 0 {
				t.Errorf("a figure by %s", f.Key)
			}
			continue
		}
		if diff := cmp.Diff([]string{"a"}, names(lines)); diff != "" {
			t.Fatalf("lines (-want +got):\n%s", diff)
		}
		if n := len(lines[0].Points); n != 2 {
			t.Errorf("%d points, want 2", n)
		}
	}
}

func TestFewOf(t *testing.T) {
	for n, want := range map[int]string{1: "0", 7: "0, 1, 2, 3, 4, 5 and 6", 9: "0, 1, 2, 3, 4, 5 and 3 more"} {
		var items []string
		for i := range n {
			items = append(items, fmt.Sprint(i))
		}
		if got := listed(fewOf(items)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
