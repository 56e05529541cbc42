package render_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/reports"
	"meterbench/reports/render"
)

var update = flag.Bool("update", false, "write the golden files anew")

func stored(t testing.TB) (run result.Run, sum result.Summary) {
	t.Helper()
	return storedIn(t, "../testdata")
}

func storedIn(t testing.TB, dir string) (run result.Run, sum result.Summary) {
	t.Helper()
	for file, into := range map[string]any{"run.json": &run, "summary.json": &sum} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	sum.Upgrade()
	return run, sum
}

// calibrated is a calibration on a busy machine.
func calibrated(t testing.TB) (c result.Calibration) {
	t.Helper()
	data, err := os.ReadFile("../testdata/calibration.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// golden compares with a file of testdata.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s changed; read the new one (go test -update) before keeping it\n%s", path, diff)
	}
}

func TestGolden(t *testing.T) {
	rep, apart := reports.Build(stored(t)), reports.Build(storedIn(t, "../testdata/apart"))
	for file, write := range map[string]func(io.Writer) error{
		"summary-100.txt": func(w io.Writer) error { return render.Text(w, rep, 100) },
		"apart-140.txt":   func(w io.Writer) error { return render.Text(w, apart, 140) },
		"fe-80.txt":       func(w io.Writer) error { _, sum := stored(t); return render.Text(w, reports.FE(sum.FE), 80) },
		"calibration.txt": func(w io.Writer) error { return render.Text(w, reports.Calibration(calibrated(t)), 100) },
		"report.html":     func(w io.Writer) error { _, err := io.WriteString(w, written(page(t, rep))); return err },
	} {
		t.Run(file, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, file, b.String())
		})
	}
	for _, table := range rep.Tables() {
		if table.ID != "levels" && table.ID != "encryption-costs" {
			continue
		}
		t.Run(table.ID+".csv", func(t *testing.T) {
			var b bytes.Buffer
			if err := render.CSV(&b, table); err != nil {
				t.Fatal(err)
			}
			golden(t, table.ID+".csv", b.String())
		})
	}
}

// written is a page without its style, its script and its drawings, which package plot tests: every sentence, table and absence of the
// report, and what charts draw.
func written(document string) string {
	return regexp.MustCompile(`(?s)<style>.*?</style>|<svg .*?</svg>|<script>.*?</script>|; script-src [^"]*`).ReplaceAllString(document, "")
}

// TestTextFits holds the summary to the width of the terminal.
func TestTextFits(t *testing.T) {
	rep := reports.Build(stored(t))
	for _, width := range []int{60, 80, 100, 120, 200} {
		var b bytes.Buffer
		if err := render.Text(&b, rep, width); err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(b.String(), "\n") {
			if n := utf8.RuneCountInString(line); n > width {
				t.Errorf("width %d: a line of %d: %s", width, n, line)
			}
		}
	}
}

// TestCSVKeepsBaseUnits reads a table back and finds the stored values.
func TestCSVKeepsBaseUnits(t *testing.T) {
	run, sum := stored(t)
	for _, table := range reports.Build(run, sum).Tables() {
		if table.ID != "encryption-costs" {
			continue
		}
		var b bytes.Buffer
		if err := render.CSV(&b, table); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		column := map[string]int{}
		for i, name := range rows[0] {
			column[name] = i
		}
		row := rows[len(rows)-1]
		for name, want := range map[string]string{"bits": "4096", "security_bits": "", "length": "24", "encrypt_p50_s": "0.576",
			"encrypt_p50_s_interval_low": "0.553", "encrypt_p50_s_interval_n": "9", "ciphertext_bytes": "12800"} {
			if got := row[column[name]]; got != want {
				t.Errorf("%s = %q, want %q", name, got, want)
			}
		}
	}
}

// TestAbsencesAreExplained marks absent cells and says why below the table.
func TestAbsencesAreExplained(t *testing.T) {
	one := 1.5
	rep := reports.Report{Scenario: "s", Sections: []reports.Section{{Tables: []reports.Table{{
		ID: "t", Title: "T", Columns: []reports.Column{{Key: "a", Title: "a", Unit: reports.Seconds}, {Key: "b", Title: "b", Unit: reports.Seconds}},
		Rows: [][]reports.Cell{{{Why: "too few"}, {Why: "too late"}}, {{Number: &one}, {Why: "too few"}}},
	}}}}}
	var b bytes.Buffer
	if err := render.Text(&b, rep, 80); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"–¹", "–²", "–¹: too few.", "–²: too late.", "1.50"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	run, sum := stored(t)
	sum.Points, sum.FE = sum.Points[20:], sum.FE[:2] // few figures: PNGs take time
	rep := reports.Build(run, sum)
	for range 2 { // the second time over what the first one left
		if err := render.Folder(t.Context(), dir, rep); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for _, f := range rep.Figures() {
		want = append(want, "figures/"+f.ID+".svg", "figures/"+f.ID+".png")
	}
	for _, table := range rep.Tables() {
		want = append(want, "csv/"+table.ID+".csv")
	}
	want = append(want, "report.html")
	for _, file := range want {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
	found := 0
	if err := filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found++
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if found != len(want) {
		t.Errorf("%d files, want %d: something temporary was left", found, len(want))
	}
}

func TestFolderThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "csv"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err := render.Folder(t.Context(), dir, reports.Build(stored(t)))
	if err == nil || !strings.Contains(err.Error(), "writing the report") || !strings.Contains(err.Error(), "csv") {
		t.Errorf("error %v, want one that names the phase and the file", err)
	}
}

// A full writer takes nothing.
type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrors(t *testing.T) {
	rep := reports.Build(stored(t))
	for name, err := range map[string]error{
		"text": render.Text(full{}, rep, 80), "HTML": render.HTML(full{}, rep), "CSV": render.CSV(full{}, rep.Manifest),
	} {
		if !errors.Is(err, errFull) {
			t.Errorf("%s: error %v, want the cause kept", name, err)
		}
	}
}

// A terminal shows the first rows of a long table, and where the others are.
func TestTextOfLongTables(t *testing.T) {
	table := reports.Table{ID: "load-levels", Title: "Load levels", Columns: []reports.Column{{Key: "n", Title: "n"}}}
	for i := range 45 {
		table.Rows = append(table.Rows, []reports.Cell{{Text: "row" + string(rune('A'+i))}})
	}
	var b bytes.Buffer
	if err := render.Text(&b, reports.Report{Run: "1", Sections: []reports.Section{{Tables: []reports.Table{table}}}}, 80); err != nil {
		t.Fatal(err)
	}
	if out := b.String(); strings.Count(out, "\n row") != 40 || !strings.Contains(out, "\n  and 5 more rows in csv/load-levels.csv\n") || len(table.Rows) != 45 {
		t.Errorf("%s", out)
	}
}

// An answer is a figure beside a table; links lead to elements of the page, and ends of intervals that are not bounded are
// said in words.
func TestAnswers(t *testing.T) {
	table := reports.Table{ID: "claim-p", Title: "p: depends",
		Columns: []reports.Column{{Key: "setting", Title: "setting"}, {Key: "clients_interval", Title: "95 % interval", Unit: reports.Count, Interval: true}},
		Rows: [][]reports.Cell{
			{{Text: "a", Link: "figure-f"}, {Interval: &stats.Interval{Low: 17, High: math.Inf(1)}}},
			{{Text: "b"}, {Interval: &stats.Interval{Low: math.Inf(-1), High: 4}}},
		}}
	figure := reports.Figure{ID: "f", Title: "A figure", Empty: "nothing"}
	rep := reports.Report{Sections: []reports.Section{{ID: "claims", Title: "Claims", Answers: []reports.Answer{
		{ID: "claim-p", Title: "p", Value: "depends", Lines: []string{"It stops."}, Asked: "f", Figure: &figure, Table: table},
	}}}}
	var page, text, rows bytes.Buffer
	if err := errors.Join(render.HTML(&page, rep), render.Text(&text, rep, 80), render.CSV(&rows, table)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`id="claim-p"`, `id="figure-f"`, `<a href="#figure-f">a</a>`, "from 17", "up to 4", "It stops."} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if !strings.Contains(text.String(), "P: DEPENDS") || !strings.Contains(text.String(), "from 17") {
		t.Errorf("the text is\n%s", text.String())
	}
	if want := "setting,clients_interval_low,clients_interval_high,clients_interval_n\na,17,,\nb,,4,\n"; rows.String() != want {
		t.Errorf("the CSV is\n%s", rows.String())
	}
}
