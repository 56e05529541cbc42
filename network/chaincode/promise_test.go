package chaincode

import (
	"fmt"
	"testing"

	"meterbench/internal/refusal"
	"meterbench/simulators/pki"
)

// TestKeysPromise holds the contract to its promise: of generated registrations, rotations, revocations and verifications it accepts every honest
// one and refuses every other for the reason why it is wrong.
func TestKeysPromise(t *testing.T) {
	shards, trials := 8, 12_500
	if testing.Short() {
		trials = 500
	}
	for shard := range shards {
		t.Run(fmt.Sprint("seed ", shard), func(t *testing.T) {
			t.Parallel()
			p := NewPopulation(t, uint64(shard), channel, "m", []string{operator, registrar}, []string{outsider})
			s, c := newStub(operator), &PKI{Operator: operator}
			expect(t, s.invoke(t, c, pki.FnGrant, []byte(registrar)), 200, "")
			kinds, accepted := map[string]int{}, 0
			for range trials {
				p.Wave()
				trial := p.Next()
				s.msp = trial.Sender
				r := s.invoke(t, c, trial.Function, trial.Args...)
				if err := trial.Judge(r.GetStatus(), r.GetMessage(), r.GetPayload()); err != nil {
					t.Fatalf("%v; arguments %q", err, trial.Args)
				}
				if trial.Code == (refusal.Code{}) {
					accepted++
				}
				if changed := len(s.writes)+len(s.restricted) > 0; changed != (trial.Code == (refusal.Code{}) && !trial.Asks) {
					t.Fatalf("%s: %d states written", trial.Kind, len(s.writes))
				}
				kinds[trial.Kind]++
			}
			if len(kinds) != p.Kinds() && !testing.Short() {
				t.Errorf("%d of %d kinds of trials", len(kinds), p.Kinds())
			}
			if accepted < trials/4 || accepted > trials*3/4 {
				t.Errorf("%d of %d trials are honest", accepted, trials)
			}
		})
	}
}

// Judge returns what is wrong with the answer to a trial.
func (t *Trial) Judge(status int32, message string, payload []byte) error {
	honest := t.Code == (refusal.Code{})
	r, refused := refusal.Parse(status, message)
	switch {
	case honest && status != 200:
		return fmt.Errorf("%s: an honest one was answered %d, %s", t.Kind, status, message)
	case !honest && (!refused || r.Code != t.Code):
		return fmt.Errorf("%s: answered %d, %q; want %s", t.Kind, status, message, t.Code)
	case honest && string(payload) != t.Answer:
		return fmt.Errorf("%s: answered %q, want %q", t.Kind, payload, t.Answer)
	}
	return nil
}
