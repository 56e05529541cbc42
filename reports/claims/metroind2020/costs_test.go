package metroind2020

import (
	"testing"

	"meterbench/bench/result"
	"meterbench/internal/storage"
	"meterbench/reports/claims"
)

// What a level shows beside the transactions is none of their costs: the log of the orderers' consensus, which is cut off
// again, growth of a database that turned what was in its log before into tables, and lists that a responder fetches while
// verifiers ask nobody, or connections that end.
func TestCostsOfOthers(t *testing.T) {
	run, sum := world{costs: likely()}.summary(1)
	truth := &claims.Evidence{Run: run, Summary: sum}
	run, sum = world{costs: likely()}.summary(1)
	for _, p := range sum.Points {
		c := p.Costs
		switch p.Conditions.Operation {
		case result.OpRegister:
			keys := float64(p.Conditions.KeysEach())
			c.Stored = append(c.Stored,
				result.StoredCost{Process: "orderer0", Role: result.RoleOrderer, Part: storage.Consensus, Bytes: 4e3, Low: 4e3, High: 4e3},
				result.StoredCost{Process: "peer0.ptb", Role: result.RolePeer, Part: storage.State, Bytes: -7e3 * keys, Low: -7e3 * keys, High: 20 * keys})
		case result.OpVerifyChain, result.OpVerifyCRL:
			c.Wire = append(c.Wire,
				result.WireCost{From: result.RoleCA, To: result.RoleResponder, Bytes: 1},
				result.WireCost{From: result.RoleCA, To: result.RoleClient, Bytes: 1})
		}
	}
	shown := &claims.Evidence{Run: run, Summary: sum}
	for _, o := range []operation{register(), registerBatch(), verifyChain(), verifyCRL(), verifyFloor()} {
		want, _ := o.find(truth)
		got, _ := o.find(shown)
		if got.wire().Value != want.wire().Value {
			t.Errorf("%s: %v bytes on the wire, want %v", o.name, got.wire(), want.wire())
		}
		if off := got.stored().Value - want.stored().Value; off < 0 || off > 10 {
			t.Errorf("%s: %v bytes stored, want %v", o.name, got.stored(), want.stored())
		}
	}
}
