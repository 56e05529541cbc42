package lab

import (
	"context"
	"iter"
	"slices"

	"meterbench/bench"
	"meterbench/network"
)

// Ledger implements study.Site: what an organisation that joins puts on the ledger is set-up, whenever that is.
func (s *fabricSite) Ledger(ctx context.Context) iter.Seq2[bench.Entry, error] {
	all := s.ledger.Ledger(ctx)
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
