package reports

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// answered makes points of the fixture ones of calls that are only answered: at the same rates and latencies.
func answered(points []result.Point, series string) {
	for i := range points {
		p := &points[i]
		if p.Series != series {
			continue
		}
		p.Conditions.Wait = result.WaitEndorse
		p.Answered, p.Throughput = p.Throughput, 0
		p.Outcomes = map[string]uint64{"answered": p.Scheduled}
		took := p.Latency["commit"]
		p.Latency = map[string]stats.Quantiles{"answer": took, "endorse": took, "lag": {N: took.N}, "prepare": {N: took.N}}
		p.Intervals[result.AnsweredKey] = p.Intervals[result.ThroughputKey]
		delete(p.Intervals, result.ThroughputKey)
	}
}

// A run of answers states their rates and latencies wherever one of commits states throughput and commit latency, in
// words of answers.
func TestAnswersStandWhereCommitsDo(t *testing.T) {
	run, sum := fixture(t)
	commits := Build(run, sum)
	for _, s := range []string{"plain", "encrypted-bank", "encrypted-inline"} {
		answered(sum.Points, s)
	}
	sum.Upgrade()
	r := Build(run, sum)

	drawn := map[string]int{}
	const transactions = "encryption-against-transaction" // none is there to compare with
	for _, f := range commits.Figures() {
		drawn[f.ID] = len(f.All())
	}
	for _, f := range r.Figures() {
		if (len(f.All()) != drawn[f.ID] || f.Empty != "") && f.ID != transactions {
			t.Errorf("figure %s has %d panels, of commits %d: %s", f.ID, len(f.All()), drawn[f.ID], f.Empty)
		}
		if said := f.Title + f.X.Label + f.Y.Label; f.X.Unit == PerSecond || f.Y.Unit == PerSecond || strings.Contains(said, "commit") {
			t.Errorf("figure %s is about commits: %q, %q, %q", f.ID, f.Title, f.X.Label, f.Y.Label)
		}
	}
	same := func(id, key, of string) {
		t.Helper()
		if diff := cmp.Diff(numbers(tableOf(t, commits, id), of), numbers(tableOf(t, r, id), key)); diff != "" {
			t.Errorf("table %s, %s (-of commits, +of answers):\n%s", id, key, diff)
		}
	}
	same("levels", "answered_per_s", "throughput_per_s")
	same("levels", "answer_p50_s", "commit_p50_s")
	same("levels", "answer_p99_s", "commit_p99_s")
	same("saturation", "throughput_per_s", "throughput_per_s")
	for _, table := range r.Tables() {
		for _, c := range table.Columns {
			if c.Unit == PerSecond || !c.CSVOnly && strings.HasPrefix(c.Key, "commit") {
				t.Errorf("table %s has a column %s in %s", table.ID, c.Key, c.Title)
			}
		}
	}
	for _, f := range r.Findings {
		if strings.Contains(f.Value+f.Text, "tx/s") {
			t.Errorf("%s: %s %s", f.Subject, f.Value, f.Text)
		}
	}
	if f, there := finding(r, "Saturation, plain"); !there || f.Value != "712 answered/s" {
		t.Errorf("saturation: %+v", f)
	}
}

// Answers beside commits have columns of their own, and figures of both say which count.
func TestAnswersBesideCommits(t *testing.T) {
	run, sum := fixture(t)
	answered(sum.Points, "plain")
	r := Build(run, sum)
	levels := tableOf(t, r, "levels")
	for _, row := range levels.Rows {
		plain := row[0].Text == "plain"
		for i, c := range levels.Columns {
			if of, mine := strings.HasPrefix(c.Key, "answer"), strings.HasPrefix(c.Key, "commit_p") || c.Key == "throughput_per_s"; (of || mine) && !c.CSVOnly {
				if filled := row[i] != (Cell{}); filled != (of == plain) {
					t.Errorf("%s of %s: %+v", c.Key, row[0].Text, row[i])
				}
			}
		}
	}
	if f := figure(t, r, "throughput-clients"); f.Y.Unit != Rate || !strings.Contains(f.Y.Label, "answers") || !strings.Contains(f.Series[0].Name, "answered/s") {
		t.Errorf("axis %q, line %q", f.Y.Label, f.Series[0].Name)
	}
}

// numbers are those of a column, in order.
func numbers(table Table, key string) (all []float64) {
	i := slices.IndexFunc(table.Columns, func(c Column) bool { return c.Key == key })
	for _, row := range table.Rows {
		if i >= 0 && row[i].Number != nil {
			all = append(all, *row[i].Number)
		}
	}
	return all
}

// A series with too few levels for a saturation point has a finding of its throughput and latency.
func TestFewLevelsHaveAFindingOfThroughput(t *testing.T) {
	run, sum := fixture(t)
	sum.Saturation = nil
	sum.Points = slices.DeleteFunc(sum.Points, func(p result.Point) bool { return p.Series != "plain" || p.Load.Clients != 8 })
	f, there := finding(Build(run, sum), "Throughput, plain")
	if !there || !strings.Contains(f.Value, "tx/s") || !strings.Contains(f.Text, "at 8 clients") || !strings.Contains(f.Text, "commit latency p50") {
		t.Errorf("%+v", f)
	}
	if strings.Contains(f.Text, "over all scheduled") {
		t.Errorf("nothing was lost: %+v", f)
	}
	for i := range sum.Points { // the table's p50 is that of the valid ones
		median := 0.2
		sum.Points[i].LatencyAll = &result.AllLatency{N: 200, Missing: map[string]uint64{"mvcc_conflict": 80}, Quantiles: []result.AllQuantile{{Percent: 50, Value: &median}}}
	}
	if f, _ := finding(Build(run, sum), "Throughput, plain"); !strings.Contains(f.Text, "; over all scheduled, commit latency p50 200 ms") {
		t.Errorf("%+v", f)
	}
	answered(sum.Points, "plain")
	if f, _ := finding(Build(run, sum), "Throughput, plain"); !strings.Contains(f.Value, "answered/s") || !strings.Contains(f.Text, "latency of answers p50") {
		t.Errorf("%+v", f)
	}
}
