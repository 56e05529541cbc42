package render_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/plot"
	"meterbench/reports/render"
)

// small is a report that is drawn quickly.
func small(t testing.TB) reports.Report {
	run, sum := stored(t)
	sum.Points, sum.FE, sum.Saturation = sum.Points[:2], nil, nil
	rep := reports.Build(run, sum)
	rep.Sections = rep.Sections[:1]
	return rep
}

// Nothing is written outside of the run's folder, wherever its links lead.
func TestFolderFollowsNoLink(t *testing.T) {
	rep := small(t)
	table, figure := rep.Tables()[0].ID, rep.Figures()[0].ID
	for _, c := range []struct {
		link, file string // which leads outside, and the file there that would be overwritten
		refused    bool
	}{
		{"csv", table + ".csv", true},
		{"figures", figure + ".svg", true},
		{"csv/" + table + ".csv", "", false},
		{"figures/" + figure + ".png", "", false},
		{"report.html", "", false},
	} {
		for _, kind := range []string{"absolute", "relative", "to nothing"} {
			t.Run(c.link+" "+kind, func(t *testing.T) {
				above := t.TempDir()
				dir, outside := filepath.Join(above, "run"), filepath.Join(above, "outside")
				err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, c.link)), 0o755), os.Mkdir(outside, 0o755))
				target := filepath.Join(outside, c.file)
				if c.file == "" {
					target = filepath.Join(outside, "precious")
				}
				if kind != "to nothing" {
					err = errors.Join(err, os.WriteFile(target, []byte("PRECIOUS"), 0o644))
				}
				to := outside
				if c.file == "" {
					to = target
				}
				if kind == "relative" {
					rel, err2 := filepath.Rel(filepath.Dir(filepath.Join(dir, c.link)), to)
					to, err = rel, errors.Join(err, err2)
				}
				if kind == "to nothing" && c.file != "" {
					err = errors.Join(err, os.Remove(outside))
				}
				if err := errors.Join(err, os.Symlink(to, filepath.Join(dir, c.link))); err != nil {
					t.Fatal(err)
				}
				err = render.Folder(t.Context(), dir, rep)
				if (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), c.link+": is no folder but a link") {
					t.Errorf("error %v, want one: %v", err, c.refused)
				}
				if text, err := os.ReadFile(target); kind == "to nothing" && !errors.Is(err, os.ErrNotExist) || kind != "to nothing" && string(text) != "PRECIOUS" {
					t.Errorf("outside: %q, %v", text, err)
				}
			})
		}
	}
}

// The end of the context ends the drawing, and leaves nothing that is half written.
func TestFolderEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := errors.New("ended")
	cancel(ended)
	dir := t.TempDir()
	if err := render.Folder(ctx, dir, small(t)); !errors.Is(err, ended) {
		t.Errorf("error %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}

// A replacement puts another text in the place of one that is stored.
type replacement func(text string) string

// in replaces every text in v, the names of fields apart.
func (r replacement) in(v any) any {
	switch v := v.(type) {
	case string:
		return r(v)
	case []any:
		for i := range v {
			v[i] = r.in(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = r.in(v[key])
		}
	}
	return v
}

// withTexts returns the stored run with every free text in it replaced: names of series, nodes, topologies and channels,
// warnings, reasons, versions, failures.
func withTexts(t testing.TB, replace replacement) (run result.Run, sum result.Summary) {
	t.Helper()
	run, sum = stored(t)
	change := func(from, to any) {
		data, err := json.Marshal(from)
		var tree any
		err = errors.Join(err, json.Unmarshal(data, &tree))
		data, err2 := json.Marshal(replace.in(tree))
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		_ = json.Unmarshal(data, to) // instants and other texts of a form of their own stay
	}
	change(run, &run)
	names := map[string]string{}
	for i := range sum.Points {
		p := &sum.Points[i]
		names[p.Series] = replace(p.Series)
		p.Series, p.LimitedBy, p.Reasons = replace(p.Series), replace(p.LimitedBy), []string{replace("a reason")}
		p.Valid = false
		p.Limit.Node, p.Limit.Part = replace("a node"), replace("a part")
		for k := range p.Factors {
			p.Factors[k].Label = replace(p.Factors[k].Label)
		}
		change(p.Notices, &p.Notices)
		cpu := map[string]float64{}
		for name, cores := range p.CPU {
			cpu[replace(name)] = cores
		}
		p.CPU = cpu
	}
	for i := range sum.Saturation {
		sum.Saturation[i].Series, sum.Saturation[i].LimitedBy = replace(sum.Saturation[i].Series), replace("limit")
	}
	change(sum.Notices, &sum.Notices)
	change(sum.Claims, &sum.Claims)
	change(sum.Audit, &sum.Audit)
	sum.Scenario, sum.Run = replace(sum.Scenario), replace(sum.Run)
	return run, sum
}

// unprintable returns what of a text could drive a terminal.
func unprintable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, text)
}

// No stored text reaches a terminal, a page or a table as anything but itself.
func TestTextsOfStrangers(t *testing.T) {
	n := 0
	terminal := func(text string) string {
		n++
		return text + "\x1b]0;title\x07\x1b[31m\u202e\u009b2J\xff\r\nsecond" + fmt.Sprint(n)
	}
	markup := func(text string) string {
		n++
		return text + `</text></title></style><script>alert(1)</script>" onload="alert(1)' onerror='alert(1)<img src=x>{{.}}javascript:alert(1)]]>` + fmt.Sprint(n)
	}
	for name, replace := range map[string]replacement{"terminal": terminal, "markup": markup} {
		t.Run(name, func(t *testing.T) {
			rep := reports.Build(withTexts(t, replace))
			var text, tables, drawings bytes.Buffer
			if err := render.Text(&text, rep, 100); err != nil {
				t.Fatal(err)
			}
			for _, table := range rep.Tables() {
				if err := render.CSV(&tables, table); err != nil {
					t.Fatal(err)
				}
			}
			for _, figure := range rep.Figures() {
				if err := plot.SVG(&drawings, figure); err != nil {
					t.Fatal(err)
				}
			}
			if strings.Contains(drawings.String(), "<script") || strings.Contains(drawings.String(), "<img") {
				t.Error("a figure holds an element of a text")
			}
			document := page(t, rep)
			for form, got := range map[string]string{"text": text.String(), "CSV": tables.String(), "HTML": document, "SVG": drawings.String()} {
				if bad := unprintable(got); bad != "" {
					t.Errorf("%s holds %.100q", form, bad)
				}
				if !strings.Contains(got, `title\a\x1b[31m`) && name == "terminal" && form != "SVG" {
					t.Errorf("%s shows none of the texts", form)
				}
			}
			if len(runs(t, document)) > 1 {
				t.Error("a script of strangers")
			}
			for _, n := range elements(t, document) {
				switch n.Data {
				case "img", "iframe", "object", "link", "base", "form":
					t.Errorf("a <%s> element", n.Data)
				}
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Key, "on") || a.Key == "href" && !strings.HasPrefix(a.Val, "#") || a.Key == "src" {
						t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
					}
				}
			}
		})
	}
}

// No text of a table is a formula to a spreadsheet, whatever separates its cells, and numbers stay numbers.
func TestFormulas(t *testing.T) {
	column := func(texts ...string) reports.Table {
		table := reports.Table{ID: "t", Columns: []reports.Column{{Key: "=key"}}}
		for _, text := range texts {
			table.Rows = append(table.Rows, []reports.Cell{{Text: text}})
		}
		return table
	}
	for text, want := range map[string]string{
		`=HYPERLINK("http://example.org";"x")`: `'=HYPERLINK("http://example.org";"x")`,
		"=1+1":                                 "'=1+1", "+1+1": "'+1+1", "-1+1": "'-1+1", "@SUM(1)": "'@SUM(1)",
		"\t=1+1": `\t=1+1`, "\r=1+1": `\r=1+1`, "\n=1+1": `\n=1+1`,
		"\uff1d1+1": "'\uff1d1+1", "\uff201": "'\uff201",
		"plain;=1+1": "plain;'=1+1", "plain,=1+1": "plain,'=1+1", "plain\t=1+1": `plain\t=1+1`, "plain|@x": "plain|'@x", `"=1+1`: `"'=1+1`, "'=1+1": "''=1+1",
		"-1.5": "-1.5", "+3e-9": "+3e-9", "12": "12", "": "", "plain/batch=2s,10": "plain/batch=2s,10", "a-b": "a-b", "–": "–",
	} {
		t.Run(text, func(t *testing.T) {
			var b bytes.Buffer
			if err := render.CSV(&b, column(text)); err != nil {
				t.Fatal(err)
			}
			rows, err := csv.NewReader(&b).ReadAll()
			if text == "" {
				return // a line of nothing
			}
			if err != nil || len(rows) != 2 || rows[0][0] != "'=key" || rows[1][0] != want {
				t.Errorf("got %q, %v, want %q", rows, err, want)
			}
		})
	}
}
