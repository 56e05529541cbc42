package client

import (
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
)

// A channel has two peers of one organisation and, maybe, one of another. When the observing peer ends, its organisation's
// transactions go to the other one, commits are seen there, none twice and none missing, and queries and the ledger are answered.
// An organisation without another peer fails, as a typed outcome.
func TestPeerEnds(t *testing.T) {
	ledger := newFakePeer()
	ledger.batch, ledger.timeout = 3, 20*time.Millisecond
	c, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	var cfg Config
	var stops []func()
	for i, msp := range []string{"PtbMSP", "PtbMSP", "CmiMSP"} {
		address, stop, err := ledger.serve(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		stops = append(stops, stop)
		if one := configFor(address, c); i == 0 {
			cfg = one
		} else {
			cfg.Gateways = append(cfg.Gateways, one.Gateways...)
			cfg.Gateways[i].Identity.MSP = msp
		}
	}
	client, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	end := func(peer int) {
		stops[peer]()
		ledger.mu.Lock()
		ledger.closed = false // the others serve on
		ledger.mu.Unlock()
	}
	valid := func(n int) (outcomes map[result.Outcome]int) {
		t.Helper()
		outcomes = map[result.Outcome]int{}
		for range n {
			r, _ := client.Submit(t.Context(), bench.Transaction{Function: "store", Args: [][]byte{{1}}, Wait: result.WaitCommit})
			outcomes[r.Outcome]++
		}
		return outcomes
	}
	if got := valid(9); got[result.Valid] != 9 {
		t.Fatalf("before: %v", got)
	}
	end(0)
	got := valid(60)
	if got[result.Valid] < 56 {
		t.Errorf("after the first peer's end: %v, want no more than a few that were not valid", got)
	}
	committed := got[result.Valid] + 9
	if _, err := client.Evaluate(t.Context(), "get"); err != nil {
		t.Errorf("a query after its peer's end: %v", err)
	}
	entries := 0
	for _, err := range client.Ledger(t.Context(), 0, 0, nil) {
		if err != nil {
			t.Fatal(err)
		}
		entries++
	}
	if entries != committed {
		t.Errorf("%d transactions on the ledger, %d were valid", entries, committed)
	}
	end(2)
	got = valid(30)
	if got[result.Valid] < 19 || got[result.EndorseUnreachable]+got[result.EndorseTimeout]+got[result.Unknown]+got[result.Valid] != 30 || got[result.Valid] == 30 {
		t.Errorf("after the end of an organisation's only peer: %v, want a third that failed", got)
	}
	alone, err := client.Contract("readings", "CmiMSP")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alone.Evaluate(t.Context(), "get"); err != nil {
		t.Errorf("a query of an organisation whose only peer has ended, which others answer: %v", err)
	}
}
