package client

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"meterbench/bench"
	"meterbench/bench/result"
)

// Channels are clients of several channels, in the order by which bench.Transaction.Channel numbers
// them. Each has a block stream of its own.
type Channels []*Client

// Submit takes a transaction to its channel. It implements bench.Target.
func (c Channels) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	if tx.Channel < 0 || tx.Channel >= len(c) {
		return bench.Receipt{Outcome: result.PrepareError}, fmt.Errorf("submit: there is no channel number %d of %d", tx.Channel, len(c))
	}
	return c[tx.Channel].Submit(ctx, tx)
}

// Heights returns the number of blocks on the ledger of each channel.
func (c Channels) Heights(ctx context.Context) ([]uint64, error) {
	heights := make([]uint64, len(c))
	for i, channel := range c {
		var err error
		if heights[i], err = channel.Height(ctx); err != nil {
			return nil, err
		}
	}
	return heights, nil
}

// Ledger returns every transaction of one channel after the other, as Client.Ledger does. An error
// ends it.
func (c Channels) Ledger(ctx context.Context) iter.Seq2[bench.Entry, error] {
	return func(yield func(bench.Entry, error) bool) {
		for i, channel := range c {
			for entry, err := range channel.Ledger(ctx) {
				entry.Channel = i
				if !yield(entry, err) || err != nil {
					return
				}
			}
		}
	}
}

// Close closes every client.
func (c Channels) Close() error {
	var errs []error
	for _, channel := range c {
		errs = append(errs, channel.Close())
	}
	return errors.Join(errs...)
}

var _ bench.Target = Channels(nil)
