package client

import (
	"testing"

	"meterbench/bench/result"
)

// Where all go without a gateway, set-up, queries and transactions need none.
func TestPeerWithoutGateway(t *testing.T) {
	f := newFakePeer()
	f.old = true
	cfg := dialConfig(t, f)
	cfg.Direct = true
	c := dialled(t, cfg)
	if err := c.Invoke(t.Context(), "PutReading", []byte("a")); err != nil {
		t.Error(err)
	}
	if answer, err := c.Evaluate(t.Context(), "CountReadings"); err != nil || string(answer) != "done" {
		t.Errorf("answer %q, %v", answer, err)
	}
	if receipt, err := c.Submit(t.Context(), direct()); receipt.Outcome != result.Valid || err != nil {
		t.Errorf("%v, %v", receipt.Outcome, err)
	}
}

// The address by which a network knows a node is its own, or has one of its names at another one's host.
func TestKnownBy(t *testing.T) {
	for _, c := range []struct {
		address, own, name, server string
		want                       bool
	}{
		{"127.0.0.1:7051", "127.0.0.1:7051", "peer0", "", true},
		{"peer0.org1:7051", "localhost:17051", "peer0.org1", "localhost", true},
		{"peer0.org1:7051", "localhost:17051", "first", "peer0.org1", true},
		{"localhost:9051", "localhost:7051", "peer0.org1", "localhost", false},
		{"peer1.org1:7051", "localhost:17051", "peer0.org1", "peer0.org1", false},
		{"peer0.org1", "localhost:17051", "peer0.org1", "", false},
	} {
		g := Gateway{Name: c.name, Address: c.own, ServerName: c.server}
		o := Orderer{Name: c.name, Address: c.own, ServerName: c.server}
		if g.At(c.address) != c.want || o.At(c.address) != c.want {
			t.Errorf("%s of %+v: %t, want %t", c.address, g, !c.want, c.want)
		}
	}
}
