package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/client"
	"meterbench/network/fabric"
	"meterbench/network/wan"
)

// emulationName is the name of the process that emulates the distances between the sites of a network.
const emulationName = "emulation"

// CheckSites makes sure that this machine and this user can emulate the distances of a topology, if there are any. It leaves
// nothing behind; the error says what is missing and what to do.
func CheckSites(t topology.Topology) error {
	if !t.Apart() {
		return nil
	}
	if err := wan.Check(); err != nil {
		return fmt.Errorf("topology %s: %w", t.Name, err)
	}
	return nil
}

// emulate starts the emulation of the distances between sites, which Enforce puts into force.
func (n *Network) emulate(ctx context.Context, t topology.Topology, cfg Config) (err error) {
	c := emulationOf(t)
	c.Executable, c.LogPath, c.Seed = cfg.Executable, filepath.Join(n.Logs, emulationName+".log"), cfg.Seed
	if n.emulation, err = wan.Start(ctx, c); err == nil {
		n.sites, n.Namespaces = &n.emulation.Sites, n.emulation.Files()
	}
	return err
}

// emulationOf returns the sites and links of a topology as an emulation takes them.
func emulationOf(t topology.Topology) (c wan.Config) {
	for _, s := range t.AllSites() {
		c.Sites = append(c.Sites, s.Name)
	}
	for _, row := range t.Matrix() {
		links := make([]wan.Link, len(row))
		for i, l := range row {
			links[i] = wan.Link{RoundTrip: l.RoundTrip, Jitter: l.Jitter, Loss: l.Loss, Bandwidth: l.Bandwidth}
		}
		c.Links = append(c.Links, links)
	}
	return c
}

// enter returns the sites of a network whose sites are apart and that another process holds. The caller closes them.
func (r *Record) enter() (*wan.Sites, error) {
	for _, n := range r.Nodes {
		if n.Role == result.RoleEmulation {
			return wan.Attach(emulationOf(r.Topology), n.PID, r.Namespaces)
		}
	}
	return nil, errors.New("it has no emulation of distances")
}

// CheckEnter makes sure that this process may enter the sites of a network that another one holds, if they are apart.
func (r *Record) CheckEnter() error {
	if !r.Topology.Apart() {
		return nil
	}
	sites, err := r.enter()
	if err != nil {
		return err
	}
	return sites.Close()
}

// watchEmulation reports the end of the emulation as that of a node.
func (n *Network) watchEmulation(abort context.CancelCauseFunc) {
	n.Nodes = append(n.Nodes, Node{
		Name: emulationName, Role: result.RoleEmulation, PID: n.emulation.PID(), Log: filepath.Join(n.Logs, emulationName+".log"),
	})
	n.watchers.Go(func() {
		select {
		case err := <-n.emulation.Died():
			n.report(&NodeEnd{Node: emulationName, Role: result.RoleEmulation, At: time.Now(), Cause: err})
			abort(err)
		case <-n.ending:
		}
	})
}

// Distances measures the round trips between all sites, those asked for beside them; none where there is no emulation.
// Where this process may not enter the sites, none of the round trips that are asked for has packets.
func (r *Record) Distances(ctx context.Context) (all []wan.RoundTrip, err error) {
	switch {
	case r.sites != nil:
		return r.sites.Measure(ctx)
	case !r.Topology.Apart():
		return nil, nil
	}
	for i, row := range r.Topology.Matrix() {
		for _, l := range row[i+1:] {
			all = append(all, wan.RoundTrip{Between: l.Between, Asked: l.RoundTrip})
		}
	}
	return all, nil
}

// host returns the IP address at which an organisation's nodes, or a node, serve.
func (p *plan) host(name string) (string, error) {
	if p.emulation == nil {
		return loopback, nil
	}
	host := p.emulation.Address(p.topology.SiteOf(name))
	if host == "" {
		return "", fmt.Errorf("%s stands at no site of topology %s", name, p.topology.Name)
	}
	return host, nil
}

// dialer connects from the site of an organisation or a node.
func (p *plan) dialer(name string) client.Dialer {
	if p.emulation == nil {
		return nil
	}
	return dialerAt(&p.emulation.Sites, p.topology.SiteOf(name))
}

func dialerAt(s *wan.Sites, site string) client.Dialer {
	return func(ctx context.Context, address string) (net.Conn, error) { return s.Dial(ctx, site, address) }
}

// outer is the address at which other programs reach what serves at an endpoint. At a site it has the same port.
func outer(e fabric.Endpoint) string { return fabric.Endpoint{Host: loopback, Port: e.Port}.String() }

// inner returns an address of a node as nodes and clients at sites know it.
func (n Node) inner(address string) string {
	_, port, err := net.SplitHostPort(address)
	if n.Host == "" || err != nil {
		return address
	}
	return net.JoinHostPort(n.Host, port)
}

// reached returns an address of a node and what connects to it, from the node's own site.
func (r *Record) reached(n Node, address string) (string, client.Dialer) {
	return r.reachedFrom(n.Site, n, address)
}

// reachedFrom is reached from another site. Who cannot enter the sites reaches nodes by the ports on loopback.
func (r *Record) reachedFrom(site string, n Node, address string) (string, client.Dialer) {
	if r.sites == nil || n.Host == "" {
		return address, nil
	}
	return n.inner(address), dialerAt(r.sites, site)
}
