package lab

import (
	"context"
	"fmt"
	"slices"

	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/network/client"
)

// siteNames returns the names of a topology's sites, by their numbers from 1.
func siteNames(t topology.Topology) (names []string) {
	for _, site := range t.AllSites() {
		names = append(names, site.Name)
	}
	return names
}

// standing returns the names of the sites at which clients of some series stand on a channel: each at its own, or at all where the
// channel has peers. Where organisations are all that there is of sites, clients stand at none.
func standing(t topology.Topology, channel network.Channel, all []scenario.Series) (sites []string) {
	if len(t.Sites) == 0 {
		return nil
	}
	for _, series := range all {
		at := []string{series.Load.Site}
		if series.Load.Site == "" {
			at = nil
			for _, peer := range channel.Peers {
				at = append(at, t.SiteOf(peer))
			}
		}
		sites = append(sites, at...)
	}
	slices.Sort(sites)
	return slices.Compact(sites)
}

// stand has a client of a channel stand where the series of this network want it.
func (s *fabricSite) stand(ctx context.Context, channel network.Channel, connected *client.Client) error {
	if err := connected.StandAt(ctx, s.standsAt(channel)...); err != nil {
		return fmt.Errorf("channel %s: %w", channel.Name, err)
	}
	return nil
}

// standsAt returns the numbers of the sites at which clients of a channel stand.
func (s *fabricSite) standsAt(channel network.Channel) (numbers []uint16) {
	for _, site := range standing(s.topology, channel, s.series()) {
		numbers = append(numbers, s.topology.SiteNumber(site))
	}
	return numbers
}

// series returns the series that are measured on this network.
func (s *fabricSite) series() []scenario.Series {
	return slices.DeleteFunc(slices.Clone(s.lab.Scenario.Series), func(one scenario.Series) bool { return one.Network != s.network })
}

// observers returns the peers at which commits are seen: the first of a channel, and the first at each site where clients stand.
func (s *fabricSite) observers() (all []study.ObservingPeer) {
	for i, channel := range s.measured {
		all = append(all, study.ObservingPeer{Channel: uint16(i), Peer: channel.Peers[0]})
		for _, site := range standing(s.topology, channel, s.series()) {
			at := slices.IndexFunc(channel.Peers, func(peer string) bool { return s.topology.SiteOf(peer) == site })
			all = append(all, study.ObservingPeer{Channel: uint16(i), Site: site, Peer: channel.Peers[at]})
		}
	}
	return all
}
