package client

import "google.golang.org/grpc/connectivity"

// reachable reports whether nothing is known to keep an endpoint from being called. One that has ended is unreachable from the
// first call on that fails for it.
func (p *endpoint) reachable() bool {
	state := p.conn.GetState()
	return state != connectivity.TransientFailure && state != connectivity.Connecting
}

// instead returns an endpoint, or where it cannot be reached another one of the same organisation. Where there is none, its
// calls fail.
func (c *Client) instead(p *endpoint) *endpoint {
	if p.reachable() {
		return p
	}
	at := 0
	for i := range c.peers {
		if c.peers[i] == p {
			at = i
		}
	}
	for i := range c.peers {
		if other := c.peers[(at+i)%len(c.peers)]; other.signer.MSP == p.signer.MSP && other.reachable() {
			return other
		}
	}
	return p
}

// observing returns the endpoint at which commits are seen.
func (c *Client) observing() *endpoint { return c.peers[c.observer.Load()] }

// observeNext has commits seen at the next endpoint, on whichever peer of the channel: all have the same blocks.
func (c *Client) observeNext() { c.observer.Store((c.observer.Load() + 1) % uint32(len(c.peers))) }
