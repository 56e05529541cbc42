package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"meterbench/bench/result"
)

// The times of a survey: for the answer of a peer, between two of them, and at most until the ledger has not grown for as long as
// that was to take.
const (
	surveyTimeout = 3 * time.Second
	surveyPeriod  = 250 * time.Millisecond
	surveyMost    = time.Minute
)

// standstill is how long peers that are behind may take to their next block until nobody waits for them any more.
const standstill = 10 * time.Second

// A survey is how many blocks of the channel the peers have.
type survey struct {
	heights []uint64 // by peer, 0 of one that does not answer
	peers   []*endpoint
	tallest *endpoint // the first with most; nil: none answers
	height  uint64
	failed  error // why the last peer that does not answer did not
}

// survey asks every peer itself, each once, but for those that did not answer before.
func (c *Client) survey(ctx context.Context, before survey) (s survey) {
	for _, p := range c.peers {
		if !containsSame(s.peers, p) {
			s.peers = append(s.peers, p)
		}
	}
	s.heights = make([]uint64, len(s.peers))
	errs := make([]error, len(s.peers))
	asking, cancel := context.WithTimeout(ctx, surveyTimeout)
	defer cancel()
	var all sync.WaitGroup
	for i, p := range s.peers {
		if before.peers == nil || before.heights[i] > 0 {
			all.Go(func() { s.heights[i], errs[i] = c.heightOf(asking, p) })
		}
	}
	all.Wait()
	for i, p := range s.peers {
		if errs[i] != nil {
			s.failed = errs[i]
		}
		if s.heights[i] > s.height {
			s.tallest, s.height = p, s.heights[i]
		}
	}
	return s
}

func containsSame(all []*endpoint, p *endpoint) bool {
	for _, e := range all {
		if e.same(p) {
			return true
		}
	}
	return false
}

// heightOf asks a peer itself for its number of blocks, or where only its gateway service can be reached, that.
func (c *Client) heightOf(ctx context.Context, p *endpoint) (uint64, error) {
	answer, err := c.ask(ctx, p, "qscc", "GetChainInfo", []byte(c.config.Channel))
	if err != nil && ctx.Err() == nil {
		answer, err = c.evaluate(ctx, p, "qscc", "GetChainInfo", []byte(c.config.Channel))
	}
	var info common.BlockchainInfo
	if err == nil {
		err = proto.Unmarshal(answer, &info)
	}
	return info.GetHeight(), err
}

// Settle waits until the channel's ledger has not grown for a time, at most for a minute, and has Ledger and queries read from
// then on what the peer with most blocks has. It says which that is.
func (c *Client) Settle(ctx context.Context, quiet time.Duration) (result.LedgerRead, error) {
	begun := time.Now()
	s := c.survey(ctx, survey{})
	for since := begun; ; {
		if s.tallest == nil {
			return result.LedgerRead{}, fmt.Errorf("no peer of channel %s answers: %w", c.config.Channel, errors.Join(s.failed, context.Cause(ctx)))
		}
		if time.Since(since) >= quiet || time.Since(begun) >= surveyMost {
			break
		}
		select {
		case <-ctx.Done():
			return result.LedgerRead{}, context.Cause(ctx)
		case <-time.After(min(surveyPeriod, quiet)):
		}
		before := s
		if s = c.survey(ctx, before); s.height > before.height {
			since = time.Now()
		}
	}
	c.settled.Store(&s)
	read := result.LedgerRead{Channel: c.config.Channel, Peer: s.tallest.name, Height: s.height}
	for i, p := range s.peers {
		switch {
		case s.heights[i] == 0:
			read.Silent = append(read.Silent, p.name)
		case s.heights[i] < s.height:
			read.Behind = append(read.Behind, p.name)
		}
	}
	return read, nil
}

// Spread waits until every peer that answers has so many blocks, at most for a minute, and ten seconds where none of those that are behind
// gets any: what is known to be committed is so by one of them, and another one still refuses what builds on it. The error is that of ctx.
func (c *Client) Spread(ctx context.Context, blocks uint64) error {
	return c.spread(ctx, blocks, standstill)
}

func (c *Client) spread(ctx context.Context, blocks uint64, standstill time.Duration) error {
	var s survey
	missing := uint64(math.MaxUint64) // blocks, of all peers that are behind
	for begun, grown := time.Now(), time.Now(); ; {
		s = c.survey(ctx, s)
		var left uint64
		for _, has := range s.heights {
			if has > 0 && has < blocks {
				left += blocks - has
			}
		}
		if left < missing {
			missing, grown = left, time.Now()
		}
		if left == 0 || time.Since(grown) >= standstill || time.Since(begun) >= surveyMost {
			return context.Cause(ctx)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(surveyPeriod / 10):
		}
	}
}

// reading returns the peer that is asked in place of p once the ledger has settled, until then p or another one.
func (c *Client) reading(p *endpoint) *endpoint {
	if s := c.settled.Load(); s != nil && s.tallest.reachable() {
		return s.tallest
	}
	return c.insteadToAsk(p)
}

// mostArrivals is of how many blocks it is known when they came.
const mostArrivals = 1 << 17

// arrivals says when blocks came, the last mostArrivals of them.
type arrivals struct {
	mu    sync.Mutex
	first uint64
	at    []int64 // nanoseconds since 1970, by block from first on; 0: unknown
}

// note keeps when a block came first, on any stream.
func (a *arrivals) note(block uint64, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case len(a.at) == 0 || block >= a.first+uint64(len(a.at))+mostArrivals:
		a.first, a.at = block, nil
	case block < a.first:
		return
	}
	for block >= a.first+uint64(len(a.at)) {
		a.at = append(a.at, 0)
	}
	if i := block - a.first; a.at[i] == 0 {
		a.at[i] = at.UnixNano()
	}
	if over := len(a.at) - mostArrivals; over > 0 {
		a.first, a.at = a.first+uint64(over), a.at[over:]
	}
}

// Seen returns when a stream first showed a block, false where that is not known.
func (c *Client) Seen(block uint64) (time.Time, bool) {
	a := &c.arrived
	a.mu.Lock()
	defer a.mu.Unlock()
	if block < a.first || block-a.first >= uint64(len(a.at)) || a.at[block-a.first] == 0 {
		return time.Time{}, false
	}
	return time.Unix(0, a.at[block-a.first]), true
}

// Settle has every channel settle, as Client.Settle does, all at once.
func (c Channels) Settle(ctx context.Context, quiet time.Duration) ([]result.LedgerRead, error) {
	read, errs := make([]result.LedgerRead, len(c)), make([]error, len(c))
	var all sync.WaitGroup
	for i, channel := range c {
		all.Go(func() { read[i], errs[i] = channel.Settle(ctx, quiet) })
	}
	all.Wait()
	return read, errors.Join(errs...)
}
