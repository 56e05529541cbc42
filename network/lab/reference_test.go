package lab

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
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

func TestReferenceConfig(t *testing.T) {
	s, err := scenario.Parse("sim.yaml", []byte(simulated), nil, Catalog())
	if err != nil {
		t.Fatal(err)
	}
	got := *s.Target.Options.(*reference.Config)
	want := reference.Config{
		Endorse: &reference.Stage{Servers: 8, Service: reference.Distribution{Kind: reference.Exponential, Mean: 2 * time.Millisecond}},
		Order:   &reference.Stage{Servers: 1, Service: reference.Distribution{Kind: reference.Constant, Mean: time.Millisecond}},
		Batch:   &reference.Batch{Timeout: 50 * time.Millisecond, Messages: 10, Bytes: 4096},
		Commit: &reference.Commit{
			Stage: reference.Stage{Servers: 2, Service: reference.Distribution{Kind: reference.Lognormal, Mean: 2 * time.Millisecond, CV: 0.5}},
			Per:   reference.PerBlock,
		},
		Failures: []reference.Failure{
			{Outcome: result.MVCCConflict, Share: 0.05}, {Outcome: result.PhantomRead, Share: 0.01}, {Outcome: result.EndorsementPolicy, Share: 0.01},
			{Outcome: result.InvalidOther, Share: 0.01}, {Outcome: result.EndorseRefused, Share: 0.05}, {Outcome: result.EndorseMismatch, Share: 0.01},
			{Outcome: result.Limited, Share: 0.01}, {Outcome: result.SubmitRefused, Share: 0.01}, {Outcome: result.Unknown, Share: 0.01},
		},
		GiveUp: 100 * time.Millisecond, Stalls: []reference.Stall{{At: 500 * time.Millisecond, For: 100 * time.Millisecond}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("configuration differs from what is wanted:\n%s", d)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}
