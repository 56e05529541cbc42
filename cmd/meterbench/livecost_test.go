package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"meterbench/bench/compare"
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
