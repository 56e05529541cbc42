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

// Set has the calls that follow go to a Reader; nil: to none. Calls under way end as they began.
func (s *Switch) Set(to Reader) {
	if to == nil {
		s.to.Store(nil)
		return
	}
	s.to.Store(&to)
}

func (s *Switch) reader() (Reader, error) {
	if to := s.to.Load(); to != nil {
		return *to, nil
	}
	return nil, ErrNoNetwork
}

// Overview implements Reader.
func (s *Switch) Overview(ctx context.Context) (Overview, error) {
	to, err := s.reader()
	if err != nil {
		return Overview{}, err
	}
	return to.Overview(ctx)
}

// Blocks implements Reader.
func (s *Switch) Blocks(ctx context.Context, channel string, before uint64, n int) ([]Block, error) {
	to, err := s.reader()
	if err != nil {
		return nil, err
	}
	return to.Blocks(ctx, channel, before, n)
}

// Block implements Reader.
func (s *Switch) Block(ctx context.Context, channel string, number uint64, from, n int) (BlockPage, error) {
	to, err := s.reader()
	if err != nil {
		return BlockPage{}, err
	}
	return to.Block(ctx, channel, number, from, n)
}

// Transaction implements Reader.
func (s *Switch) Transaction(ctx context.Context, channel, id string) (Transaction, error) {
	to, err := s.reader()
	if err != nil {
		return Transaction{}, err
	}
	t, err := to.Transaction(ctx, channel, id)
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
	to, err := s.reader()
	if err != nil {
		return Found{}, err
	}
	return to.Meter(ctx, channel, meter, after)
}

var _ Reader = (*Switch)(nil)
