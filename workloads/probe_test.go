package workloads

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/simulators/verifier"
	"meterbench/workloads/reading"
)

// Honest readings and bills are taken; whatever is false is refused, and the
// reasons tell one falsehood from another.
func TestProbe(t *testing.T) {
	b, s := billing(t, "encrypted")
	got, err := b.Probe(t.Context(), s, s, 4)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		result.ProbeHonestReading:      nil,
		result.ProbeHonestBill:         nil,
		result.ProbeForgedSignature:    {reading.CodeSignature},
		result.ProbeReplay:             {reading.CodeDuplicate},
		result.ProbeReordered:          {reading.CodeTime},
		result.ProbeForeignMeter:       {reading.CodeMeterUnknown, reading.CodeSignature},
		result.ProbeTamperedCiphertext: {reading.CodeAltered, reading.CodeSignature},
		result.ProbeForeignKey:         {string(verifier.OtherKey), string(verifier.Result)},
		result.ProbeUnapprovedFunction: {reading.CodeNotApproved},
		result.ProbeTamperedBill:       {reading.CodeBillSignature, string(verifier.Result)},
	}
	if len(got.Probes) != len(want) {
		t.Errorf("%d kinds of attempt; want %d", len(got.Probes), len(want))
	}
	for _, p := range got.Probes {
		accepted := uint64(0)
		if p.Honest {
			accepted = 4
		}
		if p.Attempts != 4 || p.Accepted != accepted || !slices.Equal(slices.Sorted(maps.Keys(p.Refused)), slices.Sorted(slices.Values(want[p.Kind]))) {
			t.Errorf("%+v; want refusals %v", p, want[p.Kind])
		}
	}
}

func TestProbeWithoutAnswers(t *testing.T) {
	b, s := billing(t, "encrypted")
	s.lost = true
	got, err := b.Probe(t.Context(), s, s, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range got.Probes {
		if p.Attempts != 0 || p.Accepted != 0 || len(p.Refused) != 0 {
			t.Errorf("%+v of attempts that nobody answered", p)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := b.Probe(ctx, s, s, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	open, s := billing(t, "plain")
	if _, err := open.Probe(t.Context(), s, s, 1); err == nil || !strings.Contains(err.Error(), "not encrypted") {
		t.Errorf("error %v", err)
	}
}
