package client

import (
	"slices"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/bench"
	"meterbench/bench/result"
)

func put(channel int) bench.Transaction {
	return bench.Transaction{Function: "put", Args: [][]byte{{1}}, Channel: channel}
}

func TestChannels(t *testing.T) {
	chains := []*fakePeer{newFakePeer(), newFakePeer()}
	c := Channels{dial(t, chains[0], nil), dial(t, chains[1], nil)}
	var sent [2][][32]byte
	for i := range 5 {
		channel := min(i, 1) // one on the first, four on the second
		r, err := c.Submit(t.Context(), put(channel))
		if err != nil {
			t.Fatal(err)
		}
		sent[channel] = append(sent[channel], r.TxID)
		if r.Outcome != result.Valid || r.Block != uint64(len(sent[channel])) {
			t.Errorf("transaction %d: %v in block %d", i, r.Outcome, r.Block)
		}
		if seen := c[channel].NextBlock(); seen <= r.Block {
			t.Errorf("transaction %d: committed in block %d, %d blocks seen", i, r.Block, seen)
		}
	}
	heights, err := c.Heights(t.Context())
	if err != nil || !slices.Equal(heights, []uint64{2, 5}) {
		t.Errorf("heights %v, %v", heights, err)
	}
	var got [2][][32]byte
	last := 0
	for e, err := range c.Ledger(t.Context(), []uint64{0, 0}, []uint64{0, 0}, nil) {
		if err != nil || e.Channel < last || e.Outcome != result.Valid {
			t.Fatalf("%v on channel %d after %d, %v", e.Outcome, e.Channel, last, err)
		}
		last = e.Channel
		got[e.Channel] = append(got[e.Channel], e.TxID)
	}
	for e, err := range c.Ledger(t.Context(), []uint64{1, 4}, []uint64{0, 0}, nil) {
		if want := uint64(1 + 3*e.Channel); err != nil || e.Block != want {
			t.Errorf("block %d of channel %d, want %d: %v", e.Block, e.Channel, want, err)
		}
	}
	if !slices.Equal(got[0], sent[0]) || !slices.Equal(got[1], sent[1]) {
		t.Errorf("the ledgers hold %x, sent were %x", got, sent)
	}
}

func TestChannelThatIsNotThere(t *testing.T) {
	c := Channels{dial(t, newFakePeer(), nil)}
	for _, channel := range []int{-1, 1} {
		r, err := c.Submit(t.Context(), put(channel))
		if r.Outcome != result.PrepareError || err == nil || !strings.Contains(err.Error(), "there is no channel number") {
			t.Errorf("channel %d: %v, %v", channel, r.Outcome, err)
		}
	}
}

// What ends on one channel ends all of the ledger's reading.
func TestLedgerOfABrokenChannel(t *testing.T) {
	first := newFakePeer()
	c := Channels{dial(t, first, nil), dial(t, newFakePeer(), nil)}
	if _, err := c.Submit(t.Context(), put(1)); err != nil {
		t.Fatal(err)
	}
	first.mu.Lock()
	first.chain[0].FilteredTransactions = append(first.chain[0].FilteredTransactions, &peer.FilteredTransaction{Txid: "no id", Type: common.HeaderType_ENDORSER_TRANSACTION})
	first.mu.Unlock()
	n := 0
	for _, err := range c.Ledger(t.Context(), []uint64{0, 0}, []uint64{0, 0}, nil) {
		if n++; err == nil || n > 1 {
			t.Errorf("%d: %v", n, err)
		}
	}
	if n != 1 {
		t.Errorf("%d entries", n)
	}
}
