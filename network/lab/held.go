package lab

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/network"
)

// ReadOn is Read for a scenario that is measured on a network that is held. A scenario that names no topology takes the
// network's; one that names another, or a factor that needs another, is refused.
func ReadOn(ctx context.Context, name string, sets []string, held *network.Record) (Plan, error) {
	catalog := Catalog()
	catalog.Topology = held.Dir
	s, err := scenario.Read(ctx, name, sets, catalog)
	if err != nil {
		return Plan{}, err
	}
	return planOf(s, held)
}

// checkHeld refuses a scenario that asks for something else than the network that it is to be measured on.
func (p Plan) checkHeld() error {
	s := p.Scenario
	if s.Target != nil {
		return s.Refuse(scenario.Series{}, "target", "leave out one of the two", "a %s needs no network to be measured on", s.Target.Called)
	}
	if s.Fresh {
		return s.Refuse(scenario.Series{}, "fresh", "leave it out", "a network that is up cannot be a fresh one for every repetition")
	}
	for _, one := range s.Series {
		if !one.Events.Empty() {
			return s.RefuseEvents(one, "leave them out, or run without --on, which brings up a network of its own",
				"the network %s belongs to whoever brought it up, so that nothing is done to its nodes", p.held.Topology.Name)
		}
	}
	if err := p.checkEnter(); err != nil {
		return err
	}
	up := p.held.Topology
	up.Fabric = p.held.Release()
	for _, one := range s.Series {
		if key, asked, is := difference(p.topologies[one.Network], up); key != "" {
			return s.RefuseNetwork(one, key, "leave it out, or run without --on, which brings up a network that has it",
				"asks for %s; the network %s, which is up in %s, has %s", asked, p.held.Topology.Name, p.held.Dir, is)
		}
	}
	return nil
}

// checkEnter refuses clients that call endorsers and orderers themselves where they would see no distance: this process may not
// stand at their sites.
func (p Plan) checkEnter() error {
	i := slices.IndexFunc(p.Scenario.Series, func(one scenario.Series) bool { return one.Load.Driver == result.DriverDirect })
	if i < 0 {
		return nil
	}
	if err := p.held.CheckEnter(); err != nil {
		return p.Scenario.RefuseDriver(p.Scenario.Series[i], "run as root, leave client: direct out, or run without --on, which brings up a network of its own",
			"clients would call all nodes of the network %s without the distances between its sites, as these cannot be entered: %v", p.held.Topology.Name, err)
	}
	return nil
}

// difference returns the first difference between a topology and that of a network which is up: the key of a scenario
// that could cause it, and both in words. A cap of the device is none, as the device is no part of a network.
func difference(t, up topology.Topology) (key, asked, is string) {
	if t.Fabric != "" && t.Fabric != up.Fabric {
		return "fabric", "Fabric " + t.Fabric, up.Fabric
	}
	if !slices.Equal(t.Organisations, up.Organisations) {
		return "topology", organisations(t), organisations(up)
	}
	if t.Distance != up.Distance {
		return "distance", fmt.Sprintf("distance %g", t.Distance), fmt.Sprintf("%g", up.Distance)
	}
	if !reflect.DeepEqual(t.Matrix(), up.Matrix()) {
		return "topology", "other distances between its sites", "its own"
	}
	if leader := up.Orderers.Leader; t.Orderers.Leader != leader {
		return "leader", "leader " + cmp.Or(t.Orderers.Leader, "none"), cmp.Or(leader, "none")
	}
	if !t.Orderers.Equal(up.Orderers) {
		return "topology", fmt.Sprintf("%d %s orderers", t.Orderers.Count, t.Orderers.Consensus), fmt.Sprintf("%d %s", up.Orderers.Count, up.Orderers.Consensus)
	}
	if len(t.Channels) != len(up.Channels) {
		return "channels", fmt.Sprintf("%d channels", len(t.Channels)), fmt.Sprint(len(up.Channels))
	}
	for i, c := range t.Channels {
		if key, asked, is = differenceOfChannels(c, up.Channels[i]); key != "" {
			return key, asked, is
		}
	}
	if asked, is = differing(t.Limits, up.Limits); asked != "" {
		return "limits", asked, is
	}
	t.Caps.Device = up.Caps.Device
	if asked, is = differing(t.Caps, up.Caps); asked != "" {
		return "caps", asked, is
	}
	return "", "", ""
}

func organisations(t topology.Topology) string {
	var all []string
	for _, o := range t.Organisations {
		all = append(all, fmt.Sprintf("%s of %d peers", o.Name, o.Peers))
	}
	return strings.Join(all, ", ")
}

func differenceOfChannels(c, up topology.Channel) (key, asked, is string) {
	if c.Name != up.Name || !slices.Equal(c.Members, up.Members) {
		return "topology", fmt.Sprintf("channel %s of %v", c.Name, c.Members), fmt.Sprintf("channel %s of %v", up.Name, up.Members)
	}
	if asked, is = differing(c.Batch, up.Batch); asked != "" {
		return "batch", asked, is
	}
	if len(c.Chaincodes) != len(up.Chaincodes) {
		return "chaincodes", fmt.Sprintf("%d contracts on channel %s", len(c.Chaincodes), c.Name), fmt.Sprint(len(up.Chaincodes))
	}
	for i, cc := range c.Chaincodes {
		with := up.Chaincodes[i]
		if cc.Endorsement != with.Endorsement {
			return "policy", "endorsement " + cc.Endorsement, with.Endorsement
		}
		if cc.Name != with.Name || cc.Operator != with.Operator {
			return "chaincodes", fmt.Sprintf("contract %s operated by %s", cc.Name, cc.Operator), fmt.Sprintf("%s operated by %s", with.Name, with.Operator)
		}
		if !reflect.DeepEqual(cc.Collections, with.Collections) { // whoever serves it
			return "chaincodes", fmt.Sprintf("other collections of contract %s", cc.Name), "its own"
		}
	}
	return "", "", ""
}

// differing returns the fields in which settings differ, each with its key and value.
func differing[T any](a, b T) (of, than string) {
	var as, bs []string
	compareFields("", reflect.ValueOf(a), reflect.ValueOf(b), func(key string, a, b any) {
		as, bs = append(as, fmt.Sprintf("%s %v", key, a)), append(bs, fmt.Sprintf("%s %v", key, b))
	})
	return strings.Join(as, ", "), strings.Join(bs, ", ")
}

func compareFields(path string, a, b reflect.Value, differ func(key string, a, b any)) {
	for field, value := range a.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		other := b.FieldByIndex(field.Index)
		switch {
		case value.Kind() == reflect.Struct:
			compareFields(path+key+".", value, other, differ)
		case !value.Equal(other):
			differ(path+key, value.Interface(), other.Interface())
		}
	}
}
