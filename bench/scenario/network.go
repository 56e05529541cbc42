package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// A Network is what a series runs on: a topology and what is changed in it.
// Series with equal networks can share one.
type Network struct {
	Topology string // as Scenario.Topology
	Policy   string // endorsement policy of every contract; empty keeps the topology's
	Batch    Batch  // zero fields keep the topology's, here as below
	Limits   topology.Limits
	Caps     topology.Caps //
	Channels int           // copies of the topology's first channel in place of its channels; 0 keeps these
}

// with returns the network with another's changes made in it.
func (n Network) with(other Network) Network {
	override(&n.Topology, other.Topology)
	override(&n.Policy, other.Policy)
	override(&n.Batch.Timeout, other.Batch.Timeout)
	override(&n.Batch.Messages, other.Batch.Messages)
	override(&n.Limits.Gateway, other.Limits.Gateway)
	override(&n.Limits.Endorser, other.Limits.Endorser)
	override(&n.Limits.Deliver, other.Limits.Deliver)
	overrideCaps(&n.Caps, other.Caps)
	override(&n.Channels, other.Channels)
	return n
}

func override[T comparable](to *T, with T) {
	var none T
	if with != none {
		*to = with
	}
}

func overrideCaps(to *topology.Caps, with topology.Caps) {
	for _, role := range []struct {
		to   *topology.Cap
		with topology.Cap
	}{{&to.Peer, with.Peer}, {&to.Orderer, with.Orderer}, {&to.Chaincode, with.Chaincode}, {&to.Device, with.Device}} {
		override(&role.to.CPUs, role.with.CPUs)
		override(&role.to.Memory, role.with.Memory)
	}
}

// String names the topology and what is changed in it, as in series' names.
func (n Network) String() string {
	if n == (Network{}) {
		return "reference" // a simulated ledger is no network
	}
	channels := ""
	if n.Channels > 0 {
		channels = strconv.Itoa(n.Channels)
	}
	text := fileName(n.Topology)
	for _, change := range []struct{ key, label string }{
		{"policy", joined(n.Policy)}, {"batch", n.Batch.label()}, {"limits", limitsLabel(n.Limits)}, {"caps", capsLabel(n.Caps)}, {"channels", channels},
	} {
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
	if n.Channels > 0 && len(t.Channels) > 0 {
		t.Channels = copies(t.Channels[0], n.Channels)
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
	overrideCaps(&t.Caps, n.Caps)
	return t, t.Validate()
}

// copies returns a channel so many times: c, c-2, c-3, ….
func copies(c topology.Channel, n int) []topology.Channel {
	all := make([]topology.Channel, n)
	for i := range all {
		all[i] = c
		all[i].Members, all[i].Chaincodes = slices.Clone(c.Members), slices.Clone(c.Chaincodes)
		if i > 0 {
			all[i].Name = fmt.Sprintf("%s-%d", c.Name, i+1)
		}
	}
	return all
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

// checkNetworks makes sure that every network can be made. It returns over how
// many channels each spreads the meters.
func (s Scenario) checkNetworks() (channels map[Network]int, err error) {
	channels = map[Network]int{}
	if s.Target != nil {
		return channels, nil // there is none
	}
	for _, one := range s.Series {
		n := one.Network
		if _, seen := channels[n]; seen {
			continue
		}
		if _, err := os.Stat(s.file(n.Topology)); !slices.Contains(topology.Names(), n.Topology) && errors.Is(err, fs.ErrNotExist) {
			return nil, s.doc.Locate(problem(strictyaml.Hint(n.Topology, topology.Names()), one.from.topology,
				"there is neither a shipped topology %q nor a file %s", n.Topology, s.file(n.Topology)))
		}
		t, err := s.LoadNetwork(n)
		if p, ok := errors.AsType[*strictyaml.Problem](err); ok { // the topology by itself is right
			return nil, s.doc.Locate(problem(p.Hint, one.changes(s.doc, p.Path), "not with topology %s: %s", n.Topology, p.Msg))
		}
		if err != nil {
			return nil, err
		}
		channels[n] = 0
		for _, c := range t.Channels {
			if len(c.Chaincodes) > 0 {
				channels[n]++
			}
		}
	}
	return channels, nil
}

// changes returns what in the scenario changes a part of the topology, given by
// its path there.
func (s Series) changes(doc *strictyaml.Document, path string) string {
	if strings.HasSuffix(path, ".endorsement") {
		return s.from.policy
	}
	key, _, limits := strings.Cut(path, ".")
	if !limits || key != "limits" {
		key, path = "channels", "channels" // whose copies have names of their own
	}
	for _, place := range []string{s.from.at + "vary." + key, "vary." + key, s.from.at + path} {
		if doc.Has(place) {
			return place
		}
	}
	return path
}

// checkMeters makes sure that every channel has a meter, else fewer are measured
// than the results say, and that groups are whole and on one channel.
func (s Series) checkMeters(channels int) *strictyaml.Problem {
	channels = max(1, channels)
	for at, w := range s.Workloads() {
		at = s.from.at + at + ".meters"
		if w.Meters < channels {
			return problem(fmt.Sprintf("give at least %d", channels), at, "%d meters on %d channels leave some without", w.Meters, channels)
		}
		if whole := w.Length * channels; w.Scheme == "dmcfe" && w.Meters%whole != 0 {
			return problem(fmt.Sprintf("for example meters: %d", max(whole, w.Meters-w.Meters%whole)), at, "%d meters are no whole groups of %d on %d channels", w.Meters, w.Length, channels)
		}
	}
	return nil
}
