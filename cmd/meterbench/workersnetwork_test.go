package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"meterbench/bench/result"
)

// struckRun are levels of a network, the first one at 200/s or by clients: a worker is lost in it.
const struckRun = `name: struck
%[3]s
warmup: 200ms
series:
  - {name: first, workload: {kind: plain, meters: 20}, load: {kind: %[1]s, hold: 20s, client: %[2]s}}
  - {name: second, workload: {kind: plain, meters: 20}, load: {kind: open, rate: 60/s, hold: 2s, client: %[2]s}}
  - {name: third, workload: {kind: plain, meters: 20}, load: {kind: closed, clients: [8], hold: 2s, client: %[2]s}}
`

// Whatever a worker had sent when it was killed or stopped, and not told of, the audit of a network's ledger says whose it is: it passes, and
// the next levels are whole, made by the other worker. The network is held, or is attached to as one that others run.
func TestWorkerKilledOnNetwork(t *testing.T) {
	needsNetwork(t)
	temp := t.TempDir()
	network, held := upAsJSON(t, temp, "minimal", "--one-way-tls")
	defer down(t, temp, network)
	org := held.Organisations[0]
	attached := fmt.Sprintf("target: {kind: fabric, profile: %s, channel: %s, identities: [{mspid: %s, certificate: %s, key: %s}]}",
		held.Profile, held.Contracts[0].Channel, org.MSP, org.User.Cert, org.User.Key)
	var untold, audits, passed int
	for i := range 2 * *workerEnds {
		turn, others := i/2, i%2 == 1
		load := []string{"open, rate: 200/s", "closed, clients: [50]"}[turn%2]
		options := []string{",min=1", ",min=1", ""}[turn%3]
		struck := []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP}[(turn+i)%2]
		target, client, args := "topology: minimal", result.Drivers()[turn%3], []string{"--on", "minimal"}
		if others {
			target, client, args = attached, result.Drivers()[turn%2], nil // which need no endorsers and orderers in the profile
		}
		t.Run(fmt.Sprintf("%d: %s, %s%s, %v, attached: %v", i, load, client, options, struck, others), func(t *testing.T) {
			out, file := t.TempDir(), filepath.Join(t.TempDir(), "struck.yaml")
			if err := os.WriteFile(file, fmt.Appendf(nil, struckRun, load, client, target), 0o600); err != nil {
				t.Fatal(err)
			}
			p := start(t, temp, append([]string{"run", file, "--workers", "local:2" + options, "--out", out, "--metrics", "0"}, args...)...)
			p.measures(t)
			after := rand.N(1300 * time.Millisecond) // within the window, between two words of the worker
			time.Sleep(after)
			strike(t, p, workerProcess, struck)
			want, levels := exitOK, 3
			if options == "" {
				want, levels = exitFailed, 1
			}
			if code := p.exit(t); code != want {
				t.Errorf("exit code %d, want %d\n%s", code, want, &p.stderr)
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
			if s.Complete || len(s.Points) != levels {
				t.Errorf("complete: %v; %d points, want %d", s.Complete, len(s.Points), levels)
			}
			fewer := slices.ContainsFunc(s.Notices, func(w result.Warning) bool { return w.Code == result.FewerWorkers })
			equal(t, "a warning of fewer workers", fewer, levels > 1)
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
