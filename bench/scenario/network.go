package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"meterbench/internal/strictyaml"
	"meterbench/network/topology"
)

// network returns what the series run on where nothing is varied.
func (s Scenario) network() Network {
	n := Network{Topology: s.Topology, Policy: s.Policy}
	if s.Batch != nil {
		n.Batch = *s.Batch
	}
	if s.Limits != nil {
		n.Limits = *s.Limits
	}
	return n
}

// String names the topology and what is changed in it, as in series' names.
func (n Network) String() string {
	if n == (Network{}) {
		return "reference" // a simulated ledger is no network
	}
	text := fileName(n.Topology)
	for _, change := range []struct{ key, label string }{{"policy", joined(n.Policy)}, {"batch", n.Batch.label()}, {"limits", n.Limits.label()}} {
		if change.label != "" && change.label != unchanged {
			text += "/" + change.key + "=" + change.label
		}
	}
	return text
}

// Networks returns the networks of all series, each once, in their order.
func (s Scenario) Networks() []Network {
	var all []Network
	for _, series := range s.Series {
		if !slices.Contains(all, series.Network) {
			all = append(all, series.Network)
		}
	}
	return all
}

// LoadNetwork reads the topology of one of the scenario's networks and makes
// the network's changes in it, on all channels. The error is a
// *strictyaml.Error, or for a policy that the topology cannot have a
// *strictyaml.Problem.
func (s Scenario) LoadNetwork(n Network) (topology.Topology, error) {
	t, err := s.load(n.Topology)
	if err != nil {
		return topology.Topology{}, err
	}
	for i := range t.Channels {
		c := &t.Channels[i]
		override(&c.Batch.Timeout, n.Batch.Timeout)
		override(&c.Batch.Messages, n.Batch.Messages)
		for j := range c.Chaincodes {
			override(&c.Chaincodes[j].Endorsement, n.Policy)
		}
	}
	override(&t.Limits.Gateway, n.Limits.Gateway)
	override(&t.Limits.Endorser, n.Limits.Endorser)
	override(&t.Limits.Deliver, n.Limits.Deliver)
	return t, t.Validate()
}

func override[T comparable](to *T, with T) {
	var none T
	if with != none {
		*to = with
	}
}

func (s Scenario) load(name string) (topology.Topology, error) {
	if slices.Contains(topology.Names(), name) {
		return topology.Load(name)
	}
	return topology.Load(s.file(name))
}

// file returns the path of a file that the scenario names: relative to the
// scenario's own, or for a shipped scenario to the working folder.
func (s Scenario) file(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(s.Path), name)
}

// checkNetworks makes sure that every network can be made.
func (s Scenario) checkNetworks(doc *strictyaml.Document) error {
	if s.Target != nil {
		return nil // there is none
	}
	for _, n := range s.Networks() {
		if _, err := os.Stat(s.file(n.Topology)); !slices.Contains(topology.Names(), n.Topology) && errors.Is(err, fs.ErrNotExist) {
			return doc.Locate(problem(strictyaml.Hint(n.Topology, topology.Names()), place("topology", n.Topology, s.Vary.Topology),
				"there is neither a shipped topology %q nor a file %s", n.Topology, s.file(n.Topology)))
		}
		_, err := s.LoadNetwork(n)
		if p, ok := errors.AsType[*strictyaml.Problem](err); ok { // the topology by itself is right
			return doc.Locate(problem(p.Hint, place("policy", n.Policy, s.Vary.Policy), "not with topology %s: %s", n.Topology, p.Msg))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// place returns the path of a factor's level in the text.
func place(key, value string, varied []string) string {
	if i := slices.Index(varied, value); i >= 0 {
		return fmt.Sprintf("vary.%s[%d]", key, i)
	}
	return key
}
