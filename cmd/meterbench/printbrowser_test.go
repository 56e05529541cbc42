package main

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"meterbench/internal/race"
)

// A printed page has all charts, also those that nobody has scrolled to, as wide as the paper has room for them and in its colours; then
// the page is as before. What is looked at is what the browser is about to print.
func TestPageInPrint(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	dir := t.TempDir()
	s := startLive(t, dir, "run", ledgerScenario(t, dir, "{kind: closed, clients: [2, 4], hold: 6s}"), "--live", "--set", "warmup=500ms")
	page := openTab(t, browser(t), s.url)
	dark := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}
	if _, err := chromedp.Call(page.ctx, emulation.SetEmulatedMedia, dark); err != nil {
		t.Fatal(err)
	}
	page.wait(`document.querySelectorAll("#done ~ .fold tbody tr").length > 0 && document.querySelectorAll("#view-load .uplot").length > 3`, time.Minute)
	page.run(chromedp.Evaluate[chromedp.Void](`void addEventListener("beforeprint", () => {
	  const pixels = c => {
	    const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
	    return d.reduce((n, v, i) => n + (i % 4 === 3 && v > 0), 0);
	  };
	  window.paper = {
	    width: document.querySelector("main").getBoundingClientRect().width,
	    ink: getComputedStyle(document.documentElement).getPropertyValue("--ink").trim(),
	    charts: [...document.querySelectorAll("#view-load .chart-plot")].filter(p => p.querySelector(".chart-empty").hidden).map(p => {
	      const plot = p.getBoundingClientRect(), canvas = p.querySelector("canvas");
	      return canvas ? {over: canvas.getBoundingClientRect().right - plot.right, pixels: pixels(canvas)} : {over: -1, pixels: 0};
	    }),
	  };
	})`))
	if pdf := get(page, chromedp.PrintToPDF()); !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) < 20_000 {
		t.Errorf("the PDF is %.20q, %d bytes", pdf, len(pdf))
	}
	paper := eval[struct {
		Width  float64
		Ink    string
		Charts []struct{ Over, Pixels float64 }
	}](page, "window.paper")
	if paper.Width > 640 || paper.Ink != "#1b1f24" || len(paper.Charts) < 6 {
		t.Errorf("%+v", paper)
	}
	for i, c := range paper.Charts {
		if math.Abs(c.Over) > 1 || c.Pixels < 500 {
			t.Errorf("chart %d ends %g px beyond its place and has %g pixels", i, c.Over, c.Pixels)
		}
	}
	if wide := eval[float64](page, `document.querySelector("main").getBoundingClientRect().width`); wide < 1000 {
		t.Errorf("afterwards the page is %g px wide", wide)
	}
	page.shoot("load-printed")
	page.clean()
	s.waitRun(t, exitOK)
}
