package network

import (
	"errors"

	"meterbench/network/wan"
)

// errNoSites is why links cannot be changed.
var errNoSites = errors.New("the nodes of this network do not run at sites")

// Cut lets nothing through between two sites from now on, or between one and all others where b is empty.
func (n *Network) Cut(a, b string) error {
	return n.link(func(e *wan.Emulation) error { return e.Cut(a, b) })
}

// HealLink takes back what Cut and SlowLink have done between two sites, or between one and all others where b is empty.
func (n *Network) HealLink(a, b string) error {
	return n.link(func(e *wan.Emulation) error { return e.Heal(a, b) })
}

// SlowLink adds to what lies between two sites from now on, or between one and all others where b is empty.
func (n *Network) SlowLink(a, b string, more wan.Link) error {
	return n.link(func(e *wan.Emulation) error { return e.Slow(a, b, more) })
}

func (n *Network) link(change func(*wan.Emulation) error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.emulation == nil:
		return errNoSites
	case n.over:
		return errClosed
	}
	return change(n.emulation)
}
