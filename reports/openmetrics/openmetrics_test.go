package openmetrics

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/proc"
)

var update = flag.Bool("update", false, "write the golden files")

// versions are those of a program under test.
var versions = map[string]string{"meterbench": "v1.2.3", "revision": "abc", "go": "go1.26.8"}

// scrape returns what is served in a format.
func scrape(t *testing.T, m http.Handler, accept string) string {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	m.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

const (
	openMetrics = "application/openmetrics-text;version=1.0.0"
	protobuf    = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)

// underway returns the metrics of a study in its second level.
func underway() (*Metrics, *Study) {
	m := New(versions)
	s := m.Study(Run{Scenario: "smallest", ID: "r1", Started: time.Unix(1700000000, 500e6)})
	s.Network(study.Facts{Target: result.TargetFabric, Conditions: result.Conditions{Topology: "minimal"},
		Processes: []result.Process{{Role: result.RolePeer, Name: "peer0.ptb"}}})
	live := study.Live{Series: "plain", Load: result.Load{Kind: result.LoadClosed, Clients: 8}, Level: 2, Levels: 3, Remaining: 90 * time.Second,
		From: time.Second, To: 10 * time.Second}
	s.Level(live)
	late := 1500 * time.Microsecond
	live.Now = bench.Live{Elapsed: 4 * time.Second, Offered: 101.5, InFlight: 7, Lag: &late}
	live.Usage = proc.Snapshot{CPU: map[string]float64{"peer0.ptb": 12.25, proc.Client: 3.5}, RSS: map[string]uint64{"peer0.ptb": 1 << 27, proc.Client: 1 << 26}}
	live.Blocks = []study.Block{
		{Channel: "ch", Number: 7, Transactions: 10, Reason: result.CutCount}, {Channel: "ch", Number: 8, Transactions: 3, Reason: result.CutTimer},
		{Channel: "ch", Number: 9, Transactions: 10, Reason: result.CutCount},
	}
	s.Live(live)
	s.Event(result.Event{Kind: result.EventKill}, false)
	s.Event(result.Event{Kind: result.EventKill}, true)
	s.Warnings([]result.Warning{{Code: result.HostFull}})
	s.Warnings([]result.Warning{{Code: result.HostFull}, {Code: result.HostFull}, {Code: result.Crowded}})
	s.Results(result.Summary{Saturation: []result.Saturation{{Series: "plain", Reached: true, Throughput: 812.5}, {Series: "other", Throughput: 5}}})
	see := s.Records("plain", time.Second, 10*time.Second)
	for seq, due := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 10*time.Second - 1, 10 * time.Second} {
		r := committed(uint64(seq), due)
		see(&r)
	}
	see(&result.Record{Outcome: result.EndorseRefused, Intended: 3 * time.Second, Started: 3 * time.Second, Prepared: result.NotReached,
		Endorsed: result.NotReached, Submitted: result.NotReached, Committed: result.NotReached})
	return m, s
}

// held returns the metrics of a network, and how often it was asked.
func held() (m *Metrics, asked *int) {
	m, asked = New(versions), new(int)
	m.Network(func(context.Context) Network {
		*asked++
		return Network{Topology: "minimal", Fabric: "3.1.1",
			Nodes: []Node{
				{Process: result.Process{Role: result.RolePeer, Name: "peer0.ptb"}, Running: true, CPU: 1.5, Memory: 1 << 27},
				{Process: result.Process{Role: result.RoleOrderer, Name: "orderer0"}},
			},
			Channels: []Channel{{Name: "ch", Leader: "orderer0", Heights: map[string]uint64{"peer0.ptb": 12}}, {Name: "other"}},
		}
	})
	return m, asked
}

// What is served is OpenMetrics, as the golden files have it, and linted by Prometheus's own tool.
func TestExposition(t *testing.T) {
	study, _ := underway()
	network, _ := held()
	for name, m := range map[string]*Metrics{"nothing": New(versions), "study": study, "network": network} {
		t.Run(name, func(t *testing.T) {
			got := scrape(t, m, openMetrics)
			if !strings.HasSuffix(got, "\n# EOF\n") {
				t.Errorf("ends with %q", got[max(0, len(got)-40):])
			}
			golden(t, filepath.Join("testdata", name+".txt"), got)
			promtool(t, scrape(t, m, ""))
			if native := scrape(t, m, protobuf); len(native) == 0 || strings.Contains(native, "# EOF") {
				t.Errorf("protobuf of %d bytes", len(native))
			}
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", file, diff)
	}
}

// promtool has Prometheus's tool check an exposition, where it is installed. CI has it.
func promtool(t *testing.T, text string) {
	t.Helper()
	tool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Log("promtool is not installed, so that nothing is linted")
		return
	}
	check := exec.Command(tool, "check", "metrics")
	check.Stdin = strings.NewReader(text)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

// Names are as Prometheus wants them, and the documentation lists all of them, with their labels.
func TestFamilies(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	documented := regexp.MustCompile("(?m)^\\| `(meterbench_[a-z0-9_]+)`").FindAllSubmatch(page, -1)
	if n := len(families()); len(documented) != n {
		t.Errorf("docs/metrics.md lists %d, there are %d", len(documented), n)
	}
	for i, f := range families() {
		row := fmt.Sprintf("| `%s` | %s | %s | %s |", f.name, f.of, "`"+strings.Join(f.labels, "`, `")+"`", f.help)
		if f.labels == nil {
			row = strings.Replace(row, "``", "–", 1)
		}
		if !slices.Contains(strings.Split(string(page), "\n"), row) {
			t.Errorf("docs/metrics.md lacks\n%s", row)
		}
		if i < len(documented) && string(documented[i][1]) != f.name {
			t.Errorf("row %d of docs/metrics.md is %s, want %s", i+1, documented[i][1], f.name)
		}
		if !strings.HasPrefix(f.name, "meterbench_") || (f.of == counter) != strings.HasSuffix(f.name, "_total") || !strings.HasSuffix(f.help, ".") {
			t.Errorf("%s, %s: %s", f.name, f.of, f.help)
		}
		if f.unit != "" && !strings.HasSuffix(strings.TrimSuffix(f.name, "_total"), "_"+f.unit) {
			t.Errorf("%s does not end with its unit, %s", f.name, f.unit)
		}
	}
}

// Another study begins with nothing.
func TestNextStudy(t *testing.T) {
	m, _ := underway()
	s := m.Study(Run{Scenario: "next", ID: "r2"})
	got := scrape(t, m, openMetrics)
	if !strings.Contains(got, `scenario="next"`) || strings.Contains(got, "r1") || strings.Contains(got, "meterbench_transactions_total") {
		t.Errorf("of the second study:\n%s", got)
	}
	s.Point(result.Point{}) // before any level
	s.Level(study.Live{Series: "a", Level: 1, Levels: 1})
	s.Live(study.Live{Series: "a", Level: 1, Levels: 1, Usage: proc.Snapshot{CPU: map[string]float64{"old": 1}}})
	s.Network(study.Facts{})
	if got := scrape(t, m, openMetrics); strings.Contains(got, `"old"`) {
		t.Error("a process of another network is still there")
	}
}

// Between levels nothing is offered, and processes are what they were.
func TestBetweenLevels(t *testing.T) {
	m, s := underway()
	s.Point(result.Point{})
	got := scrape(t, m, openMetrics)
	for _, line := range []string{"meterbench_in_flight_transactions 0.0", "meterbench_offered_transactions_per_second 0.0",
		`meterbench_process_cpu_seconds_total{name="client",role="client"} 3.5`, "meterbench_levels 3.0"} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("lacks %s", line)
		}
	}
	for _, family := range []string{"meterbench_level{", "meterbench_lag_seconds ", "meterbench_load_clients "} {
		if strings.Contains(got, "\n"+family) {
			t.Errorf("has %s", family)
		}
	}
}

// A network is asked once for all who scrape within a second.
func TestNetworkIsAskedSeldom(t *testing.T) {
	m, asked := held()
	for range 5 {
		scrape(t, m, openMetrics)
	}
	if *asked > 2 { // a second may pass on a busy machine
		t.Errorf("asked %d times", *asked)
	}
}

// stuck is a scraper that takes nothing.
type stuck struct {
	http.ResponseWriter
	begun chan<- struct{}
	free  <-chan struct{}
}

func (s stuck) Write(text []byte) (int, error) {
	select {
	case s.begun <- struct{}{}:
	default:
	}
	<-s.free
	return len(text), nil
}

// Scrapers that read nothing hold nobody up, and beyond a number of them others are told to come again.
func TestSlowScrapers(t *testing.T) {
	m, s := underway()
	see := s.Records("plain", 0, time.Hour)
	begun, free := make(chan struct{}), make(chan struct{})
	ended := make(chan struct{})
	for range mostScrapes {
		go func() {
			m.ServeHTTP(stuck{httptest.NewRecorder(), begun, free}, httptest.NewRequest(http.MethodGet, "/metrics", nil))
			ended <- struct{}{}
		}()
		<-begun
	}
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		for i := range uint64(1000) {
			r := committed(i, time.Second)
			see(&r)
		}
		s.Live(study.Live{Series: "plain", Level: 3})
	}()
	select {
	case <-counted:
	case <-time.After(10 * time.Second):
		t.Fatal("records wait for a scraper")
	}
	w := httptest.NewRecorder()
	if m.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil)); w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d beside %d scrapers", w.Code, mostScrapes)
	}
	close(free)
	for range mostScrapes {
		<-ended
	}
	scrape(t, m, openMetrics)
}

// BenchmarkScrape is a scrape of a run with 10 series, of which all parts are known.
func BenchmarkScrape(b *testing.B) {
	m, s := underway()
	for i := range 10 {
		see := s.Records(fmt.Sprint("series ", i), time.Second, 10*time.Second)
		for seq := range uint64(10000) {
			r := committed(seq, time.Duration(seq)*time.Millisecond)
			see(&r)
		}
	}
	for _, accept := range []string{openMetrics, protobuf} {
		b.Run(accept, func(b *testing.B) {
			for b.Loop() {
				w := httptest.NewRecorder()
				r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
				r.Header.Set("Accept", accept)
				m.ServeHTTP(w, r)
				b.ReportMetric(float64(w.Body.Len()), "B")
			}
		})
	}
}

// createdOf returns when counters began, by name and the value of their last label, as they are served by protobuf.
func createdOf(t *testing.T, m *Metrics) map[string]time.Time {
	t.Helper()
	families, err := m.gather()
	if err != nil {
		t.Fatal(err)
	}
	created := map[string]time.Time{}
	for _, f := range families {
		for _, one := range f.GetMetric() {
			key := f.GetName()
			if labels := one.GetLabel(); len(labels) > 0 {
				key += " " + labels[0].GetValue()
			}
			if of := one.GetCounter(); of != nil {
				if of.GetCreatedTimestamp() == nil {
					t.Errorf("%s does not say since when it counts", key)
				}
				created[key] = of.GetCreatedTimestamp().AsTime()
			}
		}
	}
	return created
}

// Counters say since when they count, by which a scraper knows that they began anew: with another run, and of processes with
// another network, but not with more levels on the same.
func TestCountersSaySinceWhen(t *testing.T) {
	m := New(versions)
	usage := func(cpu float64) proc.Snapshot {
		return proc.Snapshot{CPU: map[string]float64{"peer0.ptb": cpu, proc.Client: cpu}}
	}
	level := func(s *Study, cpu float64) map[string]time.Time {
		s.Network(study.Facts{})
		s.Network(study.Facts{}) // once its series are prepared
		s.Level(study.Live{Series: "plain"})
		s.Live(study.Live{Series: "plain", Usage: usage(cpu), Blocks: []study.Block{{Channel: "ch", Transactions: 1}}})
		s.Event(result.Event{Kind: result.EventKill}, false)
		return createdOf(t, m)
	}
	s := m.Study(Run{ID: "r1", Started: time.Unix(1700000000, 0)})
	first := level(s, 9)
	s.Level(study.Live{Series: "plain"})
	s.Live(study.Live{Series: "plain", Usage: usage(10)})
	if diff := cmp.Diff(first, createdOf(t, m)); diff != "" {
		t.Errorf("another level: %s", diff)
	}
	second := level(s, 2)
	for key, at := range second {
		if peer := key == "meterbench_process_cpu_seconds_total peer0.ptb"; at.After(first[key]) != peer || at.Before(first[key]) {
			t.Errorf("another network: %s began %v, before %v", key, at, first[key])
		}
	}
	third := level(m.Study(Run{ID: "r2", Started: time.Unix(1700000100, 0)}), 1)
	for key, at := range third {
		if client := key == "meterbench_process_cpu_seconds_total "+proc.Client; at.After(second[key]) == client {
			t.Errorf("another run: %s began %v, before %v", key, at, second[key])
		}
	}
	if len(third) < 5 {
		t.Errorf("counters: %v", third)
	}
}

// The time at which a process of a held network started stands still, though clocks tell it a little differently each time.
func TestStartOfProcess(t *testing.T) {
	var a asked
	at := time.Unix(1700000000, 0)
	for _, c := range []struct{ told, want time.Time }{
		{at, at}, {at.Add(3 * time.Millisecond), at}, {at.Add(time.Minute), at.Add(time.Minute)}, {at.Add(time.Minute - time.Millisecond), at.Add(time.Minute)},
	} {
		node := Node{Process: result.Process{Name: "peer0"}, Started: c.told}
		if a.settle(&node); !node.Started.Equal(c.want) {
			t.Errorf("%v: %v, want %v", c.told, node.Started, c.want)
		}
	}
}
