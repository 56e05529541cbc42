package reports

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// manned is a run whose load two workers made, of which the second was late at one level.
func manned(t testing.TB) (result.Run, result.Summary) {
	t.Helper()
	run, sum := fixture(t)
	value := func(v float64) *float64 { return &v }
	for i := range sum.Points {
		p := &sum.Points[i]
		late := value(0.0011)
		if i == 1 {
			late, p.Valid, p.Reasons = value(0.025), false, []string{"worker 1 on n2 was late: schedule lag p99 25.0 ms, more than 5.0 ms"}
		}
		p.Workers = []result.WorkerPoint{
			{Rank: 0, Host: "n1", Scheduled: p.Scheduled / 2, CPU: value(0.21), ScheduleLag: stats.Quantiles{P50: value(0.0002), P99: value(0.0010), N: 1000},
				Clock: result.ClockPoint{Half: 60e-6, Drift: -2e-6, Wall: 0.3, Misplaced: 62e-6}, Valid: true},
			{Rank: 1, Host: "n2", Scheduled: p.Scheduled / 2, CPU: value(0.24), ScheduleLag: stats.Quantiles{P50: value(0.0003), P99: late, N: 1000},
				Clock: result.ClockPoint{Half: 80e-6, Drift: 3e-6, Misplaced: 83e-6}, Valid: i != 1, Reasons: []string{"was late"}},
		}
	}
	return run, sum
}

// A report says of every worker what it did, and which one was late.
func TestWorkersSection(t *testing.T) {
	r := Build(manned(t))
	sound(t, r)
	onlyWhatIsThere(t, "manned", r)
	table := tableOf(t, r, "workers")
	if want := 2 * len(rowsOf(seriesOf(second(manned(t))))); len(table.Rows) != want {
		t.Errorf("%d rows, want %d", len(table.Rows), want)
	}
	for _, id := range []string{"workers-lag", "workers-cpu"} {
		f := figure(t, r, id)
		if panel := f.Panels[0]; !slices.Equal(panel.Categories, []string{"0", "1"}) || len(panel.Series[0].Points) != 2 {
			t.Errorf("%s: %+v", id, panel)
		}
	}
	f, _ := finding(r, "Workers")
	if f.Verdict != Bad || f.Value != "1 of 2 did not do their part" || !strings.Contains(f.Text, "The latest was worker 1 on n2: schedule lag p99 25") {
		t.Errorf("%v: %s: %s", f.Verdict, f.Value, f.Text)
	}
	explains := func(table Table) bool {
		return strings.Contains(fmt.Sprint(table.Notes), "Lost is the share")
	}
	run, sum := manned(t)
	sum.Points[0].Workers[1].Lost = &result.LossPoint{Why: "killed", Until: 2, Scheduled: 10, Received: 8}
	if explains(table) || !explains(tableOf(t, Build(run, sum), "workers")) {
		t.Error("what lost means is explained where no worker was, or not where one was")
	}
	if i := slices.IndexFunc(table.Columns, func(c Column) bool { return c.Key == "lost_share" }); i < 0 || table.Columns[i].Rank > 0 {
		t.Error("a narrow terminal leaves out what was lost")
	}
	run, sum = manned(t)
	for i := range sum.Points {
		sum.Points[i].Valid, sum.Points[i].Reasons = true, nil
		sum.Points[i].Workers[1].Valid, sum.Points[i].Workers[1].Reasons = true, nil
	}
	last := &sum.Points[len(sum.Points)-1]
	last.Workers = last.Workers[:1] // the other one was lost before it
	gone, _ := finding(Build(run, sum), "Workers")
	if gone.Verdict != Caution || gone.Value != "1 of 2 did not do their part" || !strings.Contains(gone.Text, "Worker 1 on n2 had no part in 1 load level, which the others made.") {
		t.Errorf("%v: %s: %s", gone.Verdict, gone.Value, gone.Text)
	}
	run, sum = manned(t)
	sum.Notices = append(sum.Notices, result.Warning{Code: result.FewerWorkers, Text: "worker 1 on n2 is gone"})
	for i := range sum.Points { // it was lost before anything was measured
		sum.Points[i].Workers = sum.Points[i].Workers[:1]
	}
	fewer, _ := finding(Build(run, sum), "Workers")
	if fewer.Verdict != Caution || fewer.Value != "1, fewer than were asked for" {
		t.Errorf("%v: %s: %s", fewer.Verdict, fewer.Value, fewer.Text)
	}
	run, sum = fixture(t)
	if slices.ContainsFunc(Build(run, sum).Sections, func(s Section) bool { return s.ID == "workers" }) {
		t.Error("workers of a run without any")
	}
}

func second[A, B any](_ A, b B) B { return b }
