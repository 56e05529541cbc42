package network

import (
	"meterbench/bench/result"
	"meterbench/network/client"
	"meterbench/network/wan"
)

// A Passage is how another process of this machine enters the sites of a network that are apart, as plain data.
type Passage struct {
	Emulation  wan.Config // its sites and links
	PID        int        // of the process that emulates the distances
	Namespaces []int      // open files of that process
}

// Passage returns how the sites are entered from which this process connects to nodes, as ClientConfig says; nil where it connects to them
// from here.
func (r *Record) Passage() *Passage {
	if r.sites == nil {
		return nil
	}
	for _, n := range r.Nodes {
		if n.Role == result.RoleEmulation {
			return &Passage{emulationOf(r.Topology), n.PID, r.Namespaces}
		}
	}
	return nil
}

// Enter has clients connect from the sites at which the gateways of their configurations stand. The caller calls leave once they are
// closed. The error is fs.ErrPermission where this user may not enter the sites; on another machine they are not there.
func (p *Passage) Enter(all []client.Config) (leave func() error, err error) {
	sites, err := wan.Attach(p.Emulation, p.PID, p.Namespaces)
	if err != nil {
		return nil, err
	}
	for _, cfg := range all {
		for _, gateways := range [][]client.Gateway{cfg.Gateways, cfg.Peers} {
			for i := range gateways {
				if g := &gateways[i]; g.Site > 0 && int(g.Site) <= len(cfg.Sites) {
					g.Dial = dialerAt(sites, cfg.Sites[g.Site-1])
				}
			}
		}
	}
	return sites.Close, nil
}
