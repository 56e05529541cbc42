package metroind2020

import (
	"flag"
	"fmt"
	"maps"
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
		all[strings.TrimPrefix(c.ID, "metroind2020/")] = c.Verdict
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
	run, sum := world{costs: likely()}.summary(2)
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
			fmt.Fprintf(&b, "  %s | %s %s [%s %s] %s, n %d | %s of %s to %s | %s | %s\n", r.Setting, r.Quantity, figure(r.Value), figure(r.Low), figure(r.High),
				r.Unit, r.N, r.Standing, figure(r.From), figure(r.To), r.Limit, r.Note)
		}
		fmt.Fprint(&b, "\n\n")
	}
	golden(t, "metroind2020.txt", b.String())
}

// costs returns a change to what operations cost.
func costs(change func(name string, s *spending)) map[string]spending {
	all := likely()
	for name, s := range all {
		change(name, &s)
		all[name] = s
	}
	return all
}

// ofLedger reports whether the operation of the name is on the ledger.
func ofLedger(name string) bool {
	at := slices.IndexFunc(operations(), func(o operation) bool { return o.name == name })
	return operations()[at].system == result.SystemLedger
}

// What a verdict takes and what turns it.
func TestVerdicts(t *testing.T) {
	drop := func(is func(result.Point) bool) func(*result.Summary) {
		return func(s *result.Summary) { s.Points = slices.DeleteFunc(s.Points, is) }
	}
	of := func(op result.Operation) func(result.Point) bool {
		return func(p result.Point) bool { return p.Conditions.Operation == op }
	}
	same := func(*result.Summary) {}
	probe := func(kind string, change func(*result.Probe)) func(*result.Summary) {
		return func(s *result.Summary) {
			for i := range s.Integrity.Probes {
				if s.Integrity.Probes[i].Kind == kind {
					change(&s.Integrity.Probes[i])
				}
			}
		}
	}
	cheap := costs(func(name string, s *spending) {
		*s = spending{1e-3, 1e-3, 1e6, 1e6, 4}
		if ofLedger(name) {
			*s = spending{1e-6, 1e-6, 1, 1, 1}
		}
	})
	for _, c := range []struct {
		name   string
		costs  map[string]spending
		change func(*result.Summary)
		id     string
		want   result.Verdict
	}{
		{"as likely", likely(), same, "pki-on-chain", result.Reproduced},
		{"as likely", likely(), same, "no-certificate-cost-per-meter", result.Depends},
		{"as likely", likely(), same, "no-certificate-cost-per-reading", result.Depends}, // as many calls as OCSP
		{"a call more than OCSP", costs(func(name string, s *spending) {
			if name == verifyQuery().name {
				s.calls = 2
			}
		}), same, "no-certificate-cost-per-reading", result.NotReproduced},
		{"as likely", likely(), same, "no-trusted-third-party", result.Depends},

		{"no points", likely(), drop(func(result.Point) bool { return true }), "pki-on-chain", result.Inconclusive},
		{"no points", likely(), drop(func(result.Point) bool { return true }), "no-certificate-cost-per-meter", result.Inconclusive},
		{"no points", likely(), drop(func(result.Point) bool { return true }), "no-certificate-cost-per-reading", result.Inconclusive},
		{"an operation is missing", likely(), drop(of(result.OpRotate)), "pki-on-chain", result.Inconclusive},
		{"two peers", likely(), func(s *result.Summary) {
			for _, p := range s.Points {
				delete(p.Roles, "peer1.ptb")
				delete(p.Roles, "peer1.inmetro")
			}
		}, "pki-on-chain", result.Inconclusive},
		{"an operation fails", likely(), func(s *result.Summary) {
			for i, p := range s.Points {
				if of(result.OpRotate)(p) {
					s.Points[i].Outcomes = map[string]uint64{"valid": 900, "mvcc_conflict": 100}
				}
			}
		}, "pki-on-chain", result.Depends},
		{"all operations fail", likely(), func(s *result.Summary) {
			for i := range s.Points {
				s.Points[i].Outcomes = map[string]uint64{"valid": 900, "mvcc_conflict": 100}
			}
			s.Integrity.Probes = s.Integrity.Probes[6:7]
		}, "pki-on-chain", result.NotReproduced},
		{"a share at the threshold", likely(), func(s *result.Summary) {
			for i, p := range s.Points {
				if of(result.OpRotate)(p) {
					s.Points[i].Outcomes = map[string]uint64{"valid": 990, "mvcc_conflict": 10}
				}
			}
		}, "pki-on-chain", result.Inconclusive},
		{"nothing tried", likely(), func(s *result.Summary) { s.Integrity = nil }, "pki-on-chain", result.Inconclusive},
		{"nothing tried", likely(), func(s *result.Summary) { s.Integrity = nil }, "no-trusted-third-party", result.Inconclusive},
		{"a forgery that the contract accepts", likely(), probe(result.ProbeRevokedKey, func(p *result.Probe) { p.Accepted = 1 }), "pki-on-chain", result.NotReproduced},
		{"something honest is refused", likely(), probe(result.ProbeHonestVerify, func(p *result.Probe) { p.Accepted = 19 }), "pki-on-chain", result.Inconclusive},
		{"what the design lets through", likely(), probe(result.ProbeStaleView, func(p *result.Probe) { p.Accepted = 0 }), "pki-on-chain", result.Reproduced},

		{"a ledger for nothing", cheap, same, "no-certificate-cost-per-meter", result.Reproduced},
		{"a ledger for nothing", cheap, same, "no-certificate-cost-per-reading", result.Reproduced},
		{"a ledger that verifies for nothing by query only", costs(func(name string, s *spending) {
			if *s = cheap[name]; name == verifySubmit().name {
				*s = spending{1, 1, 1e9, 1e9, 9}
			}
		}), same, "no-certificate-cost-per-reading", result.Depends},
		{"verification by order is missing", cheap, drop(of(result.OpVerifySubmit)), "no-certificate-cost-per-reading", result.Inconclusive},
		{"certificates that are verified with nobody's help", costs(func(name string, s *spending) { *s = spending{0.1, 1e-3, 1e4, 1e4, 2} }), func(s *result.Summary) {
			drop(of(result.OpVerifyOCSP))(s)
			for i, p := range s.Points {
				if p.Conditions.Workload == result.CA {
					s.Points[i].Costs.Wire, s.Points[i].Costs.Stored, s.Points[i].Costs.Calls = nil, nil, nil
				}
			}
		}, "no-certificate-cost-per-reading", result.Inconclusive},
		{"a ledger that costs more", costs(func(name string, s *spending) {
			if f := 1e3; ofLedger(name) {
				*s = spending{f * s.time, f * s.cpu, f * s.wire, f * s.stored, f * s.calls}
			}
		}), same, "no-certificate-cost-per-meter", result.NotReproduced},
		{"equal but for chance", costs(func(_ string, s *spending) { *s = spending{0.1, 1e-3, 1e4, 1e4, 2} }), same, "no-certificate-cost-per-meter", result.Inconclusive},
		{"bytes were not counted", cheap, func(s *result.Summary) {
			for i := range s.Points {
				s.Points[i].Costs.Wire = nil
			}
		}, "no-certificate-cost-per-meter", result.Inconclusive},
		{"no renewals", cheap, drop(of(result.OpRenew)), "no-certificate-cost-per-meter", result.Inconclusive},
		{"no certificates", cheap, drop(func(p result.Point) bool { return p.Conditions.Workload == result.CA }), "no-certificate-cost-per-reading", result.Inconclusive},
		{"points are not valid", likely(), func(s *result.Summary) {
			for i := range s.Points {
				s.Points[i].Valid = false
			}
		}, "no-certificate-cost-per-meter", result.Inconclusive},

		{"a ledger that trusts nobody", likely(), func(s *result.Summary) {
			for _, kind := range []string{result.ProbeStolenInvent, result.ProbeSecondIdentity} {
				probe(kind, func(p *result.Probe) { p.Accepted = 0 })(s)
			}
		}, "no-trusted-third-party", result.Reproduced},
		{"a ledger that trusts everybody", likely(), func(s *result.Summary) {
			for i, p := range s.Integrity.Probes {
				if p.System == result.SystemLedger && !p.Honest {
					s.Integrity.Probes[i].Accepted = p.Attempts
				}
			}
		}, "no-trusted-third-party", result.NotReproduced},
		{"refusals that prove nothing", likely(), func(s *result.Summary) {
			for i := range s.Integrity.Probes {
				s.Integrity.Probes[i].Accepted = 0
			}
		}, "no-trusted-third-party", result.Inconclusive},
		{"a CA that is honest", likely(), probe(result.ProbeSecondCertificate, func(p *result.Probe) { p.Accepted = 0 }), "no-trusted-third-party", result.Depends},
	} {
		t.Run(c.name+"/"+c.id, func(t *testing.T) {
			run, sum := world{costs: c.costs}.summary(1)
			c.change(&sum)
			if got := verdicts(t, run, sum)[c.id]; got != c.want {
				t.Errorf("%s is %q, want %q", c.id, got, c.want)
			}
		})
	}
}

// On a network that others run, what takes one of our own or is not tried there is not measured.
func TestAttached(t *testing.T) {
	run, sum := world{costs: likely()}.summary(1)
	sum.Target, sum.Integrity = result.TargetAttached, nil
	sum.Points = slices.DeleteFunc(sum.Points, func(p result.Point) bool { return p.Conditions.Workload == result.CA || p.Series == "rotate" })
	for _, series := range []string{"ca-enrol", "ca-crl", "rotate"} {
		sum.LeftOut = append(sum.LeftOut, result.LeftOut{Series: series, Needs: []string{"chaincodes"}})
	}
	want := map[string]result.Verdict{}
	for _, c := range Publication().Claims {
		want[c.ID] = result.NotMeasured
	}
	if diff := cmp.Diff(want, verdicts(t, run, sum)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Every claim's figure is in the report, drawn from what the run holds, and every table has its columns.
func TestFigures(t *testing.T) {
	run, sum := world{costs: likely()}.summary(1)
	sum.Claims, _ = Publication().Judge(run, sum, claims.Device{})
	section := section(&claims.Evidence{Run: run, Summary: sum})
	figures := map[string]bool{}
	for _, f := range section.Figures {
		if figures[f.ID] || f.Empty != "" {
			t.Errorf("figure %s is there twice or empty: %s", f.ID, f.Empty)
		}
		figures[f.ID] = true
	}
	for _, c := range sum.Claims {
		if c.Figure != "" && !figures[c.Figure] {
			t.Errorf("%s: there is no figure %s", c.ID, c.Figure)
		}
	}
	checkTables(t, section.Tables)
	// Of a run without anything there is nothing to draw, and nothing breaks.
	empty := Publication().Section(&claims.Evidence{})
	for _, f := range empty.Figures {
		if f.Empty == "" {
			t.Errorf("figure %s of nothing is not empty", f.ID)
		}
	}
}

func checkTables(t *testing.T, tables []reports.Table) {
	t.Helper()
	ids := map[string]bool{}
	for _, table := range tables {
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
	if len(ids) != 9 {
		t.Errorf("tables %v", slices.Sorted(maps.Keys(ids)))
	}
}

// The tables and a figure of each kind, as files: what scripts and papers take from the study.
func TestGoldenFiles(t *testing.T) {
	run, sum := world{costs: likely()}.summary(2)
	e := &claims.Evidence{Run: run, Summary: sum}
	var b strings.Builder
	for _, table := range section(e).Tables {
		fmt.Fprintf(&b, "%s: %s\n", table.ID, table.Title)
		for i, row := range append([][]reports.Cell{nil}, table.Rows...) {
			for j, c := range table.Columns {
				switch cell := (reports.Cell{Text: c.Key}); {
				case i > 0 && row[j].Number != nil:
					fmt.Fprintf(&b, " | %.4g", *row[j].Number)
				case i > 0 && row[j].Interval != nil:
					fmt.Fprintf(&b, " | %.4g to %.4g", row[j].Interval.Low, row[j].Interval.High)
				default:
					if i > 0 {
						cell = row[j]
					}
					fmt.Fprintf(&b, " | %s%s", cell.Text, cell.Why)
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
	for _, f := range []reports.Figure{latencyFigure(e), costFigure(e, perMeterFigureID, "Costs of a meter's key: ledger over CA", perMeterPairs()), timeFigure(e)} {
		var svg strings.Builder
		if err := plot.SVG(&svg, f); err != nil {
			t.Fatal(err)
		}
		golden(t, f.ID+".svg", svg.String())
	}
}
