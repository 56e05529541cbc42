package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"meterbench/bench/result"
)

// workerEnds is how often TestWorkersStruck strikes in each way.
var workerEnds = flag.Int("workers.ends", 1, "number of runs that TestWorkersStruck strikes in each way")

// strikes are the ways in which a run with two workers is struck while it measures, by name.
var strikes = map[string]struct {
	signal  syscall.Signal
	role    string // harness, or what the command line of the process begins with
	options string
	codes   []int
}{
	"run interrupted":       {syscall.SIGINT, "", "", []int{exitInterrupted}},
	"run killed":            {syscall.SIGKILL, "", "", []int{-1}},
	"worker killed":         {syscall.SIGKILL, workerProcess, "", []int{exitFailed}},
	"worker stopped":        {syscall.SIGSTOP, workerProcess, "", []int{exitFailed}},
	"worker killed, min=1":  {syscall.SIGKILL, workerProcess, ",min=1", []int{exitFailed}}, // for want of its ledger
	"worker stopped, min=1": {syscall.SIGSTOP, workerProcess, ",min=1", []int{exitFailed}},
	"worker interrupted":    {syscall.SIGINT, workerProcess, "", []int{exitFailed}},
	"worker ended, min=1":   {syscall.SIGTERM, workerProcess, ",min=1", []int{exitFailed}},
}

// mostEnding is how long a run may take to end that was struck, a level of six seconds included: for a hang, as this may be a busy machine.
const mostEnding = time.Minute

const workerProcess = "meterbench\x00worker\x00"

// However a run with workers is struck, at any moment of its first level, nothing of it is left, its exit code is as documented, and what
// it stored says which share of the load was lost.
func TestWorkersStruck(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a while until silence is noticed")
	}
	for name, one := range strikes {
		for i := range *workerEnds {
			t.Run(fmt.Sprintf("%s/%d", name, i), func(t *testing.T) {
				t.Parallel()
				temp, out := t.TempDir(), t.TempDir()
				p := start(t, temp, "run", sharedFile(t, "6s"), "--workers", "local:2"+one.options, "--out", out, "--metrics", "0")
				p.measures(t)
				after := rand.N(1300 * time.Millisecond) // within the window
				time.Sleep(after)
				if one.role == "" {
					p.signal(t, one.signal)
				} else {
					strike(t, p, one.role, one.signal)
				}
				struck := time.Now()
				code := p.exit(t)
				took := time.Since(struck)
				if !slices.Contains(one.codes, code) || took > mostEnding {
					t.Errorf("struck after %v: exit code %d after %v\n%s", after, code, took, &p.stderr)
				}
				ended := time.Now()
				eventually(t, "nothing is left", func() bool {
					return len(leftovers(t, temp, fmt.Sprintf(".pid%d.start", p.cmd.Process.Pid))) == 0
				})
				t.Logf("struck after %v: ended after %v with %d, nothing was left %v later", after, took, code, time.Since(ended))
				noKeys(t, out)
				levels := 1 // how many are stored
				if one.options != "" {
					levels = 2
				}
				checkStruck(t, temp, out, code, levels, one.role != "")
			})
		}
	}
}

// checkStruck makes sure that what is left of a run that was struck can be read, and is honest.
func checkStruck(t *testing.T, temp, out string, code, levels int, lost bool) {
	t.Helper()
	dir := runFolder(t, out, "*")
	r, drawn := command(t, temp, "report", dir)
	if code < 0 { // killed in its first level
		if drawn == exitOK || !strings.Contains(r.stderr.String(), "the run did not finish") {
			t.Errorf("the report: exit code %d\n%s%s", drawn, &r.stdout, &r.stderr)
		}
		return
	}
	stored, err := result.Open(dir)
	if err != nil || drawn != exitOK {
		t.Fatalf("exit code %d, %v\n%s", drawn, err, &r.stderr)
	}
	checkPoints(t, stored.Summary)
	if stored.Summary.Complete || !strings.Contains(r.stdout.String(), "PARTIAL") {
		t.Errorf("complete is %v\n%s", stored.Summary.Complete, &r.stdout)
	}
	if len(stored.Summary.Points) != levels {
		t.Errorf("%d levels, want %d", len(stored.Summary.Points), levels)
	}
	var losses int
	for _, point := range stored.Summary.Points {
		for _, w := range point.Workers {
			if w.Lost == nil {
				continue
			}
			losses++
			if point.Valid || !strings.Contains(strings.Join(point.Reasons, "\n"), "of its transactions until then are not on record") {
				t.Errorf("%s lost a worker: valid %v, %q", point.Series, point.Valid, point.Reasons)
			}
		}
	}
	if want := map[bool]int{true: 1}[lost]; losses != want {
		t.Errorf("%d workers are said to be lost, want %d", losses, want)
	}
	if a := stored.Summary.Audit; lost != (a == nil) || a != nil && a.Problem() != "" {
		t.Errorf("audit %+v", a)
	}
}

// strike sends a signal to a child of a run whose command line begins with something.
func strike(t *testing.T, p *program, begins string, s syscall.Signal) {
	t.Helper()
	if pid := child(p.cmd.Process.Pid, begins); pid == 0 || syscall.Kill(pid, s) != nil {
		t.Errorf("there is no %q to strike", begins)
	}
}
