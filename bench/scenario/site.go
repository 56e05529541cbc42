package scenario

import (
	"cmp"
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// The bounds of how long a client waits for an answer, and for a commit.
const (
	minTimeout = 100 * time.Millisecond
	maxTimeout = 10 * time.Minute
)

// checkTimeout makes sure that a load's timeout is one that a client can wait, where it is given.
func (l *Load) checkTimeout(n *strictyaml.Node) error {
	given := n.Get("timeout")
	if given == nil || l.Timeout >= minTimeout && l.Timeout <= maxTimeout {
		return nil
	}
	return given.Errorf("leave it out for 30s", "must be %s to %s, got %s", minTimeout, maxTimeout, l.Timeout)
}

// checkClient makes sure that there are clients that can stand at a site, or wait for so long, as there are only of a network.
func (s Series) checkClient(at string, target *Target) *strictyaml.Problem {
	if target == nil || target.Others {
		return nil
	}
	const hint = "leave it out, or give a topology in place of the target"
	switch {
	case s.Load.Site != "":
		return strictyaml.Problemf(hint, s.sitePath(), "is a site of a network; this scenario's target is a %s", target.Called)
	case s.Load.Timeout != 0:
		return strictyaml.Problemf(hint, at+"load.timeout", "is that of a client of a network; this scenario's target is a %s", target.Called)
	}
	return nil
}

// sitePath returns the path of what says at which site the clients stand.
func (s Series) sitePath() string { return cmp.Or(s.from.site, s.from.at+"load.site") }

// checkWait makes sure that a client waits for longer than a block may be open.
func (s Series) checkWait(batch time.Duration) *strictyaml.Problem {
	if s.Load.Timeout == 0 || s.Load.Timeout > batch || s.Load.Wait == result.WaitEndorse {
		return nil
	}
	return strictyaml.Problemf("wait longer, or give a shorter batch timeout", s.from.at+"load.timeout",
		"must be above the batch timeout of %s, after which a block may be cut; got %s", batch, s.Load.Timeout)
}

// CheckSites makes sure that clients stand at none but these sites, of a network that others run. The error is a
// *strictyaml.Error.
func (s Scenario) CheckSites(known []string) error {
	for _, one := range s.Series {
		if site := one.Load.Site; site != "" && !slices.Contains(known, site) {
			return s.doc.Locate(one.naming(strictyaml.Problemf(strictyaml.Hint(site, known), one.sitePath(), "no gateway is at a site %q", site)))
		}
	}
	return nil
}

// checkSite makes sure that gateways stand where the clients do, on every channel that takes their transactions.
func (s Series) checkSite(t topology.Topology, c Catalog) *strictyaml.Problem {
	site := s.Load.Site
	channels := t.With(c.contracts(s)...)
	if site == "" || len(channels) == 0 {
		return nil
	}
	for _, channel := range channels {
		var with []string
		for _, member := range channel.Members {
			with = append(with, t.SiteOf(member))
		}
		switch hint := strictyaml.Hint(site, with); {
		case t.SiteNumber(site) == 0:
			return strictyaml.Problemf(hint, s.sitePath(), "topology %s has no site %q", t.Name, site)
		case !slices.Contains(with, site):
			return strictyaml.Problemf(hint, s.sitePath(), "no peer of channel %s is at site %s", channel.Name, site)
		}
		for path, w := range s.Workloads() {
			i := slices.IndexFunc(channel.Chaincodes, func(cc topology.Chaincode) bool { return cc.Name == c.Contract(w) })
			if !w.Traits().Operator || i < 0 {
				continue
			}
			if operator := channel.Chaincodes[i].Operator; t.SiteOf(operator) != site {
				return strictyaml.Problemf("site: "+t.SiteOf(operator), s.sitePath(),
					"the transactions of %s (%s) are those of %s, whose gateways are at site %s, not at %s", path, w.Kind, operator, t.SiteOf(operator), site)
			}
		}
	}
	return nil
}
