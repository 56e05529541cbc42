package result

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Runs of older versions tried all on the ledger and did not say so.
func TestProbesOfOlderVersions(t *testing.T) {
	var s Summary
	text := `{"integrity":{"probes":[{"kind":"replay","attempts":2,"accepted":0,"refused":{"READING_DUPLICATE":2}},{"kind":"other","system":"ca","attempts":1,"accepted":1,"refused":{}}]}}`
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	s.Upgrade()
	if diff := cmp.Diff([]Probe{
		{Kind: ProbeReplay, System: SystemLedger, Attempts: 2, Refused: map[string]uint64{"READING_DUPLICATE": 2}},
		{Kind: "other", System: SystemCA, Attempts: 1, Accepted: 1, Refused: map[string]uint64{}},
	}, s.Integrity.Probes); diff != "" {
		t.Error(diff)
	}
}

// What follows from the counts.
func TestRuling(t *testing.T) {
	for _, c := range []struct {
		name string
		p    Probe
		want Ruling
	}{
		{"not tried", Probe{}, ""},
		{"all refused", Probe{Attempts: 2}, RulingHeld},
		{"one refused for something else", Probe{Attempts: 2, Otherwise: 1}, RulingUnproven},
		{"one accepted, one refused for something else", Probe{Attempts: 2, Accepted: 1, Otherwise: 1}, RulingFault},
		{"one accepted", Probe{Attempts: 2, Accepted: 1}, RulingFault},
		{"one accepted by design", Probe{Attempts: 2, Accepted: 1, Trust: TrustCA}, RulingThrough},
		{"refused though the design would not", Probe{Attempts: 2, Trust: TrustCA}, RulingHeld},
		{"honest, accepted", Probe{Attempts: 2, Accepted: 2, Honest: true}, RulingHeld},
		{"honest, one refused", Probe{Attempts: 2, Accepted: 1, Honest: true}, RulingFault},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.p.Ruling(); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
