package expect

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"meterbench/bench/topology"
)

// A Gateway is a peer that takes transactions of clients at its site, and shows them the commits.
type Gateway struct {
	Peer, Site string
	Path
}

// Reported is what the nodes of a channel say: the orderer that leads it, and from which one each peer pulls blocks, as far as
// that is known.
type Reported struct {
	Leader  string
	Sources map[string]string // orderers by peer
}

// Of returns the network of a channel, with the round trips that its topology asks for, half of each one way, and the ways of
// transactions under an endorsement policy by their gateways, which are all peers of the channel.
func Of(t topology.Topology, c topology.Channel, policy string, r Reported) (n Network, all []Gateway, err error) {
	sites := t.AllSites()
	site := func(node string) int {
		return slices.IndexFunc(sites, func(s topology.Site) bool { return s.Name == t.SiteOf(node) })
	}
	n = Network{Leader: -1, Consensus: t.Orderers.Consensus, Quorum: t.Orderers.Quorum(), Timeout: c.Batch.Timeout}
	for _, row := range t.Matrix() {
		var delays []time.Duration
		for _, l := range row {
			delays = append(delays, l.RoundTrip/2)
		}
		n.OneWay = append(n.OneWay, delays)
	}
	orderers := map[string]int{}
	for i := range t.Orderers.Count {
		name := fmt.Sprintf("orderer%d", i)
		orderers[name] = i
		n.Orderers = append(n.Orderers, site(name))
	}
	if leader, ok := orderers[r.Leader]; ok {
		n.Leader = leader
	} else {
		return n, nil, errors.New("it is not known which orderer leads")
	}
	required, organisations, err := t.Endorsement(c, topology.Chaincode{Endorsement: policy})
	if err != nil {
		return n, nil, err
	}
	path := Path{Required: required, Source: -1}
	for _, o := range organisations {
		path.Endorsers = append(path.Endorsers, site(o))
	}
	for _, o := range t.Organisations {
		if !slices.Contains(c.Members, o.Name) {
			continue
		}
		for i := range o.Peers {
			g := Gateway{Peer: fmt.Sprintf("peer%d.%s", i, o.Name), Site: t.SiteOf(o.Name), Path: path}
			at := site(o.Name)
			g.Client, g.Gateway, g.Observer, g.Own = at, at, at, slices.Index(organisations, o.Name)
			if source, ok := orderers[r.Sources[g.Peer]]; ok {
				g.Source = source
			}
			all = append(all, g)
		}
	}
	if slices.Contains(n.Orderers, -1) || slices.Contains(path.Endorsers, -1) {
		return n, nil, errors.New("a node stands at no site")
	}
	return n, all, nil
}
