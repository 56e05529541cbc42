package network

import (
	"os"
	"testing"
	"time"

	"meterbench/network/topology"
)

func minimal() topology.Topology {
	return topology.Topology{
		Name:          "minimal",
		Organisations: []topology.Organisation{{Name: "ptb", Peers: 1}},
		Orderers:      topology.Orderers{Consensus: "raft", Count: 1},
		Channels: []topology.Channel{{
			Name:       "metrology",
			Batch:      topology.Batch{Timeout: 200 * time.Millisecond, Messages: 100, PreferredBytes: 2 << 20, AbsoluteBytes: 10 << 20},
			Chaincodes: []topology.Chaincode{{Name: "readings", Endorsement: "majority"}},
		}},
		Limits: topology.Limits{Gateway: 2500},
	}
}

func TestFirstTransaction(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real network")
	}
	n, err := Start(t.Context(), minimal(), Config{Progress: os.Stderr, Logs: os.Getenv("LOGS")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		b := time.Now()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		t.Log("close", time.Since(b))
	}()
	c, err := n.Client(t.Context(), "metrology", "readings")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := time.Now()
	if err := c.Invoke(t.Context(), "Put", []byte("a"), []byte("b")); err != nil {
		t.Fatal(err)
	}
	t.Log("ready", n.Ready(), "commit", time.Since(b))
	s, err := n.Status(t.Context())
	t.Logf("%+v %v", s, err)
}
