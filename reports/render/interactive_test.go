package render_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"

	"meterbench/bench/stats"
	"meterbench/reports"
	"meterbench/reports/charts"
)

// textOf is what stands in an element.
func textOf(n *xhtml.Node) string {
	if n.FirstChild == nil {
		return ""
	}
	return n.FirstChild.Data
}

// runs returns the scripts of a page that a browser would run, and fails for a script that its policy forbids.
func runs(t testing.TB, document string) (scripts []string) {
	t.Helper()
	policy := ""
	for _, n := range elements(t, document) {
		switch {
		case n.Data == "meta" && attribute(n, "http-equiv") == "Content-Security-Policy":
			policy = attribute(n, "content")
		case n.Data == "script" && attribute(n, "type") == "application/json":
			if !json.Valid([]byte(textOf(n))) || strings.ContainsAny(textOf(n), "<>&") {
				t.Errorf("the data of a figure are %.200s", textOf(n))
			}
		case n.Data == "script":
			sum := sha256.Sum256([]byte(textOf(n)))
			if want := "script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.HasSuffix(policy, want) {
				t.Errorf("the policy %q does not allow the script, which takes %q", policy, want)
			}
			scripts = append(scripts, textOf(n))
		}
	}
	return scripts
}

// TestScript finds one script in a page with charts, ours, and none in a page without.
func TestScript(t *testing.T) {
	rep := reports.Build(stored(t))
	scripts := runs(t, page(t, rep))
	if len(scripts) != 1 {
		t.Fatalf("%d scripts, want one", len(scripts))
	}
	for _, name := range append([]string{"uPlot.LICENSE.txt", charts.Figures}, charts.Scripts...) {
		text, err := charts.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(scripts[0], strings.TrimSpace(string(text))) {
			t.Errorf("the script lacks %s, or has it changed", name)
		}
	}
	without := page(t, reports.Report{Sections: []reports.Section{{ID: "s", Figures: []reports.Figure{{ID: "f", Empty: "none"}}}}})
	if strings.Contains(without, "<script") || strings.Contains(without, "script-src") || strings.Contains(without, "uplot") {
		t.Error("a page without charts has what draws them")
	}
}

// TestData checks that each figure that charts can draw has its data beside the drawing, and no other one.
func TestData(t *testing.T) {
	for _, dir := range []string{"../testdata", "../testdata/apart"} {
		rep := reports.Build(storedIn(t, dir))
		with := map[string]string{}
		for _, n := range elements(t, page(t, rep)) {
			if n.Data == "script" && attribute(n, "type") != "" {
				with[attribute(n.Parent, "id")] = textOf(n)
			}
		}
		for _, f := range rep.Figures() {
			text, there := with["figure-"+f.ID]
			if there != charts.Draws(f) {
				t.Errorf("figure %s has data: %v", f.ID, there)
			}
			var got struct {
				Series []struct{ Name string }
				Panels []struct{ Lines []struct{ Y []float64 } }
			}
			if there && json.Unmarshal([]byte(text), &got) != nil || there && len(got.Panels) != len(f.All()) {
				t.Fatalf("the data of %s are %.300s", f.ID, text)
			}
			for i, p := range got.Panels {
				for j, s := range f.All()[i].Series {
					for k, point := range s.Points {
						if v := p.Lines[j].Y[k]; math.Abs(v-point.Y) > 1e-5*math.Abs(point.Y) {
							t.Errorf("%s, %s at %g: %g, want %g", f.ID, s.Name, point.X, v, point.Y)
						}
					}
				}
			}
		}
	}
}

// A name of a series, a panel, a category or an event is text, whatever it holds.
func TestDataOfStrangers(t *testing.T) {
	const name = "</script><script>alert(1)</script><!--\u2028\u202e\x1b\"\\"
	points := []reports.Point{{X: 1, Y: 1, Label: name, Interval: &stats.Interval{Low: 0.5, High: 2}}, {X: 2, Y: math.NaN()}, {X: 3, Y: math.Inf(1)}}
	rep := reports.Report{Sections: []reports.Section{{ID: "s", Figures: []reports.Figure{
		{ID: "lines", X: reports.Axis{Label: name}, Y: reports.Axis{Label: name}, Panels: []reports.Panel{{Title: name, Series: []reports.Series{{Name: name, Points: points}},
			Events: []reports.Event{{X: 1, Label: name}}, Marks: []reports.Mark{{Name: name, X: []float64{1, math.NaN()}}}}}},
		{ID: "bars", Kind: reports.Stacked, X: reports.Axis{Categories: []string{name}}, Series: []reports.Series{{Name: name, Points: []reports.Point{{Y: 1}}}}},
	}}}}
	document := page(t, rep)
	if scripts := runs(t, document); len(scripts) != 1 {
		t.Errorf("%d scripts, want one", len(scripts))
	}
	names := 0
	for _, n := range elements(t, document) {
		if n.Data != "script" || attribute(n, "type") == "" {
			continue
		}
		var got struct{ Series []struct{ Name string } }
		if err := json.Unmarshal([]byte(textOf(n)), &got); err != nil {
			t.Fatalf("%v in %s", err, textOf(n))
		}
		for _, s := range got.Series {
			if names++; s.Name != `</script><script>alert(1)</script><!--\u2028\u202e\x1b"\` {
				t.Errorf("the name is %q", s.Name)
			}
		}
	}
	if names != 2 {
		t.Errorf("%d names, want 2", names)
	}
}
