package scenario_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// simulated is a scenario on a simulated ledger, with everything given.
const simulated = `name: a
target:
  kind: reference
  endorse: {servers: 8, service: {kind: exponential, mean: 20ms}}
  order: {servers: 1, service: {kind: constant, mean: 1ms}}
  batch: {timeout: 2s, messages: 10, bytes: 512KiB}
  commit: {servers: 2, service: {kind: lognormal, mean: 2ms, cv: 0.5}, per: block}
  failures: [{outcome: mvcc_conflict, share: 0.01}, {outcome: unknown, share: 0.02}]
  give_up: 30s
  stalls: [{at: 20s, for: 1s}, {at: 40s, for: 2s}]
workload: {kind: plain}
load: {kind: closed, clients: 4, hold: 3s}
`

func TestTarget(t *testing.T) {
	s, err := parse(simulated)
	if err != nil {
		t.Fatal(err)
	}
	want := &reference.Config{
		Endorse: &reference.Stage{Servers: 8, Service: reference.Distribution{Kind: reference.Exponential, Mean: 20 * time.Millisecond}},
		Order:   &reference.Stage{Servers: 1, Service: reference.Distribution{Kind: reference.Constant, Mean: time.Millisecond}},
		Batch:   &reference.Batch{Timeout: 2 * time.Second, Messages: 10, Bytes: 512 << 10},
		Commit: &reference.Commit{
			Stage: reference.Stage{Servers: 2, Service: reference.Distribution{Kind: reference.Lognormal, Mean: 2 * time.Millisecond, CV: 0.5}},
			Per:   reference.PerBlock,
		},
		Failures: []reference.Failure{{Outcome: result.MVCCConflict, Share: 0.01}, {Outcome: result.Unknown, Share: 0.02}}, GiveUp: 30 * time.Second,
		Stalls: []reference.Stall{{At: 20 * time.Second, For: time.Second}, {At: 40 * time.Second, For: 2 * time.Second}},
	}
	if diff := cmp.Diff(want, s.Target.Options); diff != "" || s.Target.Name != "reference" {
		t.Errorf("kind %s, options differ from what is wanted:\n%s", s.Target.Name, diff)
	}
	if networks := s.Networks(); len(networks) != 1 || networks[0] != (scenario.Network{}) {
		t.Errorf("networks %v", networks)
	}
	s, err = parse(simulated, "target={kind: reference, commit: {servers: 1, service: {kind: constant, mean: 2ms}}}")
	if err != nil {
		t.Fatal(err)
	}
	want = &reference.Config{Commit: &reference.Commit{
		Stage: reference.Stage{Servers: 1, Service: reference.Distribution{Kind: reference.Constant, Mean: 2 * time.Millisecond}}, Per: reference.PerTransaction,
	}}
	if diff := cmp.Diff(want, s.Target.Options); diff != "" {
		t.Errorf("options differ from what is wanted:\n%s", diff)
	}
}

func TestTargetErrors(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{"target:", "topology: minimal\ntarget:", "a.yaml:2:11: topology: belongs to a network; this scenario's target is a simulated ledger; leave one of them out"},
		{"\nload:", "\nbatch: {messages: 9}\nload:", "a.yaml:12:8: batch: belongs to a network; this scenario's target is a simulated ledger; move it into target"},
		{"\nload:", "\nlimits: {gateway: 9}\nload:", "a.yaml:12:9: limits: belongs to a network; this scenario's target is a simulated ledger; leave one of them out"},
		{"\nload:", "\nvary: {topology: [minimal]}\nload:", "a.yaml:12:18: vary.topology: belongs to a network; this scenario's target is a simulated ledger; leave one of them out"},
		{"hold: 3s", "hold: 3s, client: gateway", "a.yaml:12:52: load.client: takes transactions to a network; this scenario's target is a simulated ledger; leave it out, or give a topology in place of the target"},
		{"\nload:", "\nvary: {client: [wire]}\nload:", "a.yaml:13:7: load.client: takes transactions to a network; this scenario's target is a simulated ledger (in series plain/client=wire); leave it out, or give a topology in place of the target"},
		{"reference", "refrence", `a.yaml:3:9: target.kind: there is no "refrence"; did you mean reference?`},
		{"  kind: reference\n", "", "a.yaml:3:3: target.kind: is missing: one of reference, fabric"},
		{"kind: plain", "kind: billing, form: plain", "a.yaml:11:18: workload.kind: a simulated ledger keeps no readings to bill; give a topology in place of the target"},
		{"endorse: {servers: 8", "endorse: {servers: 0", "a.yaml:4:22: target.endorse.servers: must be 1 to 1000000, got 0; leave the stage out if it takes no time"},
		{"commit: {servers: 2", "commit: {servers: -1", "a.yaml:7:21: target.commit.servers: must be 1 to 1000000, got -1; leave the stage out if it takes no time"},
		{"exponential", "gaussian", `a.yaml:4:41: target.endorse.service.kind: there is no "gaussian"; known are constant, exponential, lognormal`},
		{"mean: 20ms", "mean: 0s", "a.yaml:4:60: target.endorse.service.mean: must be above 0 and at most 1h0m0s, got 0s; leave the stage out if it takes no time"},
		{"mean: 20ms", "mean: 20", `a.yaml:4:60: target.endorse.service.mean: want a duration such as 200ms, 2s or 15m, got "20"`},
		{"mean: 20ms", "mean: 20ms, cv: 1", "a.yaml:4:70: target.endorse.service.cv: exponential service times have their coefficient of variation already; use kind: lognormal"},
		{", cv: 0.5", "", "a.yaml:7:33: target.commit.service.cv: must be above 0 and at most 10, got 0; standard deviation / mean, for example cv: 0.5"},
		{"per: block", "per: blok", `a.yaml:7:77: target.commit.per: there is no "blok"; did you mean block?`},
		{"timeout: 2s", "timeout: 0s", "a.yaml:6:20: target.batch.timeout: must be above 0 and at most 1h0m0s, got 0s; for example timeout: 2s"},
		{"messages: 10", "messages: 0", "a.yaml:6:34: target.batch.messages: must be 1 to 10000000, got 0"},
		{"mvcc_conflict", "valid", `a.yaml:8:24: target.failures[0].outcome: there is no "valid"; known are mvcc_conflict, phantom_read, endorsement_policy, invalid_other, endorse_refused, endorse_mismatch, endorse_timeout, endorse_unreachable, limited, submit_refused, unknown`},
		{"unknown", "mvcc_conflict", "a.yaml:8:63: target.failures[1].outcome: mvcc_conflict is given twice"},
		{"share: 0.01", "share: 1.01", "a.yaml:8:46: target.failures[0].share: must be 0 to 1, got 1.01"},
		{"share: 0.01", "share: 0.99", "a.yaml:8:79: target.failures[1].share: all shares up to this sum to 1.01, more than 1"},
		{"  give_up: 30s\n", "", "a.yaml:3:3: target.give_up: how long clients wait for a lost transaction must be above 0, got 0s; for example give_up: 30s"},
		{"at: 40s", "at: 20500ms", "a.yaml:10:37: target.stalls[1].at: must not be before 21s, got 20.5s; give stalls in order and apart"},
		{"for: 1s", "for: 0s", "a.yaml:10:27: target.stalls[0].for: must be above 0 and at most 24h0m0s, got 0s"},
		{"stalls", "stals", "a.yaml:10:3: unknown key target.stals; did you mean stalls?"},
	} {
		t.Run(tt.new, func(t *testing.T) {
			src := strings.Replace(simulated, tt.old, tt.new, 1)
			if src == simulated {
				t.Fatalf("%q is not in the text", tt.old)
			}
			if _, err := parse(src); fmt.Sprint(err) != tt.want {
				t.Errorf("%s for %s\ngot  %v\nwant %s", tt.new, tt.old, err, tt.want)
			}
		})
	}
}
