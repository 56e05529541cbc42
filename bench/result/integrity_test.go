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
