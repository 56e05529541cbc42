package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"meterbench/bench/live"
	"meterbench/bench/result"
)

// figuredTarget is a reference ledger that keeps up with 1,000 transactions per second.
const figuredTarget = `
target:
  kind: reference
  endorse: {servers: 16, service: {kind: exponential, mean: 5ms}}
  batch: {timeout: 100ms, messages: 50}
  commit: {servers: 1, service: {kind: constant, mean: 50ms}, per: block}
`

// figured are scenarios on the reference ledger, by name.
var figured = map[string]struct {
	text string
	exit int
	stop int // the level that is ended after its first second; 0: none
}{
	"closed":      {figuredTarget + "workload: {kind: plain}\nwarmup: 500ms\nrepeat: 2\nload: {kind: closed, clients: [4, 32], hold: 3s}\n", exitOK, 0},
	"open":        {figuredTarget + "workload: {kind: plain}\nwarmup: 500ms\nload: {kind: open, rate: [100/s, 400/s], arrivals: poisson, hold: 3s}\n", exitOK, 0},
	"think":       {figuredTarget + "workload: {kind: plain}\nwarmup: 500ms\nload: {kind: closed, clients: 16, think: 100ms, hold: 3s}\n", exitOK, 0},
	"drops":       {figuredTarget + "workload: {kind: plain}\nwarmup: 500ms\nload: {kind: open, rate: 1500/s, slots: 100, hold: 3s}\n", exitOK, 0},
	"acknowledge": {figuredTarget + "workload: {kind: plain}\nwarmup: 500ms\nload: {kind: closed, clients: 8, hold: 3s, wait: acknowledge}\n", exitOK, 0},
	"endorse":     {figuredTarget + "workload: {kind: plain}\nwarmup: 500ms\nload: {kind: open, rate: 200/s, hold: 3s, wait: endorse}\n", exitOK, 0},
	"failures": {strings.TrimRight(figuredTarget, "\n") + `
  failures: [{outcome: mvcc_conflict, share: 0.05}, {outcome: endorse_refused, share: 0.05}, {outcome: unknown, share: 0.02},
    {outcome: endorse_timeout, share: 0.02}, {outcome: invalid_other, share: 0.02}, {outcome: limited, share: 0.02}, {outcome: submit_refused, share: 0.02}]
  give_up: 700ms
workload: {kind: plain}
warmup: 500ms
load: {kind: open, rate: 300/s, hold: 4s}
`, exitOK, 0},
	"search": {figuredTarget + "workload: {kind: plain}\nwarmup: 300ms\nload: {kind: open, search: {from: 100/s, to: 3200/s}, hold: 2s}\n", exitOK, 0},
	"searches": {figuredTarget + `warmup: 300ms
series:
  - {name: rates, workload: {kind: plain}, load: {kind: open, search: {from: 200/s, to: 1600/s}, hold: 2s}}
  - {name: clients, workload: {kind: plain}, load: {kind: closed, search: {from: 8, to: 128}, hold: 2s}}
  - {name: fixed, workload: {kind: plain}, load: {kind: closed, clients: 3, hold: 2s}}
`, exitOK, 0},
	"phases": {figuredTarget + `warmup: 500ms
series:
  - name: day
    phases:
      - {name: readings, workload: {kind: plain}, load: {kind: open, rate: 100/s, arrivals: poisson, hold: 6s}}
      - {name: evening, start: 2s, workload: {kind: plain}, load: {kind: open, arrivals: {ramp: {from: 10/s, to: 200/s, over: 2s}}, hold: 3s}}
      - {name: bills, start: 3s, workload: {kind: plain}, load: {kind: closed, clients: 2, hold: 2s}}
`, exitOK, 0},
	"ramp": {figuredTarget + `workload: {kind: plain}
warmup: 500ms
load: {kind: open, arrivals: {ramp: {from: 10/s, to: 300/s, over: 3s}}, hold: 4s}
`, exitOK, 0},
	"steps": {figuredTarget + `workload: {kind: plain}
warmup: 500ms
load: {kind: open, arrivals: {steps: [{rate: 50/s, hold: 2s}, {rate: 0/s, hold: 2s}, {rate: 300/s, hold: 2s}]}}
`, exitOK, 0},
	"outage": {figuredTarget + `workload: {kind: plain}
warmup: 1s
load: {kind: open, rate: 200/s, arrivals: poisson, hold: 9s}
events:
  - {at: 3s, kill: peer0.reference}
  - {at: 5s, restart: peer0.reference}
`, exitOK, 0},
	"ended":  {figuredTarget + "workload: {kind: plain}\nwarmup: 500ms\nload: {kind: closed, clients: [2, 4, 8], hold: 5s}\n", exitOK, 2},
	"nowarm": {figuredTarget + "workload: {kind: plain}\nwarmup: 3s\nload: {kind: closed, clients: [2, 4], hold: 5s}\n", exitOK, 1},
}

// Whatever the load is, the page is told of it what is stored.
func TestFiguresOfSimulatedRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("runs for minutes")
	}
	for name, c := range figured {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, name+".yaml")
			if err := os.WriteFile(file, []byte("name: "+name+c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(dir, "out")
			p, release := startHeld(t, t.TempDir(), "run", file, "--live", "--metrics", "0", "--out", out)
			p.says(t, &p.stderr, "live page: http")
			url := liveAddress(t, p.stderr.String())
			var scraped *scrapedMetrics
			var scraping sync.WaitGroup
			metrics := p.metricsURL(t)
			scraping.Go(func() {
				scraped = scrapeMetrics(metrics, func() bool { return reported(out) })
				release()
			})
			if c.stop > 0 {
				go endLevel(t, url, c.stop)
			}
			all := watchStudies(t, url)
			if code := p.exit(t); code != c.exit {
				t.Fatalf("exit code %d, want %d\n%s", code, c.exit, &p.stderr)
			}
			if len(all) != 1 {
				t.Fatalf("the page showed %d studies", len(all))
			}
			scraping.Wait()
			run := runFolder(t, out, name)
			all[0].agrees(t, run)
			stored, err := result.Open(run)
			if err != nil {
				t.Fatal(err)
			}
			scraped.agrees(t, stored)
			t.Logf("%d scrapes", scraped.n)
			for _, text := range scraped.wrong {
				t.Error(text)
			}
		})
	}
}

// awaitSeconds waits until a page shows a level with so many seconds.
func awaitSeconds(url string, number, seconds int) {
	for {
		var now live.State
		if answer, err := http.Get(url + "api/state"); err == nil {
			_ = json.NewDecoder(answer.Body).Decode(&now)
			answer.Body.Close()
		}
		if now.Level != nil && now.Level.Number == number && len(now.Level.Seconds) >= seconds {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// endLevel presses the button that ends a level, after its first second.
func endLevel(t *testing.T, url string, number int) {
	awaitSeconds(url, number, 1)
	token := regexp.MustCompile(`name="token" content="([^"]+)"`).FindStringSubmatch(fetch(t, url))
	r, err := http.NewRequest("POST", url+"api/stop", strings.NewReader(`{"what":"level"}`))
	if err != nil || token == nil {
		t.Error(err, token)
		return
	}
	r.Header.Set("Origin", strings.TrimSuffix(url, "/"))
	r.Header.Set("X-Meterbench-Token", token[1])
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		t.Errorf("stop: %s", answer.Status)
	}
}
