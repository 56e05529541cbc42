package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"meterbench/bench/result"
)

// drawn counts the coloured pixels of the charts of a section.
const drawn = `[...document.querySelectorAll("#view-load .uplot canvas")].map(c => {
  const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
  let n = 0;
  for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 0 && Math.max(d[i], d[i + 1], d[i + 2]) - Math.min(d[i], d[i + 1], d[i + 2]) > 60) n++;
  return n;
})`

// In a browser a run on a real network shows what it measures as it goes on, and its ledger; afterwards the stored run shows the
// same. Nothing is asked of another host, and a phone has room for all.
func TestBrowser(t *testing.T) {
	needsNetwork(t)
	chromium := browser(t)
	temp, dir := t.TempDir(), t.TempDir()
	file, out := filepath.Join(dir, "browsed.yaml"), filepath.Join(dir, "out")
	scenario := "name: browsed\ntopology: minimal\nwarmup: 1s\nworkload: {kind: plain, meters: 4, length: 24}\nload: {kind: closed, clients: [2, 4], hold: 12s}\n"
	if err := os.WriteFile(file, []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	made := madeReadings(t, temp, file)
	run := start(t, temp, "run", file, "--live", "--out", out)
	run.says(t, &run.stderr, "live page: http")
	page := openTab(t, chromium, liveAddress(t, run.stderr.String()))
	page.wait(`document.querySelector(".tile.main .value")?.textContent.match(/\d/)`, 40*time.Second)
	const figure = `document.querySelector(".tile.main .value").textContent`
	first := eval[string](page, figure)
	page.wait(fmt.Sprintf("%s !== %q", figure, first), 20*time.Second) // the throughput does not stand still
	if pixels := eval[[]int](page, drawn); len(pixels) < 5 || pixels[0] < 50 || pixels[1] < 50 {
		t.Errorf("coloured pixels of the charts: %v", pixels)
	}
	page.shoot("load")

	page.show("#ledger")
	page.wait(`document.querySelectorAll(".node").length === 3 && document.querySelectorAll(".whole table a").length > 3`, 30*time.Second)
	page.shoot("ledger")
	id := page.findReading(made)
	page.show("#load")

	page.wait(`document.getElementById("connection").textContent.includes("ended")`, time.Minute)
	if code := run.exit(t); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, &run.stderr)
	}
	nothingLeft(t, temp)
	folder := runFolder(t, out, "browsed")
	page.compare(readJSON[result.Summary](t, filepath.Join(folder, "summary.json")))
	if said := eval[string](page, `document.querySelector("#view-load .banner.good").textContent`); !strings.Contains(said, filepath.Join(folder, "report.html")) ||
		!strings.Contains(said, "meterbench view "+folder) {
		t.Errorf("the end says %q", said)
	}
	page.shoot("load-ended")
	if n := eval[int](page, `document.querySelectorAll("#view-load .chart-plot canvas").length`); n < 7 { // p99 of few transactions is not known
		t.Errorf("%d charts are drawn at the end", n)
	}
	page.phone("load")
	page.clean()

	view := start(t, temp, "view", folder)
	view.says(t, &view.stdout, "Ctrl-C ends it")
	stored := openTab(t, chromium, liveAddress(t, view.stdout.String()))
	stored.wait(`document.querySelectorAll(".whole table a").length > 3`, 30*time.Second)
	stored.shoot("view")
	stored.phone("view")
	stored.search(id)
	stored.wait(`document.querySelector("#tx code")?.textContent === "`+id+`" && document.querySelector(".parts")`, 30*time.Second)
	stored.shoot("view-transaction")
	stored.phone("view-transaction")
	if href := eval[string](stored, `[...document.querySelectorAll("#tabs a")].at(-1).href`); href != stored.url+"report/report.html" {
		t.Errorf("the last tab leads to %s", href)
	}
	stored.clean()
	if err := view.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := view.exit(t); code != exitOK {
		t.Errorf("view: exit code %d\n%s", code, &view.stderr)
	}
}

// liveAddress returns the URL of the page that a program says.
func liveAddress(t *testing.T, said string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^live page: (http://127\.0\.0\.1:[0-9]+/)$`).FindStringSubmatch(said)
	if m == nil {
		t.Fatalf("no page in\n%s", said)
	}
	return m[1]
}

// madeReadings returns the first readings of a scenario by number and meter, as meterbench makes them for other tools. In a run its
// meters have other names, and the same numbers and values.
func madeReadings(t *testing.T, temp, scenario string) map[string]readingJSON {
	t.Helper()
	p, code := command(t, temp, "reading", "make", "--scenario", scenario, "--json", "--count", "400")
	if code != exitOK {
		t.Fatalf("exit code %d\n%s", code, &p.stderr)
	}
	made := map[string]readingJSON{}
	for line := range strings.Lines(p.stdout.String()) {
		var one madeJSON
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		if r := one.Reading; r != nil {
			made[fmt.Sprint(r.Number, " ", r.Meter[len(r.Meter)-6:])] = *r
		}
	}
	return made
}

// search types into the page's search and sends it.
func (p *tab) search(word string) {
	p.Helper()
	field := chromedp.CSS("#word")
	eval[bool](p, `(document.getElementById("word").value = "") === ""`)
	p.run(chromedp.SendKeys(field, word+"\r"))
}

// findReading finds a reading by its meter, and again by its transaction, whose id it returns, and compares what is shown of it.
func (p *tab) findReading(made map[string]readingJSON) string {
	p.Helper()
	for _, link := range []string{`.whole table a`, `article table a[href*="/tx/"]`} {
		p.wait(`document.querySelector('`+link+`')`, 30*time.Second)
		p.show(eval[string](p, `document.querySelector('`+link+`').hash`))
	}
	const title = `[...document.querySelectorAll(".card h3")].find(h => h.textContent.startsWith("Reading "))?.textContent`
	p.wait(title, 30*time.Second)
	meter := strings.Fields(eval[string](p, title))[4]
	p.search(meter)
	const found = `#view-ledger table a[href*="/tx/"]`
	p.wait(`document.querySelector("#meter")?.textContent.includes("`+meter+`") && document.querySelectorAll('`+found+`').length > 3`, 30*time.Second)
	p.shoot("meter")
	id := eval[string](p, `[...document.querySelectorAll('`+found+`')].filter(a => a.closest("tr").textContent.includes("PutReading")).at(-1).title`)
	p.search(id)
	p.wait(`document.querySelector("#tx code")?.textContent === "`+id+`" && document.querySelector(".parts")`, 30*time.Second) // its latency too
	type card struct {
		Title, Signature string
		Fields           map[string]string
		Values           []string // of a chart
	}
	shown := eval[card](p, `(() => {
  const card = [...document.querySelectorAll(".card")].find(c => c.querySelector("h3").textContent.startsWith("Reading"));
  for (const d of card.querySelectorAll("details")) d.open = true;
  return {
    Title: card.querySelector("h3").textContent, Signature: card.querySelector(".signature").textContent,
    Fields: Object.fromEntries([...card.querySelectorAll("dl > div")].map(d => [d.querySelector("dt").textContent, d.querySelector("dd").textContent])),
  };
})()`)
	p.wait(`!document.querySelector(".card .values") || document.querySelector(".card .values tbody tr")`, 30*time.Second)
	shown.Values = eval[[]string](p, `[...document.querySelectorAll(".card .values tbody tr")].map(r => r.lastElementChild.textContent)`)
	of := strings.Fields(shown.Title) // Reading N of meter NAME
	want, ok := made[of[1]+" "+meter[len(meter)-6:]]
	if !ok || of[4] != meter || !strings.Contains(shown.Signature, "right") {
		p.Errorf("%q, signature %q, is none of the readings made", shown.Title, shown.Signature)
	}
	if len(shown.Values) != len(want.Wh) || !strings.HasPrefix(plainNumber(shown.Fields["register"]), fmt.Sprint(want.Register)) || shown.Fields["meter"] != meter {
		p.Errorf("shown %+v, made %+v", shown, want)
	}
	for i, text := range shown.Values {
		if got := plainNumber(text); !strings.HasPrefix(got+" ", fmt.Sprint(want.Wh[i])+" ") {
			p.Errorf("value %d is shown as %q, made %d", i, text, want.Wh[i])
		}
	}
	p.shoot("transaction")
	p.phone("transaction")
	return id
}

// plainNumber returns a number without spaces between its digits.
func plainNumber(text string) string {
	return regexp.MustCompile("([0-9])[\u00a0\u202f ,]([0-9])").ReplaceAllString(strings.ReplaceAll(text, "\u00a0Wh", " Wh"), "$1$2")
}

// compare holds the figures of the page against those that are stored.
func (p *tab) compare(stored result.Summary) {
	p.Helper()
	last := stored.Points[len(stored.Points)-1]
	rows := eval[[]string](p, `[...document.querySelectorAll("#done ~ details tbody tr")].map(r => r.textContent)`)
	if want := fmt.Sprintf("%d of %d", last.Succeeded(), last.Scheduled); len(rows) != len(stored.Points) || !strings.Contains(rows[0], want) {
		p.Errorf("the table of levels has %q, not %s", rows, want)
	}
	eval[bool](p, `document.querySelector("#view-load .charts details").open = true`)
	p.wait(`document.querySelector("#view-load .charts details tbody tr")`, 30*time.Second)
	// Of the newest level: time, answered, valid, offered.
	cells := eval[[][]string](p, `[...document.querySelector("#view-load .charts details").querySelectorAll("tbody tr")].map(r => [...r.children].map(c => c.textContent))`)
	number := func(text string) float64 {
		v, err := strconv.ParseFloat(regexp.MustCompile(`[0-9.]+`).FindString(plainNumber(text)), 64)
		if err != nil {
			p.Errorf("%q is no number", text)
		}
		return v
	}
	const warmup = 1.0
	sum, before := 0.0, 0.0
	for _, row := range cells {
		at := number(row[0])
		if strings.HasSuffix(row[0], "ms") {
			at /= 1000
		}
		if at > warmup && before < warmup+last.Window {
			sum += number(row[2]) * (min(at, warmup+last.Window) - max(before, warmup))
		}
		before = at
	}
	if want := last.Throughput * last.Window; len(cells) < 8 || math.Abs(sum-want) > last.Throughput {
		p.Errorf("the seconds of the page add up to %.1f, stored are %.1f at %.1f/s\n%v", sum, want, last.Throughput, cells)
	}
}
