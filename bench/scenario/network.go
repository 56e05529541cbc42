package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// Network is a topology and the changes to it under which a series runs. Series with equal networks can
// share one. Zero fields keep the topology's.
type Network struct {
	Topology string // as Scenario.Topology
	Fabric   string // release
	Policy   string // endorsement policy of every contract
	Batch    topology.Batch
	Limits   topology.Limits
	Caps     topology.Caps
	Distance string // factor on all round trips between sites, in its shortest form
	Leader   string // owner whose orderer leads first
	Channels int    // copies of the topology's first channel in place of its channels
}

// String names the topology and what is changed in it, as in series' names.
func (n Network) String() string {
	if n == (Network{}) {
		return result.TargetReference // it is no network
	}
	channels := ""
	if n.Channels > 0 {
		channels = strconv.Itoa(n.Channels)
	}
	text := fileName(n.Topology)
	for _, change := range []struct{ key, label string }{
		{"fabric", n.Fabric}, {"policy", joined(n.Policy)}, {"batch", override[topology.Batch]{n.Batch}.label()},
		{"limits", override[topology.Limits]{n.Limits}.label()}, {"caps", capsLabel(n.Caps)}, {"distance", n.Distance},
		{"leader", n.Leader}, {"channels", channels},
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

// LoadNetwork reads the topology of one of the scenario's networks and makes the scenario's and the network's changes in it,
// on all channels. The error is a *strictyaml.Error, or for a change that the topology cannot have a *strictyaml.Problem.
func (s Scenario) LoadNetwork(n Network) (topology.Topology, error) {
	t, err := s.load(n.Topology)
	if err != nil {
		return topology.Topology{}, err
	}
	if n.Channels > 0 {
		t.Channels = copies(t.Channels[0], n.Channels)
	}
	for i := range t.Channels {
		c := &t.Channels[i]
		overlay(&c.Batch, n.Batch)
		if s.Chaincodes != nil {
			c.Chaincodes = slices.Clone(s.Chaincodes)
		}
		for j := range c.Chaincodes {
			overlay(&c.Chaincodes[j].Endorsement, n.Policy)
		}
	}
	overlay(&t.Fabric, n.Fabric)
	overlay(&t.Limits, n.Limits)
	overlay(&t.Caps, n.Caps)
	overlay(&t.Orderers.Leader, n.Leader)
	if n.Distance != "" {
		if t.Distance, err = strconv.ParseFloat(n.Distance, 64); err != nil {
			return t, err
		}
	}
	if err := t.Validate(); err != nil {
		return t, err
	}
	if p := t.CheckRelease(s.releases); p != nil {
		return t, p
	}
	t.Complete()
	return t, nil
}

// number returns a number as networks have it.
func number(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }

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
		return topology.Load(name, s.releases...)
	}
	return topology.Load(s.file(name), s.releases...)
}

// file returns the path of a file that the scenario names: relative to the scenario's own, or for a shipped
// scenario to the working folder.
func (s Scenario) file(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.Dir(), name)
}

// Dir returns the folder of the scenario's file, or for a shipped scenario the working folder.
func (s Scenario) Dir() string { return filepath.Dir(s.Path) }

// checkNetworks makes sure that every network can be made. It returns their topologies.
func (s Scenario) checkNetworks() (all map[Network]topology.Topology, err error) {
	all = map[Network]topology.Topology{}
	if s.Target != nil {
		return all, nil // there is none
	}
	for _, one := range s.Series {
		n := one.Network
		if _, ok := all[n]; ok {
			continue
		}
		if _, err := os.Stat(s.file(n.Topology)); !slices.Contains(topology.Names(), n.Topology) && errors.Is(err, fs.ErrNotExist) {
			return nil, s.doc.Locate(strictyaml.Problemf(strictyaml.Hint(n.Topology, topology.Names()), one.from.topology,
				"there is neither a shipped topology %q nor a file %s", n.Topology, s.file(n.Topology)))
		}
		t, err := s.LoadNetwork(n)
		if p, ok := errors.AsType[*strictyaml.Problem](err); ok { // the topology by itself is right
			return nil, s.doc.Locate(strictyaml.Problemf(p.Hint, one.changes(s.doc, p.Path), "not with topology %s: %s", n.Topology, p.Msg))
		}
		if err != nil {
			return nil, err
		}
		all[n] = t
	}
	return all, nil
}

// changes returns the path in the scenario of what changes a part of the topology.
func (s Series) changes(doc *strictyaml.Document, path string) string {
	if s.Network.Policy != "" && strings.HasSuffix(path, ".endorsement") && !strings.Contains(path, ".collections[") {
		return s.from.policy
	}
	if path == "orderers.leader" {
		path = cmp.Or(s.from.leader, "leader")
	}
	if s.Network.Fabric != "" && strings.HasPrefix(path, "orderers.") {
		return s.from.release
	}
	if _, of, ok := strings.Cut(path, ".chaincodes["); ok {
		return "chaincodes[" + of
	}
	key := "limits"
	if _, setting, ok := strings.Cut(path, ".batch."); ok {
		key, path = "batch", "batch."+setting
	} else if path == "distance" || path == "leader" || path == s.from.leader {
		key = path
	} else if !strings.HasPrefix(path, "limits.") {
		key, path = "channels", "channels" // whose copies have names of their own
	}
	for _, place := range []string{s.from.at + "vary." + key, "vary." + key, s.from.at + path} {
		if doc.Has(place) {
			return place
		}
	}
	return path
}

// contracts returns the names of the contracts of a series' workloads.
func (c Catalog) contracts(s Series) (all []string) {
	for _, w := range s.Workloads() {
		all = append(all, c.Contract(w))
	}
	return all
}

// checkMeters makes sure that every channel with the workload's contract has a meter, else fewer are measured than the results
// say, and that groups are whole and on one channel.
func (s Series) checkMeters(t topology.Topology, c Catalog) *strictyaml.Problem {
	for at, w := range s.Workloads() {
		channels := max(1, len(t.With(c.Contract(w))))
		at = s.from.at + at + ".meters"
		if w.metered() && w.Meters < channels {
			return strictyaml.Problemf(fmt.Sprintf("give at least %d", channels), at, "%d meters on %d channels leave some without", w.Meters, channels)
		}
		group := w.Traits().Group
		if whole := max(1, group) * channels; group > 1 && w.Meters%whole != 0 {
			return strictyaml.Problemf(fmt.Sprintf("for example meters: %d", max(whole, w.Meters-w.Meters%whole)), at,
				"meters (%d) must be a multiple of length x channels (%d x %d)", w.Meters, group, channels)
		}
	}
	return nil
}

// An override changes some settings of a topology; those that it leaves out, which are zero, it keeps.
type override[T any] struct{ value T }

// UnmarshalNode refuses settings that are not above 0: they would change nothing.
func (o *override[T]) UnmarshalNode(n *strictyaml.Node) error {
	if err := n.Decode(&o.value); err != nil {
		return err
	}
	for field, v := range reflect.ValueOf(o.value).Fields() {
		if setting := n.Get(keyOf(field)); setting != nil && (v.CanInt() && v.Int() <= 0 || v.CanUint() && v.Uint() == 0) {
			text, _ := setting.Scalar()
			return setting.Errorf("leave it out to keep the topology's", "must be above 0, got %s", text)
		}
	}
	return nil
}

// label names what is changed: a time or a count of messages by itself, as in 2s,10, and all else with its
// key, as in gateway:500.
func (o override[T]) label() string {
	var parts []string
	for field, v := range reflect.ValueOf(o.value).Fields() {
		switch key := keyOf(field); {
		case v.IsZero():
		case key == "timeout" || key == "messages":
			parts = append(parts, fmt.Sprint(v.Interface()))
		default:
			parts = append(parts, fmt.Sprintf("%s:%v", key, v.Interface()))
		}
	}
	return orUnchanged(parts)
}

// overlay copies those fields of a struct, and of the structs in it, that are not zero.
func overlay[T any](to *T, with T) { overlayValue(reflect.ValueOf(to).Elem(), reflect.ValueOf(with)) }

func overlayValue(to, with reflect.Value) {
	if with.Kind() != reflect.Struct {
		if !with.IsZero() {
			to.Set(with)
		}
		return
	}
	for i := range with.NumField() {
		overlayValue(to.Field(i), with.Field(i))
	}
}
