package ledger

import (
	"context"
	"fmt"
	"sync/atomic"
)

// A Switch is the Reader of whichever network is up, as in a run whose sessions bring up one after the other. The zero value has
// none.
type Switch struct {
	// Recent are the transactions that this process sends: where their latency went is known beside what the network tells. It is
	// set before the first call; nil: it sends none.
	Recent *Recent
	to     atomic.Pointer[Reader]
}

// Set has the calls that follow go to a Reader; nil: to none. Calls under way end as they began, or with ErrNoNetwork where the network
// that they ask goes meanwhile.
func (s *Switch) Set(to Reader) {
	if to == nil {
		s.to.Store(nil)
		return
	}
	s.to.Store(&to)
}

// through asks the Reader that is set.
func through[T any](s *Switch, ask func(Reader) (T, error)) (T, error) {
	to := s.to.Load()
	if to == nil {
		return *new(T), ErrNoNetwork
	}
	found, err := ask(*to)
	if err != nil && s.to.Load() != to { // it was closed meanwhile, which is why
		err = ErrNoNetwork
	}
	return found, err
}

// Overview implements Reader.
func (s *Switch) Overview(ctx context.Context) (Overview, error) {
	return through(s, func(to Reader) (Overview, error) { return to.Overview(ctx) })
}

// Blocks implements Reader.
func (s *Switch) Blocks(ctx context.Context, channel string, before uint64, n int) ([]Block, error) {
	return through(s, func(to Reader) ([]Block, error) { return to.Blocks(ctx, channel, before, n) })
}

// Block implements Reader.
func (s *Switch) Block(ctx context.Context, channel string, number uint64, from, n int) (BlockPage, error) {
	return through(s, func(to Reader) (BlockPage, error) { return to.Block(ctx, channel, number, from, n) })
}

// Transaction implements Reader.
func (s *Switch) Transaction(ctx context.Context, channel, id string) (Transaction, error) {
	t, err := through(s, func(to Reader) (Transaction, error) { return to.Transaction(ctx, channel, id) })
	if err != nil || s.Recent == nil {
		return t, err
	}
	forgot := false
	if t.Latency, forgot = s.Recent.Latency(t.ID); forgot {
		t.Note = fmt.Sprintf("Where its latency went is not known here: that is kept of the %d newest transactions of the run until it has ended, "+
			"and then in its folder of all.", MostRecent)
	}
	return t, nil
}

// Meter implements Reader.
func (s *Switch) Meter(ctx context.Context, channel, meter string, after uint64) (Found, error) {
	return through(s, func(to Reader) (Found, error) { return to.Meter(ctx, channel, meter, after) })
}

var _ Reader = (*Switch)(nil)
