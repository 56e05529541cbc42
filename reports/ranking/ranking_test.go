package ranking

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/rank"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/proc"
	"meterbench/reports"
	"meterbench/reports/plot"
	"meterbench/reports/render"
)

var update = flag.Bool("update", false, "write the golden files anew")

// A made-up setting: its throughput by clients is a line up to 80 clients and level from there on, and its latency the clients
// over the throughput.
type made struct {
	name     string
	capacity float64
	cpu      float64 // of the peers, seconds
	stored   float64
	none     bool // without a saturation
}

// folderOf is a run in which the settings are levels of the topology, or for one setting alone the topology of all of it.
func folderOf(id string, all ...made) *result.Folder {
	f := &result.Folder{
		Dir:     "out/planning/" + id,
		Run:     result.Run{ID: id, Scenario: "planning", Started: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Host: result.Host{Host: proc.Host{CPU: "made up", Cores: 2}}},
		Summary: result.Summary{Scenario: "planning", Run: id, Target: result.TargetFabric, Complete: true},
	}
	for _, m := range all {
		name, factors := "plain", []result.Factor(nil)
		if len(all) > 1 {
			name, factors = "plain/topology="+m.name, []result.Factor{{Key: "topology", Label: m.name}}
		}
		for _, clients := range []int{16, 32, 64, 128} {
			rate := min(m.capacity, m.capacity*float64(clients)/80)
			p50 := float64(clients) / rate
			p99 := 1.5 * p50
			f.Summary.Points = append(f.Summary.Points, result.Point{
				Series: name, Repetition: 1, Valid: true, Factors: factors, Throughput: rate,
				Conditions: result.Conditions{Topology: m.name, Workload: result.Plain, Length: 24},
				Load:       result.Load{Kind: result.LoadClosed, Clients: clients},
				Latency:    map[string]stats.Quantiles{result.PartCommit.String(): {P50: &p50, P99: &p99, N: 5000}},
				Intervals: map[string]stats.Interval{
					"commit_p50_s": {Low: 0.97 * p50, High: 1.03 * p50, N: 10}, "commit_p99_s": {Low: 0.95 * p99, High: 1.05 * p99, N: 10},
				},
				Costs: &result.Costs{
					CPU: map[result.Role]float64{result.RolePeer: m.cpu, result.RoleChaincode: 0.0004, result.RoleOrderer: 0.0005, result.RoleClient: 0.001},
					Wire: []result.WireCost{
						{From: result.RolePeer, To: result.RoleOrderer, Bytes: 2 * m.stored}, {From: result.RoleClient, To: result.RolePeer, Bytes: 3000},
					},
					Stored: []result.StoredCost{{Process: "peer0", Role: result.RolePeer, Part: "blocks", Bytes: m.stored, Low: m.stored, High: m.stored}},
				},
			})
		}
		if !m.none {
			f.Summary.Saturation = append(f.Summary.Saturation, result.Saturation{
				Series: name, Reached: true, Clients: 128, Throughput: m.capacity, Low: 0.96 * m.capacity, High: 1.04 * m.capacity, N: 10,
			})
		}
	}
	return f
}

// planning are four settings: small and wide are a choice, double is dominated by small, and of odd nothing can be told.
func planning() []made {
	return []made{
		{name: "small", capacity: 900, cpu: 0.0008, stored: 9000}, {name: "double", capacity: 600, cpu: 0.0014, stored: 15000},
		{name: "wide", capacity: 1100, cpu: 0.0026, stored: 39000}, {name: "odd", capacity: 300, cpu: 0.004, stored: 40000, none: true},
	}
}

func ranked(t testing.TB, prices *rank.Prices, runs ...*result.Folder) *rank.Ranking {
	t.Helper()
	r, err := rank.Rank(runs, rank.Options{Factor: "topology", Prices: prices})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

func TestText(t *testing.T) {
	one := folderOf("20260301-120000", planning()...)
	double := folderOf("20260301-130000", planning()[1])
	double.Run.Host.Cores = 4
	double.Summary.Complete = false
	for name, c := range map[string]struct {
		prices *rank.Prices
		runs   []*result.Folder
	}{
		"run.txt":    {nil, []*result.Folder{one}},
		"priced.txt": {&rank.Prices{CoreHour: 0.05, Kept: 0.3, Sent: 0.09, Currency: "EUR"}, []*result.Folder{one}},
		"runs.txt":   {&rank.Prices{CoreHour: 0.05, Currency: "EUR"}, []*result.Folder{folderOf("20260301-120000", planning()[0]), double}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := render.Text(&b, Report(ranked(t, c.prices, c.runs...), c.runs), 200); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.String())
		})
	}
}

// Dominated settings are grey in figures, tables and pages, and nothing else is.
func TestGrey(t *testing.T) {
	r := ranked(t, nil, folderOf("a", planning()...))
	s := Section(r)
	for _, f := range s.Figures {
		var grey, shown []string
		for _, one := range f.Series {
			shown = append(shown, one.Name)
			if one.Faint {
				grey = append(grey, one.Name)
			}
			if one.Points[0].Across == nil {
				t.Errorf("%s, %s: no interval of the throughput", f.ID, one.Name)
			}
		}
		if d := cmp.Diff([]string{"double (dominated)"}, grey); d != "" {
			t.Errorf("%s: %s", f.ID, d)
		}
		if len(shown) != 3 || !strings.Contains(strings.Join(f.Notes, " "), "Not drawn, since it cannot be told: odd.") {
			t.Errorf("%s: shows %q, notes %q", f.ID, shown, f.Notes)
		}
		var png bytes.Buffer
		if err := plot.PNG(&png, f); err != nil {
			t.Error(err)
		}
	}
	table := s.Tables[0]
	level := slices.IndexFunc(table.Columns, func(c reports.Column) bool { return c.Key == "level" })
	for i, row := range table.Rows {
		if want := row[level].Text == "double"; table.Faint[i] != want {
			t.Errorf("%s: grey %v", row[level].Text, table.Faint[i])
		}
	}
	var page bytes.Buffer
	if err := render.HTML(&page, Report(r, nil)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(page.String(), `<tr class="faint">`); n != 1 {
		t.Errorf("%d rows of the page are grey, want 1", n)
	}
}

// A report of a run has the ranking behind its factors, where it varies one factor and two settings have a capacity.
func TestAdd(t *testing.T) {
	for what, c := range map[string]struct {
		folder *result.Folder
		want   []string
	}{
		"one factor":  {folderOf("a", planning()...), []string{"factors", ID, "checks"}},
		"no factor":   {folderOf("a", planning()[0]), []string{"factors", "checks"}},
		"no capacity": {folderOf("a", planning()[3], made{name: "other", capacity: 1, none: true}), []string{"factors", "checks"}},
	} {
		t.Run(what, func(t *testing.T) {
			rep := reports.Report{Sections: []reports.Section{{ID: "factors"}, {ID: "checks"}}}
			Add(&rep, c.folder)
			var got []string
			for _, s := range rep.Sections {
				got = append(got, s.ID)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// Groups of other factors have a panel each, and a level the same colour in all.
func TestPanels(t *testing.T) {
	f := folderOf("a", planning()...)
	for _, p := range slices.Clone(f.Summary.Points) {
		p.Series = strings.Replace(p.Series, "plain", "padded", 1)
		f.Summary.Points = append(f.Summary.Points, p)
	}
	for _, s := range slices.Clone(f.Summary.Saturation) {
		s.Series = strings.Replace(s.Series, "plain", "padded", 1)
		f.Summary.Saturation = append(f.Summary.Saturation, s)
	}
	runs := []*result.Folder{f}
	if got, want := Report(ranked(t, nil, runs...), runs).Lead, "4 settings of topology from 1 run, compared in each of 2 series."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, figure := range Section(ranked(t, nil, f)).Figures {
		hues := map[string]int{}
		if len(figure.Panels) != 2 {
			t.Fatalf("%s: %d panels", figure.ID, len(figure.Panels))
		}
		for _, p := range figure.Panels {
			for _, s := range p.Series {
				if hue, known := hues[s.Name]; known && hue != s.Hue {
					t.Errorf("%s: %s has hues %d and %d", figure.ID, s.Name, hue, s.Hue)
				}
				hues[s.Name] = s.Hue
			}
		}
	}
}
