package history

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/proc"
)

// started is when the first run of the tests started.
var started = time.Date(2026, 9, 1, 4, 0, 0, 0, time.UTC)

// record is that of the n-th run, with figures by column.
func record(n int, figures map[string]float64) Record {
	r := Record{Started: started.AddDate(0, 0, n), Run: fmt.Sprintf("r%d", n), Scenario: "nightly", Conditions: []Condition{{"fabric", "3.1.1"}}}
	for _, name := range slices.Sorted(mapKeys(figures)) {
		c, ok := ParseColumn(name)
		if !ok {
			panic(name)
		}
		r.Figures = append(r.Figures, Figure{c, figures[name]})
	}
	return r
}

const (
	throughput = "throughput of plain at clients=8"
	p99        = "commit.p99 of plain at offered=12.5/s"
)

func content(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestColumns(t *testing.T) {
	for name, want := range map[string]bool{
		throughput: true, p99: true, "p256_sign_s": true, "saturation of plain": true, "commit.p99.9 of a at b at clients=2": true,
		"commit.p99 of plain": false, "speed of plain at clients=8": false, "throughput of plain at clients=0": false, "throughput of plain at clients=08": false,
		"throughput of  at clients=8": true, "throughput of plain at offered=NaN/s": false, "throughput of plain at offered=-1/s": false,
		"throughput of plain at offered=1": false, "saturation of ": false, "fabric": false, "": false, "throughput of plain at rate=1/s": false,
	} {
		c, ok := ParseColumn(name)
		if name == "throughput of  at clients=8" { // a series without a name is none
			want = false
		}
		if ok != want || ok && c.String() != name {
			t.Errorf("%q: %v, %q", name, ok, c.String())
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		all := metric.All()
		c := Column{Metric: all[rapid.IntRange(0, len(all)-1).Draw(t, "metric")], Series: rapid.StringN(1, 20, -1).Draw(t, "series")}
		c.Load = result.Load{Kind: result.LoadClosed, Clients: rapid.IntRange(1, 1e6).Draw(t, "clients")}
		if got, ok := ParseColumn(c.String()); !ok || got.Series != c.Series || got.Load != c.Load || got.Metric.Name != c.Metric.Name {
			t.Fatalf("%q became %+v, %v", c.String(), got, ok)
		}
	})
}

// A line has the gated figures of valid levels, saturation in place of the levels that a search found, and conditions.
func TestOf(t *testing.T) {
	half := 0.5
	point := func(series string, clients int, rate float64) result.Point {
		return result.Point{Series: series, Load: result.Load{Kind: result.LoadClosed, Clients: clients, Slots: 9}, Valid: true, Throughput: rate,
			Latency:    map[string]stats.Quantiles{"commit": {P50: &half, N: 100}},
			Conditions: result.Conditions{Topology: "minimal", Fabric: "3.1.1", BatchMessages: 10, BatchTimeout: 2}}
	}
	sum := result.Summary{Target: "fabric", Complete: true, Points: []result.Point{
		point("plain", 8, 100), point("plain", 8, 110), point("plain", 16, 7), point("found", 4, 300), point("cut", 2, 5)}}
	sum.Points[2].Valid = false
	sum.Points[4].Events = []result.Event{{}}
	sum.Saturation = []result.Saturation{{Series: "plain", Reached: true, Throughput: 1}, {Series: "found", Reached: true, Throughput: 310}}
	run := result.Run{ID: "r1", Scenario: "nightly", Seed: 7, Started: started, Host: result.Host{Host: proc.Host{CPU: "Xeon", Cores: 2}, Sign: 2e-5}}
	r := Of(run, sum, func(series string) bool { return series == "found" })
	var got []string
	for _, f := range r.Figures {
		got = append(got, fmt.Sprintf("%s: %v", f.Column, f.Value))
	}
	want := []string{"p256_sign_s: 2e-05", "throughput of plain at clients=8: 105", "commit.p50 of plain at clients=8: 0.5", "saturation of found: 310"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var conditions []string
	for _, c := range r.Conditions {
		conditions = append(conditions, c.Key+"="+c.Value)
	}
	if diff := cmp.Diff("target=fabric topology=minimal fabric=3.1.1 batch=10 in 2s driver= seed=7 cpu=Xeon cores=2 kernel= go= version= revision=",
		strings.Join(conditions, " ")); diff != "" {
		t.Error(diff)
	}
}

// Runs with other columns widen the header and leave holes; what others added stays.
func TestAppend(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.csv")
	for i, r := range []Record{record(0, map[string]float64{throughput: 400}), record(1, map[string]float64{throughput: 410.5, p99: 0.0125}), record(2, nil)} {
		if err := Append(file, r); err != nil {
			t.Fatal(err)
		}
		if i == 1 { // as a spreadsheet would
			edited := strings.NewReplacer("scenario,", "scenario,commit,", "nightly,", "nightly,\"a, \"\"b\"\"\",").Replace(content(t, file))
			if err := os.WriteFile(file, []byte("\ufeff"+strings.ReplaceAll(edited, "\n", "\r\n")), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := `time,run,scenario,commit,fabric,throughput of plain at clients=8,commit.p99 of plain at offered=12.5/s
2026-09-01T04:00:00Z,r0,nightly,"a, ""b""",3.1.1,400,
2026-09-02T04:00:00Z,r1,nightly,"a, ""b""",3.1.1,410.5,0.0125
2026-09-03T04:00:00Z,r2,nightly,,3.1.1,,
`
	if diff := cmp.Diff(want, content(t, file)); diff != "" {
		t.Error(diff)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := Append(file, record(2, nil)); err != nil || content(t, file) != want {
		t.Errorf("the same run again: %v\n%s", err, content(t, file))
	}
	if err := Append(file, record(2, map[string]float64{throughput: 1})); err == nil || !strings.Contains(err.Error(), "is in line 4 already") || content(t, file) != want {
		t.Errorf("the same run with another figure: %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) != 1 {
		t.Errorf("left in the folder: %v, %v", entries, err)
	}
}

// Runs of one scenario that started in the same second, in different folders, are two; one that is there without the fraction
// of its second, from an older version, is the same.
func TestAppendSameSecond(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.csv")
	first, second := record(0, map[string]float64{throughput: 400}), record(0, map[string]float64{throughput: 410})
	first.Started, second.Started = started.Add(120*time.Millisecond), started.Add(870*time.Millisecond)
	for _, r := range []Record{second, first, second} {
		if err := Append(file, r); err != nil {
			t.Fatal(err)
		}
	}
	h, err := Read(file)
	if err != nil || len(h.Lines) != 2 || h.Lines[0].Figures[0] != 400 || h.Lines[1].Figures[0] != 410 {
		t.Fatalf("%+v, %v", h, err)
	}
	if text := content(t, file); strings.Count(text, "\n") != 3 {
		t.Errorf("the second run is there twice:\n%s", text)
	}
	old := filepath.Join(t.TempDir(), "history.csv")
	if err := Append(old, record(0, map[string]float64{throughput: 400})); err != nil {
		t.Fatal(err)
	}
	before := content(t, old)
	if err := Append(old, first); err != nil || content(t, old) != before {
		t.Errorf("the same run by an older version: %v\n%s", err, content(t, old))
	}
	if err := Append(old, second); err == nil || !strings.Contains(err.Error(), "with other cells") {
		t.Errorf("another run in the second of one by an older version: %v", err)
	}
}

// A link to a history stays one.
func TestAppendThroughLink(t *testing.T) {
	dir := t.TempDir()
	link, file := filepath.Join(dir, "link.csv"), filepath.Join(t.TempDir(), "history.csv")
	if err := Append(file, record(0, nil)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := Append(link, record(1, nil)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 || strings.Count(content(t, file), "\n") != 3 {
		t.Errorf("%v, %v\n%s", info.Mode(), err, content(t, file))
	}
}

// No run is lost where many are added at once.
func TestAppendAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.csv")
	var group errgroup.Group
	const n = 20
	for i := range n {
		group.Go(func() error {
			return Append(file, record(i, map[string]float64{fmt.Sprintf("throughput of plain at clients=%d", i+1): float64(i)}))
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	h, err := Read(file)
	if err != nil || len(h.Lines) != n || len(h.Columns) != n {
		t.Fatalf("%d lines, %d columns, %v", len(h.Lines), len(h.Columns), err)
	}
}

// No text of a run is a formula to a spreadsheet, and what was written is found again by the next run.
func TestAppendHostile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.csv")
	m, _ := metric.Named("throughput")
	for n := range 2 {
		r := record(n, nil)
		r.Scenario, r.Conditions = "=HYPERLINK(\"x\")", []Condition{{"@key", "+1+1\n-2"}, {"cpu", "a,=b"}}
		r.Figures = []Figure{{Column{m, "a;=1+1", result.Load{Kind: result.LoadClosed, Clients: 1}}, -1}}
		if err := Append(file, r); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(content(t, file))).ReadAll()
	want := []string{"2026-09-02T04:00:00Z", "r1", `'=HYPERLINK("x")`, `'+1+1\n-2`, "a,'=b", "-1"}
	if err != nil || len(rows) != 3 || !slices.Equal(rows[2], want) {
		t.Errorf("%q, %v", rows, err)
	}
	h, err := Read(file)
	if err != nil || len(h.Columns) != 1 || h.Columns[0].Series != "a;'=1+1" {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestRead(t *testing.T) {
	const head = "time,run,scenario,fabric," + throughput + "\n"
	const line = "2026-09-01T04:00:00Z,r0,nightly,3.1.1,400\n"
	many := strings.Repeat(",x", maxColumns)
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "FILE: is empty, a history begins with a header; remove it"},
		{"no history", "a,b\n1,2\n", "FILE:1:1: is no history: its header has no column time; name a new file, or one that run --history wrote"},
		{"semicolons", "time;run;scenario\n", "FILE:1:1: is no history: its header has no column time; name a new file, or one that run --history wrote"},
		{"twice", "time,run,scenario,run\n", `FILE:1:19: column "run" is there twice`},
		{"many columns", "time,run,scenario" + many + "\n", "FILE:1:" + fmt.Sprint(19+2*(maxColumns-3)) + ": more than 2000 columns"},
		{"no time", head + "yesterday,r0,nightly,3.1.1,400\n", `FILE:2:1: want a time as 2026-11-28T09:30:00Z, got "yesterday"`},
		{"no run", head + "2026-09-01T04:00:00Z,,nightly,3.1.1,400\n", "FILE:2:22: the line has no run"},
		{"no scenario", head + "2026-09-01T04:00:00Z,r0,,3.1.1,400\n", "FILE:2:25: the line has no scenario"},
		{"no number", head + line + "2026-09-02T04:00:00Z,r1,nightly,3.1.1,fast\n", `FILE:3:39: "` + throughput + `": want a number or nothing, got "fast"`},
		{"no finite number", head + "2026-09-02T04:00:00Z,r1,nightly,3.1.1,NaN\n", `FILE:2:39: "` + throughput + `": want a number or nothing, got "NaN"`},
		{"huge number", head + "2026-09-02T04:00:00Z,r1,nightly,3.1.1,1e300\n", `FILE:2:39: "` + throughput + `": want a number or nothing, got "1e300"`},
		{"German number", head + "2026-09-02T04:00:00Z,r1,nightly,3.1.1,\"400,5\"\n", `FILE:2:39: "` + throughput + `": want a number or nothing, got "400,5"`},
		{"short line", head + line + "2026-09-02T04:00:00Z,r1\n", "FILE:3:1: the line has not as many cells as the header; complete or remove it"},
		{"open quote", head + `2026-09-02T04:00:00Z,"r1` + "\n", `FILE:2:26: is no CSV: extraneous or missing " in quoted-field; separate cells by commas, and double the quotes in a quoted one`},
		{"other figures", head + line + strings.Replace(line, "400", "401", 1), "FILE:3:1: run r0 of scenario nightly is in line 2 already, with other cells; remove one of them"},
		{"another time", head + line + strings.Replace(line, "04:00:00Z", "05:00:00Z", 1), "FILE:3:1: run r0 of scenario nightly is in line 2 already, with another time; remove one of them"},
		{"another time and figures", head + line + strings.NewReplacer("09-01", "09-02", "400", "401").Replace(line),
			"FILE:3:1: run r0 of scenario nightly is in line 2 already, with another time; remove one of them"},
		{"other figures, with a fraction", head + line + strings.NewReplacer("00Z", "00.25Z", "400", "401").Replace(line),
			"FILE:3:1: run r0 of scenario nightly is in line 2 already, with other cells; remove one of them"},
		{"other figures at one instant", head + strings.Replace(line, "00Z", "00.25Z", 1) + strings.NewReplacer("00Z", "00.25Z", "400", "401").Replace(line),
			"FILE:3:1: run r0 of scenario nightly is in line 2 already, with other cells; remove one of them"},
		{"terminal", head + "\x1b[2J,r0,nightly,3.1.1,400\n", `FILE:2:1: want a time as 2026-11-28T09:30:00Z, got "\x1b[2J"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "history.csv")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Read(file)
			if err == nil || strings.ReplaceAll(err.Error(), file, "FILE") != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if checked := Check(file); checked == nil || checked.Error() != err.Error() {
				t.Errorf("before a run: %v", checked)
			}
			if appended := Append(file, record(9, nil)); appended == nil || appended.Error() != err.Error() || content(t, file) != c.text {
				t.Errorf("after a run: %v", appended)
			}
		})
	}
	for _, path := range []string{t.TempDir(), "/dev/null", filepath.Join(t.TempDir(), "none", "history.csv")} {
		if err := Check(path); err == nil || len(err.Error()) > 200 {
			t.Errorf("%s: %v", path, err)
		}
	}
	file := filepath.Join(t.TempDir(), "history.csv")
	if err := Check(file); err != nil {
		t.Error(err)
	}
	big, err := os.Create(file)
	if err == nil {
		err = big.Truncate(maxBytes + 1)
	}
	if _, read := Read(file); err != nil || read == nil {
		t.Errorf("a huge file: %v, %v", err, read)
	}
}

// Lines that are there twice count once, and runs are in the order of time.
func TestReadOrder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.csv")
	text := "time,run,scenario," + throughput + ",foreign\n" +
		"2026-09-03T04:00:00+02:00,r2,b,3,x\n2026-09-01T04:00:00Z,r0,a,1,\n2026-09-01T04:00:00Z,r0,a,1,\n2026-09-02T04:00:00.5Z,r1,a,,\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	var runs []string
	for _, l := range h.Lines {
		runs = append(runs, fmt.Sprint(l.Number, l.Run, l.Figures, l.Conditions))
	}
	if diff := cmp.Diff([]string{"3r0[1] []", "5r1[NaN] []", "2r2[3] [x]"}, runs); diff != "" || h.Repeated != 1 || h.Disordered != 1 || !slices.Equal(h.Keys, []string{"foreign"}) {
		t.Errorf("%s\n%d repeated, %d disordered, %v", diff, h.Repeated, h.Disordered, h.Keys)
	}
}

// Whatever is read can be appended to, and reads the same then.
func FuzzRead(f *testing.F) {
	f.Add([]byte("time,run,scenario,fabric," + throughput + "\n2026-09-01T04:00:00Z,r0,nightly,3.1.1,400\n"))
	f.Add([]byte("\ufefftime,run,scenario\r\n2026-09-01T04:00:00Z,\"r\"\"0\",nightly\r\n"))
	f.Add([]byte("scenario,p256_sign_s,run,time\nx,1e-5,r,2026-09-01T04:00:00+01:00\nx,,r2,2025-09-01T04:00:00+01:00"))
	f.Add([]byte("time,run,scenario,,\x00\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, cells, err := parse("history.csv", data)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("%q", err)
			}
			return
		}
		if len(h.Lines)+1 != len(cells) {
			t.Fatalf("%d lines, %d rows", len(h.Lines), len(cells))
		}
		for _, l := range h.Lines {
			if len(l.Figures) != len(h.Columns) || len(l.Conditions) != len(h.Keys) {
				t.Fatalf("%+v of %v and %v", l, h.Columns, h.Keys)
			}
			for _, v := range l.Figures {
				if math.Abs(v) > largest {
					t.Fatalf("figure %v", v)
				}
			}
		}
		if _, err := Analyse(t.Context(), h, Options{}); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "history.csv")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		r := record(0, map[string]float64{throughput: 1})
		r.Run = "a run of its own"
		if err := Append(file, r); err != nil {
			t.Fatal(err)
		}
		again, err := Read(file)
		if err != nil || len(again.Lines) != len(h.Lines)+1 || again.Repeated != 0 {
			t.Fatalf("%v: %d lines, then %d", err, len(h.Lines), len(again.Lines))
		}
	})
}
