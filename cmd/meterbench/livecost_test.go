package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"meterbench/bench/compare"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/proc"
)

var watchedPairs = flag.Int("watched", 0, "of how many interleaved pairs of runs TestWatched compares those with the page open in a browser; six take some six minutes and want the machine for themselves")

// watchedRun is beyond saturation, so that whatever the page takes of the processors is missing in its throughput.
const watchedRun = `name: watched
topology: minimal
workload: {kind: plain, meters: 128, length: 24}
load: {kind: closed, clients: 128, hold: 20s}
warmup: 3s
seed: %d
`

// To watch a run in a browser on the same machine costs its figures nothing that can be measured:
//
//	go test ./cmd/meterbench -run TestWatched -v -watched 6 -timeout 1h
//
// All runs are on one network, as networks differ (docs/statistics.md). Without a page nothing is served.
func TestWatched(t *testing.T) {
	if *watchedPairs == 0 {
		t.Skip("takes long, and a machine for itself: give -watched 6")
	}
	temp, dir := t.TempDir(), t.TempDir()
	up := start(t, temp, "network", "up", "minimal")
	up.says(t, &up.stdout, "takes it down")
	base, head := filepath.Join(dir, "unwatched"), filepath.Join(dir, "watched")
	for pair := range *watchedPairs {
		file := filepath.Join(dir, "watched.yaml")
		if err := os.WriteFile(file, fmt.Appendf(nil, watchedRun, pair+1), 0o600); err != nil {
			t.Fatal(err)
		}
		for turn := range 2 {
			if watched := (pair+turn)%2 == 1; watched {
				ranWatched(t, temp, file, head)
			} else if p, code := command(t, temp, "run", file, "--on", "minimal", "--out", base); code != exitOK {
				t.Fatalf("exit code %d\n%s", code, &p.stderr)
			}
		}
	}
	up.signal(t, syscall.SIGINT)
	if code := up.exit(t); code != exitOK {
		t.Errorf("network up: exit code %d\n%s", code, &up.stderr)
	}
	nothingLeft(t, temp)
	found := compared(t, filepath.Join(base, "watched"), filepath.Join(head, "watched"))
	for _, r := range found.Rows {
		if r.Gated {
			t.Log(evidence(r))
		}
	}
	if worse := found.Count(compare.Worse); worse > 0 {
		t.Errorf("%d gated figures are worse with the page open", worse)
	}
}

// ranWatched runs a scenario with its page open in a browser of its own.
func ranWatched(t *testing.T, temp, file, out string) {
	t.Helper()
	chromium, quit := chromedp.NewContext(browser(t))
	defer quit()
	run := start(t, temp, "run", file, "--on", "minimal", "--live", "--out", out)
	run.says(t, &run.stderr, "live page: http")
	page := openTab(t, chromium, liveAddress(t, run.stderr.String()))
	if code := run.exit(t); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, &run.stderr)
	}
	page.clean()
	if pixels := eval[[]int](page, drawn); len(pixels) < 5 || pixels[0] < 50 {
		t.Errorf("coloured pixels of the charts: %v", pixels)
	}
}

// servedRun leaves the client almost idle, so that what serves the page can be told from its own work.
const servedRun = `name: served
topology: minimal
workload: {kind: plain, meters: 16, length: 24}
load: {kind: open, rate: 20/s, arrivals: constant, hold: 20s}
warmup: 3s
`

// The page takes less than a hundredth of a core of the load generator without a reader, and less than three with three
// readers, who read every message:
//
//	go test ./cmd/meterbench -run TestServed -v -watched 6 -timeout 1h
func TestServed(t *testing.T) {
	if *watchedPairs == 0 {
		t.Skip("takes long: give -watched 6")
	}
	temp, dir := t.TempDir(), t.TempDir()
	up := start(t, temp, "network", "up", "minimal")
	up.says(t, &up.stdout, "takes it down")
	file := filepath.Join(dir, "served.yaml")
	if err := os.WriteFile(file, []byte(servedRun), 0o600); err != nil {
		t.Fatal(err)
	}
	var cores [3][]float64 // without a page, with one that nobody reads, and with three readers
	for repetition := range *watchedPairs {
		for turn := range cores {
			how := (repetition + turn) % len(cores)
			out := filepath.Join(dir, fmt.Sprint(repetition, how))
			args := []string{"run", file, "--on", "minimal", "--out", out}
			if how > 0 {
				args = append(args, "--live")
			}
			run := start(t, temp, args...)
			if how == 2 {
				run.says(t, &run.stderr, "live page: http")
				for range 3 {
					readEvents(t, liveAddress(t, run.stderr.String()))
				}
			}
			if code := run.exit(t); code != exitOK {
				t.Fatalf("exit code %d\n%s", code, &run.stderr)
			}
			summary := readJSON[result.Summary](t, filepath.Join(runFolder(t, out, "served"), "summary.json"))
			cores[how] = append(cores[how], summary.Points[0].CPU[proc.Client])
		}
	}
	up.signal(t, syscall.SIGINT)
	up.exit(t)
	t.Logf("cores of the load generator: %.4f without a page, %.4f with a page, %.4f with three readers", cores[0], cores[1], cores[2])
	for how, most := range []float64{1: 0.01, 2: 0.03} {
		if how == 0 {
			continue
		}
		more := make([]float64, len(cores[how]))
		for i := range more {
			more[i] = cores[how][i] - cores[0][i]
		}
		interval := stats.MeanInterval(more)
		t.Logf("%d readers: %+.4f cores, 95 %% interval %+.4f to %+.4f", 3*(how-1), stats.Mean(more), interval.Low, interval.High)
		if stats.Mean(more) > most {
			t.Errorf("more than %g", most)
		}
	}
}

// readEvents reads what a page is told until that ends.
func readEvents(t *testing.T, page string) {
	t.Helper()
	answer, err := http.Get(page + "events")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer answer.Body.Close()
		io.Copy(io.Discard, answer.Body)
	}()
}
