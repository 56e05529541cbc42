package comparison_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	xhtml "golang.org/x/net/html"
	"pgregory.net/rapid"

	"meterbench/bench/compare"
	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/reports/comparison"
	"meterbench/reports/junit"
	"meterbench/reports/render"
)

// anything draws a comparison as no program should make one.
func anything(t *rapid.T) *compare.Comparison {
	number := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 1, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, 5e-324}))
	name := rapid.SampledFrom([]string{"", "plain", "a|b", "<script>alert(1)</script>", "\x1b[31m", "@all #1 https://example.org `x`", "zeile\n# kopf", "\u202e", strings.Repeat("long ", 50)})
	c := &compare.Comparison{Alpha: 0.05, Minimum: rapid.SampledFrom([]float64{0.05, 1e-4, 0.9}).Draw(t, "minimum"), Paired: rapid.Bool().Draw(t, "paired")}
	for range rapid.IntRange(0, 3).Draw(t, "sources") {
		s := compare.Source{Path: name.Draw(t, "path"), Scenario: name.Draw(t, "scenario"), Conditions: []compare.Condition{{Key: compare.Key(name.Draw(t, "key")), Value: name.Draw(t, "value")}}}
		c.Base, c.Head = append(c.Base, s), append(c.Head, s)
		c.Unlike = append(c.Unlike, compare.Unlike{Series: s.Path, Key: compare.Key(s.Scenario), Base: []string{s.Path}, Told: rapid.Bool().Draw(t, "told")})
	}
	metrics := append(metric.All(), metric.Metric{Name: "weird/op", Unit: "weird/op", Better: metric.Lower}, metric.Metric{})
	sample := func() compare.Sample {
		return compare.Sample{Values: rapid.SliceOfN(number, 0, 8).Draw(t, "values"), Median: number.Draw(t, "median")}
	}
	for range rapid.IntRange(0, 6).Draw(t, "rows") {
		r := compare.Row{Series: name.Draw(t, "series"), Metric: rapid.SampledFrom(metrics).Draw(t, "metric"), Base: sample(), Head: sample(),
			Difference: number.Draw(t, "difference"), P: number.Draw(t, "p"), Adjusted: number.Draw(t, "adjusted"), Smallest: number.Draw(t, "smallest"),
			Gated: rapid.Bool().Draw(t, "gated"), Verdict: rapid.SampledFrom(compare.Verdicts()).Draw(t, "verdict"), Warnings: []stats.Warning{{Text: name.Draw(t, "warning")}}}
		if rapid.Bool().Draw(t, "interval") {
			r.Interval = &stats.Interval{Low: number.Draw(t, "low"), High: number.Draw(t, "high"), N: 3, Method: name.Draw(t, "method")}
		}
		if rapid.Bool().Draw(t, "load") {
			r.Load = result.Load{Kind: rapid.SampledFrom(result.LoadKinds()).Draw(t, "kind"), Clients: rapid.IntRange(0, 9).Draw(t, "clients"), Offered: rapid.Float64Range(0, 1e6).Draw(t, "offered")}
		}
		c.Rows = append(c.Rows, r)
	}
	return c
}

// Whatever a comparison holds, every form is written, and nothing in it drives a terminal, a page or a pull request.
func TestRobust(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anything(t)
		rep := comparison.Build(c)
		var text, markdown, page, doc, cases bytes.Buffer
		for _, err := range []error{render.Text(&text, rep, 80), render.Markdown(&markdown, rep), render.HTML(&page, rep), comparison.JSON(&doc, c), junit.Write(&cases, comparison.Suite(c, true))} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, out := range []*bytes.Buffer{&text, &markdown, &page, &cases} {
			if strings.ContainsFunc(out.String(), func(r rune) bool { return !unicode.IsGraphic(r) && r != '\n' && r != '\t' }) {
				t.Fatalf("control characters in %q", out)
			}
		}
		if !json.Valid(doc.Bytes()) {
			t.Fatalf("no JSON: %s", doc.String())
		}
		if strings.Contains(page.String(), "<script>alert") || strings.Contains(markdown.String(), "<script>") || strings.Contains(markdown.String(), "@all") {
			t.Fatal("a text was taken for markup")
		}
	})
}

// The page has both curves, and loads nothing.
func TestPage(t *testing.T) {
	var b bytes.Buffer
	if err := render.HTML(&b, comparison.Build(made(t))); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"figure-throughput-load-closed", "figure-commit-latency-load-closed", "figure-differences", "figure-runs", "table-changes", "table-gated-figures", "table-sources"} {
		if !strings.Contains(b.String(), `id="`+id+`"`) {
			t.Errorf("no %s", id)
		}
	}
	root, err := xhtml.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != xhtml.ElementNode {
			continue
		}
		switch n.Data { // of scripts, package render checks what they are
		case "link", "img", "iframe", "object", "use", "base", "form":
			t.Errorf("a <%s> element", n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "src" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
}

// keys adds the keys of a JSON value under their path. Lists have one more level, and head has the keys of base.
func keys(into map[string]bool, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, of := range v {
			at := strings.TrimPrefix(path+"."+key, ".")
			into[at] = true
			if key != "gated" { // whose keys are verdicts
				keys(into, at, of)
			}
		}
	case []any:
		for _, of := range v {
			keys(into, path+"[]", of)
		}
	}
}

// Comparisons of runs and of benchmark files have the same keys, and docs/ci.md names those that there are.
func TestKeys(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "ci.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "| key of a comparison |")
	if !found {
		t.Fatal("docs/ci.md has no table of keys")
	}
	section, _, _ = strings.Cut(section, "\n\n")
	documented := map[string]bool{}
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
			documented[code[1]] = true
		}
	}
	there := func(c *compare.Comparison) map[string]bool {
		var b bytes.Buffer
		if err := comparison.JSON(&b, c); err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		all := map[string]bool{}
		keys(all, "", doc)
		return all
	}
	runs, files := there(made(t)), there(benchmark())
	for key := range runs {
		in := func(part string) bool { return strings.HasPrefix(key, part) }
		if !files[key] && !in("rows[].load.") && !in("rows[].interval.") && !in("rows[].warnings[].") && !in("warnings[].") && !in("unlike[].") {
			t.Errorf("a comparison of benchmark files has no %s", key)
		}
		inWords := in("unlike[].") || strings.Contains(key, "warnings[].") || in("rows[].interval.") || in("rows[].base.") || in("rows[].head.") || in("head[].") || strings.Contains(key, "conditions[].")
		if !documented[key] && !inWords {
			t.Errorf("docs/ci.md does not name %s", key)
		}
	}
	for key := range documented {
		if !runs[key] {
			t.Errorf("there is no %s", key)
		}
	}
}

// A suite of files, of which nobody knows when they were measured, has no time.
func TestSuiteOfFiles(t *testing.T) {
	var b bytes.Buffer
	if err := junit.Write(&b, comparison.Suite(benchmark(), false)); err != nil || strings.Contains(b.String(), "timestamp") || strings.Contains(b.String(), "0001-01-01") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// What one side lacks has no ratio to print, and long names keep to the width.
func TestOneSided(t *testing.T) {
	c := made(t)
	for i := range c.Rows {
		r := &c.Rows[i]
		r.Series = strings.Repeat("very-long-name/", 8)
		if r.Load.Clients == 64 {
			r.Head, r.Difference, r.Interval, r.Verdict = compare.Sample{Median: math.NaN()}, math.NaN(), nil, compare.CannotTell
		}
	}
	var text, cases bytes.Buffer
	if err := render.Text(&text, comparison.Build(c), 80); err != nil {
		t.Fatal(err)
	}
	if err := junit.Write(&cases, comparison.Suite(c, false)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String()+cases.String(), "no ratio") || !strings.Contains(cases.String(), "cannot tell: only base") {
		t.Errorf("a figure of one side has a ratio:\n%s", text.String())
	}
	findings, _, _ := strings.Cut(text.String(), "CHANGES")
	for line := range strings.Lines(findings) {
		if n := len([]rune(line)); n > 81 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// A suite says when and where its runs were.
func TestSuite(t *testing.T) {
	s := comparison.Suite(made(t), true)
	if s.Started != time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC) || s.Count(junit.Failed) != 2 || s.Count(junit.Errored) != 2 || s.Count(junit.Skipped) != 0 || len(s.Cases) != 24 {
		t.Errorf("%+v", s)
	}
}
