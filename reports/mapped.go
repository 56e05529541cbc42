package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/group"
)

// mapped is what a map shows beside the sites: the level whose latencies stand there, and the network that it ran on.
type mapped struct {
	name    string // of the series, or of those that differ in the site alone
	load    result.Load
	sites   []result.SitePoint
	leaders []result.Leader // nil: various
	network string
	top     topology.Topology
}

// mapFigure draws the sites of a run with what each sees, nil where fewer than two have coordinates or lie apart.
func mapFigure(run result.Run, sum result.Summary, all []series) []Figure {
	of, ok := mappedLevel(run, all)
	if !ok {
		return nil
	}
	m := &Map{}
	index := map[string]int{}
	placed := slices.DeleteFunc(slices.Clone(of.top.AllSites()), func(s topology.Site) bool { return s.Latitude == nil || s.Longitude == nil })
	for _, s := range evenly(placed, mostMapped) {
		index[s.Name] = len(m.Sites)
		m.Sites = append(m.Sites, of.site(s))
	}
	if len(m.Sites) < 2 {
		return nil
	}
	trips := notes("map with round trips asked for")
	for _, row := range of.top.Matrix() {
		for _, l := range row {
			from, known := index[l.Between[0]]
			to, also := index[l.Between[1]]
			if !known || !also || from >= to || l.RoundTrip == 0 {
				continue
			}
			trip := l.RoundTrip.Seconds()
			if d, seen := seenBetween(sum.Distances, of.network, l.Between); seen {
				trip, trips = d.P50, notes("map with round trips seen")
			}
			m.Links = append(m.Links, MapLink{From: from, To: to, Label: Seconds.Format(trip)})
		}
	}
	f := Figure{ID: "map", Title: "The sites, and what each sees", Kind: World, Map: m}
	if len(of.sites) > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("Latencies are those of %s at %s.", of.name, of.load))
	}
	f.Notes = slices.Concat(f.Notes, trips, notes("map"))
	return []Figure{f.described()}
}

// mostMapped is the number of sites that a map shows at most: words of more find no room.
const mostMapped = 20

// seenBetween returns the round trip that was seen between two sites.
func seenBetween(all []result.Distance, network string, sites [2]string) (result.Distance, bool) {
	i := slices.IndexFunc(all, func(d result.Distance) bool {
		return d.Network == network && d.Lost < d.Sent && (d.Between == sites || d.Between == [2]string{sites[1], sites[0]})
	})
	if i < 0 {
		return result.Distance{}, false
	}
	return all[i], true
}

// mappedLevel chooses what a map shows: the first level on sites that are apart with clients at the most of them, be it in
// one series or in several that differ in the site alone; without events, if there is one without.
func mappedLevel(run result.Run, all []series) (best mapped, ok bool) {
	tops := topologies(run)
	better := func(m mapped) {
		if len(m.sites) > len(best.sites) || !ok {
			best, ok = m, true
		}
	}
	for _, disturbed := range []bool{false, true} {
		for _, s := range all {
			network, top, apart := networkOf(run, tops, s)
			if !apart {
				continue
			}
			for _, l := range s.levels {
				if p := l.drawn(); p.Disturbed() == disturbed {
					better(mapped{s.name, l.load, p.Sites, p.Leaders, network, top})
				}
			}
		}
		if ok {
			break
		}
	}
	clients := slices.DeleteFunc(slices.Clone(all), func(s series) bool { return s.conditions.Site == "" })
	for _, group := range group.By(clients, series.withoutSite) {
		network, top, apart := networkOf(run, tops, group[0])
		if !apart {
			continue
		}
		m := mapped{name: group[0].withoutSite(), load: group[0].levels[0].load, network: network, top: top, leaders: group[0].levels[0].drawn().Leaders}
		for _, s := range group {
			for _, at := range s.levels[0].drawn().Sites {
				if at.Site == s.conditions.Site {
					m.sites = append(m.sites, at)
				}
			}
		}
		better(m)
	}
	return best, ok
}

// networkOf returns the network on which a series ran, and whether its sites are apart.
func networkOf(run result.Run, tops map[string]topology.Topology, s series) (name string, t topology.Topology, apart bool) {
	for _, session := range run.Sessions {
		if slices.Contains(session.Series, s.name) {
			name = session.Network
			break
		}
	}
	t = tops[name]
	return name, t, s.conditions.Distance > 0 && t.Apart()
}

// site returns a site with its words: what stands there, and the latency of its clients.
func (m mapped) site(s topology.Site) MapSite {
	at := MapSite{Name: s.Name, Latitude: *s.Latitude, Longitude: *s.Longitude}
	if s.Place != "" {
		at.Name += ", " + s.Place
	}
	var peers, orderers int
	for _, o := range m.top.Organisations {
		if m.top.SiteOf(o.Name) == s.Name {
			peers += o.Peers
		}
	}
	for i := range m.top.Orderers.Count {
		name := fmt.Sprintf("orderer%d", i)
		if m.top.SiteOf(name) != s.Name {
			continue
		}
		orderers++
		at.Leads = at.Leads || slices.ContainsFunc(m.leaders, func(l result.Leader) bool { return l.Orderer == name })
	}
	nodes := ""
	for _, role := range []struct {
		n    int
		name string
	}{{peers, "peer"}, {orderers, "orderer"}} {
		if role.n == 0 {
			continue
		}
		if nodes != "" {
			nodes += ", "
		}
		if nodes += role.name; role.n > 1 {
			nodes += fmt.Sprintf("s (%d)", role.n)
		}
	}
	if nodes != "" {
		at.Lines = append(at.Lines, nodes)
	}
	i := slices.IndexFunc(m.sites, func(p result.SitePoint) bool { return p.Site == s.Name })
	if i >= 0 && m.sites[i].Latency.P50 != nil {
		at.Lines = append(at.Lines, "commit p50 "+Seconds.Format(*m.sites[i].Latency.P50))
	} else if i >= 0 && m.sites[i].Latency.N > 0 {
		at.Lines = append(at.Lines, "commit mean "+Seconds.Format(m.sites[i].Latency.Mean))
	}
	return at
}
