package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/result"
	"meterbench/internal/proc"
)

// arrivals has a level of each process of arrivals, and one of closed clients.
const arrivals = `name: arrivals
target:
  kind: reference
  endorse: {servers: 16, service: {kind: exponential, mean: 5ms}}
  batch: {timeout: 100ms, messages: 50}
  commit: {servers: 1, service: {kind: constant, mean: 10ms}, per: block}
  failures: [{outcome: mvcc_conflict, share: 0.02}]
seed: 7
warmup: 300ms
series:
  - {name: constant, workload: {kind: plain}, load: {kind: open, rate: 201/s, arrivals: constant, hold: 1500ms}}
  - {name: poisson, workload: {kind: plain}, load: {kind: open, rate: [150/s, 310/s], arrivals: poisson, hold: 1500ms}}
  - {name: periodic, workload: {kind: plain, meters: 90}, load: {kind: open, arrivals: {periodic: {interval: 1s, jitter: 0.3}}, hold: 1500ms}}
  - {name: ramp, workload: {kind: plain}, load: {kind: open, arrivals: {ramp: {from: 10/s, to: 300/s, over: 1s}}, hold: 1500ms}}
  - {name: steps, workload: {kind: plain}, load: {kind: open, arrivals: {steps: [{rate: 50/s, hold: 500ms}, {rate: 200/s, hold: 1s}]}}}
  - {name: trace, workload: {kind: plain}, load: {kind: open, arrivals: {trace: readings.csv, speed: 900}}}
  - {name: closed, workload: {kind: plain}, load: {kind: closed, clients: 9, think: 20ms, hold: 1500ms}}
`

// However many workers make an open load, what is due when is the same, transaction by transaction, and what is stored of the run is what
// follows from its rows.
func TestWorkersUnion(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs eight levels four times")
	}
	dir := t.TempDir()
	readings, err := os.ReadFile("../../examples/readings.csv")
	if err != nil {
		t.Fatal(err)
	}
	scenario := filepath.Join(dir, "arrivals.yaml")
	for path, text := range map[string][]byte{scenario: []byte(arrivals), filepath.Join(dir, "readings.csv"): readings} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var alone map[string][]due
	for _, workers := range []int{0, 1, 2, 4} {
		out, args := t.TempDir(), []string{"run", scenario}
		var ranks []int
		if workers > 0 {
			args = append(args, "--workers", fmt.Sprintf("local:%d", workers))
		}
		for rank := range workers {
			ranks = append(ranks, rank)
		}
		p, code := command(t, t.TempDir(), append(args, "--out", out)...)
		if code != exitOK {
			t.Fatalf("%d workers: exit code %d\n%s", workers, code, &p.stderr)
		}
		plan := checkRows(t, sharedRun(t, out, ranks...))
		if alone == nil {
			alone = plan
		}
		if len(plan) != 7 || len(alone) != 7 {
			t.Errorf("%d workers: %d open levels", workers, len(plan))
		}
		for level, want := range alone {
			if got := plan[level]; !slices.Equal(got, want) {
				t.Errorf("%d workers: %s: %d transactions are due, %d of one process, or others, or at other instants", workers, level, len(got), len(want))
			}
		}
	}
}

// A due says when a transaction is.
type due struct {
	seq uint64
	at  time.Duration
}

// checkRows makes sure that counts and histograms of a run are those of its rows, bucket for bucket, and returns what was due on its open
// levels before their end.
func checkRows(t *testing.T, stored *result.Folder) map[string][]due {
	t.Helper()
	rows := map[result.LevelKey][]result.Row{}
	for row, err := range stored.Transactions() {
		if err != nil {
			t.Fatal(err)
		}
		rows[row.LevelKey] = append(rows[row.LevelKey], row)
	}
	plan := map[string][]due{}
	for _, p := range stored.Summary.Points {
		var used float64
		for _, w := range p.Workers {
			if w.CPU != nil {
				used += *w.CPU
			}
		}
		if got := p.CPU[proc.Client]; got == 0 || len(p.Workers) > 0 && math.Abs(got-used) > 1e-9 {
			t.Errorf("%s: the client used %v cores, its workers %v", p.Series, got, used)
		}
		const from = 300 * time.Millisecond // the warm-up
		key := result.LevelKey{Series: p.Series, Repetition: p.Repetition, Load: p.Load}
		to := from + time.Duration(math.Round(p.Window*1e9))
		counts, took := map[string]uint64{}, map[result.Part]*hdrhistogram.Histogram{}
		for _, row := range rows[key] {
			if p.Load.Kind == result.LoadOpen && row.Intended < to {
				plan[key.String()] = append(plan[key.String()], due{row.Seq, row.Intended})
			}
			if row.Intended < from || row.Intended >= to {
				continue
			}
			counts[row.Outcome.String()]++
			for _, part := range result.Parts() {
				if lasted, ok := row.Span(part); ok && row.Outcome == result.Valid {
					if took[part] == nil {
						took[part] = hdrhistogram.New(1, int64(time.Hour), 3)
					}
					if err := took[part].RecordValue(int64(lasted)); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		slices.SortFunc(plan[key.String()], func(a, b due) int { return cmp.Compare(a.seq, b.seq) })
		if !equalCounts(counts, p.Outcomes) {
			t.Errorf("%s: outcomes %v, those of its rows are %v", key, p.Outcomes, counts)
		}
		for _, part := range result.Parts() {
			logged, err := stored.Latencies(part, []result.LevelKey{key})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := buckets(logged[key]), buckets(took[part]); !maps.Equal(got, want) {
				t.Errorf("%s: %s: %d buckets, %d of the rows, or others", key, part, len(got), len(want))
			}
		}
	}
	return plan
}

// equalCounts returns whether the counts are the same, where none is like 0.
func equalCounts(a, b map[string]uint64) bool {
	for key := range a {
		if a[key] != b[key] {
			return false
		}
	}
	for key := range b {
		if a[key] != b[key] {
			return false
		}
	}
	return true
}

// buckets returns the counts of a histogram by the lowest value of each bucket that is not empty.
func buckets(h *hdrhistogram.Histogram) map[int64]int64 {
	all := map[int64]int64{}
	if h != nil {
		for _, bar := range h.Distribution() {
			if bar.Count > 0 {
				all[bar.From] = bar.Count
			}
		}
	}
	return all
}
