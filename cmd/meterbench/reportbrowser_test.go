package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"meterbench/bench/result"
	"meterbench/internal/race"
	"meterbench/reports"
	"meterbench/reports/render"
)

// In a browser the figures of report.html are charts with the stored values, to point at, to zoom into and to choose series of. They
// are drawings in print and without scripts. Only the file itself is loaded.
func TestReportBrowser(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	chromium := browser(t)
	file, summary := drawnReport(t)
	want := map[string]map[int]float64{} // throughput by series and clients
	for _, p := range summary.Points {
		if want[p.Series] == nil {
			want[p.Series] = map[int]float64{}
		}
		want[p.Series][p.Load.Clients] = p.Throughput
	}
	page := openTab(t, chromium, "file://"+file)

	eval[chromedp.Void](page, `void document.querySelectorAll("details.fold").forEach(d => d.open = true)`)
	all := eval[[]string](page, `[...document.querySelectorAll("figure > script")].map(s => s.parentElement.id)`)
	for _, id := range all { // charts are made as they come near
		page.wait(`(f => (f.scrollIntoView({block: "center"}), f.classList.contains("charted")))(document.getElementById("`+id+`"))`, 30*time.Second)
	}
	if len(all) < 5 {
		t.Errorf("only %q have charts", all)
	}

	page.chart(`#figure-throughput-clients`)
	page.wait(chart+`.querySelectorAll(".chart-legend button").length === `+strconv.Itoa(len(want)), 30*time.Second)
	page.sameValues("by pointer", want, page.sweep())
	page.sameValues("by keys", want, page.press())
	page.sameValues("in the table", want, page.table())

	// Zoom.
	before := page.sweep()
	box := page.plot()
	page.drag(box, 0.6, 0.9)
	page.wait(chart+`.querySelector(".chart-tools button").checkVisibility()`, 30*time.Second)
	near := page.sweep()
	if n, whole := len(near["plain"]), len(before["plain"]); n == 0 || n >= whole {
		t.Errorf("%d loads in sight of %d after the zoom", n, whole)
	}
	page.shoot("report-zoomed")
	page.chart("#figure-throughput-clients") // in sight again
	box = page.plot()
	x, y := box.X+box.Width/2, box.Y+box.Height/2
	page.run(chromedp.MouseClickXY(x, y), chromedp.MouseClickXY(x, y, chromedp.ClickCount(2)))
	page.wait(`!`+chart+`.querySelector(".chart-tools button").checkVisibility()`, 30*time.Second)
	page.sameValues("after the zoom", want, page.sweep())

	// A series less.
	coloured := eval[int](page, chartPixels)
	const first = chart + `.querySelector(".chart-legend button")`
	eval[chromedp.Void](page, `void `+first+`.click()`)
	page.wait(first+`.getAttribute("aria-pressed") === "false" && `+chartPixels+fmt.Sprintf(" < %d", coloured), 30*time.Second)
	eval[chromedp.Void](page, `void `+first+`.click()`)
	page.wait(chartPixels+fmt.Sprintf(" === %d", coloured), 30*time.Second)
	page.shoot("report")
	page.phone("report")

	// In print.
	page.drawings("on a screen", false)
	page.media("print")
	page.drawings("in print", true)
	if pdf := get(page, chromedp.PrintToPDF()); !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) < 20_000 {
		t.Errorf("the PDF is %.20q, %d bytes", pdf, len(pdf))
	}
	page.media("")
	page.clean()
	if page.asked != 1 {
		t.Errorf("%d requests, want only that of the file", page.asked)
	}

	// Without scripts.
	if _, err := chromedp.Call(page.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	page.run(chromedp.Reload())
	page.drawings("without scripts", true)
	if n := eval[int](page, `document.querySelectorAll(".chart").length`); n > 0 {
		t.Errorf("%d charts without scripts", n)
	}
	page.shoot("report-without-scripts")
}

// drawnReport draws the report of the stored run of reports.
func drawnReport(t *testing.T) (file string, summary result.Summary) {
	t.Helper()
	stored := filepath.Join("..", "..", "reports", "testdata")
	summary = readJSON[result.Summary](t, filepath.Join(stored, "summary.json"))
	summary.Upgrade()
	var document bytes.Buffer
	if err := render.HTML(&document, reports.Build(readJSON[result.Run](t, filepath.Join(stored, "run.json")), summary)); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, document.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, summary
}

// chart is the one that the helpers below look at, and chartPixels how many of its pixels have colour.
const (
	chart       = `document.querySelector(".looked")`
	chartPixels = `(() => {
  const c = ` + chart + `.querySelector("canvas"), copy = new OffscreenCanvas(c.width, c.height).getContext("2d", {willReadFrequently: true});
  copy.drawImage(c, 0, 0);
  const d = copy.getImageData(0, 0, c.width, c.height).data;
  let n = 0;
  for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 0 && Math.max(d[i], d[i + 1], d[i + 2]) - Math.min(d[i], d[i + 1], d[i + 2]) > 60) n++;
  return n;
})()`
)

// chart scrolls to the chart in an element.
func (p *tab) chart(selector string) {
	p.Helper()
	eval[chromedp.Void](p, `void (document.querySelector('`+selector+` .chart').classList.add("looked"), `+chart+`.scrollIntoView({block: "center"}))`)
	p.wait(chart+`.querySelector(".uplot")`, 30*time.Second) // drawn where it can be seen
}

type rect struct{ X, Y, Width, Height float64 }

// plot is where the chart's data are, in the window.
func (p *tab) plot() rect {
	p.Helper()
	return eval[rect](p, `(({x, y, width, height}) => ({X: x, Y: y, Width: width, Height: height}))(`+chart+`.querySelector(".u-over").getBoundingClientRect())`)
}

// shown returns what the legend says where the chart is pointed at: clients, and the values by series.
func (p *tab) shown() (clients int, values map[string]float64) {
	p.Helper()
	said := eval[struct {
		At     string
		Values map[string]string
	}](p, `({At: `+chart+`.querySelector(".chart-at").textContent,
  Values: Object.fromEntries([...`+chart+`.querySelectorAll(".chart-legend button")]
    .map(b => [b.querySelector(".name").textContent, b.querySelector(".value").textContent]))})`)
	values = map[string]float64{}
	for name, text := range said.Values {
		if v, ok := shownValue(text); ok {
			values[seriesOf(name)] = v
		}
	}
	return shownClients(said.At), values
}

// seriesOf returns the series that a legend names, which may say where it saturates.
func seriesOf(name string) string {
	series, _, _ := strings.Cut(name, " (")
	return series
}

func shownClients(text string) int {
	digits, _, _ := strings.Cut(text, "\u00a0client")
	n, _ := strconv.Atoi(digits) // 0: nothing is pointed at
	return n
}

// shownValue reads a throughput; ok is false where there is none.
func shownValue(text string) (v float64, ok bool) {
	m := regexp.MustCompile("^([0-9.]+)\u00a0tx/s").FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	v, err := strconv.ParseFloat(m[1], 64)
	return v, err == nil
}

// note adds values of one load to those by series and load.
func note(all map[string]map[int]float64, clients int, values map[string]float64) {
	for name, v := range values {
		if all[name] == nil {
			all[name] = map[int]float64{}
		}
		all[name][clients] = v
	}
}

// sweep moves the pointer over the chart, and returns what was shown.
func (p *tab) sweep() map[string]map[int]float64 {
	p.Helper()
	all, box := map[string]map[int]float64{}, p.plot()
	for x := 2.0; x < box.Width; x += box.Width / 40 {
		p.run(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, box.X+x, box.Y+box.Height/2))
		if clients, values := p.shown(); clients > 0 {
			note(all, clients, values)
		}
	}
	p.run(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 1, 1))
	return all
}

// press goes through the chart by keys, and returns what was said to a screen reader.
func (p *tab) press() map[string]map[int]float64 {
	p.Helper()
	all := map[string]map[int]float64{}
	eval[chromedp.Void](p, `void `+chart+`.querySelector(".chart-plot").focus()`)
	for range 20 {
		p.run(chromedp.KeyEvent(kb.ArrowRight))
		clients, values := p.shown()
		note(all, clients, values)
		said := eval[string](p, chart+`.querySelector(".chart-said").textContent`)
		if !strings.HasPrefix(said, fmt.Sprintf("%d\u00a0client", clients)) || !strings.Contains(said, "plain ") {
			p.Errorf("at %d clients a screen reader hears %q", clients, said)
		}
	}
	p.run(chromedp.KeyEvent(kb.Escape))
	if clients, _ := p.shown(); clients != 0 {
		p.Errorf("after Escape the chart still shows %d clients", clients)
	}
	return all
}

// table returns the values of the table behind the chart.
func (p *tab) table() map[string]map[int]float64 {
	p.Helper()
	eval[chromedp.Void](p, `void (`+chart+`.querySelector("details").open = true)`)
	p.wait(chart+`.querySelector("details tbody tr")`, 30*time.Second)
	rows := eval[[][]string](p, `[...`+chart+`.querySelectorAll("details tr")].map(r => [...r.children].map(c => c.textContent))`)
	all := map[string]map[int]float64{}
	for _, row := range rows[1:] {
		values := map[string]float64{}
		for i, text := range row[1:] {
			if v, ok := shownValue(text); ok {
				values[seriesOf(rows[0][i+1])] = v
			}
		}
		note(all, shownClients(row[0]), values)
	}
	eval[chromedp.Void](p, `void (`+chart+`.querySelector("details").open = false)`)
	return all
}

// sameValues compares values with those that are stored: a chart has six digits of them.
func (p *tab) sameValues(how string, want, got map[string]map[int]float64) {
	p.Helper()
	for name, loads := range want {
		for clients, v := range loads {
			if shown, ok := got[name][clients]; !ok || math.Abs(shown-v) > 1e-5*v {
				p.Errorf("%s: %s at %d clients is %g, stored is %g", how, name, clients, shown, v)
			}
		}
		if len(got[name]) != len(loads) {
			p.Errorf("%s: %s is shown at %d loads, stored at %d", how, name, len(got[name]), len(loads))
		}
	}
}

// drag draws the pointer over a part of the chart.
func (p *tab) drag(box rect, from, to float64) {
	p.Helper()
	y := box.Y + box.Height/2
	p.run(chromedp.DragAndDropXY(box.X+from*box.Width, y, box.X+to*box.Width, y, 10))
}

// media has the page be as on a medium, the usual one without a name.
func (p *tab) media(name string) {
	p.Helper()
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: name}); err != nil {
		p.Fatal(err)
	}
}

// drawings checks that each figure with data shows its drawing, or its chart, and not both. Those in folds are shown in print alone.
func (p *tab) drawings(how string, drawn bool) {
	p.Helper()
	type figure struct {
		ID             string
		Drawing, Chart bool
	}
	for _, f := range eval[[]figure](p, `[...document.querySelectorAll("figure:has(> script)")].filter(f => f.checkVisibility()).map(f => ({
  ID: f.id, Drawing: [...f.querySelectorAll(".scroll svg")].some(s => s.getBoundingClientRect().height > 50),
  Chart: [...f.querySelectorAll(".chart-plot")].some(c => c.getBoundingClientRect().height > 50)}))`) {
		if f.Drawing != drawn || f.Chart == drawn {
			p.Errorf("%s, %s: drawing %v, chart %v", f.ID, how, f.Drawing, f.Chart)
		}
	}
}
