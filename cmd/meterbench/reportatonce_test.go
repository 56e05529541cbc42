package main

import (
	"bytes"
	"context"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"meterbench/internal/race"
)

// neither notes before each frame which figures in sight have neither their drawing nor all of their charts, as they are since the frame
// before.
const neither = `window.looked = 0;
window.neither = new Set();
(function look() {
  for (const f of document.querySelectorAll("figure:has(> script)")) {
    const {top, bottom} = f.getBoundingClientRect();
    if (bottom < 0 || top > innerHeight || !f.checkVisibility()) continue;
    window.looked++;
    if ([...f.querySelectorAll(".scroll:not(.chart *) svg")].some(s => s.getBoundingClientRect().height > 50)) continue;
    const drawn = [...f.querySelectorAll(".chart-plot")].filter(p => {
      const c = p.querySelector("canvas");
      if (!c?.width || !c.height) return false;
      const copy = new OffscreenCanvas(c.width, c.height).getContext("2d", {willReadFrequently: true});
      copy.drawImage(c, 0, 0);
      return copy.getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 === 3 && v > 0);
    });
    if (!drawn.length || drawn.length < f.querySelectorAll(".chart-plot").length) window.neither.add(f.id);
  }
  requestAnimationFrame(look);
})();`

// From the first frame on each figure of report.html is there, as a drawing or as charts, also while one takes the place of the other.
func TestReportHasFiguresInEachFrame(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	chromium := browser(t)
	file, _ := drawnReport(t)
	tab := openTab(t, chromium, "about:blank")
	added := page.AddScriptToEvaluateOnNewDocumentParams{Source: neither}
	if _, err := chromedp.Call(tab.ctx, page.AddScriptToEvaluateOnNewDocument, added); err != nil {
		t.Fatal(err)
	}
	tab.url = "file://" + file
	tab.run(chromedp.EmulateViewport(1280, 3000), chromedp.Navigate(tab.url))
	tab.wait(`document.querySelectorAll("figure.charted").length > 1`, 30*time.Second)
	tab.run(chromedp.Sleep(time.Second))
	tab.wait("window.looked >= 20", 30*time.Second)
	if ids := eval[[]string](tab, "[...window.neither]"); len(ids) > 0 {
		t.Errorf("empty at some time: %q", ids)
	}
}

// A picture or a PDF of report.html that is made as soon as it is loaded has all figures.
func TestReportAtOnce(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	browser(t) // or skip
	file, _ := drawnReport(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// Scripts whose hash is another than that in the policy do not run: then there are drawings alone.
	without := filepath.Join(t.TempDir(), "without.html")
	if err := os.WriteFile(without, bytes.ReplaceAll(text, []byte(`"use strict"`), []byte(`"use Strict"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	made := func(file string, args ...string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		args = append(args, "--headless", "--no-sandbox", "--disable-dev-shm-usage", "--user-data-dir="+t.TempDir(), "--hide-scrollbars", "file://"+file)
		if said, err := exec.CommandContext(ctx, "/usr/bin/chromium", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	}
	t.Run("picture", func(t *testing.T) {
		of := func(file string) int {
			to := filepath.Join(t.TempDir(), "report.png")
			made(file, "--screenshot="+to, "--window-size=1280,8000")
			return coloured(t, to)
		}
		drawings, charts := of(without), of(file)
		t.Logf("%d coloured pixels of drawings, %d of charts", drawings, charts)
		if drawings < 10_000 || charts < drawings/2 {
			t.Errorf("%d coloured pixels of drawings, %d of charts", drawings, charts)
		}
	})
	t.Run("PDF", func(t *testing.T) {
		if _, err := exec.LookPath("pdftoppm"); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip("no pdftoppm: apt-get install poppler-utils")
		}
		of := func(file string) (all []int) {
			dir := t.TempDir()
			made(file, "--print-to-pdf="+filepath.Join(dir, "report.pdf"))
			if said, err := exec.Command("pdftoppm", "-r", "40", "-png", filepath.Join(dir, "report.pdf"), filepath.Join(dir, "page")).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			pages, err := filepath.Glob(filepath.Join(dir, "page-*.png"))
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range pages {
				all = append(all, coloured(t, one))
			}
			return all
		}
		drawings, printed := of(without), of(file)
		t.Log("coloured pixels by page: ", printed)
		if len(printed) < 2 || !slices.Equal(drawings, printed) {
			t.Errorf("coloured pixels by page: %v, without scripts %v", printed, drawings)
		}
	})
}

// coloured counts the pixels of a picture that are neither grey nor nearly so.
func coloured(t *testing.T, path string) (n int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			c := color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)
			if max(c.R, c.G, c.B)-min(c.R, c.G, c.B) > 60 {
				n++
			}
		}
	}
	return n
}
