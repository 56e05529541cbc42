package network

import (
	"os"
	"testing"
	"time"

	"meterbench/network/topology"
)

// network returns a topology with one channel of all organisations.
func network(name string, orderers int, peers int, organisations ...string) topology.Topology {
	t := topology.Topology{
		Name:     name,
		Orderers: topology.Orderers{Consensus: "raft", Count: orderers},
		Channels: []topology.Channel{{
			Name:       "metrology",
			Batch:      topology.Batch{Timeout: 200 * time.Millisecond, Messages: 100, PreferredBytes: 2 << 20, AbsoluteBytes: 10 << 20},
			Chaincodes: []topology.Chaincode{{Name: "readings", Endorsement: "majority"}},
		}},
		Limits: topology.Limits{Gateway: 2500},
	}
	for _, o := range organisations {
		t.Organisations = append(t.Organisations, topology.Organisation{Name: o, Peers: peers})
	}
	return t
}

func TestFirstTransaction(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real network")
	}
	for _, topology := range []topology.Topology{
		network("minimal", 1, 1, "ptb"),
		network("two-peer", 1, 2, "ptb"),
		network("four-peer", 1, 2, "ptb", "inmetro"),
		network("five-org", 3, 1, "ptb", "cmi", "inmetro", "nmij", "nmim"),
	} {
		t.Run(topology.Name, func(t *testing.T) {
			n, err := Start(t.Context(), topology, Config{Progress: os.Stderr, Logs: os.Getenv("LOGS")})
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
			t.Logf("%+v %v", s.Channels, err)
		})
	}
}
