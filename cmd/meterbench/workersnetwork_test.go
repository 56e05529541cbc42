package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"meterbench/bench/result"
)

// struckRun are two levels of a network, the first one at 200/s or by clients.
const struckRun = `name: struck
warmup: 200ms
series:
  - {name: first, workload: {kind: plain, meters: 20}, load: {kind: %[1]s, hold: 8s, client: %[2]s}}
  - {name: second, workload: {kind: plain, meters: 20}, load: {kind: open, rate: 60/s, hold: 2s, client: %[2]s}}
  - {name: third, workload: {kind: plain, meters: 20}, load: {kind: closed, clients: [8], hold: 2s, client: %[2]s}}
`

// Whatever a worker had sent when it was killed, and not told of, the audit of a network's ledger says whose it is: it passes, and the next
// levels are whole, made by the other worker.
func TestWorkerKilledOnNetwork(t *testing.T) {
	needsNetwork(t)
	temp := t.TempDir()
	network := up(t, temp, "minimal")
	defer down(t, temp, network)
	var untold, audits, passed int
	for i := range *workerEnds {
		load := []string{"open, rate: 200/s", "closed, clients: [50]"}[i%2]
		client := result.Drivers()[i%len(result.Drivers())]
		options := []string{",min=1", ",min=1", ""}[i%3]
		t.Run(fmt.Sprintf("%d: %s, %s%s", i, load, client, options), func(t *testing.T) {
			out, file := t.TempDir(), filepath.Join(t.TempDir(), "struck.yaml")
			if err := os.WriteFile(file, fmt.Appendf(nil, struckRun, load, client), 0o600); err != nil {
				t.Fatal(err)
			}
			p := start(t, temp, "run", file, "--on", "minimal", "--workers", "local:2"+options, "--out", out, "--metrics", "0")
			p.measures(t)
			after := rand.N(2500 * time.Millisecond)
			time.Sleep(after)
			strike(t, p, workerProcess, syscall.SIGKILL)
			want, levels := exitOK, 3
			if options == "" {
				want, levels = exitFailed, 1
			}
			if code := p.exit(t); code != want {
				t.Errorf("exit code %d, want %d\n%s", code, want, &p.stderr)
			}
			if options == "" && strings.Contains(p.stderr.String(), "nothing was measured: 1 of 2 workers are there") {
				t.Skipf("struck after %v, before the window: there is nothing to audit", after)
			}
			dir := runFolder(t, out, "*")
			stored, err := result.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			audits++
			s := stored.Summary
			a := audited(t, s)
			equal(t, "verdict", a.Verdict, result.AuditPass)
			equal(t, "foreign, and others'", a.Foreign+a.Others, 0)
			if len(a.Untold) != 1 || a.Untold.Total() == 0 {
				t.Errorf("untold: %s", a.Untold)
			}
			if untold += int(a.Untold.Total()); a.Verdict == result.AuditPass {
				passed++
			}
			t.Logf("struck after %v: %d on record, %s untold", after, a.Expected, a.Untold)
			early := len(s.Points) > 0 && s.Points[0].Series != "first" // before the window
			if want := map[bool]int{false: levels, true: levels - 1}[early]; s.Complete || len(s.Points) != want {
				t.Errorf("complete: %v; %d points, want %d", s.Complete, len(s.Points), want)
			}
			if said := strings.Join(s.Warnings, "; "); early != strings.Contains(said, "the level ended before its window, when worker ") {
				t.Errorf("before the window: %v; warnings %s", early, said)
			}
			for _, point := range s.Points {
				if lost := point.LostWorker(); lost != (point.Series == "first") || lost && point.Valid {
					t.Errorf("%s: lost a worker: %v; valid: %v", point.Series, lost, point.Valid)
				}
				if point.Series != "first" && point.Outcomes[result.Valid.String()] != point.Scheduled {
					t.Errorf("%s: outcomes %v", point.Series, point.Outcomes)
				}
			}
			r, code := command(t, temp, "report", dir)
			if said := r.stdout.String(); code != exitOK || !strings.Contains(said, "lost before they told of them: "+a.Untold.String()) || !strings.Contains(said, "PARTIAL") {
				t.Errorf("exit code %d\n%s", code, said)
			}
		})
	}
	t.Logf("%d of %d audits passed, %d transactions were untold", passed, audits, untold)
}
