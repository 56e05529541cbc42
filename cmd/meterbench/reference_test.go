package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
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

const failing = `name: allfail
target: {kind: reference, batch: {timeout: 50ms, messages: 50}, failures: [{outcome: mvcc_conflict, share: SHARE}]}
workload: {kind: plain, length: 1}
load: {kind: open, rate: 200/s, hold: 500ms}
`

// A run in which nothing succeeded fails, whatever it requires, and neither its report nor its audit is green. Others run
// all the same. A share that is required is held to what was scheduled.
func TestNothingSucceeded(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	for name, share := range map[string]string{"all": "1.0", "half": "0.5"} {
		text := strings.ReplaceAll(strings.ReplaceAll(failing, "allfail", name), "SHARE", share)
		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all, half := filepath.Join(dir, "all.yaml"), filepath.Join(dir, "half.yaml")
	for name, tt := range map[string]struct {
		args []string
		code int
		text string // in the error
	}{
		"nothing":                      {[]string{all}, exitNotValid, "nothing succeeded at these load levels: plain at 200/s; the report says why"},
		"nothing, valid required":      {[]string{all, "--set", "require=valid"}, exitNotValid, "nothing succeeded"},
		"nothing, then half":           {[]string{all, half}, exitNotValid, "nothing succeeded at these load levels: all: plain at 200/s;"},
		"half":                         {[]string{half}, exitOK, ""},
		"half, valid required":         {[]string{half, "--set", "require=valid"}, exitOK, ""},
		"half, a share required":       {[]string{half, "--set", "require={valid_share: 0.99}"}, exitNotValid, "the scenario requires a valid_share"},
		"half, a share by its own key": {[]string{half, "--set", "require.valid_share=0.99"}, exitNotValid, "not 99 %"},
		"half, a small share required": {[]string{half, "--set", "require={valid: true, valid_share: 0.2}"}, exitOK, ""},
		"half, a share that cannot be": {[]string{half, "--set", "require={valid_share: 0}"}, exitUsage,
			"require.valid_share: must be above 0 and at most 1, got 0"},
		"half, a requirement that is not": {[]string{half, "--set", "require=vaild"}, exitUsage, "did you mean valid?"},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && tt.code != exitUsage && name != "nothing, then half" {
				t.Skip("each is a run with its report")
			}
			out := t.TempDir()
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), append([]string{"run", "--out", out}, tt.args...), &stdout, &stderr)
			equal(t, "exit code", code, tt.code)
			if !strings.Contains(stderr.String(), tt.text) {
				t.Errorf("standard error lacks %q:\n%s", tt.text, &stderr)
			}
			flat := strings.Join(strings.Fields(stdout.String()), " ")
			if tt.args[0] == all && len(tt.args) != 2 {
				for _, text := range []string{"✗ Nothing succeeded: 0 of", "! Audit: nothing to audit", "✗ Load levels: 0 of 1 valid"} {
					if !strings.Contains(flat, text) {
						t.Errorf("the report lacks %q:\n%s", text, &stdout)
					}
				}
			}
			runs, _ := filepath.Glob(filepath.Join(out, "half", "*", "summary.json"))
			equal(t, "runs of half", len(runs) > 0, code != exitUsage && slices.Contains(tt.args, half))
		})
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
