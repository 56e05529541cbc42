package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
)

const simulated = `name: sim
target:
  kind: reference
  endorse: {servers: 8, service: {kind: exponential, mean: 2ms}}
  order: {servers: 1, service: {kind: constant, mean: 1ms}}
  batch: {timeout: 50ms, messages: 10, bytes: 4KiB}
  commit: {servers: 2, service: {kind: lognormal, mean: 2ms, cv: 0.5}, per: block}
  failures:
    - {outcome: mvcc_conflict, share: 0.05}
    - {outcome: phantom_read, share: 0.01}
    - {outcome: endorsement_policy, share: 0.01}
    - {outcome: invalid_other, share: 0.01}
    - {outcome: endorse_refused, share: 0.05}
    - {outcome: endorse_mismatch, share: 0.01}
    - {outcome: limited, share: 0.01}
    - {outcome: submit_refused, share: 0.01}
    - {outcome: unknown, share: 0.01}
  give_up: 100ms
  stalls: [{at: 500ms, for: 100ms}]
workload: {kind: plain}
load: {kind: open, rate: 200/s, hold: 1s}
repeat: 2
fresh: true
`

// An interrupted calibration leaves the one before.
func TestCalibrateInterrupted(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"calibrate"}, &stdout, &stderr)
	if code != exitInterrupted || stdout.Len() > 0 || !strings.HasSuffix(stderr.String(), "\nmeterbench: interrupted\n") {
		t.Errorf("exit %d\n%s%s", code, &stdout, &stderr)
	}
	if _, err := os.Stat(filepath.Join(cache, "meterbench", "calibration.json")); !os.IsNotExist(err) {
		t.Errorf("a calibration was kept: %v", err)
	}
}

// A run on a simulated ledger needs no network, is audited against the
// ledger's own log, and says everywhere what it is.
func TestReferenceRun(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	file := filepath.Join(dir, "sim.yaml")
	if err := os.WriteFile(file, []byte(simulated), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"run", file, "--out", dir}, &stdout, &stderr); code != exitOK {
		t.Fatalf("exit %d\n%s%s", code, &stdout, &stderr)
	}
	runs, err := filepath.Glob(filepath.Join(dir, "sim", "*"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("%q, %v", runs, err)
	}
	stored, err := result.Open(runs[0])
	if err != nil {
		t.Fatal(err)
	}
	sum, manifest := stored.Summary, stored.Run
	equal(t, "target of the summary", sum.Target, "reference")
	equal(t, "target of the manifest", manifest.Target, "reference")
	equal(t, "points", len(sum.Points), 2)
	equal(t, "sessions", len(manifest.Sessions), 2)
	equal(t, "reason for no instrument", manifest.Uncalibrated, "never calibrated")
	audit := audited(t, sum)
	equal(t, "transactions found", audit.Found, audit.Expected)
	equal(t, "transactions that are foreign or contradict the record", audit.Foreign+audit.Contradicted, 0)
	if audit.Stored < audit.Found || audit.Found < 200 {
		t.Errorf("%d transactions stored, %d found", audit.Stored, audit.Found)
	}
	failed := uint64(0)
	for _, p := range sum.Points {
		failed += p.Scheduled - p.Outcomes[result.Valid.String()]
	}
	if failed < 30 || failed > 110 { // 17 % of 400
		t.Errorf("%d failures", failed)
	}
	html, err := os.ReadFile(filepath.Join(runs[0], "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"the terminal": stdout.String(), "report.html": string(html), "summary.json": strings.Join(sum.Warnings, " ")} {
		if flat := strings.Join(strings.Fields(text), " "); !strings.Contains(flat, "these are no figures of a blockchain") {
			t.Errorf("%s does not say that the ledger is simulated", name)
		}
	}
	if !strings.Contains(string(html), "not calibrated (never calibrated): run meterbench calibrate") {
		t.Error("the report does not say that nothing was calibrated")
	}
}
