package network

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The times of Whole: between two looks, and at most.
const (
	wholePeriod  = 100 * time.Millisecond
	wholeTimeout = time.Minute
)

// Whole waits until all nodes answer, every channel has a leader and its peers are all as high, and nothing of that has changed
// for a time; for a minute at most. Then what the orderers had taken when something was done to the network is on all ledgers.
func (r *Record) Whole(ctx context.Context, quiet time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, wholeTimeout, fmt.Errorf("not after %v", wholeTimeout))
	defer cancel()
	var heights []uint64
	var since time.Time
	for {
		now, err := r.level(ctx)
		switch {
		case err != nil:
			heights = nil
		case heights == nil || !slices.Equal(now, heights):
			heights, since = now, time.Now()
		}
		if err == nil && time.Since(since) >= quiet {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for network %s to be whole: %w", r.Topology.Name, errors.Join(context.Cause(ctx), err))
		case <-time.After(wholePeriod):
		}
	}
}

// level returns the heights of all channels. It is an error where one has no leader, or peers of different heights.
func (r *Record) level(ctx context.Context) ([]uint64, error) {
	s, err := r.Status(ctx)
	if err != nil {
		return nil, err
	}
	var all []uint64
	for _, c := range s.Channels {
		if c.Leader == "" {
			return nil, fmt.Errorf("channel %s has no leader", c.Name)
		}
		for _, h := range c.Heights {
			if h.Blocks != c.Heights[0].Blocks {
				return nil, fmt.Errorf("channel %s: %s has %d blocks, %s %d", c.Name, h.Peer, h.Blocks, c.Heights[0].Peer, c.Heights[0].Blocks)
			}
		}
		all = append(all, c.Heights[0].Blocks)
	}
	return all, nil
}
