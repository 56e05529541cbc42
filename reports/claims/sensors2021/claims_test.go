package sensors2021

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/claims"
	"meterbench/reports/plot"
)

var update = flag.Bool("update", false, "write the golden files anew")

// broken matches what formatting leaves of a figure that does not exist.
var broken = regexp.MustCompile(`%!|NaN|Inf`)

func verdicts(t *testing.T, run result.Run, sum result.Summary) map[string]result.Verdict {
	t.Helper()
	judged, _ := Publication().Judge(run, sum, claims.Device{})
	all := map[string]result.Verdict{}
	for _, c := range judged {
		all[strings.TrimPrefix(c.ID, "sensors2021/inter-nmi/")] = c.Verdict
		for what, text := range map[string]string{"claim": c.Claim, "published": c.Published, "threshold": c.Threshold, "evidence": c.Evidence} {
			if text == "" || broken.MatchString(text) {
				t.Errorf("%s: %s is %q", c.ID, what, text)
			}
		}
	}
	return all
}

// golden compares with a file, or writes it.
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
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("differs from %s (write it anew with -update):\n%s", path, diff)
	}
}

// The golden file is what a reader sees of the claims of a study.
func TestGolden(t *testing.T) {
	run, sum := world{latency: likely()}.summary()
	judged, _ := Publication().Judge(run, sum, claims.Device{})
	figure := func(v *float64) string {
		if v == nil {
			return "-"
		}
		return fmt.Sprintf("%.4g", *v)
	}
	var b strings.Builder
	for _, c := range judged {
		fmt.Fprintf(&b, "%s: %s\n\nclaim: %s\n\npublished: %s\n\nthreshold: %s\n\nevidence: %s\n\nconditions: %s\n\nfigure: %s\n\n",
			c.ID, c.Verdict, c.Claim, c.Published, c.Threshold, c.Evidence, c.Conditions, c.Figure)
		for _, r := range c.Rows {
			fmt.Fprintf(&b, "  %s | %s %s [%s %s] %s, n %d | %s of %s to %s | %s\n", r.Setting, r.Quantity, figure(r.Value), figure(r.Low), figure(r.High),
				r.Unit, r.N, r.Standing, figure(r.From), figure(r.To), r.Note)
		}
		fmt.Fprint(&b, "\n\n")
	}
	golden(t, "sensors2021.txt", b.String())
}

// What a verdict takes and what turns it.
func TestVerdicts(t *testing.T) {
	same := func(*result.Summary) {}
	drop := func(is func(result.Point) bool) func(*result.Summary) {
		return func(s *result.Summary) { s.Points = slices.DeleteFunc(s.Points, is) }
	}
	each := func(change func(*result.Point)) func(*result.Summary) {
		return func(s *result.Summary) {
			for i := range s.Points {
				change(&s.Points[i])
			}
		}
	}
	sites := func(change func(p *result.Point, s *result.SitePoint)) func(*result.Summary) {
		return each(func(p *result.Point) {
			for i := range p.Sites {
				change(p, &p.Sites[i])
			}
		})
	}
	recoveries := func(change func(p *result.Point, r *result.Recovery)) func(*result.Summary) {
		return each(func(p *result.Point) {
			for i := range p.Recoveries {
				change(p, &p.Recoveries[i])
			}
		})
	}
	cuts := func(p *result.Point) int {
		l, _ := lossOf(*p)
		return len(l.cut)
	}
	next := func(r *result.Recovery, at *float64) {
		for i := range r.Sites {
			r.Sites[i].NextCommit = at
		}
	}
	series := func(name string) func(result.Point) bool {
		return func(p result.Point) bool { return p.Series == name }
	}
	failing := func(bad uint64) func(*result.Point, *result.SitePoint) {
		return func(_ *result.Point, s *result.SitePoint) {
			s.Outcomes = map[string]uint64{result.Valid.String(): sent - bad, result.Unknown.String(): bad}
		}
	}
	audit := func(change func(*result.Audit)) func(*result.Summary) {
		return func(s *result.Summary) { change(s.Audit) }
	}
	for _, c := range []struct {
		name    string
		latency map[string]float64
		change  func(*result.Summary)
		id      string
		want    result.Verdict
	}{
		{"as likely", likely(), same, "in-time", result.Reproduced},
		{"as likely", likely(), same, "succeeds", result.Reproduced},
		{"as likely", likely(), same, "one-lost", result.Reproduced},
		{"as likely", likely(), same, "two-lost", result.Reproduced},
		{"as likely", likely(), same, "nothing-lost", result.Reproduced},
		{"as likely", likely(), same, "join", result.Reproduced},

		{"no points", likely(), func(s *result.Summary) { s.Points = nil }, "in-time", result.Inconclusive},
		{"no points", likely(), func(s *result.Summary) { s.Points = nil }, "succeeds", result.Inconclusive},
		{"no points", likely(), func(s *result.Summary) { s.Points = nil }, "one-lost", result.Inconclusive},
		{"no points", likely(), func(s *result.Summary) { s.Points = nil }, "two-lost", result.Inconclusive},
		{"no points", likely(), func(s *result.Summary) { s.Points = nil }, "nothing-lost", result.Inconclusive},
		{"no points", likely(), func(s *result.Summary) { s.Points = nil }, "join", result.Inconclusive},
		{"points are not valid", likely(), each(func(p *result.Point) { p.Valid = false }), "in-time", result.Inconclusive},
		{"points are not valid", likely(), each(func(p *result.Point) { p.Valid = false }), "one-lost", result.Inconclusive},
		{"all at distance 0", likely(), each(func(p *result.Point) { p.Conditions.Distance = 0 }), "in-time", result.Inconclusive},

		{"one institute is slow", map[string]float64{"ptb": 0.6, "cmi": 0.7, "inmetro": 20, "nmij": 0.9, "nmim": 0.8}, same, "in-time", result.Depends},
		{"all are slow", map[string]float64{"ptb": 20, "cmi": 20, "inmetro": 20, "nmij": 20, "nmim": 20}, same, "in-time", result.NotReproduced},
		{"slow at a hundredth", map[string]float64{"ptb": 4.5, "cmi": 4.5, "inmetro": 4.5, "nmij": 4.5, "nmim": 4.5}, same, "in-time", result.Reproduced},
		{"a network is missing", likely(), drop(func(p result.Point) bool { return p.Conditions.Topology == "inter-nmi-5" }), "in-time", result.Inconclusive},
		{"an institute commits nothing", likely(), sites(func(_ *result.Point, s *result.SitePoint) {
			if s.Site == "nmim" {
				s.Outcomes = map[string]uint64{result.Unknown.String(): sent}
			}
		}), "in-time", result.Depends},

		{"one in ten fails", likely(), sites(failing(25)), "succeeds", result.NotReproduced},
		{"about one in a hundred fails", likely(), sites(failing(3)), "succeeds", result.Inconclusive},
		{"one institute's fail", likely(), sites(func(p *result.Point, s *result.SitePoint) {
			if s.Site == "nmij" {
				failing(50)(p, s)
			}
		}), "succeeds", result.Depends},

		{"halts with one lost", likely(), recoveries(func(p *result.Point, r *result.Recovery) {
			if cuts(p) == 1 {
				next(r, new(25.0))
			}
		}), "one-lost", result.NotReproduced},
		{"halts without the leader", likely(), recoveries(func(p *result.Point, r *result.Recovery) {
			if p.Events[0].Sites[0] == "ptb" {
				next(r, nil)
			}
		}), "one-lost", result.Depends},
		{"a network is missing", likely(), drop(func(p result.Point) bool { return p.Series == lossQuestion && p.Conditions.Topology == "inter-nmi-bft" }),
			"one-lost", result.Inconclusive},
		{"nothing is seen", likely(), each(func(p *result.Point) { p.Recoveries = nil }), "one-lost", result.Inconclusive},
		{"a cut failed", likely(), each(func(p *result.Point) {
			for i := range p.Events {
				p.Events[i].Failed = "no"
			}
		}), "one-lost", result.Inconclusive},

		{"goes on without a quorum", likely(), recoveries(func(p *result.Point, r *result.Recovery) { next(r, new(1.0)) }), "two-lost", result.Depends},
		{"never again", likely(), recoveries(func(p *result.Point, r *result.Recovery) { next(r, nil) }), "two-lost", result.Inconclusive}, // of those that halt: the level ends too early
		{"halts and takes two minutes", likely(), recoveries(func(p *result.Point, r *result.Recovery) {
			next(r, new(140.0))
			r.Observed = 200
		}), "two-lost", result.NotReproduced},

		{"one reading is missing", likely(), audit(func(a *result.Audit) { a.Missing = 1 }), "nothing-lost", result.NotReproduced},
		{"one is there twice", likely(), audit(func(a *result.Audit) { a.InDoubt.Twice = 1 }), "nothing-lost", result.NotReproduced},
		{"one is undecided", likely(), audit(func(a *result.Audit) { a.InDoubt.Total++ }), "nothing-lost", result.NotReproduced},
		{"nothing was in doubt", likely(), audit(func(a *result.Audit) { a.InDoubt = nil }), "nothing-lost", result.Reproduced},
		{"nothing was committed", likely(), audit(func(a *result.Audit) { *a = result.Audit{} }), "nothing-lost", result.Inconclusive},
		{"no audit", likely(), func(s *result.Summary) { s.Audit = nil }, "nothing-lost", result.Inconclusive},

		{"one way is missing", likely(), func(s *result.Summary) { s.Points = s.Points[:len(s.Points)-1] }, "join", result.Inconclusive},
		{"a join fails", likely(), each(func(p *result.Point) {
			if p.Series == joinQuestion {
				p.Events[0].Failed, p.Events[0].Steps = "the orderers refuse it", p.Events[0].Steps[:1]
			}
		}), "join", result.NotReproduced},
		{"a join takes minutes", likely(), each(func(p *result.Point) {
			if p.Series == joinQuestion && len(p.Events[0].Steps) == len(steps()) {
				p.Events[0].Took = 200
			}
		}), "join", result.Depends},
		{"a join stops the others", likely(), each(func(p *result.Point) {
			if p.Series == joinQuestion {
				p.Outcomes = map[string]uint64{result.Valid.String(): p.Scheduled / 2, result.Unknown.String(): p.Scheduled - p.Scheduled/2}
			}
		}), "join", result.NotReproduced},
		{"no joins", likely(), drop(series(joinQuestion)), "join", result.Inconclusive},
	} {
		t.Run(c.name+"/"+c.id, func(t *testing.T) {
			run, sum := world{latency: c.latency}.summary()
			c.change(&sum)
			if got := verdicts(t, run, sum)[c.id]; got != c.want {
				t.Errorf("%s is %q, want %q", c.id, got, c.want)
			}
		})
	}
}

// Noise of a shared machine turns no verdict.
func TestVerdictsAreStable(t *testing.T) {
	run, sum := world{latency: likely()}.summary()
	want := verdicts(t, run, sum)
	for trial := range 30 {
		run, sum := world{latency: likely(), noise: 0.3, luck: rand.New(rand.NewPCG(21, uint64(trial)))}.summary()
		if diff := cmp.Diff(want, verdicts(t, run, sum)); diff != "" {
			t.Errorf("trial %d: -want +got:\n%s", trial, diff)
		}
	}
}

// On a network that others run, what takes one of our own is not measured.
func TestAttached(t *testing.T) {
	run, sum := world{latency: likely()}.summary()
	sum.Target, sum.Points = result.TargetAttached, nil
	for _, series := range []string{siteQuestion, consensusQuestion, lossQuestion, joinQuestion} {
		sum.LeftOut = append(sum.LeftOut, result.LeftOut{Series: series, Needs: []string{"topology"}})
	}
	for id, got := range verdicts(t, run, sum) {
		if got != result.NotMeasured {
			t.Errorf("%s is %q", id, got)
		}
	}
}

// Every claim's figure is in the report, drawn from what the run holds, and every table has its columns.
func TestFigures(t *testing.T) {
	run, sum := world{latency: likely()}.summary()
	judged, _ := Publication().Judge(run, sum, claims.Device{})
	shown := section(&claims.Evidence{Run: run, Summary: sum})
	figures := map[string]bool{}
	for _, f := range shown.Figures {
		if figures[f.ID] || f.Empty != "" {
			t.Errorf("figure %s is there twice or empty: %s", f.ID, f.Empty)
		}
		figures[f.ID] = true
	}
	for _, c := range judged {
		if c.Figure != "" && !figures[c.Figure] {
			t.Errorf("%s: there is no figure %s", c.ID, c.Figure)
		}
	}
	ids := map[string]bool{}
	for _, table := range shown.Tables {
		if ids[table.ID] || len(table.Rows) == 0 {
			t.Errorf("table %s is there twice or empty", table.ID)
		}
		ids[table.ID] = true
		for _, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Errorf("table %s: %d cells under %d columns", table.ID, len(row), len(table.Columns))
			}
		}
	}
	for _, f := range section(&claims.Evidence{}).Figures {
		if f.Empty == "" {
			t.Errorf("figure %s of nothing is not empty", f.ID)
		}
	}
}

// The tables and two figures, as files: what scripts and papers take from the study.
func TestGoldenFiles(t *testing.T) {
	run, sum := world{latency: likely()}.summary()
	e := &claims.Evidence{Run: run, Summary: sum}
	var b strings.Builder
	for _, table := range section(e).Tables {
		fmt.Fprintf(&b, "%s: %s\n", table.ID, table.Title)
		for i, row := range append([][]reports.Cell{nil}, table.Rows...) {
			for j, c := range table.Columns {
				switch {
				case i == 0:
					fmt.Fprintf(&b, " | %s", c.Key)
				case row[j].Number != nil:
					fmt.Fprintf(&b, " | %.4g", *row[j].Number)
				case row[j].Interval != nil:
					fmt.Fprintf(&b, " | %.4g to %.4g", row[j].Interval.Low, row[j].Interval.High)
				default:
					fmt.Fprintf(&b, " | %s%s", row[j].Text, row[j].Why)
				}
			}
			fmt.Fprintln(&b)
		}
		for _, note := range table.Notes {
			fmt.Fprintf(&b, "%s\n", note)
		}
		fmt.Fprintln(&b)
	}
	golden(t, "tables.txt", b.String())
	for _, f := range []reports.Figure{sitesFigure(e), lossFigure(e), joinFigure(e)} {
		var svg strings.Builder
		if err := plot.SVG(&svg, f); err != nil {
			t.Fatal(err)
		}
		golden(t, f.ID+".svg", svg.String())
	}
}

// The figure of losses says which marks are missing, and why; where none is, it says nothing of them.
func TestLossFigureNamesMissingMarks(t *testing.T) {
	run, sum := world{latency: likely()}.summary()
	evidence := func() *claims.Evidence { return &claims.Evidence{Run: run, Summary: sum} }
	if notes := lossFigure(evidence()).Notes; len(notes) != 1 {
		t.Errorf("nothing is missing: %q", notes)
	}
	for i := range sum.Points {
		p := &sum.Points[i]
		if l, ok := lossOf(*p); ok && l.String() == "inter-nmi without ptb (leader)" {
			sites := p.Recoveries[0].Sites
			for j := range sites {
				if sites[j].Site == "nmij" || sites[j].Site == "cmi" {
					sites[j].NextCommit = nil
				}
			}
		}
	}
	want := "No mark: no commit was seen until the level ended. inter-nmi without ptb (leader): cmi, nmij."
	if notes := lossFigure(evidence()).Notes; len(notes) != 2 || notes[1] != want {
		t.Errorf("notes %q, want %q", notes, want)
	}
}
