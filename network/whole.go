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
// for a time; for a minute at most. A node that ended because it had been filled is started again. Then what the orderers had
// taken when something was done to the network is on all ledgers.
func (n *Network) Whole(ctx context.Context, quiet time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, wholeTimeout, fmt.Errorf("not after %v", wholeTimeout))
	defer cancel()
	var heights []uint64
	var since time.Time
	for {
		err := n.raise()
		var now []uint64
		if err == nil {
			now, err = n.level(ctx)
		}
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
			return fmt.Errorf("wait for network %s to be whole: %w", n.Topology.Name, errors.Join(context.Cause(ctx), err))
		case <-time.After(wholePeriod):
		}
	}
}

// raise starts nodes again that were filled, have room again and have ended.
func (n *Network) raise() error {
	for _, c := range n.all() {
		if c.fallen() {
			if err := n.Restart(c.Name); err != nil {
				return err
			}
		}
	}
	return nil
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
