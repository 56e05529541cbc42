package plot_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"image/png"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/reports"
	"meterbench/reports/plot"
)

var update = flag.Bool("update", false, "write the golden files anew")

func fixture(t *testing.T) reports.Report {
	t.Helper()
	var run result.Run
	var sum result.Summary
	for file, into := range map[string]any{"../testdata/run.json": &run, "../testdata/summary.json": &sum} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	sum.Upgrade()
	return reports.Build(run, sum)
}

func svg(t testing.TB, f reports.Figure) string { return drawn(t, plot.SVG, f) }

func interval(low, high float64) *stats.Interval { return &stats.Interval{Low: low, High: high} }

func drawn(t testing.TB, draw func(io.Writer, reports.Figure) error, f reports.Figure) string {
	t.Helper()
	var b bytes.Buffer
	if err := draw(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// texts parses the document and returns its texts joined by newlines.
func texts(t testing.TB, document string) string {
	t.Helper()
	var all []string
	d := xml.NewDecoder(strings.NewReader(document))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return strings.Join(all, "\n")
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		if s, ok := token.(xml.CharData); ok && len(bytes.TrimSpace(s)) > 0 {
			all = append(all, string(s))
		}
	}
}

// TestFixture draws every figure: well-formed, the same each time, titled, every series in the
// legend, a unit on every axis that has one.
func TestFixture(t *testing.T) {
	for _, f := range fixture(t).Figures() {
		t.Run(f.ID, func(t *testing.T) {
			document := svg(t, f)
			if document != svg(t, f) {
				t.Error("two drawings of one figure differ")
			}
			words := texts(t, document)
			for _, want := range append([]string{f.Title, f.Y.Label, f.X.Label}, seriesNames(f)...) {
				if !strings.Contains(words, want) {
					t.Errorf("no %q among the texts\n%s", want, words)
				}
			}
			unit := map[reports.Unit]string{reports.Seconds: "s", reports.Bytes: "B", reports.PerSecond: "tx/s", reports.Cores: "cores"}[f.Y.Unit]
			if !strings.Contains(words, unit+")\n") && !strings.Contains(words, unit+"\n") {
				t.Errorf("the Y axis shows no unit %q", unit)
			}
			for _, p := range f.All() {
				inside := texts(t, drawn(t, func(w io.Writer, f reports.Figure) error { return plot.PanelSVG(w, f, p) }, f))
				if strings.Contains(inside, f.Title+"\n") || p.Title != "" && strings.Contains(inside, p.Title+"\n") {
					t.Error("a panel inside a page shows its title")
				}
				if !strings.Contains(words, p.Title) {
					t.Errorf("the panel %q has no title", p.Title)
				}
			}
			var labels []string
			for _, key := range plot.Legend(f) {
				labels = append(labels, key.Label)
				texts(t, drawn(t, func(w io.Writer, _ reports.Figure) error { return key.SVG(w) }, f))
			}
			for _, name := range seriesNames(f) {
				if !slices.Contains(labels, name) {
					t.Errorf("the legend for a page lacks %q", name)
				}
			}
		})
	}
}

func seriesNames(f reports.Figure) []string {
	var all []string
	for _, s := range f.Legend() {
		all = append(all, s.Name)
	}
	for _, l := range f.Levels {
		all = append(all, l.Name)
	}
	return all
}

// TestGolden holds one drawing of each kind byte by byte.
func TestGolden(t *testing.T) {
	for _, f := range fixture(t).Figures() {
		if f.ID != "throughput-clients" && f.ID != "phases-clients" && f.ID != "latency-throughput-clients" {
			continue
		}
		golden(t, f.ID, svg(t, f))
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name + ".svg"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s changed; look at it and run go test -update", path)
	}
}

// overTime is a figure of two panels with everything that a panel can show.
func overTime() reports.Figure {
	line := reports.Series{Name: "median", Hue: 1, Unmarked: true, Points: []reports.Point{{X: 1, Y: 0.2}, {X: 3, Y: 0.25}}}
	step := reports.Series{Name: "8 clients", Hue: 1, Steps: 3, Unmarked: true, Points: []reports.Point{{X: 1, Y: 0.1}, {X: 3, Y: 0.15, Label: "8"}}}
	return reports.Figure{ID: "f", Title: "Latency over time", X: reports.Axis{Label: "time", Unit: reports.Seconds, Free: true},
		Y: reports.Axis{Label: "latency", Unit: reports.Seconds, Free: true}, Levels: []reports.Level{{Name: "objective", Y: 0.3}},
		Panels: []reports.Panel{
			{Title: "one", Series: []reports.Series{line}, Until: 4, Spans: []reports.Span{{From: 0, To: 1}},
				Tiles: []reports.Tile{{X: [2]float64{0, 2}, Y: [2]float64{0.1, 0.2}, Share: 1}, {X: [2]float64{2, 4}, Y: [2]float64{0.2, 0.3}, Share: 0.01}},
				Marks: []reports.Mark{{Name: "block cut", X: []float64{0.5, 1, 1.0001, 3}}, {Name: "collection", Hue: 3, Top: true, X: []float64{2}}}},
			{Title: "two", Series: []reports.Series{line, step}, Until: 4, Marks: []reports.Mark{{Name: "block cut", X: []float64{2}}}},
		}}
}

// Panels show their tiles, spans and marks, and the legend explains each once.
func TestPanels(t *testing.T) {
	f := overTime()
	var labels []string
	for _, key := range plot.Legend(f) {
		labels = append(labels, key.Label)
	}
	want := []string{"median", "8 clients", "transactions, few to many", "outside of the measured window", "block cut", "collection", "objective"}
	if diff := cmp.Diff(want, labels); diff != "" {
		t.Errorf("legend (-want +got):\n%s", diff)
	}
	document := svg(t, f)
	words := texts(t, document)
	for _, text := range append(want, "one", "two", "8") {
		if !strings.Contains(words, text) {
			t.Errorf("no %q among the texts", text)
		}
	}
	without := overTime()
	without.Panels[0].Tiles[1].Share = 1
	if svg(t, without) == document {
		t.Error("a rare latency looks as a common one")
	}
	golden(t, "panels", document)
}

func TestPNG(t *testing.T) {
	for _, f := range fixture(t).Figures()[:1] {
		var b bytes.Buffer
		if err := plot.PNG(&b, f); err != nil {
			t.Fatal(err)
		}
		image, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		if size := image.Bounds().Size(); size.X != 1200 || size.Y < 700 {
			t.Errorf("size %v, want 1200 pixels width", size)
		}
	}
}

func TestEmptyFigureSaysWhy(t *testing.T) {
	words := texts(t, svg(t, reports.Figure{ID: "f", Title: "Cost", Empty: "No data: nothing was measured."}))
	if !strings.Contains(words, "No data: nothing was measured.") || !strings.Contains(words, "Cost") {
		t.Errorf("texts: %s", words)
	}
}

// TestMarks sees to it that what qualifies a point is drawn and explained.
func TestMarks(t *testing.T) {
	f := reports.Figure{ID: "f", Kind: reports.Lines, Series: []reports.Series{{Name: "s", Points: []reports.Point{{X: 1, Y: 2}, {X: 2, Y: 3}}}}}
	plain := svg(t, f)
	f.Series[0].Points[1].Invalid = true
	hollow := svg(t, f)
	f.Series[0].Points[1].Saturation = true
	marked := svg(t, f)
	if words := texts(t, plain); strings.Contains(words, "hollow") || strings.Contains(words, "saturation") {
		t.Errorf("marks explained that are not there: %s", words)
	}
	paper := `style="fill:` + plot.Paper
	if got := strings.Count(hollow, paper) - strings.Count(plain, paper); got != 2 { // the point and its legend
		t.Errorf("%d hollow marks more, want 2", got)
	}
	if !strings.Contains(texts(t, hollow), "hollow: not valid") || !strings.Contains(texts(t, marked), "saturation point") {
		t.Error("the legend does not explain the marks")
	}
}

func TestHostileNames(t *testing.T) {
	for _, kind := range []reports.Kind{reports.Lines, reports.Stacked} {
		f := reports.Figure{ID: "f", Kind: kind, Title: "<script>alert(1)</script> \x00\x1b\xff", X: reports.Axis{Categories: []string{"</text><a>"}},
			Series: []reports.Series{{Name: `"'><script>` + strings.Repeat("x", 3000), Points: []reports.Point{{Y: 1}}}}}
		document := svg(t, f)
		texts(t, document)
		if strings.Contains(document, "<script") || strings.Contains(document, "<a>") {
			t.Error("markup from the data is in the drawing")
		}
	}
}

// FuzzSVG draws figures of any names and numbers: always well-formed.
func FuzzSVG(f *testing.F) {
	f.Add("plain", 1.0, 2.0, 3.0, true, true, 1, 0)
	f.Add("\xff\x00<", -1.1e59, 1.25e59, 1e-60, false, false, 5, 7)
	f.Add("a b", 0.0, 0.0, 0.0, true, false, 0, 3)
	f.Fuzz(func(t *testing.T, name string, x, y, high float64, logX, logY bool, hue, variant int) {
		// Build hands on only what can be drawn: finite, positive on a log axis.
		drawable := func(v float64, log bool) bool { return v > -1e60 && v < 1e60 && (!log || v > 0) }
		if !drawable(x, logX) || !drawable(y, logY) || !drawable(high, logY) {
			t.Skip()
		}
		if min(hue, variant) < 0 || max(hue, variant) > 1000 {
			t.Skip()
		}
		p := reports.Point{X: x, Y: y, Interval: &stats.Interval{Low: y, High: high}, Across: &stats.Interval{Low: x, High: x}, Invalid: true, Saturation: true}
		fig := reports.Figure{Title: name, Kind: reports.Lines,
			X: reports.Axis{Label: name, Log: logX, Ticks: []float64{1, 2}}, Y: reports.Axis{Label: name, Unit: reports.Seconds, Log: logY},
			Series: []reports.Series{{Name: name, Hue: hue, Variant: variant, Points: []reports.Point{p, {X: x, Y: high}}}}, Notes: []string{name}}
		texts(t, svg(t, fig))
		panel := reports.Panel{Title: name, Series: fig.Series}
		if !logX && !logY {
			panel.Until, panel.Spans = math.Abs(x), []reports.Span{{From: 0, To: math.Abs(x)}}
			panel.Marks = []reports.Mark{{Name: name, Hue: hue, X: []float64{x, x}}}
			panel.Events = []reports.Event{{X: x, Label: name, Harms: logX}, {X: math.Abs(x) / 2, Label: name}, {X: 0}}
			panel.Tiles = []reports.Tile{{X: [2]float64{0, math.Abs(x)}, Y: [2]float64{min(y, high), max(y, high)}, Share: 0.5}}
		}
		small := fig
		small.Series, small.Panels = nil, []reports.Panel{panel, panel, panel}
		texts(t, svg(t, small))
		texts(t, svg(t, reports.Figure{Kind: reports.World, Title: name, Map: &reports.Map{
			Sites: []reports.MapSite{{Name: name, Latitude: x, Longitude: y, Lines: []string{name}}, {Latitude: high, Longitude: x, Leads: true}, {Name: name}},
			Links: []reports.MapLink{{To: 1, Label: name}, {From: 1, To: 2, Label: name}, {From: hue, To: variant}},
		}}))
		fig.Series[0].Beside = logX
		fig.Kind, fig.X = reports.Stacked, reports.Axis{Categories: []string{name, name}}
		texts(t, svg(t, fig))
	})
}
