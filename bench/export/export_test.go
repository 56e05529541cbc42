package export

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// What is written of a run, format by format.
func TestGolden(t *testing.T) {
	for _, f := range Formats() {
		t.Run(f.File, func(t *testing.T) {
			got, err := f.bytes(testRun(), benchSummary())
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "golden."+f.File)
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// What is measured of a level is exported with unit and direction; invalid points take no part in what has one value a level.
func TestFigures(t *testing.T) {
	sum := benchSummary()
	sum.Points[2].Throughput = 1 // invalid
	var plain benchmark
	for _, b := range benchmarks(testRun(), sum) {
		if b.name == "quickstart/plain/clients=8" {
			plain = b
		}
	}
	at := slices.IndexFunc(plain.figures, func(f figure) bool { return f.Name == metric.Throughput })
	if at < 0 {
		t.Fatalf("%+v has no throughput", plain)
	}
	if f := plain.figures[at]; f.Value.Value != (812.25+815)/2 || f.Value.Interval == nil || f.Value.Interval.N != 2 {
		t.Errorf("throughput %+v", f)
	}
	for _, f := range plain.figures {
		if f.Detail {
			t.Errorf("%s is of a part", f.Name)
		}
	}
}

// A share that is 0 at all levels is left out, and one that is not at one of them is said of all.
func TestSharesThatOccur(t *testing.T) {
	point := func(load int, dropped uint64) result.Point {
		return result.Point{Series: "a", Repetition: 1, Valid: true, Load: result.Load{Kind: result.LoadClosed, Clients: load}, Scheduled: 10,
			Throughput: 1, Outcomes: map[string]uint64{"valid": 10 - dropped, "dropped": dropped}}
	}
	text := string(GoBench(result.Run{}, result.Summary{Points: []result.Point{point(1, 0), point(2, 1)}}))
	for _, part := range []string{"Unit dropped-share better=lower\n", "Unit valid-share better=higher\n", " 0 dropped-share", " 0.1 dropped-share"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
	if strings.Contains(text, "unknown-share") {
		t.Errorf("an outcome that never occurred is there:\n%s", text)
	}
}

// A run without a level, or without a valid one, leaves files that their readers take, as do numbers that JSON does not know.
func TestNothingToExport(t *testing.T) {
	infinite := result.Point{Series: "a", Valid: true, Throughput: 5, Load: closed8,
		Intervals: map[string]stats.Interval{result.ThroughputKey: {Low: math.Inf(-1), High: 6, N: 2}}}
	none := infinite
	none.Throughput = math.NaN()
	for name, sum := range map[string]result.Summary{
		"empty":    {},
		"invalid":  {Points: []result.Point{{Series: "a"}}},
		"infinite": {Points: []result.Point{infinite}},
		"none":     {Points: []result.Point{none}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range Formats() {
				text, err := f.bytes(result.Run{}, sum)
				if err != nil {
					t.Errorf("%s: %v", f.File, err)
				}
				if filepath.Ext(f.File) == ".json" && (!json.Valid(text) || strings.HasPrefix(string(text), "null")) {
					t.Errorf("%s: %s", f.File, text)
				}
			}
		})
	}
}

// All files are written, over those that are there, and a link leads nowhere.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "bench.txt")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Folder(dir, testRun(), benchSummary()); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range Formats() {
		want, err := f.bytes(testRun(), benchSummary())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, f.File)); err != nil || string(got) != string(want) {
			t.Errorf("%s: %v, %s", f.File, err, got)
		}
	}
	if text, err := os.ReadFile(outside); err != nil || string(text) != "mine" {
		t.Errorf("the file outside: %s, %v", text, err)
	}
	missing := filepath.Join(dir, "missing")
	if err := Folder(missing, testRun(), benchSummary()); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("a folder that is missing: %v", err)
	}
}

// Whatever a stored run says, every format is written and, where it is JSON, can be read.
func FuzzFormats(f *testing.F) {
	seed, err := json.Marshal(benchSummary())
	if err != nil {
		f.Fatal(err)
	}
	f.Add("quickstart", seed)
	f.Add("a\nb\x00", []byte(`{"points":[{"series":"\nBenchmarkX 1 2 ns/op","valid":true,"throughput_per_s":1e308}],"fe":[{"scheme":"a b/c"}]}`))
	f.Fuzz(func(t *testing.T, scenario string, data []byte) {
		var sum result.Summary
		if json.Unmarshal(data, &sum) != nil {
			return
		}
		for _, format := range Formats() {
			text, err := format.bytes(result.Run{Scenario: scenario, ID: "r"}, sum)
			if err != nil {
				t.Fatalf("%s: %v", format.File, err)
			}
			if filepath.Ext(format.File) == ".json" && !json.Valid(text) {
				t.Fatalf("%s: %s", format.File, text)
			}
		}
		checkSyntax(t, GoBench(result.Run{Scenario: scenario}, sum))
	})
}
