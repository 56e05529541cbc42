package lab

import (
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/network/client"
)

// A told is which blocks were told of: of each channel the number of the next one. The zero value has told of none.
type told struct{ next []uint64 }

// tell returns the blocks of all channels that have become known since it was last called, at the first call none. look returns
// those of a channel within some numbers, in order.
func (t *told) tell(channels []string, clients client.Channels, look func(channel string, from, height uint64) []result.Block) (all []study.Block) {
	first := t.next == nil
	for i, channel := range channels {
		height := clients[i].NextBlock()
		if first {
			t.next = append(t.next, height)
			continue
		}
		for _, b := range look(channel, t.next[i], height) {
			one := study.Block{Channel: channel, Number: b.Number, Transactions: b.Transactions, At: b.Cut, Reason: b.Reason}
			if b.Cut.IsZero() {
				at := slices.IndexFunc(b.Peers, func(p result.PeerBlock) bool { return !p.Committed.IsZero() })
				if at < 0 {
					continue
				}
				one.At = b.Peers[at].Committed
			}
			all = append(all, one)
			t.next[i] = b.Number + 1
		}
	}
	return all
}
