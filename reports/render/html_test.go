package render_test

import (
	"bytes"
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/reports"
	"meterbench/reports/plot"
	"meterbench/reports/render"
)

func page(t testing.TB, rep reports.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := render.HTML(&b, rep); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elements parses a page and returns its elements in order.
func elements(t testing.TB, document string) []*xhtml.Node {
	t.Helper()
	root, err := xhtml.Parse(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	var all []*xhtml.Node
	for n := range root.Descendants() {
		if n.Type == xhtml.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attribute(n *xhtml.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestHTMLIsWhole(t *testing.T) {
	rep := reports.Build(stored(t))
	document := page(t, rep)
	words := html.UnescapeString(document)
	for _, f := range rep.Figures() {
		if !strings.Contains(document, `id="figure-`+f.ID+`"`) || !strings.Contains(words, f.Alt) {
			t.Errorf("figure %s is not there with its description", f.ID)
		}
	}
	for _, table := range rep.Tables() {
		if (len(table.Rows) > 0) != strings.Contains(document, `id="table-`+table.ID+`"`) {
			t.Errorf("table %s: %d rows, shown differently", table.ID, len(table.Rows))
		}
	}
	for _, w := range rep.Warnings {
		if !strings.Contains(words, w.Text) || !strings.Contains(words, w.Where) {
			t.Errorf("warning %q is not there", w.Text)
		}
	}
	for _, f := range rep.Findings {
		if !strings.Contains(words, f.Value) || !strings.Contains(words, f.Text) {
			t.Errorf("finding %q is not there", f.Subject)
		}
	}
	if !strings.Contains(words, rep.Source) {
		t.Error("the scenario's source is not there")
	}
	if document != page(t, rep) {
		t.Error("two pages of one report differ")
	}
}

// TestHTMLNeedsNoNetwork finds nothing in the page that a browser would load.
func TestHTMLNeedsNoNetwork(t *testing.T) {
	document := page(t, reports.Build(stored(t)))
	ids := map[string]bool{}
	for _, n := range elements(t, document) {
		switch n.Data {
		case "link", "img", "iframe", "object", "embed", "image", "use", "base", "form":
			t.Errorf("a <%s> element", n.Data)
		case "figure":
			if attribute(n, "id") == "" {
				t.Error("a figure without an id")
			}
		}
		for _, a := range n.Attr {
			loads := a.Key == "src" || a.Key == "srcset" || a.Key == "style" && strings.Contains(a.Val, "url(")
			if runs := strings.HasPrefix(a.Key, "on"); a.Namespace == "" && (loads || runs) {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
			if a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("a link to %q", a.Val)
			}
			if a.Key == "id" {
				if ids[a.Val] {
					t.Errorf("the id %q is there twice", a.Val)
				}
				ids[a.Val] = true
			}
		}
	}
	if strings.Contains(document, "@import") || strings.Contains(document, "url(") {
		t.Error("the style loads something")
	}
	runs(t, document) // only what the policy allows
	addresses := regexp.MustCompile(`https?://[^"' <]*`).FindAllString(regexp.MustCompile(`(?s)<script>.*?</script>`).ReplaceAllString(document, ""), -1)
	for _, a := range addresses { // names of XML vocabularies, never loaded
		if a != "http://www.w3.org/2000/svg" && a != "http://www.w3.org/1999/xlink" {
			t.Errorf("the address %s", a)
		}
	}
	if !strings.Contains(document, "default-src &#39;none&#39;") && !strings.Contains(document, "default-src 'none'") {
		t.Error("no content security policy that forbids loading")
	}
}

// Every link leads to an element of the page, and every finding to what it rests on.
func TestHTMLLinks(t *testing.T) {
	run, sum := stored(t)
	sum.Claims = []result.Claim{{ID: "p/fast", Claim: "It is fast.", Verdict: result.Reproduced}}
	sum.Points[0].Little = &result.Little{Cycle: 1, Law: 1, Judged: true}
	rep := reports.Build(run, sum)
	ids, links := map[string]bool{}, map[string]bool{}
	for _, n := range elements(t, page(t, rep)) {
		ids[attribute(n, "id")] = true
		if to, ok := strings.CutPrefix(attribute(n, "href"), "#"); ok {
			links[to] = true
		}
	}
	for to := range links {
		if !ids[to] {
			t.Errorf("a link leads to #%s, which is not there", to)
		}
	}
	for _, f := range rep.Findings {
		if !links[f.To] {
			t.Errorf("the finding %q leads nowhere, to %q", f.Subject, f.To)
		}
	}
}

// TestHTMLIsAccessible holds what a screen reader needs.
func TestHTMLIsAccessible(t *testing.T) {
	figures, tables := 0, 0
	for _, n := range elements(t, page(t, reports.Build(stored(t)))) {
		switch {
		case n.Data == "html" && attribute(n, "lang") == "":
			t.Error("the page names no language")
		case n.Data == "svg":
			figures++
			if attribute(n, "aria-hidden") != "true" || attribute(n.Parent, "role") != "img" || attribute(n.Parent, "aria-label") == "" {
				t.Error("a drawing without a description around it")
			}
		case n.Data == "table":
			tables++
			if c := n.FirstChild; c == nil || c.NextSibling == nil || c.NextSibling.Data != "caption" {
				t.Error("a table without a caption")
			}
		case n.Data == "th" && attribute(n, "scope") == "":
			t.Error("a heading cell without its scope")
		}
	}
	if figures < 10 || tables < 10 {
		t.Errorf("%d figures and %d tables seen", figures, tables)
	}
}

// TestStyleFollowsDrawing keeps the page's dark mode in step with the colours that the drawings
// use.
func TestStyleFollowsDrawing(t *testing.T) {
	document := page(t, reports.Build(stored(t)))
	for _, colour := range []string{plot.Ink, plot.Faint, plot.Rule, plot.Paper} {
		if !strings.Contains(document, `[style*="stroke:`+colour+`"]`) {
			t.Errorf("the style does not know the drawings' %s", colour)
		}
		if strings.Count(document, ":"+colour) < 3 {
			t.Errorf("no drawing uses %s", colour)
		}
	}
}

// The page turns the scale of heat maps round in its dark mode, colour by colour.
func TestStyleTurnsHeatMapsRound(t *testing.T) {
	document := page(t, reports.Build(stored(t)))
	for i, colour := range plot.Tiles {
		if rule := `[style*="fill:` + colour + `"] { fill: ` + plot.Tiles[len(plot.Tiles)-1-i] + ` !important; }`; !strings.Contains(document, rule) {
			t.Errorf("the style lacks %s", rule)
		}
	}
}

func TestHTMLMarksWhatItIs(t *testing.T) {
	run, sum := stored(t)
	if got := page(t, reports.Build(run, sum)); strings.Contains(got, "banner caution") {
		t.Error("a whole run on a real network carries a banner")
	}
	sum.Target, sum.Complete = "reference", false
	got := page(t, reports.Build(run, sum))
	for _, want := range []string{"<strong>Simulated.</strong>", "<strong>Partial.</strong>"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
}

// hostile puts a string wherever a run can hold one.
func hostile(t testing.TB, s string) reports.Report {
	run, sum := stored(t)
	run.ID, run.Scenario, run.Source, run.SeedNote, run.Host.CPU = s, s, s, s, s
	run.Versions = map[string]string{s: s}
	run.Topology = json.RawMessage(s)
	sum.Scenario, sum.Run, sum.Target, sum.Notices = s, s, s, []result.Warning{{Where: []string{s}, Text: s}}
	sum.Points = sum.Points[:2]
	for i := range sum.Points {
		p := &sum.Points[i]
		p.Series, p.Reasons, p.Notices = s, []string{s}, []result.Warning{{Where: []string{s}, Text: s}}
		p.Conditions.Topology, p.Conditions.Scheme, p.Conditions.Wait = s, s, result.Wait(s)
		p.CPU = map[string]float64{s: 1}
		p.RSS, p.Roles = p.CPU, map[string]result.Role{s: result.Role(s)}
		p.Limit, p.LimitedBecause = result.Limit{Kind: result.LimitHost, Node: s, Role: result.Role(s)}, s
		p.Intervals = map[string]stats.Interval{"throughput_per_s": {Low: 1, High: 2, N: 3, Method: s}}
	}
	sum.Saturation = []result.Saturation{{Series: s, Reached: true, Clients: 1, Method: s}}
	sum.FE = sum.FE[:1]
	sum.FE[0].Scheme = s
	return reports.Build(run, sum)
}

func TestHostileStrings(t *testing.T) {
	rep := hostile(t, "\x1b[2J\"'><script>alert(1)</script><img src=x onerror=y>\n| `x` | [a](http://example.org)\u202e")
	document := page(t, rep)
	for _, n := range elements(t, document) {
		leavesPage := n.Data == "a" && !strings.HasPrefix(attribute(n, "href"), "#")
		if n.Data == "img" || leavesPage {
			t.Fatalf("markup of the run is in the page: <%s>", n.Data)
		}
	}
	if len(runs(t, document)) > 1 {
		t.Fatal("a script of the run is in the page")
	}
	var b bytes.Buffer
	if err := render.Text(&b, rep, 100); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\u202e") {
		t.Error("control characters reach the terminal")
	}
}

// FuzzStrings writes reports with any string everywhere: no error, no markup.
func FuzzStrings(f *testing.F) {
	f.Add("plain")
	f.Add("<b>\x00\xff|\r\n`")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		rep := hostile(t, s)
		for _, n := range elements(t, page(t, rep)) {
			if n.Data == "img" || n.Data == "b" {
				t.Fatalf("%q makes a <%s> element", s, n.Data)
			}
		}
		if len(runs(t, page(t, rep))) > 1 {
			t.Fatalf("%q makes a script", s)
		}
		var b bytes.Buffer
		if err := render.Text(&b, rep, 60); err != nil {
			t.Fatal(err)
		}
		for _, table := range rep.Tables() {
			if err := render.CSV(&b, table); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A figure that goes on with another one is folded, whatever its place.
func TestHTMLFoldsFurtherParts(t *testing.T) {
	document := page(t, reports.Report{Sections: []reports.Section{{ID: "s", Figures: []reports.Figure{
		{ID: "first", Empty: "none"}, {ID: "first-2", Empty: "none", Further: true}, {ID: "second", Empty: "none"}}}}})
	fold := strings.Index(document, "<details")
	for id, open := range map[string]bool{"first": true, "first-2": false, "second": true} {
		if at := strings.Index(document, `id="figure-`+id+`"`); at < 0 || (at < fold) != open {
			t.Errorf("%s: at %d with the fold at %d, want it open: %v", id, at, fold, open)
		}
	}
}

// What is long is folded: nothing of it is lost.
func TestHTMLFolds(t *testing.T) {
	rep := reports.Report{Run: "1", Sections: []reports.Section{{ID: "s"}}}
	for i := range 20 {
		rep.Warnings = append(rep.Warnings, reports.Warning{Text: "warning"})
		rep.Sections[0].Figures = append(rep.Sections[0].Figures, reports.Figure{ID: "f" + string(rune('a'+i)), Empty: "none"})
	}
	for _, detail := range []bool{false, true} {
		table := reports.Table{ID: map[bool]string{false: "short", true: "long"}[detail], Detail: detail, Columns: []reports.Column{{Title: "n"}}}
		for range 20 {
			table.Rows = append(table.Rows, []reports.Cell{{Text: "row"}})
		}
		rep.Sections[0].Tables = append(rep.Sections[0].Tables, table)
	}
	document := page(t, rep)
	for what, want := range map[string]int{"<figure": 20, ">warning</li>": 20, ">row</th>": 40, "<summary>": 3, "8 more warnings": 1, "11 more figures": 1, "csv/long.csv": 1, "csv/short.csv": 0} {
		if got := strings.Count(document, what); got != want {
			t.Errorf("%q %d times, want %d", what, got, want)
		}
	}
}

// A report of no run that finds nothing, as of a history, has no heading without content and no link to one.
func TestHTMLWithoutFindings(t *testing.T) {
	document := page(t, reports.Report{Scenario: "History of 60 runs", Lead: "3 change points.", Complete: true})
	if strings.Contains(document, `"#findings"`) || strings.Contains(document, `id="findings"`) {
		t.Error("there is a heading or a link of the findings")
	}
	if lead := "<p>3 change points.</p>"; !strings.Contains(document, lead) {
		t.Errorf("there is no %s", lead)
	}
}
