package client

import (
	"cmp"
	"slices"

	"google.golang.org/grpc/connectivity"
)

// reachable reports whether nothing is known to keep an endpoint from being called. One that has ended is unreachable from the
// first call on that fails for it, and one that does not answer once Watch has noticed that.
func (p *endpoint) reachable() bool {
	state := p.conn.GetState()
	return state != connectivity.TransientFailure && state != connectivity.Connecting && p.present.Load().Err() == nil
}

// instead returns an endpoint, or where it cannot be reached another one of the same organisation. Where there is none, its
// calls fail.
func (c *Client) instead(p *endpoint) *endpoint {
	if p.reachable() {
		return p
	}
	if other := c.after(p, func(other *endpoint) bool { return other.signer.MSP == p.signer.MSP }); other != nil {
		return other
	}
	return p
}

// insteadToAsk is instead for a query: where nobody of the organisation can be reached, others answer the same.
func (c *Client) insteadToAsk(p *endpoint) *endpoint {
	p = c.instead(p)
	if p.reachable() {
		return p
	}
	return cmp.Or(c.after(p, func(*endpoint) bool { return true }), p)
}

// after returns the first endpoint after one that can be reached and is fit, nil if there is none.
func (c *Client) after(p *endpoint, fit func(*endpoint) bool) *endpoint {
	at := slices.Index(c.peers, p)
	for i := range c.peers {
		if other := c.peers[(at+1+i)%len(c.peers)]; fit(other) && other.reachable() {
			return other
		}
	}
	return nil
}
