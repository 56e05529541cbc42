package main

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"meterbench/bench/result"
	"meterbench/internal/race"
)

const metered = `name: metered
target:
  kind: reference
  endorse: {servers: 8, service: {kind: exponential, mean: 2ms}}
  batch: {timeout: 50ms, messages: 10}
  commit: {servers: 1, service: {kind: constant, mean: 2ms}, per: block}
  failures: [{outcome: mvcc_conflict, share: 0.05}, {outcome: endorse_refused, share: 0.05}, {outcome: unknown, share: 0.01}]
  give_up: 100ms
warmup: 300ms
repeat: 2
series:
  - {name: open, workload: {kind: plain}, load: {kind: open, rate: [100/s, 200/s], hold: HOLD}}
  - {name: closed, workload: {kind: plain}, load: {kind: closed, clients: 8, hold: HOLD}}
  - {name: answers, workload: {kind: plain}, load: {kind: open, rate: 50/s, hold: HOLD, wait: endorse}}
`

// meteredRun starts a run with metrics on a simulated ledger, whose every level is held for a time, as startHeld does.
func meteredRun(t *testing.T, out, hold string) (p *program, release func()) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "metered.yaml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(metered, "HOLD", hold)), 0o644); err != nil {
		t.Fatal(err)
	}
	return startHeld(t, t.TempDir(), "run", file, "--out", out, "--metrics", "0")
}

// metricsURL waits until a program says where its metrics are.
func (p *program) metricsURL(t *testing.T) string {
	t.Helper()
	p.says(t, &p.stderr, "/metrics")
	return regexp.MustCompile(`(?m)^metrics: (\S+)`).FindStringSubmatch(p.stderr.String())[1]
}

// A sample is named by its series and another label.
type sample struct{ series, of string }

// sums adds up, over the samples of a family within the measured window, what value takes of them, by series and another label.
func sums(family *dto.MetricFamily, by string, value func(*dto.Metric) uint64) map[sample]uint64 {
	all := map[sample]uint64{}
	for _, m := range family.GetMetric() {
		labels := map[string]string{}
		for _, pair := range m.GetLabel() {
			labels[pair.GetName()] = pair.GetValue()
		}
		if n := value(m); labels["during"] == "window" && n > 0 {
			all[sample{labels["series"], labels[by]}] += n
		}
	}
	return all
}

// What was served last is what the run stored: transactions by outcome, and how many have each part of the latency.
func TestMetricsAgreeWithSummary(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	out := t.TempDir()
	p, release := meteredRun(t, out, "2500ms") // longer than a machine stalls
	url := p.metricsURL(t)
	var last []byte
	for over := false; !over; time.Sleep(20 * time.Millisecond) {
		over = reported(out) // so that the last answer is that after the end
		response, err := http.Get(url)
		if err != nil {
			break // it has ended
		}
		var text bytes.Buffer
		if _, err := text.ReadFrom(response.Body); err == nil && response.StatusCode == http.StatusOK {
			last = text.Bytes()
		}
		response.Body.Close()
	}
	release()
	if code := p.exit(t); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, &p.stderr)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(last))
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := filepath.Glob(filepath.Join(out, "metered", "*", "summary.json"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("results: %q, %v", dirs, err)
	}
	outcomes, parts := map[sample]uint64{}, map[sample]uint64{}
	for _, point := range readJSON[result.Summary](t, dirs[0]).Points {
		for outcome, n := range point.Outcomes {
			outcomes[sample{point.Series, outcome}] += n
		}
		for part, latency := range point.Latency {
			parts[sample{point.Series, part}] += uint64(latency.N)
		}
	}
	got := sums(families["meterbench_transactions_total"], "outcome", func(m *dto.Metric) uint64 { return uint64(m.GetCounter().GetValue()) })
	if !maps.Equal(got, outcomes) || len(got) < 6 {
		t.Errorf("outcomes %v, stored are %v", got, outcomes)
	}
	got = sums(families["meterbench_latency_seconds"], "part", func(m *dto.Metric) uint64 { return m.GetHistogram().GetSampleCount() })
	if !maps.Equal(got, parts) || len(got) < 15 {
		t.Errorf("latencies %v, stored are %v", got, parts)
	}
}

// What is wrong with an address is one line, before anything starts.
func TestMetricsRefused(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	t.Setenv("SHORT", "short")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--metrics", taken.Addr().String()}, "--metrics=" + taken.Addr().String() + ": is in use; give another port"},
		{[]string{"--metrics", "0.0.0.0:0"}, "--metrics=0.0.0.0:0: can be reached from other machines, which takes a token; give one with --live-token"},
		{[]string{"--metrics", "0.0.0.0:0", "--live-token", "env:SHORT"}, "--live-token: a token has 16 to 256 characters"},
		{[]string{"--metrics", ""}, "--metrics: give an address"},
		{[]string{"--metrics", "nowhere"}, "--metrics=nowhere: is no address with a port; write HOST:PORT"},
		{[]string{"--metrics", "127.0.0.1:70000"}, `--metrics=127.0.0.1:70000: has the port "70000"`},
		{[]string{"--metrics"}, "flag needs an argument: --metrics"},
	} {
		for _, command := range [][]string{{"run", "quickstart"}, {"reproduce", "closer2020"}, {"network", "up", "minimal"}} {
			t.Run(fmt.Sprint(command, tt.args), func(t *testing.T) {
				var stdout, stderr bytes.Buffer
				code := run(t.Context(), append(command, tt.args...), &stdout, &stderr)
				if code != exitUsage || !strings.HasPrefix(stderr.String(), "meterbench: "+tt.want) || strings.Count(stderr.String(), "\n") != 1 {
					t.Errorf("exit code %d\n%s%s", code, &stdout, &stderr)
				}
			})
		}
	}
}

// The address of the metrics has nothing else, and tells only who has the token.
func TestMetricsAddress(t *testing.T) {
	t.Setenv("METRICS_TOKEN", "a-token-of-a-test")
	file := filepath.Join(t.TempDir(), "metered.yaml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(metered, "HOLD", "20s")), 0o644); err != nil {
		t.Fatal(err)
	}
	p := start(t, t.TempDir(), "run", file, "--out", t.TempDir(), "--metrics", "0", "--live", "--live-token", "env:METRICS_TOKEN")
	url := p.metricsURL(t)
	p.says(t, &p.stderr, "?token=TOKEN once")
	page := regexp.MustCompile(`(?m)^live page: (http://\S+/)\?token`).FindStringSubmatch(p.stderr.String())
	if page == nil {
		t.Fatalf("no page:\n%s", &p.stderr)
	}
	for _, tt := range []struct {
		url, token string
		want       int
	}{
		{url, "a-token-of-a-test", http.StatusOK},
		{url, "", http.StatusForbidden},
		{url, "another-token-of-a-test", http.StatusForbidden},
		{strings.TrimSuffix(url, "metrics"), "a-token-of-a-test", http.StatusNotFound},
		{strings.TrimSuffix(url, "metrics") + "api/about", "a-token-of-a-test", http.StatusNotFound},
		{page[1] + "metrics", "a-token-of-a-test", http.StatusOK},
		{page[1] + "metrics", "", http.StatusForbidden},
	} {
		request, err := http.NewRequest(http.MethodGet, tt.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.token != "" {
			request.Header.Set("Authorization", "Bearer "+tt.token)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != tt.want {
			t.Errorf("%s with token %q: %s, want %d", tt.url, tt.token, response.Status, tt.want)
		}
	}
	p.cmd.Process.Kill()
}
