package reports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/bench/history"
)

// A history with a step has a row for it, and a figure that shows it.
func TestHistory(t *testing.T) {
	var b strings.Builder
	b.WriteString("time,run,scenario,fabric,throughput of plain at clients=8,client.cpu_per_commit of plain at clients=8,commit.p99 of a/b at offered=5/s\n")
	for i := range 20 {
		day, release, rate := string(rune('a'+i)), "3.1.1", "400"
		if i >= 10 {
			release, rate = "3.1.4", "300"
		}
		b.WriteString("2026-09-" + []string{"0", "1", "2"}[(i+1)/10] + string(rune('0'+(i+1)%10)) + "T04:00:00Z," + day + ",nightly," + release + "," + rate + ",3,\n")
	}
	b.WriteString("2026-09-30T04:00:00Z,z,nightly,3.1.4,300,3,0.5\n")
	file := filepath.Join(t.TempDir(), "history.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := history.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	a, err := history.Analyse(t.Context(), h, history.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	r := History(h, a)
	if want := "History of 21 runs, 2026-09-01 to 2026-09-30"; r.Scenario != want {
		t.Errorf("got %q", r.Scenario)
	}
	if want := "1 change point in 2 series with enough runs, 1 more with fewer than 10."; r.Lead != want {
		t.Errorf("got %q", r.Lead)
	}
	if got, want := historyTitle(&history.History{Lines: h.Lines[:1]}), "History of 1 run, 2026-09-01"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	tables := r.Tables()
	if len(tables) != 3 || tables[0].ID != "changes" || len(tables[0].Rows) != 1 {
		t.Fatalf("tables %+v", tables)
	}
	row := map[string]Cell{}
	for i, c := range tables[0].Columns {
		row[c.Key] = tables[0].Rows[0][i]
	}
	for key, want := range map[string]string{"run": "k", "before_text": "400 tx/s", "after_text": "300 tx/s", "verdict": "worse", "unlike": "fabric: 3.1.1 → 3.1.4"} {
		if row[key].Text != want {
			t.Errorf("%s: got %q, want %q", key, row[key].Text, want)
		}
	}
	figures := r.Figures()
	if len(figures) != 2 { // no curve of the one that a single run has
		t.Fatalf("%d figures", len(figures))
	}
	f := figures[0]
	if e := f.Panels[0].Events; f.ID != "history-001-throughput-of-plain-at-clients-8" || len(e) != 1 || e[0].X != 10.5 || !e[0].Harms || e[0].Label != "-25 % worse, since k" {
		t.Errorf("%s: %+v", f.ID, e)
	}
	empty := History(&history.History{}, &history.Analysis{})
	if empty.Scenario != "The history has no runs" || empty.Lead == "" || len(empty.Sections) != 0 {
		t.Errorf("%+v", empty)
	}
}
