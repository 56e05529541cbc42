package client_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/simulators/reading"
)

// Four organisations of which three must endorse, and four BFT orderers of which three must take an envelope, without a
// gateway between. Who endorses is the same by the topology and by a peer's discovery service.
func TestDirectOnARealNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real network")
	}
	four, err := topology.Load("four-peer-bft")
	if err != nil {
		t.Fatal(err)
	}
	four.Channels[0].Batch.PreferredBytes, four.Channels[0].Batch.AbsoluteBytes = 128<<10, 256<<10
	n, err := network.Start(t.Context(), four, network.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	c, err := n.Client(t.Context(), "metrology", reading.ContractName)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.CheckDirect(t.Context(), reading.ContractName); err != nil {
		t.Fatal(err)
	}
	meters := registered(t, n, c, 16)
	start, err := c.Height(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	direct := func(tx bench.Transaction) bench.Transaction {
		tx.Driver = result.DriverDirect
		return tx
	}

	wants := map[string]int{"peer0.ptb": 30, "peer0.cmi": 30, "peer0.inmetro": 30, "peer0.nmij": 30}
	sent := map[[32]byte]uint64{}
	for round, source := range []string{"topology", "discovery"} {
		if source == "discovery" {
			c.ForgetPolicies()
		}
		if diff := cmp.Diff(wants, c.ChooseEndorsers(t, reading.ContractName, 40)); diff != "" {
			t.Errorf("peers by %s (-want +got):\n%s", source, diff)
		}
		var mu sync.Mutex
		var group sync.WaitGroup
		for _, m := range meters {
			group.Go(func() {
				for i := range uint64(4) {
					receipt, err := c.Submit(t.Context(), direct(m.put(t, uint64(round)*4+i)))
					if receipt.Outcome != result.Valid {
						t.Errorf("by %s: %v, %v", source, receipt.Outcome, err)
					}
					mu.Lock()
					sent[receipt.TxID] = receipt.Block
					mu.Unlock()
				}
			})
		}
		group.Wait()
	}
	everywhere(t, n)
	if receipt, err := c.Submit(t.Context(), direct(meters[0].put(t, 0))); receipt.Outcome != result.EndorseRefused || err == nil ||
		!strings.Contains(err.Error(), "chaincode response 409, READING_DUPLICATE") {
		t.Errorf("a duplicate: %v, %v", receipt.Outcome, err)
	}
	large := reading.Reading{Kind: reading.Padded, Channel: "metrology", Meter: meters[0].name, Number: 100, Time: time.Unix(1_700_000_000, 0).UTC()}
	if large.Payload, err = (reading.Values{Interval: time.Second, Wh: []int64{1}}).MarshalPadded(reading.MaxPayload); err != nil {
		t.Fatal(err)
	}
	if receipt, err := c.Submit(t.Context(), direct(meters[0].sign(t, large))); receipt.Outcome != result.SubmitRefused || receipt.Endorsed.IsZero() || err == nil ||
		!strings.Contains(err.Error(), "exceeds") {
		t.Errorf("more than orderers take: %v, %v", receipt.Outcome, err)
	}
	query := direct(bench.Transaction{Function: reading.FnCount, Args: [][]byte{nil, nil}, Query: true})
	if receipt, err := c.Submit(t.Context(), query); receipt.Outcome != result.Answered || err != nil {
		t.Errorf("a query: %v, %v", receipt.Outcome, err)
	}
	for entry, err := range c.Ledger(t.Context(), start, 0, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if block, ok := sent[entry.TxID]; !ok || block != entry.Block || entry.Outcome != result.Valid {
			t.Errorf("the ledger holds %x in block %d, %v; the client has it in block %d, known: %t", entry.TxID, entry.Block, entry.Outcome, block, ok)
		}
		delete(sent, entry.TxID)
	}
	if len(sent) > 0 {
		t.Errorf("the ledger lacks %d transactions", len(sent))
	}
}
