package client

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"meterbench/bench/result"
)

// A gateway, an orderer and the question whether one answers are reached by their dialers alone.
func TestDialers(t *testing.T) {
	var dialled atomic.Int32
	c := dial(t, newFakePeer(), func(cfg *Config) {
		address := cfg.Gateways[0].Address
		there := func(ctx context.Context, got string) (net.Conn, error) {
			if got != "10.0.0.1:7051" {
				t.Errorf("dialled %s", got)
			}
			dialled.Add(1)
			return (&net.Dialer{}).DialContext(ctx, "tcp", address)
		}
		cfg.Gateways[0].Address, cfg.Gateways[0].Dial = "10.0.0.1:7051", there
		cfg.Orderers[0].Address, cfg.Orderers[0].Dial = "10.0.0.1:7051", there
	})
	for _, driver := range result.Drivers() {
		tx := transaction(result.WaitCommit)
		tx.Driver = driver
		if r, err := c.Submit(t.Context(), tx); r.Outcome != result.Valid {
			t.Errorf("%s: %v, %v", driver, r.Outcome, err)
		}
	}
	if err := c.CheckDirect(t.Context(), "readings"); err != nil {
		t.Error(err)
	}
	if got := dialled.Load(); got != 3 {
		t.Errorf("dialled %d times; want one connection for the gateway, one for the orderer, and one to ask whether it answers", got)
	}
}
