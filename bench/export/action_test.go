package export

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/metric"
	"meterbench/bench/result"
)

// theAction is what decides how github-action-benchmark reads a file, from its source.
type theAction struct {
	GoLine         string          `json:"go_line"`
	BiggerIsBetter map[string]bool `json:"bigger_is_better"`
	CustomEntry    struct {
		Required, Optional []string
	} `json:"custom_entry"`
}

func readAction(t *testing.T) (a theAction) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "action.json"))
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// goValues reads bench.txt as the action's tool go: a line's first value goes by the benchmark's name, and each of several
// by the name and its unit.
func (a theAction) goValues(text []byte) map[string]float64 {
	line, all := regexp.MustCompile(a.GoLine), map[string]float64{}
	for l := range strings.Lines(string(text)) {
		m := line.FindStringSubmatch(strings.TrimSuffix(l, "\n"))
		if m == nil {
			continue
		}
		name, fields := m[line.SubexpIndex("name")], strings.Fields(m[line.SubexpIndex("remainder")])
		for i := 0; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				all[name+" - "+fields[i+1]] = v
			}
		}
	}
	return all
}

// customValues reads a file as the action's custom tools.
func (a theAction) customValues(t *testing.T, text []byte) map[string]float64 {
	t.Helper()
	var entries []map[string]any
	if err := json.Unmarshal(text, &entries); err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, e := range entries {
		for key, value := range e {
			_, isText := value.(string)
			if !slices.Contains(slices.Concat(a.CustomEntry.Required, a.CustomEntry.Optional), key) || isText == (key == "value") {
				t.Errorf("%s: %v", key, value)
			}
		}
		for _, key := range a.CustomEntry.Required {
			if e[key] == nil {
				t.Errorf("%v has no %s", e, key)
			}
		}
		name := e["name"].(string)
		if _, there := all[name]; there {
			t.Errorf("%s is there twice", name)
		}
		all[name] = e["value"].(float64)
	}
	return all
}

// alerts are those of the action where a value gets worse by more than a tenth, as it takes the tool.
func (a theAction) alerts(tool string, before, after map[string]float64) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		ratio := after[name] / before[name]
		if a.BiggerIsBetter[tool] {
			ratio = before[name] / after[name]
		}
		if ratio > 1.1 {
			names = append(names, name)
		}
	}
	return names
}

// changed is a run of two repetitions with all latencies and the throughput multiplied.
func changed(latency, throughput float64) result.Summary {
	sum := benchSummary()
	sum.Points, sum.FE = sum.Points[:2], nil
	for i := range sum.Points {
		p := &sum.Points[i]
		p.Throughput *= throughput
		p.Latency = maps.Clone(p.Latency)
		q := p.Latency["commit"]
		p50, p95, p99 := *q.P50*latency, *q.P95*latency, *q.P99*latency
		q.P50, q.P95, q.P99, q.Mean, q.Max = &p50, &p95, &p99, q.Mean*latency, q.Max*latency
		p.Latency["commit"] = q
	}
	return sum
}

// The action alerts where a run gets worse, by the custom forms alone: in bench.txt it takes more throughput for worse.
func TestActionAlerts(t *testing.T) {
	a := readAction(t)
	const level = "quickstart/plain/clients=8: "
	for _, c := range []struct {
		name                 string
		latency, throughput  float64
		bench, bigger, small []string
	}{
		{"equal", 1, 1, nil, nil, nil},
		{"more throughput", 1, 1.2, []string{"BenchmarkCommit/series=plain/clients=8 - tx/s"}, nil, nil},
		{"less throughput", 1, 0.8, nil, []string{level + "throughput"}, nil},
		{"longer latency", 1.2, 1, []string{
			"BenchmarkCommit/series=plain/clients=8 - max-s", "BenchmarkCommit/series=plain/clients=8 - mean-s", "BenchmarkCommit/series=plain/clients=8 - p50-s",
			"BenchmarkCommit/series=plain/clients=8 - p95-s", "BenchmarkCommit/series=plain/clients=8 - p99-s",
		}, nil, []string{level + "commit latency, p50", level + "commit latency, p99"}},
		{"shorter latency", 0.8, 1, nil, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, after := changed(1, 1), changed(c.latency, c.throughput)
			values := func(sum result.Summary, better metric.Better) map[string]float64 {
				text, err := action(testRun(), sum, better)
				if err != nil {
					t.Fatal(err)
				}
				return a.customValues(t, text)
			}
			for _, tool := range []struct {
				name          string
				before, after map[string]float64
				want          []string
			}{
				{"go", a.goValues(GoBench(testRun(), before)), a.goValues(GoBench(testRun(), after)), c.bench},
				{"customBiggerIsBetter", values(before, metric.Higher), values(after, metric.Higher), c.bigger},
				{"customSmallerIsBetter", values(before, metric.Lower), values(after, metric.Lower), c.small},
			} {
				if len(tool.after) == 0 {
					t.Errorf("%s: nothing was read", tool.name)
				}
				if diff := cmp.Diff(tool.want, a.alerts(tool.name, tool.before, tool.after)); diff != "" {
					t.Errorf("%s: alerts (-want +got):\n%s", tool.name, diff)
				}
			}
		})
	}
}

// Every line of bench.txt that is a benchmark is one to the action too, with all of its values.
func TestActionReadsEveryLine(t *testing.T) {
	a, text := readAction(t), GoBench(testRun(), benchSummary())
	want := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 3 && strings.HasPrefix(f[0], "Benchmark") {
			for i := 3; i < len(f); i += 2 {
				want[f[0]+" - "+f[i]] = true
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(a.goValues(text)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
