package scenario

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// A stage is what events can be done to.
type stage struct {
	nodes         []stagedNode
	sites         []string
	organisations []string
	listed        bool // the topology lists its sites
	called        string
	kinds         []result.EventKind // that can be done; nil: all
}

// A stagedNode is a node of a network, under the name that its process has.
type stagedNode struct {
	result.Process
	organisation string
}

// stageOf returns what a network offers to events.
func stageOf(t topology.Topology) stage {
	s := stage{listed: len(t.Sites) > 0, called: "topology " + t.Name}
	for _, o := range t.Organisations {
		s.organisations = append(s.organisations, o.Name)
		for i := range o.Peers {
			s.add(result.RolePeer, fmt.Sprintf("peer%d.%s", i, o.Name), o.Name)
		}
	}
	for i := range t.Orderers.Count {
		s.add(result.RoleOrderer, fmt.Sprintf("orderer%d", i), t.Orderers.Owner(i))
	}
	for _, peer := range slices.Clone(s.nodes) {
		if peer.Role != result.RolePeer {
			continue
		}
		var labels []string
		for _, c := range t.Channels {
			for _, cc := range c.Chaincodes {
				if slices.Contains(c.Members, peer.organisation) {
					labels = append(labels, c.Name+"."+cc.Name+".")
				}
			}
		}
		if len(labels) == 1 {
			labels[0] = ""
		}
		for _, label := range labels {
			s.add(result.RoleChaincode, "chaincode."+label+peer.Name, peer.organisation)
		}
	}
	for _, site := range t.AllSites() {
		s.sites = append(s.sites, site.Name)
	}
	return s
}

func (s *stage) add(role result.Role, name, organisation string) {
	s.nodes = append(s.nodes, stagedNode{result.Process{Role: role, Name: name}, organisation})
}

// Nodes returns the processes of a network by which events name them.
func Nodes(t topology.Topology) (all []result.Process) {
	for _, n := range stageOf(t).nodes {
		all = append(all, n.Process)
	}
	return all
}

// A disturbable target is one to which events can be done, in place of a network.
type disturbable interface {
	// Nodes returns what events can name, EventKinds what can be done to it.
	Nodes() []result.Process
	EventKinds() []result.EventKind
}

// stage returns what a target offers to events.
func (t *Target) stage() stage {
	s := stage{called: t.Called}
	if d, ok := t.Options.(disturbable); ok {
		s.kinds = d.EventKinds()
		for _, n := range d.Nodes() {
			s.nodes = append(s.nodes, stagedNode{Process: n})
		}
	}
	return s
}

// named returns the names of the nodes for which keep returns true.
func (s stage) named(keep func(stagedNode) bool) (all []string) {
	for _, n := range s.nodes {
		if keep(n) {
			all = append(all, n.Name)
		}
	}
	return all
}

// resolve finds on the stage on whom an event is done: the nodes of a role, the nodes and sites by name.
func (s stage) resolve(e *Event) *strictyaml.Problem {
	path := e.from + "." + string(e.Kind)
	unknown := func(what, name string, known []string) *strictyaml.Problem {
		if len(known) == 0 {
			return strictyaml.Problemf("leave it out", path, "a %s has no %ss", s.called, what)
		}
		return strictyaml.Problemf(orKnown(name, known), path, "there is no %s %s in %s", what, name, s.called)
	}
	switch {
	case s.kinds != nil && !slices.Contains(s.kinds, e.Kind):
		return strictyaml.Problemf("give a topology in place of the target", path, "cannot be done to a %s, which knows %s", s.called,
			strings.Join(names(s.kinds, func(k result.EventKind) string { return string(k) }), ", "))
	case e.Organisation != "":
		return s.checkJoin(*e, path)
	case e.Sites != nil:
		for _, site := range e.Sites {
			if !slices.Contains(s.sites, site) {
				return unknown("site", site, s.sites)
			}
		}
		if len(s.sites) < 2 {
			return strictyaml.Problemf("", path, "%s is the only site", e.Sites[0])
		}
		return nil
	case e.of != "":
		of := s.named(func(n stagedNode) bool { return n.Role == e.role && (e.Leader || n.organisation == e.of) })
		if len(of) == 0 {
			return unknown(fmt.Sprintf("%s of", e.role), e.of, s.owners(e.role))
		}
		if !e.Leader {
			e.Nodes = of
		}
		return nil
	}
	all := s.named(func(stagedNode) bool { return true })
	if !slices.Contains(all, e.Nodes[0]) {
		return unknown("node", e.Nodes[0], all)
	}
	return nil
}

// owners returns the organisations that have nodes of a role.
func (s stage) owners(role result.Role) (all []string) {
	for _, n := range s.nodes {
		if n.Role == role && !slices.Contains(all, n.organisation) {
			all = append(all, n.organisation)
		}
	}
	return all
}

// orKnown is the hint for an unknown word: one that is like it, or all that are known.
func orKnown(word string, known []string) string {
	if hint := strictyaml.Hint(word, known); hint != "" {
		return hint
	}
	return "known are " + strings.Join(known[:min(len(known), 20)], ", ")
}

// checkJoin checks an organisation that joins.
func (s stage) checkJoin(e Event, path string) *strictyaml.Problem {
	at := path + ".organisation"
	switch {
	case len(s.organisations) == 0:
		return strictyaml.Problemf("leave it out", path, "no organisation can join a %s", s.called)
	case slices.Contains(s.organisations, e.Organisation):
		return strictyaml.Problemf("choose another", at, "%s has the organisation %s already", s.called, e.Organisation)
	case s.listed && !slices.Contains(s.sites, e.Organisation):
		return strictyaml.Problemf("add a site of that name to the topology", at, "%s has no site %s, where it would stand", s.called, e.Organisation)
	}
	return topology.CheckOrganisation(at, e.Organisation)
}
