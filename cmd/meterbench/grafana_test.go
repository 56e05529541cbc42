package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
)

// dashboard is the folder of the dashboard and its program.
var dashboard = filepath.Join(root, "examples", "grafana")

// The dashboard is what its program writes.
func TestDashboardIsGenerated(t *testing.T) {
	if testing.Short() {
		t.Skip("builds another module")
	}
	program := exec.Command("go", "run", ".")
	program.Dir = dashboard
	program.Stderr = os.Stderr
	got, err := program.Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := text(t, "examples/grafana/dashboard.json"); string(got) != want {
		t.Error("examples/grafana/dashboard.json is not what its program writes: go run . > dashboard.json there")
	}
}

// A panelQuery is a query of a panel, by the panel's title.
type panelQuery struct{ panel, expr string }

// panelQueries returns the queries of the dashboard, with values for Grafana's variables.
func panelQueries(t *testing.T) (all []panelQuery) {
	t.Helper()
	type panel struct {
		Type, Title string
		FieldConfig struct{ Defaults struct{ Unit string } }
		Targets     []struct{ Expr string }
		Panels      []panel
	}
	values := strings.NewReplacer("$instance", ".*", "$series", ".*", "$__rate_interval", "5s")
	var visit func([]panel)
	visit = func(panels []panel) {
		for _, p := range panels {
			visit(p.Panels)
			if p.Type == "row" {
				continue
			}
			if len(p.Targets) == 0 || p.FieldConfig.Defaults.Unit == "" {
				t.Errorf("panel %q has %d queries and the unit %q", p.Title, len(p.Targets), p.FieldConfig.Defaults.Unit)
			}
			for _, target := range p.Targets {
				all = append(all, panelQuery{p.Title, values.Replace(target.Expr)})
			}
		}
	}
	visit(readJSON[struct{ Panels []panel }](t, filepath.Join(dashboard, "dashboard.json")).Panels)
	return all
}

// prometheus starts a Prometheus that scrapes some targets once a second and returns where it answers.
func prometheus(t *testing.T, program string, targets []string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	quoted, err := json.Marshal(targets) // which is YAML too
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("global: {scrape_interval: 1s}\nscrape_configs: [{job_name: meterbench, static_configs: [{targets: %s}]}]\n", quoted)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	address := unusedAddress(t)
	cmd := exec.Command(program, append([]string{"--config.file", config, "--storage.tsdb.path", filepath.Join(dir, "data"),
		"--web.listen-address", address, "--log.level", "warn"}, flags...)...)
	p := startCommand(t, cmd)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("prometheus:\n%s", &p.stderr)
		}
	})
	base := "http://" + address
	eventually(t, "prometheus", func() bool {
		response, err := http.Get(base + "/-/ready")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return base
}

// ask has Prometheus evaluate a query now and returns the values, by their labels.
func ask(base, query string) (map[string]float64, error) {
	response, err := http.Get(base + "/api/v1/query?" + url.Values{"query": {query}}.Encode())
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		Error string
		Data  struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("%s: %s", query, answer.Error)
	}
	values := map[string]float64{}
	for _, r := range answer.Data.Result {
		text, _ := r.Value[1].(string)
		if values[fmt.Sprint(r.Metric)], err = strconv.ParseFloat(text, 64); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// needsPrometheus returns the program, without which the test is skipped but in CI.
func needsPrometheus(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("prometheus")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("prometheus is not installed: apt-get install --no-install-recommends prometheus")
	}
	return program
}

// A real Prometheus scrapes a run and a network that is held, by OpenMetrics with classic histograms, and by protobuf with native
// ones, and evaluates every query of the dashboard to finite values. Quantiles of a series are those of its summary.
func TestDashboardQueries(t *testing.T) {
	needsNetwork(t)
	program := needsPrometheus(t)
	out, temp := t.TempDir(), t.TempDir()
	network := start(t, temp, "network", "up", "minimal", "--metrics", "0")
	held := strings.TrimPrefix(strings.TrimSuffix(network.metricsURL(t), "/metrics"), "http://")
	network.says(t, &network.stdout, "takes it down")
	measured, release := meteredRun(t, out, "6s")
	release()
	live := strings.TrimPrefix(strings.TrimSuffix(measured.metricsURL(t), "/metrics"), "http://")
	ways := map[string]string{
		"classic": prometheus(t, program, []string{live, held}),
		"native":  prometheus(t, program, []string{live, held}, "--enable-feature=native-histograms"),
	}
	queries := panelQueries(t)
	if len(queries) < 20 {
		t.Errorf("the dashboard has only %d queries", len(queries))
	}
	open := map[string][]panelQuery{} // those without a value yet
	for way := range ways {
		open[way] = slices.Clone(queries)
	}
	var last error
	for deadline := time.Now().Add(patience); len(open) > 0 && len(measured.ended) == 0 && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		for way, left := range open {
			left = slices.DeleteFunc(left, func(q panelQuery) bool {
				values, err := ask(ways[way], q.expr)
				for labels, v := range values {
					if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
						err = fmt.Errorf("%s of %s is %v", q.panel, labels, v)
					}
				}
				if err != nil {
					last = err
				}
				return err == nil && len(values) > 0
			})
			if open[way] = left; len(left) == 0 {
				delete(open, way)
			}
		}
	}
	for way, left := range open {
		for _, q := range left {
			t.Errorf("%s: panel %q has no finite value: %s (last error: %v)", way, q.panel, q.expr, last)
		}
	}
	if code := measured.exit(t); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, &measured.stderr)
	}
	dirs, err := filepath.Glob(filepath.Join(out, "metered", "*", "summary.json"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("results: %q, %v", dirs, err)
	}
	agree(t, ways, readJSON[result.Summary](t, dirs[0]))
	for name, want := range map[string]float64{
		`sum(meterbench_node_up)`: 3, `count(meterbench_channel_leader)`: 1, `count(meterbench_process_resident_memory_bytes{role="peer"} > 1e6)`: 1,
	} {
		values, err := ask(ways["classic"], name)
		if err != nil || len(values) != 1 || values["map[]"] != want {
			t.Errorf("%s: %v, %v, want %g", name, values, err, want)
		}
	}
	command(t, temp, "network", "down")
	if code := network.exit(t); code != exitOK {
		t.Errorf("network up: exit code %d\n%s", code, &network.stderr)
	}
	nothingLeft(t, temp)
}

// agree checks the median latency of the closed load, by Prometheus, against those of its levels: as sharp as the buckets are.
func agree(t *testing.T, ways map[string]string, s result.Summary) {
	t.Helper()
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range s.Points {
		if p.Series == "closed" {
			p50 := *p.Latency[result.PartCommit.String()].P50
			low, high = min(low, p50), max(high, p50)
		}
	}
	const which = `{series="closed", part="commit", during="window"}`
	for way, query := range map[string]string{
		"classic": `histogram_quantile(0.5, increase(meterbench_latency_seconds_bucket` + which + `[2m]))`,
		"native":  `histogram_quantile(0.5, increase(meterbench_latency_seconds` + which + `[2m]))`,
	} {
		values, err := ask(ways[way], query)
		if err != nil || len(values) != 1 {
			t.Errorf("%s: %v, %v", way, values, err)
			continue
		}
		for _, got := range values {
			sharp := 1.1
			if way == "classic" {
				sharp = 2.5
			}
			if got < low/sharp || got > high*sharp {
				t.Errorf("%s: median %g s, the summary has %g to %g", way, got, low, high)
			}
			t.Logf("%s: median %g s, the summary has %g to %g", way, got, low, high)
		}
	}
}
