package network

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/internal/proc"
	"meterbench/internal/sockets"
	"meterbench/internal/storage"
)

// What nodes keep and send each other comes to what is in the blocks, which the peer's own query for blocks tells.
func TestTrafficAndStorageOfARealNetwork(t *testing.T) {
	needsNetwork(t)
	n := up(t, shape("watched", 1, 1, "ptb"), Config{})
	sampler, err := proc.NewSampler(n.Watched())
	if err != nil {
		t.Fatal(err)
	}
	defer sampler.Close()
	c, err := n.Client(t.Context(), "metrology", "readings")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	kept := func() map[string]proc.Kept {
		t.Helper()
		k, err := sampler.Kept()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	traffic := func() sockets.Totals {
		t.Helper()
		totals, err := sampler.Traffic()
		if err != nil {
			t.Skipf("the kernel tells nothing of sockets: %v", err)
		}
		return totals
	}
	height := func() uint64 {
		t.Helper()
		h, err := c.Height(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	first, before, sent, calls := height(), kept(), traffic(), c.Calls()

	const clients, each = 20, 15
	var mu sync.Mutex
	var envelopes uint64
	var putting sync.WaitGroup
	for i := range clients {
		putting.Go(func() {
			for j := range each {
				key := fmt.Appendf(nil, "key-%d-%d", i, j)
				r, err := c.Submit(t.Context(), bench.Transaction{
					Contract: "readings", Function: "Put", Args: [][]byte{key, bytes.Repeat(key, 60)}, Wait: result.WaitCommit})
				if err != nil || r.Outcome != result.Valid {
					t.Errorf("%v, %v", r.Outcome, err)
				}
				mu.Lock()
				envelopes += uint64(r.Bytes)
				mu.Unlock()
			}
		})
	}
	putting.Wait()
	time.Sleep(100 * time.Millisecond) // what is on its way to be acknowledged
	after, arrived, last := kept(), traffic(), height()
	for call, n := range c.Calls() {
		if want := map[result.Call]uint64{result.CallEndorse: clients * each, result.CallSubmit: clients * each}[call]; call != result.CallEvaluate && n-calls[call] != want {
			t.Errorf("%d calls of %s, want %d", n-calls[call], call, want)
		}
	}

	queries, err := c.Contract("qscc", "")
	if err != nil {
		t.Fatal(err)
	}
	var blocks uint64
	for number := first; number < last; number++ {
		block, err := queries.Evaluate(t.Context(), "GetBlockByNumber", []byte("metrology"), strconv.AppendUint(nil, number, 10))
		if err != nil {
			t.Fatal(err)
		}
		blocks += uint64(len(block))
	}
	near := func(what string, got, low, high float64) {
		t.Helper()
		t.Logf("%s: %.0f bytes, %.4f of those of the blocks", what, got, got/float64(blocks))
		if got < low*float64(blocks) || got > high*float64(blocks) {
			t.Errorf("%s: %.0f bytes, want %.2f to %.2f of the %d of %d blocks", what, got, low, high, blocks, last-first)
		}
	}
	const orderer, peer = "orderer0", "peer0.ptb"
	for _, node := range []string{orderer, peer} {
		grown := after[node][storage.Blocks].Bytes - before[node][storage.Blocks].Bytes
		near("blocks of "+node, float64(grown), 0.97, 1.02)
	}
	near("consensus log", float64(after[orderer][storage.Consensus].Bytes-before[orderer][storage.Consensus].Bytes), 0.9, 1.1)
	for _, part := range []storage.Part{storage.Index, storage.State, storage.History} {
		if after[peer][part].Bytes <= before[peer][part].Bytes {
			t.Errorf("%s of the peer: %v after %v", part, after[peer][part], before[peer][part])
		}
	}
	way := func(from, to string) float64 {
		w := sockets.Way{From: from, To: to}
		return float64(arrived.Ways[w].Bytes - sent.Ways[w].Bytes)
	}
	near("orderer to peer", way(orderer, peer), 1, 1.15)
	near("peer to orderer", way(peer, orderer), float64(envelopes)/float64(blocks), 1.1)
	near("client to peer", way(proc.Client, peer), 1, 2)
	if got := way("chaincode.readings."+peer, peer) + way("chaincode."+peer, peer); got == 0 {
		t.Errorf("nothing from the chaincode to its peer: %v", arrived.Ways)
	}
}
