package process

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// script writes an executable shell script.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whatever a program does when it is asked for its version, it costs little and leaves nothing.
func TestOutput(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	for _, c := range []struct{ name, text, says, fails string }{
		{"short", "echo Version: 1; echo too >&2", "Version: 1\ntoo\n", ""},
		{"silent", "", "", ""},
		{"failed", "echo no; exit 7", "no\n", "exit status 7"},
		{"endless", "yes", "", "it writes more than 1000 bytes"},
		{"endless without lines", "cat /dev/zero", "", "it writes more than 1000 bytes"},
		{"endless errors", "yes >&2", "", "it writes more than 1000 bytes"},
		{"endless, whatever signal", "trap '' PIPE TERM; while :; do echo y; done", "", "it writes more than 1000 bytes"},
		{"endless, in a child", "sh -c 'echo $$ >PIDS; exec yes' & wait", "", "it writes more than 1000 bytes"},
		{"hanging", "exec sleep 100", "", "it does not end"},
		{"hanging, whatever signal", "trap '' TERM INT; sleep 100", "", "it does not end"},
		{"a child left behind", "sleep 100 & echo $! >PIDS; echo Version: 1", "Version: 1\n", ""},
		{"hanging, in a child", "sleep 100 & echo $! >PIDS; wait", "", "it does not end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := script(t, strings.ReplaceAll(c.text, "PIDS", pids))
			limit := 30 * time.Second // which none of the others needs, whatever else the machine does
			if c.fails == "it does not end" {
				limit = time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			began := time.Now()
			out, err := Output(ctx, 1000, nil, path)
			if took := time.Since(began); took > time.Minute {
				t.Errorf("took %v", took)
			}
			if (err == nil) != (c.fails == "") || err != nil && err.Error() != c.fails {
				t.Errorf("error %v, want %q", err, c.fails)
			}
			if len(out) > 1000 || c.says != "" && string(out) != c.says {
				t.Errorf("%d bytes: %.100q", len(out), out)
			}
			if text, err := os.ReadFile(pids); err == nil {
				pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
				for range 2000 { // killed, and reaped by another
					if err == nil && running(pid) {
						time.Sleep(10 * time.Millisecond)
					}
				}
				if err != nil || running(pid) {
					t.Errorf("child %s is left, %v", text, err)
				}
				os.Remove(pids)
			}
		})
	}
}

// A child that logs without end is killed before the disk is full.
func TestEndlessLog(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	p, err := Start(Spec{Name: "peer0", Path: script(t, "yes"), LogPath: log, burst: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(0)
	select {
	case <-p.Done():
	case <-time.After(time.Minute):
		t.Fatal("it still runs")
	}
	if err := p.Err(); err == nil || !strings.HasPrefix(err.Error(), "peer0 ended: it was killed because it logs without end: 1 MB in a short time; log: "+log) {
		t.Errorf("error %v", err)
	}
}

// A log that was long before the child began, and one that grows as a busy node's, keep nobody from running.
func TestLongLog(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Start(Spec{Name: "peer0", Path: script(t, "head -c 500000 /dev/zero; sleep 2; head -c 2000000 /dev/zero; exec sleep 100"), LogPath: log, burst: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "all is written", func() bool { info, err := os.Stat(log); return err == nil && info.Size() == 2<<20+2_500_000 })
	time.Sleep(2 * logWatch)
	p.Stop(0)
	if err := p.Err(); err != nil {
		t.Errorf("error %v", err)
	}
}
