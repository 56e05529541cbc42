package closer2020

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/reports"
	"meterbench/reports/claims"
)

var update = flag.Bool("update", false, "write the golden files anew")

// broken matches what formatting leaves of a figure that does not exist.
var broken = regexp.MustCompile(`%!|NaN|Inf`)

func verdicts(t *testing.T, run result.Run, sum result.Summary) map[string]result.Verdict {
	t.Helper()
	judged, _ := Publication().Judge(run, sum, devices()[0])
	all := map[string]result.Verdict{}
	for _, c := range judged {
		all[strings.TrimPrefix(c.ID, "closer2020/")] = c.Verdict
		for what, text := range map[string]string{"claim": c.Claim, "published": c.Published, "threshold": c.Threshold, "evidence": c.Evidence} {
			if text == "" || broken.MatchString(text) {
				t.Errorf("%s: %s is %q", c.ID, what, text)
			}
		}
	}
	return all
}

// quietWorld is that of two cores with next to no noise.
func quietWorld() *world {
	return &world{cost: 1.25e-3, noise: 0.01, luck: rand.New(rand.NewPCG(1, 2))}
}

// The golden file is what a reader sees of a study.
func TestGolden(t *testing.T) {
	run, sum := quietWorld().summary(study(t, "closer2020"))
	judged, _ := Publication().Judge(run, sum, devices()[0])
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
	const path = "testdata/closer2020.txt"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("the claims differ from %s (write it anew with -update):\n%s", path, diff)
	}
}

// setThroughput and setPart change a figure of a point with its interval.
func setThroughput(p *result.Point, v float64) {
	p.Throughput = v
	p.Intervals["throughput_per_s"] = stats.Interval{Low: 0.95 * v, High: 1.05 * v, N: 10}
}

func setPart(p *result.Point, part result.Part, v float64) {
	p.Latency[part.String()] = median(v)
	p.Intervals[part.String()+"_s"] = stats.Interval{Low: 0.95 * v, High: 1.05 * v, N: 10}
}

// atKnee returns a change to the limits of a peer whose throughput ends to grow at so many clients under every setting,
// measured three times over; under that of one series it goes on.
func atKnee(at float64, growing string) func(*result.Run, *result.Summary) {
	return func(_ *result.Run, s *result.Summary) {
		var all []result.Point
		for _, p := range s.Points {
			if !strings.HasPrefix(p.Series, "limit") {
				continue
			}
			law := knee(at)
			if growing != "" && p.Series == growing {
				law = knee(1e4)
			}
			throughput, limit := law(p.Conditions, p.Load.Clients)
			for i, off := range []float64{1, 0.99, 1.01} {
				again := p
				again.Repetition, again.Limit, again.Intervals = i+1, limit, maps.Clone(p.Intervals)
				setThroughput(&again, off*throughput)
				all = append(all, again)
			}
		}
		s.Points = all
	}
}

// What a verdict takes and what turns it.
func TestVerdicts(t *testing.T) {
	keep := func(prefixes ...string) func(*result.Run, *result.Summary) {
		return func(_ *result.Run, s *result.Summary) {
			s.Points = slices.DeleteFunc(s.Points, func(p result.Point) bool {
				return !slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(p.Series, prefix) })
			})
		}
	}
	for _, c := range []struct {
		name   string
		change func(*result.Run, *result.Summary)
		id     string
		want   result.Verdict
	}{
		{"no points", keep(), "peer-limit", result.Inconclusive},
		{"no points", keep(), "overhead-vs-transaction", result.Inconclusive},
		{"no points", keep(), "practicable-minimal", result.Inconclusive},
		{"no points", keep(), "scales-with-capacity", result.Inconclusive},
		{"one setting", keep("limit-timer", "limit-filled"), "peer-limit", result.Inconclusive},
		{"settings whose limit lies elsewhere", atKnee(64, ""), "peer-limit", result.NotReproduced},
		{"the limit at 8 under every setting", atKnee(8, ""), "peer-limit", result.Reproduced},
		{"the limit at 8 under all settings but one", atKnee(8, "limit-commit"), "peer-limit", result.Depends},
		{"the limit at 8, but not of the peer", func(r *result.Run, s *result.Summary) {
			atKnee(8, "")(r, s)
			for i := range s.Points {
				s.Points[i].Limit = result.Limit{Kind: result.LimitCommit, Node: "orderer0", Role: result.RoleOrderer}
			}
		}, "peer-limit", result.NotReproduced},
		{"a host that the network fills, the peer most", func(r *result.Run, s *result.Summary) {
			atKnee(8, "")(r, s)
			for i, p := range s.Points {
				if p.Limit.Role == result.RolePeer {
					s.Points[i].Limit.Kind = result.LimitHost
				}
			}
		}, "peer-limit", result.Inconclusive},
		{"a point that is not valid", func(r *result.Run, s *result.Summary) {
			atKnee(8, "limit-commit")(r, s)
			for i, p := range s.Points {
				s.Points[i].Valid = p.Series != "limit-filled" || p.Load.Clients != 16
			}
		}, "peer-limit", result.Depends},
		{"the points that decide are not valid", func(r *result.Run, s *result.Summary) {
			atKnee(8, "")(r, s)
			for i, p := range s.Points {
				s.Points[i].Valid = p.Load.Clients <= 4
			}
		}, "peer-limit", result.Inconclusive},
		{"not valid", func(_ *result.Run, s *result.Summary) {
			for i := range s.Points {
				s.Points[i].Valid = false
			}
		}, "peer-limit", result.Inconclusive},
		{"others in the way at the largest quota", func(_ *result.Run, s *result.Summary) {
			for i, p := range s.Points {
				if strings.HasPrefix(p.Series, "quota") && p.Conditions.Caps.Peer.CPUs == 0.5 {
					s.Points[i].Limit, s.Points[i].Throughput = others, p.Throughput/3
				}
			}
		}, "scales-with-capacity", result.Inconclusive},
		{"the largest quota carried enough with others in the way", func(_ *result.Run, s *result.Summary) {
			for i, p := range s.Points {
				if strings.HasPrefix(p.Series, "quota") && p.Conditions.Caps.Peer.CPUs == 0.5 {
					s.Points[i].Limit = others
				}
			}
		}, "scales-with-capacity", result.Reproduced},
		{"others in the way of few clients", func(r *result.Run, s *result.Summary) {
			atKnee(8, "")(r, s)
			for i, p := range s.Points {
				if p.Load.Clients <= 4 {
					s.Points[i].Limit, s.Points[i].Throughput = others, p.Throughput/3
				}
			}
		}, "peer-limit", result.Inconclusive},
		{"others in the way of many clients", func(r *result.Run, s *result.Summary) {
			atKnee(64, "")(r, s)
			for i, p := range s.Points {
				if p.Load.Clients >= 32 {
					s.Points[i].Limit = others
				}
			}
		}, "peer-limit", result.NotReproduced},
		{"others in the way of some loads", func(_ *result.Run, s *result.Summary) {
			for i, p := range s.Points {
				if p.Load.Clients == 128 || p.Series == "limit-filled-again" {
					s.Points[i].Limit, s.Points[i].Throughput = others, p.Throughput/3
				}
			}
		}, "scales-with-capacity", result.Reproduced},
		{"a host that is too small for the largest quota", func(_ *result.Run, s *result.Summary) {
			for i, p := range s.Points {
				if strings.HasPrefix(p.Series, "quota") && p.Conditions.Caps.Peer.CPUs == 0.5 {
					s.Points[i].Limit = result.Limit{Kind: result.LimitHost, Node: "peer0.ptb", Role: result.RolePeer}
				}
			}
		}, "scales-with-capacity", result.Reproduced},
		{"others in the way between the ends", func(_ *result.Run, s *result.Summary) {
			for i, p := range s.Points {
				if strings.HasPrefix(p.Series, "quota") && p.Conditions.Caps.Peer.CPUs == 0.25 {
					s.Points[i].Limit = others
				}
			}
		}, "scales-with-capacity", result.Reproduced},
		{"costs without intervals", func(_ *result.Run, s *result.Summary) {
			for i := range s.FE {
				s.FE[i].Encrypt.Low, s.FE[i].Encrypt.High = nil, nil
			}
		}, "overhead-key-size", result.Inconclusive},
		{"a forgery that failed for something else", func(_ *result.Run, s *result.Summary) {
			for i := range s.Integrity.Probes {
				if s.Integrity.Probes[i].Kind == result.ProbeForgedSignature {
					s.Integrity.Probes[i].Refused = map[string]uint64{"READING_DUPLICATE": 20}
				}
			}
		}, "algorithm-integrity", result.Inconclusive},
		{"a machine that others fill", func(_ *result.Run, s *result.Summary) {
			for i := range s.Points {
				s.Points[i].Limit = others
			}
		}, "peer-limit", result.Inconclusive},
		{"a machine that others fill", func(_ *result.Run, s *result.Summary) {
			for i := range s.Points {
				s.Points[i].Limit = others
			}
		}, "scales-with-capacity", result.Inconclusive},
		{"no costs", func(_ *result.Run, s *result.Summary) { s.FE = nil }, "overhead-key-size", result.Inconclusive},
		{"one key size", func(_ *result.Run, s *result.Summary) { s.FE = s.FE[:2] }, "overhead-key-size", result.Inconclusive},
		{"key sizes that cost the same", func(_ *result.Run, s *result.Summary) {
			for i := range s.FE {
				s.FE[i].Encrypt = s.FE[0].Encrypt
			}
		}, "overhead-key-size", result.NotReproduced},
		{"fast schemes only", func(_ *result.Run, s *result.Summary) {
			s.FE = slices.DeleteFunc(s.FE, func(c result.FECost) bool { return c.Bits != 256 })
			s.Points = slices.DeleteFunc(s.Points, func(p result.Point) bool { return p.Conditions.Scheme != "" && !single(p.Conditions.Scheme) })
			for i := range s.Points { // an acknowledgement takes some milliseconds
				setPart(&s.Points[i], result.PartAcknowledge, 0.05)
			}
		}, "overhead-vs-transaction", result.Reproduced},
		{"slow schemes only", func(_ *result.Run, s *result.Summary) {
			s.FE = slices.DeleteFunc(s.FE, func(c result.FECost) bool { return c.Bits < 4096 || c.Length < 96 })
			for i, p := range s.Points {
				if p.Conditions.Workload == "encrypted" {
					setPart(&s.Points[i], result.PartEncrypt, 3)
				}
			}
		}, "overhead-vs-transaction", result.NotReproduced},
		{"a fast device", func(r *result.Run, _ *result.Summary) { r.Host.Sign = devices()[0].Sign }, "practicable-minimal", result.Reproduced},
		{"a peer for few meters", func(_ *result.Run, s *result.Summary) {
			for i := range s.Points {
				setThroughput(&s.Points[i], s.Points[i].Throughput/100)
			}
		}, "practicable-minimal", result.NotReproduced},
		{"an untimed signature", func(r *result.Run, _ *result.Summary) { r.Host.Sign = 0 }, "practicable-minimal", result.Inconclusive},
		{"throughput that quotas leave alone", func(_ *result.Run, s *result.Summary) {
			for i := range s.Points {
				s.Points[i].Throughput, s.Points[i].Intervals = 100, nil
			}
		}, "scales-with-capacity", result.NotReproduced},
		{"throughput as the root of the quota", func(_ *result.Run, s *result.Summary) {
			for i := range s.Points {
				s.Points[i].Throughput, s.Points[i].Intervals = s.Points[i].Conditions.Caps.Peer.CPUs, nil
				if q := &s.Points[i]; q.Throughput > 0 {
					q.Throughput = 10 * (0.2 + q.Throughput)
				}
			}
		}, "scales-with-capacity", result.Depends},
		{"quotas that the host cannot grant", func(r *result.Run, _ *result.Summary) { r.Host.Cores = 0 }, "scales-with-capacity", result.Inconclusive},
		{"nothing tried", func(_ *result.Run, s *result.Summary) { s.Integrity = nil }, "algorithm-integrity", result.Inconclusive},
		{"a kind not tried", func(_ *result.Run, s *result.Summary) { s.Integrity.Probes = s.Integrity.Probes[1:] }, "algorithm-integrity", result.Inconclusive},
		{"a kind that older versions did not try", func(_ *result.Run, s *result.Summary) {
			s.Integrity.Probes = slices.DeleteFunc(s.Integrity.Probes, func(p result.Probe) bool { return p.Kind == result.ProbeDoubleBill })
		}, "algorithm-integrity", result.Reproduced},
		{"a forgery accepted", func(_ *result.Run, s *result.Summary) { s.Integrity.Probes[3].Accepted = 1 }, "algorithm-integrity", result.NotReproduced},
		{"everything refused", func(_ *result.Run, s *result.Summary) {
			for i := range s.Integrity.Probes {
				s.Integrity.Probes[i].Accepted = 0
			}
		}, "algorithm-integrity", result.Inconclusive},
	} {
		t.Run(c.name+"/"+c.id, func(t *testing.T) {
			run, sum := quietWorld().summary(study(t, "closer2020"))
			c.change(&run, &sum)
			if got := verdicts(t, run, sum)[c.id]; got != c.want {
				t.Errorf("%s is %q, want %q", c.id, got, c.want)
			}
		})
	}
}

// Marks over one place stand beside each other around it, in the series' order.
func TestSpread(t *testing.T) {
	f := reports.Figure{X: reports.Axis{Ticks: []float64{1024, 2048}}, Series: []reports.Series{
		{Points: []reports.Point{{X: 1024}, {X: 2048}}}, {Points: []reports.Point{{X: 1024}}}, {Points: []reports.Point{{X: 1024}}},
	}}
	spread(f)
	left, middle, right := f.Series[0].Points[0].X, f.Series[1].Points[0].X, f.Series[2].Points[0].X
	if !(left < 1000 && middle == 1024 && right > 1048) {
		t.Errorf("%g, %g, %g, want less than 1000, 1024, more than 1048", left, middle, right)
	}
	if alone := f.Series[0].Points[1].X; alone != 2048 {
		t.Errorf("alone it stands at %g, want 2048", alone)
	}
}

// Every claim's figure is in the report, drawn from what the run holds.
func TestFigures(t *testing.T) {
	run, sum := (&world{cost: 1.25e-3}).summary(study(t, "closer2020"))
	sum.Claims, sum.Feasibility = Publication().Judge(run, sum, devices()[0])
	section := section(&claims.Evidence{Run: run, Summary: sum})
	report := reports.Build(run, sum)
	report.Sections = append(report.Sections, section)
	seen := map[string]bool{}
	for _, f := range report.Figures() {
		if seen[f.ID] {
			t.Errorf("two figures are called %s", f.ID)
		}
		seen[f.ID] = true
	}
	for _, f := range section.Figures {
		if f.Empty != "" || len(f.Series) == 0 {
			t.Errorf("figure %s is empty: %s", f.ID, f.Empty)
		}
	}
	for _, c := range sum.Claims {
		if c.Figure != "" && !seen[c.Figure] {
			t.Errorf("%s: there is no figure %s", c.ID, c.Figure)
		}
	}
	tables := map[string]bool{}
	for _, table := range report.Tables() {
		if tables[table.ID] {
			t.Errorf("two tables are called %s", table.ID)
		}
		tables[table.ID] = true
	}
	for _, table := range section.Tables {
		if len(table.Rows) == 0 {
			t.Errorf("table %s is empty", table.ID)
		}
		for _, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Errorf("table %s: %d cells under %d columns", table.ID, len(row), len(table.Columns))
			}
		}
	}
}
