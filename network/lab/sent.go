package lab

import (
	"context"
	"iter"
	"slices"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/network"
)

// Ledger implements study.Site: what an organisation that joins puts on the ledger is set-up, whenever that is.
func (s *fabricSite) Ledger(ctx context.Context, see func(*result.BlockRow)) iter.Seq2[bench.Entry, error] {
	all := s.ledger.Ledger(ctx, see)
	own, ok := s.net.(*network.Network)
	if !ok {
		return all
	}
	sent := own.Sent()
	return func(yield func(bench.Entry, error) bool) {
		for entry, err := range all {
			if err == nil && slices.Contains(sent, entry.TxID) {
				continue
			}
			if !yield(entry, err) {
				return
			}
		}
	}
}
