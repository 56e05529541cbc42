package compare

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/proc"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/perf/benchfmt"
	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

var clients8 = result.Load{Kind: result.LoadClosed, Clients: 8}

// point makes a valid point of a rate.
func point(rate float64) result.Point {
	return result.Point{
		Series: "plain", Repetition: 1, Valid: true, Load: clients8, Throughput: rate, ClientCPUInSignatures: 800 / rate,
		Conditions: result.Conditions{Topology: "minimal", Fabric: "3.1.1", BatchTimeout: 0.2, BatchMessages: 100, Workload: result.Plain},
	}
}

// save writes the folder of a run that started so many minutes after start.
func save(t *testing.T, dir string, minutes int, change func(*result.Run), points ...result.Point) {
	t.Helper()
	run := result.Run{
		ID: filepath.Base(dir), Scenario: "day", Target: result.TargetFabric, Seed: 7, Started: start.Add(time.Duration(minutes) * time.Minute),
		Versions: map[string]string{"meterbench": "v1"},
		Topology: []byte(`{"name":"minimal","orderers":{"count":1},"channels":[{"chaincodes":[{"name":"readings","dir":"/one"}]}]}`),
		Host:     result.Host{Host: proc.Host{OS: "Debian", Kernel: "6.1", CPU: "EPYC", Cores: 2}, Sign: 3e-5},
	}
	if change != nil {
		change(&run)
	}
	w, err := result.Create(dir, run)
	if err != nil {
		t.Fatal(err)
	}
	sum := result.Summary{Complete: true, Target: run.Target, Points: points}
	if err := w.Close(run, sum); err != nil {
		t.Fatal(err)
	}
}

// sides writes n interleaved runs of each side, whose rates are about 100 and about 100 times the ratio.
func sides(t *testing.T, n int, ratio float64, change func(*result.Run)) (base, head string) {
	t.Helper()
	dir := t.TempDir()
	base, head = filepath.Join(dir, "base"), filepath.Join(dir, "head")
	for i := range n {
		wobble := 1 + 0.01*float64(i%3)
		save(t, filepath.Join(base, "day", fmt.Sprint(i)), 2*i, nil, point(100*wobble))
		save(t, filepath.Join(head, "day", fmt.Sprint(i)), 2*i+1, change, point(100*ratio*wobble*(1+0.002*float64(i%2))))
	}
	return base, head
}

func compared(t *testing.T, base, head string, o Options) (*Comparison, error) {
	t.Helper()
	b, err := Read([]string{base})
	if err != nil {
		return nil, err
	}
	h, err := Read([]string{head})
	if err != nil {
		return nil, err
	}
	return Compare(b, h, o)
}

// row returns the row of a metric.
func (c *Comparison) row(t *testing.T, name string) Row {
	t.Helper()
	at := slices.IndexFunc(c.Rows, func(r Row) bool { return r.Metric.Name == name })
	if at < 0 {
		t.Fatalf("no row of %s", name)
	}
	return c.Rows[at]
}

func codes(warnings []stats.Warning) (codes []stats.Code) {
	for _, w := range warnings {
		codes = append(codes, w.Code)
	}
	return codes
}

func TestInterleavedRuns(t *testing.T) {
	base, head := sides(t, 6, 0.9, nil)
	c, err := compared(t, base, head, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := c.row(t, metric.Throughput)
	if !c.Paired || !r.Paired || len(r.Base.Values) != 6 || r.Verdict != Worse || math.Abs(r.Difference+0.1) > 0.002 {
		t.Errorf("%+v", r)
	}
	if r.Interval.Low > r.Difference || r.Interval.High < r.Difference || r.Adjusted < r.P {
		t.Errorf("interval %+v, p %g, adjusted %g", r.Interval, r.P, r.Adjusted)
	}
	if cpu := c.row(t, metric.ClientCPUPerCommit); cpu.Verdict != Worse || cpu.Difference < 0.1 {
		t.Errorf("%+v", cpu)
	}
	if c.Count(Worse) != 2 || c.Count(CannotTell) != 0 {
		t.Errorf("%d worse, %d not told", c.Count(Worse), c.Count(CannotTell))
	}
	if c, err = compared(t, head, base, Options{}); err != nil || c.row(t, metric.Throughput).Verdict != Better {
		t.Errorf("the other way round: %v, %v", c, err)
	}
	base, head = sides(t, 6, 1, nil)
	if c, err = compared(t, base, head, Options{}); err != nil || c.row(t, metric.Throughput).Verdict != NoDifference {
		t.Errorf("equal runs: %v, %v", c, err)
	}
}

func TestPairs(t *testing.T) {
	runs := func(minutes ...int) (runs []Run) {
		for _, m := range minutes {
			runs = append(runs, Run{Source: Source{Started: start.Add(time.Duration(m) * time.Minute)}})
		}
		return runs
	}
	for _, c := range []struct {
		name       string
		base, head []Run
		want       bool
	}{
		{"in turn", runs(0, 2, 4), runs(1, 3, 5), true},
		{"first of a pair changes", runs(0, 3, 4), runs(1, 2, 5), true},
		{"one after the other", runs(0, 1, 2), runs(3, 4, 5), false},
		{"two and two", runs(0, 1, 4), runs(2, 3, 5), false},
		{"numbers differ", runs(0, 2), runs(1, 3, 5), false},
		{"one of each", runs(0), runs(1), false},
		{"at once", runs(0, 2), runs(0, 2), false},
		{"files", make([]Run, 3), make([]Run, 3), false},
	} {
		if got := tookTurns(c.base, c.head); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// Repetitions of one run are values of their own, but not with pairs of runs; too few of them tell nothing.
func TestRepetitions(t *testing.T) {
	dir := t.TempDir()
	repeated := func(name string, minutes, n int, rate float64) string {
		var points []result.Point
		for i := range n {
			p := point(rate * (1 + 0.001*float64(i%3)))
			p.Repetition = i + 1
			points = append(points, p)
		}
		save(t, filepath.Join(dir, name), minutes, nil, points...)
		return filepath.Join(dir, name)
	}
	for _, c := range []struct {
		name   string
		n      int
		want   Verdict
		values int
		codes  []stats.Code
	}{
		{"one", 1, CannotTell, 1, []stats.Code{FewRuns}},
		{"five", 5, CannotTell, 5, []stats.Code{FewRuns}},
		{"eight", 8, Worse, 8, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := compared(t, repeated(c.name+"-base", 0, c.n, 100), repeated(c.name+"-head", 9, c.n, 50), Options{})
			if err != nil {
				t.Fatal(err)
			}
			r := got.row(t, metric.Throughput)
			if r.Verdict != c.want || len(r.Head.Values) != c.values || r.Paired {
				t.Errorf("%+v", r)
			}
			if diff := cmp.Diff(c.codes, codes(r.Warnings)); diff != "" {
				t.Error(diff)
			}
			if !slices.Contains(codes(got.Warnings), NotInterleaved) {
				t.Error("no warning that the runs did not take turns")
			}
		})
	}
	b, err := Read([]string{repeated("b1", 0, 3, 100), repeated("b2", 2, 3, 100)})
	if err != nil {
		t.Fatal(err)
	}
	h, err := Read([]string{repeated("h1", 1, 3, 100), repeated("h2", 3, 3, 100)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Compare(b, h, Options{})
	if err != nil || !got.Paired || len(got.row(t, metric.Throughput).Base.Values) != 2 {
		t.Errorf("two pairs of runs with repetitions: %+v, %v", got, err)
	}
}

// Points that are invalid or had events are counted and nothing else.
func TestLeftOut(t *testing.T) {
	dir := t.TempDir()
	invalid, disturbed := point(1), point(2)
	invalid.Valid, disturbed.Events = false, []result.Event{{}}
	save(t, filepath.Join(dir, "a"), 0, nil, point(100), invalid, disturbed)
	save(t, filepath.Join(dir, "b"), 1, nil, point(100))
	save(t, filepath.Join(dir, "c"), 2, nil, invalid)
	c, err := compared(t, filepath.Join(dir, "a"), filepath.Join(dir, "b"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Base[0]; s.Invalid != 1 || s.Disturbed != 1 || !slices.Contains(codes(c.Warnings), LeftOut) {
		t.Errorf("%+v, %v", s, c.Warnings)
	}
	if diff := cmp.Diff([]float64{100}, c.row(t, metric.Throughput).Base.Values); diff != "" {
		t.Error(diff)
	}
	if _, err := Read([]string{filepath.Join(dir, "c")}); err == nil || !strings.Contains(err.Error(), "no valid point") {
		t.Errorf("a run without a valid point: %v", err)
	}
	if runs, err := Read([]string{filepath.Join(dir, "b"), filepath.Join(dir, "c")}); err != nil || runs[1].Source.Invalid != 1 {
		t.Errorf("one run of two without a valid point: %v", err)
	}
}

func TestUnlike(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*result.Run)
		want   string // of the error, empty: none
	}{
		{"cores", func(r *result.Run) { r.Host.Cores = 4 }, "host.cores (2 against 4)"},
		{"cpu with a sequence", func(r *result.Run) { r.Host.CPU = "\x1b[2J" }, `host.cpu (EPYC against \x1b[2J)`},
		{"seed", func(r *result.Run) { r.Seed = 8 }, "seed (7 against 8)"},
		{"target", func(r *result.Run) { r.Target = result.TargetReference }, "target (fabric against reference)"},
		{"a network's orderers", func(r *result.Run) {
			r.Topology = []byte(strings.Replace(string(r.Topology), `"count":1`, `"count":3`, 1))
		},
			"topology.orderers.count (1 against 3)"},
		{"a contract's folder", func(r *result.Run) { r.Topology = []byte(strings.Replace(string(r.Topology), "/one", "/two", 1)) }, ""},
		{"version", func(r *result.Run) { r.Versions = map[string]string{"meterbench": "v2"} }, ""},
		{"name of the scenario", func(r *result.Run) { r.Scenario = "night" }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, head := sides(t, 2, 1, c.change)
			got, err := compared(t, base, head, Options{})
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || err.Error() != "the runs are not alike: "+c.want {
				t.Fatalf("%v, %v", got, err)
			}
			key := Key(strings.Fields(c.want)[0])
			above, _, _ := strings.Cut(string(key), ".")
			for _, allowed := range []Key{key, Key(above), Any} {
				got, err := compared(t, base, head, Options{Allow: []Key{allowed}})
				if err != nil || !slices.Contains(codes(got.Warnings), UnlikeAllowed) {
					t.Errorf("allowed by %s: %v", allowed, err)
				}
			}
			if _, err := compared(t, base, head, Options{Allow: []Key{"limits"}}); err == nil {
				t.Error("allowed by another key")
			}
		})
	}
}

// Conditions of points name the series, unless all series differ alike; those of one side must be alike too.
func TestUnlikePoints(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, fabric, other string) {
		a, b := point(100), point(100)
		a.Conditions.Fabric, b.Conditions.Fabric, b.Series = fabric, other, "padded"
		save(t, filepath.Join(dir, name), len(name), nil, a, b)
	}
	write("b", "3.1.1", "3.1.1")
	write("hh", "2.5.9", "2.5.9")
	write("iii", "3.1.1", "2.5.9")
	for _, c := range []struct{ base, head, want string }{
		{"b", "hh", "fabric (3.1.1 against 2.5.9)"},
		{"b", "iii", "fabric (3.1.1 against 2.5.9) of series padded"},
	} {
		_, err := compared(t, filepath.Join(dir, c.base), filepath.Join(dir, c.head), Options{})
		if err == nil || err.Error() != "the runs are not alike: "+c.want {
			t.Errorf("%s, %s: %v", c.base, c.head, err)
		}
	}
	base, _ := Read([]string{filepath.Join(dir, "b"), filepath.Join(dir, "hh")})
	head, _ := Read([]string{filepath.Join(dir, "iii")})
	if _, err := Compare(base, head, Options{}); err == nil || !strings.Contains(err.Error(), "2.5.9 and 3.1.1 against 3.1.1") {
		t.Errorf("one side differs within itself: %v", err)
	}
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	save(t, filepath.Join(dir, "run"), 0, nil, point(100))
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	bench := write("bench.txt", "BenchmarkA 1 5 ns/op\n")
	for _, c := range []struct {
		name  string
		paths []string
		want  string
	}{
		{"nothing there", []string{filepath.Join(dir, "none")}, "none: no such file or directory; name the folder"},
		{"empty folder", []string{empty}, "empty: holds no run; name a folder"},
		{"no benchmark", []string{write("log.txt", "PASS\nok x 1s\n")}, "log.txt: has no benchmark in Go benchmark format"},
		{"malformed line", []string{write("bad.txt", "goos: linux\nBenchmarkA many 5 ns/op\n")}, "bad.txt:2: parsing iteration count"},
		{"no number", []string{write("nan.txt", "BenchmarkA 1 NaN ns/op\n")}, "nan.txt:1: NaN ns/op is no measurement; correct"},
		{"no iterations", []string{write("none.txt", "BenchmarkA 1 5 ns/op\nBenchmarkA 0 5 ns/op\n")}, "none.txt:2: 0 iterations measure nothing; correct the line"},
		{"fewer iterations", []string{write("fewer.txt", "BenchmarkA -3 5 ns/op\n")}, "fewer.txt:1: -3 iterations measure nothing"},
		{"a unit twice", []string{write("twice.txt", "\nBenchmarkA 1 5 ns/op 6 ns/op\n")}, "twice.txt:2: ns/op is there twice"},
		{"a unit in two words", []string{write("words.txt", "BenchmarkA 1 5 ns/op 0.1 sec/op\n")}, "words.txt:1: sec/op is there twice"},
		{"no direction", []string{write("way.txt", "Unit x assume=exact better=sideways\nBenchmarkA 1 1 x\n")}, `way.txt:1: of x better is "sideways"; write better=higher or better=lower`},
		{"contradicting units", []string{write("unit.txt", "Unit x better=lower\nUnit x better=higher\nBenchmarkA 1 1 x\n")}, "unit.txt:2: metadata better"},
		{"long line", []string{write("long.txt", "Benchmark"+strings.Repeat("x", 1<<20))}, "a line that is too long"},
		{"mixed", []string{bench, filepath.Join(dir, "run")}, "is the folder of a run and " + bench + " is a benchmark file"},
		{"damaged run", []string{filepath.Dir(write("damaged/run.json", "{"))}, "run.json"},
		{"device", []string{os.DevNull}, "is no regular file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(c.paths)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	read := func(paths ...string) []Run {
		runs, err := Read(paths)
		if err != nil {
			t.Fatal(err)
		}
		return runs
	}
	run, file := read(filepath.Join(dir, "run")), read(bench)
	other := read(write("other.txt", "BenchmarkB 1 5 ns/op\n"))
	for _, c := range []struct {
		name       string
		base, head []Run
		o          Options
		want       string
	}{
		{"one side", run, nil, Options{}, "1 runs as the base and 0 as the head"},
		{"mixed sides", file, run, Options{}, "compare the one kind or the other"},
		{"the same run", run, run, Options{}, "is named twice"},
		{"nothing in common", file, other, Options{}, "no series and load in common"},
		{"an unknown metric", file, read(write("c.txt", "BenchmarkA 1 5 ns/op\n")), Options{Gate: []string{"commit.p99"}}, "commit.p99 is measured on neither side; metrics are sec/op"},
	} {
		if _, err := Compare(c.base, c.head, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := os.Rename(filepath.Join(dir, "run"), filepath.Join(dir, "copy")); err != nil {
		t.Fatal(err)
	}
	if _, err := Compare(run, read(filepath.Join(dir, "copy")), Options{}); err == nil || !strings.Contains(err.Error(), "is the same run as") {
		t.Errorf("a copy of the run: %v", err)
	}
}

// Folders of older versions compare.
func TestOldFolder(t *testing.T) {
	runs, err := Read([]string{"../result/testdata/old"})
	if err != nil || len(runs) != 1 || len(runs[0].cells) == 0 {
		t.Errorf("%+v, %v", runs, err)
	}
}

const benchmarks = `goos: linux
pkg: example.org/a
commit: 1
Unit widgets better=higher
BenchmarkA-2 10 %v ns/op %v widgets 0 B/op %v allocs/op 7 things
`

// file writes a benchmark file of n lines whose values are times x.
func file(t *testing.T, name string, n int, x float64, allocs int) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		wobble := 1 + 0.005*float64(i%3)
		fmt.Fprintf(&b, benchmarks, 100*x*wobble, 5/x*wobble, allocs)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBenchmarkFiles(t *testing.T) {
	c, err := compared(t, file(t, "base.txt", 10, 1, 0), file(t, "head.txt", 10, 1.2, 1), Options{})
	if err != nil {
		t.Fatal(err)
	}
	type told struct {
		Series, Metric string
		Better         metric.Better
		Gated          bool
		Verdict        Verdict
	}
	var got []told
	for _, r := range c.Rows {
		got = append(got, told{r.Series, r.Metric.Name, r.Metric.Better, r.Gated, r.Verdict})
	}
	const name = "example.org/a.A-2"
	want := []told{
		{name, "sec/op", metric.Lower, true, Worse},
		{name, "widgets", metric.Higher, true, Worse},
		{name, "B/op", metric.Lower, true, NoDifference}, // 0 everywhere
		{name, "allocs/op", metric.Lower, true, Worse},   // from 0 to 1: there is no ratio, but no doubt either
		{name, "things", "", false, CannotTell},          // which way is better?
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r := c.row(t, "allocs/op"); !math.IsInf(r.Difference, 1) || r.Interval != nil {
		t.Errorf("%+v", r)
	}
	if c, err = compared(t, file(t, "base.txt", 10, 1, 0), file(t, "head.txt", 10, 1.2, 1), Options{Gate: []string{"B/op"}}); err != nil || c.Count(Worse) != 0 {
		t.Errorf("gated by B/op alone: %v", err)
	}
}

// What the table of metrics has is gated as there, and its direction needs no metadata.
func TestOwnUnits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bench.txt")
	if err := os.WriteFile(path, []byte("BenchmarkCommit/series=a/clients=8 10 400 tx/s 0.1 p50-s 0.3 p95-s\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	runs, err := Read([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []metric.Metric{
		{Name: "tx/s", Better: metric.Higher, Gated: true}, {Name: "p50-s", Better: metric.Lower, Gated: true}, {Name: "p95-s", Better: metric.Lower},
	} {
		if m := runs[0].cells[i].metric; m.Name != want.Name || m.Better != want.Better || m.Gated != want.Gated {
			t.Errorf("%+v", m)
		}
	}
}

// Zeros, missing values and huge ratios never make a verdict that the data do not hold.
func TestOddValues(t *testing.T) {
	six := func(v ...float64) []float64 { return slices.Repeat(v, 6/len(v)) }
	for _, c := range []struct {
		name       string
		base, head []float64
		want       Verdict
		warned     bool
	}{
		{"all equal", six(3), six(3), NoDifference, false},
		{"no variance but another value", six(100), six(112), Worse, false},
		{"no variance and a small difference", six(100), six(101), NoDifference, false},
		{"some zeros", six(0, 1), six(0, 2), CannotTell, true},
		{"zeros against some", six(0), six(0, 1), CannotTell, true},
		{"from zero", six(0), six(1), Worse, true},
		{"to zero", six(1), six(0), Better, true},
		{"negative", six(-1), six(1), CannotTell, true},
		{"tiny", six(5e-324, 1e-320), six(1e-323, 2e-320), CannotTell, true},
		{"huge ratios", six(1e-300, 1e300), six(1e300, 1e-300), CannotTell, false},
		{"none", six(1), nil, CannotTell, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, paired := range []bool{false, true} {
				rows := []Row{{Metric: metric.Metric{Better: metric.Lower}, Gated: true, Paired: paired && c.head != nil,
					Base: Sample{Values: c.base}, Head: Sample{Values: c.head}}}
				decide(rows, DefaultAlpha, DefaultMinimum)
				if r := rows[0]; r.Verdict != c.want || (len(r.Warnings) > 0) != c.warned {
					t.Errorf("paired %v: %+v", paired, r)
				}
			}
		})
	}
}

// Whatever the values, what is told is supported: a difference by p and size, none by an interval and by what could have been
// seen, and neither by few values.
func TestVerdictsAreSupported(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(0.9, 1.1), rapid.Float64Range(0, 3), rapid.Float64Range(-1, 1e9)), 0, 12)
		rows := make([]Row, rapid.IntRange(1, 4).Draw(t, "rows"))
		minimum := rapid.Float64Range(0.001, 0.5).Draw(t, "minimum")
		for i := range rows {
			r := &rows[i]
			r.Base.Values, r.Head.Values = values.Draw(t, "base"), values.Draw(t, "head")
			r.Gated, r.Paired = rapid.Bool().Draw(t, "gated"), rapid.Bool().Draw(t, "paired")
			r.Metric.Better = rapid.SampledFrom([]metric.Better{metric.Higher, metric.Lower, ""}).Draw(t, "better")
			if n := min(len(r.Base.Values), len(r.Head.Values)); r.Paired {
				r.Base.Values, r.Head.Values = r.Base.Values[:n], r.Head.Values[:n]
			}
		}
		decide(rows, DefaultAlpha, minimum)
		for _, r := range rows {
			few := min(len(r.Base.Values), len(r.Head.Values)) < MinValues
			switch {
			case (few || r.Metric.Better == "") && r.Verdict != CannotTell:
				t.Fatalf("told by too little: %+v", r)
			case r.Verdict == NoDifference && (r.Smallest > minimum || r.Interval.Low < -minimum || r.Interval.High > minimum):
				t.Fatalf("no difference, but one of %g would not have been seen: %+v", minimum, r)
			case (r.Verdict == Better || r.Verdict == Worse) && (r.Adjusted >= DefaultAlpha || math.Abs(r.Difference) < minimum):
				t.Fatalf("too small or by chance: %+v", r)
			case r.P < 0 || r.P > 1 || r.Adjusted < r.P || r.Adjusted > 1:
				t.Fatalf("p: %+v", r)
			}
		}
	})
}

func FuzzBenchmarks(f *testing.F) {
	f.Add(fmt.Sprintf(benchmarks, 1, 2, 3), fmt.Sprintf(benchmarks, 2, 0, 0))
	f.Add("BenchmarkA 1 0 ns/op\nBenchmarkA 1 1e308 ns/op", "Unit ns/op better=lower\nBenchmarkA 1 -1 sec/op 1 1")
	f.Add("BenchmarkA 0 1 x 2 x", "Unit x better=sideways\nBenchmarkA -1 1 x")
	f.Add("a: b\na:\nBenchmarkX/y=z-8 1 5 MB/s", "pkg: \x1b\nUnit\nBenchmark 1 1 tx/s")
	f.Fuzz(func(t *testing.T, base, head string) {
		b, err := readBenchmarks(benchfmt.NewReader(strings.NewReader(base), "base"), "base")
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("%q is more than a line", err)
			}
			return
		}
		h, err := readBenchmarks(benchfmt.NewReader(strings.NewReader(head), "head"), "head")
		if err != nil {
			return
		}
		b.resolved, h.resolved = "base", "head"
		c, err := Compare([]Run{b}, []Run{h}, Options{Allow: []Key{Any}})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("%q is more than a line", err)
			}
			return
		}
		for _, r := range c.Rows {
			if r.Verdict == "" || min(len(r.Base.Values), len(r.Head.Values)) < MinValues && r.Verdict != CannotTell {
				t.Errorf("%+v", r)
			}
		}
	})
}
