package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// A place is where clients stand, as far as that matters to their transactions: where commits are seen, and through which
// connections those who use no gateway service call endorsers and orderers. A Client has one place, at which commits through
// all gateways are seen, until StandAt gives it one at each site.
type place struct {
	client    *Client
	peers     []*endpoint // that commits can be seen at
	observer  atomic.Uint32
	commits   *commits
	nextBlock atomic.Uint64               // number of the block that the stream shows next
	broken    atomic.Pointer[streamError] // why the stream last broke; nil: never
	end       context.CancelFunc

	called    []*endpoint // who can endorse
	endorsers selections
	orderers  *orderers
}

// newPlace returns a place that sees commits at peers, once it observes, and calls others through the client's own connections.
func newPlace(c *Client, peers []*endpoint) *place {
	p := &place{client: c, peers: peers, commits: newCommits(), called: peers, orderers: &orderers{}, end: func() {}}
	p.endorsers.ask = p.selection
	return p
}

// StandAt has clients stand at sites, by their numbers: the commits of transactions through the gateways of a site are from
// then on seen at a peer there, on a stream that moves to another peer there if the peer ends. If there is none the stream waits for
// its peer to come back, and commits that are not seen in time are unknown. It is called once, before the load.
func (c *Client) StandAt(ctx context.Context, sites ...uint16) error {
	before := c.home
	for _, site := range sites {
		peers := slices.DeleteFunc(slices.Clone(c.peers), func(p *endpoint) bool { return p.site != site })
		if len(peers) == 0 {
			return fmt.Errorf("site %s has no peer of channel %s", c.siteName(site), c.config.Channel)
		}
		p := newPlace(c, peers)
		c.places = append(c.places, p)
		if err := p.callFrom(peers[0].dial); err != nil {
			return err
		}
		if err := p.observe(ctx, c.life); err != nil {
			return fmt.Errorf("%s: %w", peers[0].name, err)
		}
		for _, peer := range peers {
			peer.place = p
		}
	}
	home := c.peers[0].place
	if home == before {
		return nil // the first peer is at none of the sites
	}
	// One stream less: what is still taken through gateways at other sites, as by the operator of a contract, is seen at the first peer's.
	for _, peer := range c.peers {
		if peer.place == before {
			peer.place = home
		}
	}
	c.home = home
	c.places = slices.DeleteFunc(c.places, func(p *place) bool { return p == before })
	before.end()
	return before.orderers.close()
}

// siteName returns the name of a site by its number.
func (c *Client) siteName(site uint16) string {
	if i := int(site) - 1; i >= 0 && i < len(c.config.Sites) {
		return c.config.Sites[i]
	}
	return fmt.Sprint(site)
}

// callFrom has endorsers and orderers called through connections that a dialer of the place makes.
func (p *place) callFrom(dial Dialer) (err error) {
	cfg := p.client.config
	p.called = nil
	for i, g := range cfg.Gateways {
		if slices.Contains(p.peers, p.client.peers[i]) {
			p.called = append(p.called, p.client.peers[i])
			continue
		}
		g.Dial = dial
		e, err := p.client.connect(g)
		if err != nil {
			return fmt.Errorf("%s (%s): %w", g.Name, g.Address, err)
		}
		p.called = append(p.called, e)
	}
	cfg.Orderers = slices.Clone(cfg.Orderers)
	for i := range cfg.Orderers {
		cfg.Orderers[i].Dial = dial
	}
	p.orderers, err = newOrderers(p.client.life, cfg, p.client.calls)
	return err
}

// close closes the connections that are the place's own.
func (p *place) close() (err error) {
	for _, e := range p.called {
		if !slices.Contains(p.client.peers, e) {
			err = errors.Join(err, e.close())
		}
	}
	return errors.Join(err, p.orderers.close())
}

// observe starts the stream and everything that lives on it until life ends. It starts one block back, which is there
// already: when that has arrived the stream flows, and whatever is submitted later cannot be missed.
func (p *place) observe(ctx, life context.Context) error {
	c := p.client
	height, err := c.heightAt(ctx, p.observing())
	if err != nil {
		return err
	}
	life, p.end = context.WithCancel(life)
	dialled := context.AfterFunc(ctx, p.end)
	stream, err := c.openBlocks(life, p.observing(), height-1, false)
	if err == nil {
		_, err = stream.read()
	}
	if !dialled() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		p.end()
		return fmt.Errorf("block stream: %w", explain(err))
	}
	p.nextBlock.Store(stream.next)
	c.running.Go(func() { p.follow(life, stream) })
	c.running.Go(func() { p.commits.sweepUntil(life) })
	return nil
}

// follow delivers commits until ctx ends. A stream that breaks is opened again where it broke off, so that
// nothing is missed: at the same peer, or if that gives none, at the next one.
func (p *place) follow(ctx context.Context, stream *blocks) {
	for barren := false; ; {
		block, err := stream.read()
		if err == nil {
			barren = false
			at := time.Now()
			p.client.arrived.note(block.GetNumber(), at)
			p.nextBlock.Store(stream.next) // first: who has a commit has also seen its block
			p.commits.deliver(block, at)
			continue
		}
		p.broke(err)
		stream.close()
		if barren || p.observing().present.Load().Err() != nil {
			p.observeNext()
		}
		barren = true
		for next := stream.next; err != nil; {
			select {
			case <-ctx.Done():
				return
			case <-time.After(reopenDelay):
			}
			if stream, err = p.client.openBlocks(ctx, p.observing(), next, false); err != nil {
				p.broke(err)
				p.observeNext()
			}
		}
	}
}

// observing returns the peer at which commits are seen.
func (p *place) observing() *endpoint { return p.peers[p.observer.Load()] }

// observeNext has commits seen at the next peer: all have the same blocks.
func (p *place) observeNext() { p.observer.Store((p.observer.Load() + 1) % uint32(len(p.peers))) }

// broke notes why the stream broke.
func (p *place) broke(err error) { p.broken.Store(&streamError{p.observing().name, err}) }

// streamError is why the block stream last broke, and that of which peer.
type streamError struct {
	peer  string
	cause error
}

// overdue explains why a transaction's commit was given up so long after the orderer's acknowledgement.
func (p *place) overdue(after time.Duration) error {
	err := fmt.Errorf("%w: %s after the orderer's acknowledgement", errOverdue, after)
	if broken := p.broken.Load(); broken != nil {
		err = fmt.Errorf("%w (the block stream of %s last broke with: %w)", err, broken.peer, broken.cause)
	}
	return err
}

// A turn is gateways that take transactions in turn.
type turn struct {
	among []*endpoint
	next  atomic.Uint64
}

// turnKey says whose transactions take turns: those of an organisation, by MSP id, and of clients at a site. Zero fields stand for
// any.
type turnKey struct {
	sender string
	site   uint16
}

// turnsOf returns the turns of all organisations and sites that have gateways, which begin with that of a number.
func turnsOf(peers []*endpoint, first uint64) map[turnKey]*turn {
	all := map[turnKey]*turn{{}: {among: peers}}
	for _, p := range peers {
		keys := []turnKey{{p.signer.MSP, 0}}
		if p.site != 0 {
			keys = append(keys, turnKey{"", p.site}, turnKey{p.signer.MSP, p.site})
		}
		for _, key := range keys {
			t := cmp.Or(all[key], &turn{})
			t.among = append(t.among, p)
			all[key] = t
		}
	}
	for _, t := range all {
		t.next.Store(first)
	}
	return all
}

// take returns the gateway whose turn it is.
func (t *turn) take() *endpoint { return t.among[(t.next.Add(1)-1)%uint64(len(t.among))] }
