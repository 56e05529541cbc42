package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/bench/result"
)

// The ledger is read where most blocks are, of those that answer, once none have come for a time.
func TestSettle(t *testing.T) {
	t.Parallel()
	const apart, quiet = 200 * time.Millisecond, 2 * time.Second
	ledger := newFakePeer()
	nodes := []*fakePeer{ledger, newFakePeer(), newFakePeer(), newFakePeer()}
	cfg, stops := served(t, nodes)
	for i, name := range []string{"peer0.ptb", "peer0.cmi", "peer2", "peer3"} {
		cfg.Gateways[i].Name = name
	}
	cfg.Gateways[2].ServerName, cfg.Gateways[3].ServerName = "peer0.ptb", "peer0.ptb"
	client := dialled(t, cfg)
	grow(nodes[0], 2)
	grow(nodes[1], 5)
	grow(nodes[2], 9)
	grow(nodes[3], 5)
	stops[2]()
	begun := time.Now()
	growing := make(chan struct{})
	go func() { // for some time
		defer close(growing)
		for range 3 {
			time.Sleep(apart)
			grow(nodes[1], 1)
		}
	}()
	read, err := client.Settle(t.Context(), quiet)
	<-growing
	want := result.LedgerRead{Channel: "metrology", Peer: "peer0.cmi", Height: 9, Behind: []string{"peer0.ptb", "peer3"}, Silent: []string{"peer2"}}
	if diff := cmp.Diff(want, read); diff != "" || err != nil {
		t.Errorf("error %v; read (-want +got):\n%s", err, diff)
	}
	if took := time.Since(begun); took < 2*apart+quiet {
		t.Errorf("settled after %v", took)
	}
	// What a query meets that is asked before the ledger is read must be in what is read.
	nodes[1].mu.Lock()
	nodes[1].pending = []*peer.FilteredTransaction{{Txid: strings.Repeat("ab", 32), Type: common.HeaderType_ENDORSER_TRANSACTION}}
	nodes[1].cut()
	nodes[1].mu.Unlock()
	late := 0
	for entry, err := range client.Ledger(t.Context(), 0, 0, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if entry.Block == 9 {
			late++
		}
	}
	if late != 1 {
		t.Errorf("%d transactions of the block that came after the ledger had settled", late)
	}
	nodes[1].mu.Lock()
	opened := len(nodes[1].opened)
	nodes[1].mu.Unlock()
	if opened == 0 {
		t.Error("the ledger was read elsewhere")
	}
	stops[1]()
	stops[0]()
	stops[3]()
	if _, err := client.Settle(t.Context(), 0); err == nil {
		t.Error("settled without a peer")
	}
}

// Whoever waits until a block has spread finds it at every peer, but for those that do not answer.
func TestSpread(t *testing.T) {
	t.Parallel()
	const blocks = 6
	nodes := []*fakePeer{newFakePeer(), newFakePeer(), newFakePeer()}
	cfg, stops := served(t, nodes)
	for i := range cfg.Gateways {
		cfg.Gateways[i].Name, cfg.Gateways[i].ServerName = fmt.Sprint("peer", i), "peer0.ptb"
	}
	client := dialled(t, cfg)
	stops[2]()
	grow(nodes[0], blocks-grow(nodes[0], 0))
	go func() {
		for grow(nodes[1], 1) < blocks {
			time.Sleep(20 * time.Millisecond)
		}
	}()
	if err := (Channels{client}).Spread(t.Context(), []uint64{blocks}); err != nil {
		t.Error(err)
	}
	if has := grow(nodes[1], 0); has < blocks {
		t.Errorf("the other peer has %d blocks of %d", has, blocks)
	}
	grow(nodes[0], 1)
	const standstill = 300 * time.Millisecond
	begun := time.Now()
	if err := client.spread(t.Context(), blocks+1, standstill); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took < standstill || took > surveyMost/2 {
		t.Errorf("waited %v for a peer that gets no block, want %v", took, standstill)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := client.Spread(ctx, blocks+2); !errors.Is(err, context.Canceled) {
		t.Errorf("waited for what nobody has: %v", err)
	}
}

// What a stream shows first counts, and only so many blocks are kept.
func TestArrivals(t *testing.T) {
	var c Client
	at := func(n int) time.Time { return time.Unix(1_000_000, int64(n)) }
	for _, n := range []uint64{7, 8, 10, 8} {
		c.arrived.note(n, at(int(n)+len(c.arrived.at)*100))
	}
	c.arrived.note(3, at(0))
	for block, want := range map[uint64]int{7: 7, 8: 108, 10: 210, 3: -1, 9: -1, 11: -1} {
		got, ok := c.Seen(block)
		if ok != (want >= 0) || ok && !got.Equal(at(want)) {
			t.Errorf("block %d: %v, %v", block, got, ok)
		}
	}
	for n := range uint64(mostArrivals) {
		c.arrived.note(11+n, at(0))
	}
	if _, ok := c.Seen(10); ok || len(c.arrived.at) != mostArrivals {
		t.Errorf("%d are kept", len(c.arrived.at))
	}
	c.arrived.note(1<<40, at(5))
	if got, ok := c.Seen(1 << 40); !ok || !got.Equal(at(5)) || len(c.arrived.at) != 1 {
		t.Errorf("after a gap: %v, %v, %d are kept", got, ok, len(c.arrived.at))
	}
}

// served has nodes serve until the test ends, or what stops one of them is called, and returns how a client reaches them all.
func served(t *testing.T, nodes []*fakePeer) (cfg Config, stops []func()) {
	t.Helper()
	c, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range nodes {
		address, stop, err := f.serve(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		stops = append(stops, stop)
		if one := configFor(address, c); i == 0 {
			cfg = one
		} else {
			cfg.Gateways = append(cfg.Gateways, one.Gateways...)
		}
	}
	return cfg, stops
}

// grow cuts further blocks of a node, and returns how many it has.
func grow(f *fakePeer, blocks int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range blocks {
		f.pending = []*peer.FilteredTransaction{{}}
		f.cut()
	}
	return len(f.chain)
}
