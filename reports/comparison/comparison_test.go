package comparison_test

import (
	"bytes"
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/compare"
	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/reports/comparison"
	"meterbench/reports/junit"
	"meterbench/reports/render"
)

var update = flag.Bool("update", false, "write the golden files anew")

// made is a comparison of two series at three loads, of which a reader can tell at a glance what is wrong: p99 of plain is
// worse, throughput of bank better, and too little is known of the client's CPU.
func made(t testing.TB) *compare.Comparison {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	c := &compare.Comparison{Alpha: 0.05, Minimum: 0.05, Paired: true}
	for i := range 6 {
		at := time.Date(2026, 1, 2, 3, 4*i, 0, 0, time.UTC)
		c.Base = append(c.Base, compare.Source{Path: "out/base/" + at.Format("20060102-150405"), Run: at.Format("20060102-150405"), Scenario: "smoke", Started: at, Complete: true})
		at = at.Add(2 * time.Minute)
		c.Head = append(c.Head, compare.Source{Path: "out/head/" + at.Format("20060102-150405"), Run: at.Format("20060102-150405"), Scenario: "smoke", Started: at, Complete: true})
	}
	c.Head[1].Invalid, c.Head[2].Complete = 2, false
	c.Unlike = []compare.Unlike{
		{Key: "meterbench", Base: []string{"v1"}, Head: []string{"v2"}, Told: true},
		{Key: "host", Base: []string{"a"}, Head: []string{"b"}},
	}
	c.Warnings = []stats.Warning{stats.Warn("unlike-allowed", "the sides differ on purpose: host (a against b)")}
	sample := func(middle float64) (s compare.Sample) {
		for range 6 {
			s.Values = append(s.Values, middle*(1+0.02*random.NormFloat64()))
		}
		s.Median = stats.Median(s.Values)
		return s
	}
	for _, series := range []string{"plain", "encrypted-bank/batch=100"} {
		for _, clients := range []int{1, 8, 64} {
			for _, of := range []struct {
				name  string
				value float64
			}{{"throughput", 40 * float64(clients)}, {"commit.p50", 0.02}, {"commit.p99", 0.09 + 0.001*float64(clients)}, {"client.cpu_per_commit", 8.8}, {"wire", 7800}} {
				m, ok := metric.Named(of.name)
				if !ok {
					t.Fatal(of.name)
				}
				r := compare.Row{Series: series, Load: result.Load{Kind: result.LoadClosed, Clients: clients}, Metric: m, Paired: true, Gated: m.Gated,
					P: 0.4, Adjusted: 1, Smallest: 0.031, Verdict: compare.NoDifference, Difference: 0.002,
					Interval: &stats.Interval{Low: -0.017, High: 0.021, N: 6, Method: "made up"}}
				factor := 1.0
				switch {
				case series == "plain" && of.name == "commit.p99" && clients > 1:
					factor, r.Verdict, r.P, r.Adjusted = 1.12, compare.Worse, 0.00001, 0.00024
				case series != "plain" && of.name == "throughput" && clients == 64:
					factor, r.Verdict, r.P, r.Adjusted = 1.08, compare.Better, 0.0001, 0.0023
				case of.name == "client.cpu_per_commit" && clients == 1:
					r.Verdict, r.Smallest, r.Warnings = compare.CannotTell, 0.083, []stats.Warning{stats.Warn("scatter", "the runs scatter")}
				}
				r.Base, r.Head = sample(of.value), sample(of.value*factor)
				if factor != 1 {
					r.Difference = factor - 1
					r.Interval = &stats.Interval{Low: r.Difference - 0.02, High: r.Difference + 0.02, N: 6, Method: "made up"}
				}
				c.Rows = append(c.Rows, r)
			}
		}
	}
	return c
}

// A benchmark compares files in Go benchmark format, with too few values for anything.
func benchmark() *compare.Comparison {
	m := metric.Metric{Name: "sec/op", Title: "sec/op", Unit: "sec/op", Better: metric.Lower, Bench: "sec/op"}
	return &compare.Comparison{Alpha: 0.05, Minimum: 0.05,
		Base: []compare.Source{{Path: "base.txt", Complete: true}}, Head: []compare.Source{{Path: "head.txt", Complete: true}},
		Rows: []compare.Row{{Series: "Sign-2", Metric: m, Gated: true, Base: compare.Sample{Values: []float64{21.3e-6}, Median: 21.3e-6},
			Head: compare.Sample{Values: []float64{23.9e-6}, Median: 23.9e-6}, Difference: 0.122, P: 1, Adjusted: 1, Smallest: math.Inf(1), Verdict: compare.CannotTell}},
	}
}

func TestGolden(t *testing.T) {
	type writer = func(io.Writer, *compare.Comparison) error
	text := func(width int) writer {
		return func(w io.Writer, c *compare.Comparison) error { return render.Text(w, comparison.Build(c), width) }
	}
	markdown := func(w io.Writer, c *compare.Comparison) error { return render.Markdown(w, comparison.Build(c)) }
	cases := func(w io.Writer, c *compare.Comparison) error { return junit.Write(w, comparison.Suite(c, false)) }
	for _, g := range []struct {
		name  string
		of    *compare.Comparison
		write writer
	}{
		{"made-80.txt", made(t), text(80)}, {"made-140.txt", made(t), text(140)}, {"made.md", made(t), markdown},
		{"made.json", made(t), comparison.JSON}, {"made.xml", made(t), cases},
		{"benchmark-80.txt", benchmark(), text(80)}, {"benchmark.md", benchmark(), markdown}, {"benchmark.json", benchmark(), comparison.JSON},
	} {
		t.Run(g.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := g.write(&b, g.of); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", g.name)
			if *update {
				if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
