package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"

	"golang.org/x/perf/benchfmt"
)

// The tests here have other programs read what we write. They are skipped where those are missing, but not in CI, which
// installs them (.ci/run).

// modulesVariable names the folder node_modules with the programs that npm has.
const modulesVariable = "METERBENCH_NODE_MODULES"

// node runs a script of JavaScript in a folder and returns what it prints.
func node(t *testing.T, dir, input, script string, args ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("runs other programs")
	}
	modules := os.Getenv(modulesVariable)
	if modules == "" {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI needs Node.js, and %s to name the node_modules that .ci/run installs", modulesVariable)
		}
		t.Skipf("needs Node.js, and the packages that .ci/run installs in %s", modulesVariable)
	}
	var out, told bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "node", append([]string{script}, args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "NODE_PATH="+modules)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &told
	if err := cmd.Run(); err != nil {
		t.Fatalf("node %s: %v\n%s%s", script, err, &out, &told)
	}
	return out.String()
}

// inTestdata returns the path of a file in testdata, from any folder.
func inTestdata(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The start of the level of storedRun, its transactions, and the latency of each in milliseconds is 20 and its number.
var levelStart = time.Date(2026, 1, 2, 3, 4, 5, 250_000_000, time.UTC)

const transactions = 100

// storedRun returns the folder of a run with a level of transactions, every tenth of which is in conflict. Workers sent them by turns,
// where there are any.
func storedRun(t *testing.T, workers ...int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := result.Create(dir, testRun())
	if err == nil && len(workers) > 0 {
		err = w.Workers(workers)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Begin(1, nil)
	key := result.LevelKey{Series: "plain", Repetition: 1, Load: closed8}
	l, err := w.Level(key, 0, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	l.Begin(levelStart)
	const ms = time.Millisecond
	for i := range time.Duration(transactions) {
		at := i * 20 * ms
		r := result.Record{Seq: uint64(i), Intended: at, Started: at + 1*ms, Prepared: at + 3*ms, Endorsed: at + 8*ms, Submitted: at + 10*ms,
			Committed: at + (20+i)*ms, Outcome: result.Valid, TxID: [32]byte{0: 0xab, 31: byte(i)}, Block: uint64(i/10) + 1, Bytes: 3000}
		if i%10 == 0 {
			r.Outcome = result.MVCCConflict
		}
		if len(workers) > 0 {
			r.Worker = uint16(workers[int(i)%len(workers)])
		}
		l.Record(r)
	}
	if _, err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for number := range uint64(transactions/10 + 1) { // odd ones were full, each took 5 ms to commit
		b := result.BlockRow{LevelKey: key, Session: 1, Reason: result.CutTimer, Cut: levelStart, Committed: levelStart.Add(5 * ms)}
		if number%2 == 1 {
			b.Reason = result.CutCount
		}
		if b.Number, b.Transactions, b.Valid = number, 10, 9; number == 0 {
			b = result.BlockRow{Session: 1}
		}
		if err := w.Block(&b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(testRun(), result.Summary{Complete: true}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// blocks returns the page's code blocks in a language.
func blocks(t *testing.T, page, language string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		if m[1] == language {
			all = append(all, m[2])
		}
	}
	if len(all) == 0 {
		t.Fatalf("docs/%s has no block in %s", page, language)
	}
	return all
}

// The documented queries are right, by DuckDB, whoever made the load.
func TestQueries(t *testing.T) {
	t.Run("alone", func(t *testing.T) { testQueries(t, storedRun(t), -1) })
	t.Run("workers", func(t *testing.T) { testQueries(t, storedRun(t, 0, 2, 5, 6), 0, 2, 5, 6) })
}

func testQueries(t *testing.T, dir string, workers ...int) {
	queries := blocks(t, "queries.md", "sql")
	type row = map[string]any
	var got [][]row
	out := node(t, dir, toJSON(t, queries), inTestdata(t, "query.js"))
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got) != 8 {
		t.Fatalf("%d answers, %v: %s", len(got), err, out)
	}
	var units []row
	for _, column := range []struct {
		name          string
		unit, missing any
	}{
		{"attempts", nil, "0"}, {"block", nil, "0"}, {"committed_ns", "ns", "-1"}, {"encrypt_ns", "ns", "0"}, {"ended_ns", "ns", "0"}, {"endorsed_ns", "ns", "-1"},
		{"envelope_bytes", "B", nil}, {"intended_ns", "ns", nil}, {"level_start_unix_ns", "ns", nil}, {"offered_per_s", "1/s", nil}, {"prepared_ns", "ns", "-1"},
		{"started_ns", "ns", "-1"}, {"submitted_ns", "ns", "-1"}, {"think_s", "s", nil}, {"worker", nil, "-1"},
	} {
		units = append(units, row{"column_name": column.name, "unit": column.unit, "missing": column.missing})
	}
	var seconds []row
	commits := map[int64]int{}
	for i := range transactions {
		if i%10 != 0 {
			commits[levelStart.Add(time.Duration(i*20+20+i)*time.Millisecond).Unix()]++
		}
	}
	for s := levelStart.Unix(); len(seconds) < len(commits); s++ {
		seconds = append(seconds, row{"utc": time.Unix(s, 0).UTC().Format(time.DateTime), "commits": strconv.Itoa(commits[s])})
	}
	var slowest []row
	for i := transactions - 1; len(slowest) < 10; i-- {
		if i%10 != 0 {
			id := fmt.Sprintf("ab%060x%02x", 0, i)
			slowest = append(slowest, row{"tx_id": id, "channel": 0.0, "block": strconv.Itoa(i/10 + 1), "commit_ms": float64(20 + i)})
		}
	}
	level := row{"series": "plain", "clients": 8.0, "offered_per_s": 0.0}
	with := func(more row) row {
		for key, value := range level {
			more[key] = value
		}
		return more
	}
	var shares []row
	for _, worker := range workers {
		shares = append(shares, with(row{"repetition": 1.0, "worker": float64(worker), "transactions": strconv.Itoa(transactions / len(workers)), "lag_p99_ms": 1.0}))
	}
	want := [][]row{
		units,
		// Valid are 1 to 9, 11 to 19 and so on: 90, of which the middle two are 49 and 51, and the 99th percentile lies 0.11
		// of the way from 98 to 99.
		{with(row{"repetition": 1.0, "scheduled": "100", "valid": "90", "commit_p50_s": 0.070, "commit_p99_s": 0.11811})},
		seconds,
		{with(row{"lag_ms": 1.0, "prepare_ms": 2.0, "endorse_ms": 5.0, "submit_ms": 2.0, "order_commit_ms": 60.0})},
		shares,
		slowest,
		{
			with(row{"cut_reason": "count", "blocks": "5", "transactions": 10.0, "commit_ms": 5.0}),
			with(row{"cut_reason": "timer", "blocks": "5", "transactions": 10.0, "commit_ms": 5.0}),
		},
		{
			{"cut_reason": "count", "transactions": "45", "commit_ms": 65.0}, // of 1 to 9, 21 to 29 and so on
			{"cut_reason": "timer", "transactions": "45", "commit_ms": 75.0},
		},
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The documented script reads of latency.hlog what Go's reader does.
func TestHistogramLog(t *testing.T) {
	dir := storedRun(t)
	f, err := os.Open(filepath.Join(dir, "latency.hlog"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sums := map[string]*hdrhistogram.Histogram{}
	var tags []string
	for r := hdrhistogram.NewHistogramLogReader(f); ; {
		h, err := r.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			break
		}
		if begin := levelStart.UnixMilli(); h.StartTimeMs() < begin || h.EndTimeMs() > begin+2000 {
			t.Errorf("%s: from %d to %d, and the level starts at %d", h.Tag(), h.StartTimeMs(), h.EndTimeMs(), begin)
		}
		if sum := sums[h.Tag()]; sum != nil {
			sum.Merge(h)
		} else {
			sums[h.Tag()], tags = h, append(tags, h.Tag())
		}
	}
	commit := sums["plain/clients=8/r1/commit"]
	if commit == nil || commit.TotalCount() != 90 || math.Abs(float64(commit.ValueAtQuantile(50))/1e6-69) > 0.1 {
		t.Fatalf("commits: %v", commit)
	}
	var want strings.Builder
	for _, tag := range tags {
		h := sums[tag]
		fmt.Fprintln(&want, tag, h.TotalCount(), h.ValueAtQuantile(50), h.Max())
	}
	script := filepath.Join(t.TempDir(), "hdr.js")
	if err := os.WriteFile(script, []byte(blocks(t, "queries.md", "js")[0]), 0o644); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), node(t, dir, "", script)); diff != "" {
		t.Errorf("(-Go +JavaScript):\n%s", diff)
	}
}

// bmf.json is as its published schema has it, by a validator that knows wrong ones.
func TestBencherSchema(t *testing.T) {
	text, err := bencher(testRun(), benchSummary())
	if err != nil {
		t.Fatal(err)
	}
	input := "[" + string(text) + `, {}, {"a": {"b": {"value": 1, "lower_value": 0.5}}}, {"a": {"b": {"value": "1"}}}, {"a": {"b": {"lower_value": 1}}}, []]`
	if got := node(t, ".", input, inTestdata(t, "validate.js"), inTestdata(t, "bmf.schema.json")); got != "[true,true,true,false,false,false]\n" {
		t.Errorf("valid: %s", got)
	}
}

// benchstat compares two runs without a complaint, sees what changed, and knows which way is better.
func TestBenchstat(t *testing.T) {
	if testing.Short() {
		t.Skip("builds benchstat")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "benchstat")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "golang.org/x/perf/cmd/benchstat").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	write := func(name string, latency, throughput float64) {
		var all []byte // of six runs
		for i := range 6 {
			drift := 1 + float64(i)/1000
			sum := changed(latency*drift, throughput*drift)
			for p := range sum.Points {
				sum.Points[p].ClientCPU *= drift
			}
			all = append(all, GoBench(testRun(), sum)...)
		}
		if err := os.WriteFile(filepath.Join(dir, name), all, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("base", 1, 1)
	write("head", 1.2, 0.8)
	var out, told bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, "-format", "csv", "base", "head")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &told
	if err := cmd.Run(); err != nil || told.Len() > 0 {
		t.Fatalf("%v\n%s", err, &told)
	}
	changes := map[string]string{} // by unit
	reader := csv.NewReader(&out)
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	unit, column := "", 0
	for _, row := range rows {
		if at := slices.Index(row, "vs base"); at > 0 {
			unit, column = row[1], at
		} else if column > 0 && len(row) > column && strings.HasPrefix(row[0], "Commit") {
			changes[unit] = row[column]
		}
	}
	want := map[string]string{"tx/s": "-20.00%", "p50-s": "+20.00%", "p95-s": "+20.00%", "p99-s": "+20.00%", "mean-s": "+20.00%", "max-s": "+20.00%", "client-cpu-s/tx": "~"}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s\n%v", diff, rows)
	}
	text := GoBench(testRun(), changed(1, 1))
	units := benchfmt.NewReader(bytes.NewReader(text), "bench.txt")
	for units.Scan() {
	}
	for unit := range want {
		better := -1
		if unit == "tx/s" {
			better = 1
		}
		if got := units.Units().GetBetter(unit); got != better {
			t.Errorf("%s: better %d, want %d", unit, got, better)
		}
	}
}
