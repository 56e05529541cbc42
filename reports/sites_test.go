package reports

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// apart reads the made-up run of five institutes that are apart, with one series under events.
func apart(t testing.TB) (result.Run, result.Summary) {
	t.Helper()
	return fixtureOf(t, "testdata/apart")
}

func TestApart(t *testing.T) {
	r := Build(apart(t))
	sound(t, r)
	onlyWhatIsThere(t, "apart", r)
	for _, id := range []string{"distances", "expected", "expected-sites", "sites", "events", "recoveries", "recoveries-sites", "in-doubt"} {
		tableOf(t, r, id)
	}
	for _, w := range r.Warnings {
		t.Errorf("warning: %s", w)
	}
}

// The map has all sites with what stands there, the latency that is seen there, and the round trips as they were seen.
func TestMap(t *testing.T) {
	run, sum := apart(t)
	f := figure(t, Build(run, sum), "map")
	want := []MapSite{
		{Name: "ptb, Brunswick", Latitude: 52.3, Longitude: 10.46, Lines: []string{"peer, orderer", "commit p50 681 ms"}, Leads: true},
		{Name: "cmi, Brno", Latitude: 49.22, Longitude: 16.63, Lines: []string{"peer", "commit p50 843 ms"}},
		{Name: "inmetro, Duque de Caxias", Latitude: -22.6, Longitude: -43.28, Lines: []string{"peer, orderer", "commit p50 956 ms"}},
		{Name: "nmij, Tsukuba", Latitude: 36.06, Longitude: 140.14, Lines: []string{"peer, orderer", "commit p50 869 ms"}},
		{Name: "nmim, Sepang", Latitude: 2.82, Longitude: 101.73, Lines: []string{"peer", "commit p50 888 ms"}},
	}
	if diff := cmp.Diff(want, f.Map.Sites); diff != "" {
		t.Errorf("sites (-want +got):\n%s", diff)
	}
	if len(f.Map.Links) != 10 || f.Map.Links[0] != (MapLink{0, 1, "11.8 ms"}) {
		t.Errorf("%d ways, the first %+v", len(f.Map.Links), f.Map.Links[0])
	}
	if !strings.Contains(f.Alt, "nmim, Sepang, peer, commit p50 888 ms") || !slices.Contains(f.Notes, "The round trips are the medians that were seen before the load.") {
		t.Errorf("described as %q, with %q", f.Alt, f.Notes)
	}
	sum.Distances = nil
	if f := figure(t, Build(run, sum), "map"); f.Map.Links[0].Label != "11.4 ms" || !slices.Contains(f.Notes, "The round trips are those asked for.") {
		t.Errorf("without round trips seen: %+v, %q", f.Map.Links[0], f.Notes)
	}
	for i := range sum.Points {
		sum.Points[i].Conditions.Distance = 0
	}
	if slices.ContainsFunc(Build(run, sum).Figures(), func(f Figure) bool { return f.Map != nil }) {
		t.Error("a map of sites that are not apart")
	}
}

// Clients at several sites have a panel for their series, those of series that differ in the site alone one together.
func TestLatencyBySite(t *testing.T) {
	f := figure(t, Build(apart(t)), "latency-sites")
	if diff := cmp.Diff([]string{"leader/distance=1/leader=ptb, 10/s", "leader/distance=1/leader=nmij, 10/s", "site"}, titles(f.Panels)); diff != "" {
		t.Fatalf("panels (-want +got):\n%s", diff)
	}
	p := f.Panels[2]
	if diff := cmp.Diff([]string{"ptb", "inmetro", "nmij"}, p.Categories); diff != "" {
		t.Errorf("categories (-want +got):\n%s", diff)
	}
	if median := p.Series[0].Points; len(median) != 3 || math.Abs(median[1].Y-0.97*0.93) > 1e-9 || median[1].Interval == nil {
		t.Errorf("medians %+v", median)
	}
}

// A bar of what was expected adds up to it, and what was measured stands beside it.
func TestExpectedFigure(t *testing.T) {
	_, sum := apart(t)
	f := figure(t, Build(apart(t)), "expected")
	if diff := cmp.Diff([]string{"ptb", "nmij"}, f.X.Categories); diff != "" {
		t.Errorf("categories (-want +got):\n%s", diff)
	}
	for x, at := range []int{1, 3} {
		e, stacked := sum.Points[at].Expected, 0.0
		for _, s := range f.Series {
			for _, p := range s.Points {
				switch {
				case p.X != float64(x):
				case !s.Beside:
					stacked += p.Y
				case p.Y != e.Measured || p.Interval == nil:
					t.Errorf("measured %+v, want %g", p, e.Measured)
				}
			}
		}
		if math.Abs(stacked-e.Total) > 1e-9 {
			t.Errorf("the bar is %g s high, want %g", stacked, e.Total)
		}
	}
	if strings.Contains(strings.Join(names(f.Series), " "), "turn") {
		t.Error("a part that is nothing is in the legend")
	}
}

func TestExpectedFinding(t *testing.T) {
	_, sum := apart(t)
	if f := expectedFinding(seriesOf(sum)); len(f) != 1 || f[0].Verdict != Caution || f[0].Value != "1.02 to 1.13 times what was expected" {
		t.Errorf("%+v", f)
	}
	sum.Points = sum.Points[:2]
	if f := expectedFinding(seriesOf(sum)); len(f) != 1 || f[0].Verdict != Good || f[0].Value != "1.02 times what was expected" {
		t.Errorf("%+v", f)
	}
	if f := expectedFinding(seriesOf(result.Summary{Points: sum.Points[:1]})); f != nil {
		t.Errorf("%+v", f)
	}
}

// A distance is as asked for within 1 ms or 2 %, jitter apart, if no more is lost than was asked.
func TestDistanceFinding(t *testing.T) {
	if f := distanceFinding([]result.Distance{{Asked: 0.2}}); len(f) != 1 || f[0].Verdict != Caution || f[0].Value != "not measured" {
		t.Errorf("none was measured: %+v", f)
	}
	d := func(asked, p50 float64, lost int) result.Distance {
		return result.Distance{Between: [2]string{"ptb", "cmi"}, Asked: asked, P50: p50, Sent: 100, Lost: lost}
	}
	for _, c := range []struct {
		name string
		of   result.Distance
		want Verdict
	}{
		{"as asked", d(0.01, 0.0109, 0), Good},
		{"off by more than 1 ms", d(0.01, 0.0111, 0), Caution},
		{"within 2 %", d(0.2, 0.2039, 0), Good},
		{"lost", d(0.2, 0.2, 3), Caution},
		{"lost as asked", result.Distance{Asked: 0.2, P50: 0.2, Sent: 100, Lost: 3, Loss: 0.01}, Good},
		{"off by jitter that was asked", result.Distance{Asked: 0.2, P50: 0.206, Jitter: 0.02, Sent: 100}, Good},
		{"beyond 2 %", d(0.2, 0.1959, 0), Caution},
		{"nothing passed", d(0.2, 0.2, 100), Caution},
	} {
		t.Run(c.name, func(t *testing.T) {
			if f := distanceFinding([]result.Distance{c.of}); f[0].Verdict != c.want {
				t.Errorf("%s", f[0].Verdict)
			}
		})
	}
	if f := distanceFinding(nil); f != nil {
		t.Errorf("%+v", f)
	}
}

// Levels with events are drawn over time whatever their load, with their events in every panel; what was not done is in none.
func TestEventsOverTime(t *testing.T) {
	run, sum := apart(t)
	more := details{tallies: map[result.LevelKey]*tally{}, timelines: map[result.LevelKey]result.LevelTimeline{}}
	for _, l := range timedLevels(seriesOf(sum)) {
		more.tallies[l.key()] = tallied(20, 20*time.Second)
	}
	r := build(run, sum, more)
	want := []Event{{X: 5.0004, Label: "1 cut inmetro", Harms: true}, {X: 6.0002, Label: "2 kill orderer leader", Harms: true}, {X: 8.0001, Label: "3 slow ptb-cmi", Harms: true},
		{X: 10.0003, Label: "4 restart orderer leader", Harms: false}, {X: 12.0002, Label: "5 heal inmetro", Harms: false}}
	for _, id := range []string{"time-latency", "time-throughput"} {
		f := figure(t, r, id)
		if diff := cmp.Diff(want, panel(t, f, "loss, 10/s").Events); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
		if !slices.Contains(f.Notes, notes("figures with events")[0]) {
			t.Errorf("%s does not explain events: %q", id, f.Notes)
		}
	}
	few := result.Summary{Points: []result.Point{closed("s", 1, 10, 0.05), closed("s", 2, 10, 0.05), closed("s", 4, 90, 0.05), closed("s", 8, 95, 0.05)}}
	few.Points[1].Events = make([]result.Event, 1)
	var drawn []int
	for _, l := range seriesOf(few)[0].overTime(false) {
		drawn = append(drawn, l.load.Clients)
	}
	if diff := cmp.Diff([]int{2, 8}, drawn); diff != "" {
		t.Errorf("levels over time (-want +got):\n%s", diff)
	}
}

func TestRecoveryFindings(t *testing.T) {
	_, sum := apart(t)
	got := each(recoveryFindings(seriesOf(sum)), func(f Finding) string { return f.Subject + ": " + f.Value + " " + f.Text })
	want := []string{
		"cut inmetro, loss: next commit after 410 ms and the full rate after 8.20 s. Meanwhile: 70 valid, 12 endorse_unreachable.",
		"kill orderer leader, loss: next commit after 5.90 s and the full rate after 7.20 s. Meanwhile: 60 valid, 7 unknown.",
		"slow ptb-cmi, loss: no commit in the 12.0 s until the level ended. Meanwhile: 3 unknown.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	loss := &sum.Points[len(sum.Points)-1]
	for want, span := range map[string]float64{
		"Too little was seen before the first event, or after this one, to tell the full rate.": 0,
		"and not the full rate in the 12.0 s until the level ended.":                            2,
	} {
		next := 1.0
		told := *loss
		told.Recoveries = []result.Recovery{{NextCommit: &next, Observed: 12, Before: 20, Span: span}}
		all := sum
		all.Points = []result.Point{told}
		if f := recoveryFindings(seriesOf(all)); len(f) != 1 || f[0].Text != want {
			t.Errorf("of spans of %g s: %+v", span, f)
		}
		cells := recoveryTable(seriesOf(all))[0].Rows[0]
		if why := map[float64]string{0: whyNoSpan, 2: whyNoFullRate}[span]; !slices.ContainsFunc(cells, func(c Cell) bool { return c.Why == why }) {
			t.Errorf("of spans of %g s: %+v", span, cells)
		}
	}
	loss.Recoveries = slices.Concat(loss.Recoveries, loss.Recoveries, loss.Recoveries)
	many := recoveryFindings(seriesOf(sum))
	if len(many) != 1 || many[0].Value != "6 of 9" || !strings.Contains(many[0].Text, "after 5.90 s at most; 6 by the full rate, after 8.20 s at most.") {
		t.Errorf("%+v", many)
	}
}

func TestDoubtFinding(t *testing.T) {
	for _, c := range []struct {
		name  string
		doubt *result.InDoubt
		want  Verdict
		none  bool
	}{
		{"none", nil, 0, true},
		{"decided", &result.InDoubt{Total: 3, Committed: 1, Invalid: 1, NotCommitted: 1}, Good, false},
		{"twice", &result.InDoubt{Total: 1, Committed: 1, Twice: 1}, Bad, false},
		{"not decided", &result.InDoubt{Total: 2, Committed: 1}, Bad, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := doubtFinding(&result.Audit{InDoubt: c.doubt})
			if (f == nil) != c.none || f != nil && f[0].Verdict != c.want {
				t.Errorf("%+v", f)
			}
		})
	}
}

// A stranger's topology with more than any network has is not walked through.
func TestSane(t *testing.T) {
	run, sum := apart(t)
	for i := range run.Sessions {
		run.Sessions[i].Topology = []byte(`{"sites":[{"name":"a","latitude":1,"longitude":1},{"name":"b","latitude":2,"longitude":2}],"distance":1,
			"orderers":{"count":1000000000000,"consensus":"raft"},"organisations":[{"name":"a"}]}`)
	}
	sound(t, Build(run, sum))
}
