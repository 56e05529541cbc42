package scenario

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

// capsKey is the key of caps, of which one is no part of a network.
const capsKey = "caps"

// eventsKey is the key of events, which a target of our own may take.
const eventsKey = "events"

// networkPaths returns what a scenario, or a series, says of its network, as paths: keys, and factors such as vary.batch.
func networkPaths(n *strictyaml.Node) (paths []string) {
	for _, key := range []string{"topology", "fabric", "policy", "batch", "limits", capsKey, "distance", "leader", "channels", "chaincodes", eventsKey} {
		for _, path := range []string{"vary." + key, key} {
			if n.Has(path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// onlyDevice reports whether the value of a path that networkPaths returned is caps of the device, which is no part of a
// network.
func onlyDevice(n *strictyaml.Node, path string) bool {
	switch path {
	case capsKey:
		return deviceCaps(n.Get(capsKey))
	case "vary." + capsKey:
		levels := n.Get("vary").Get(capsKey).Items()
		return len(levels) > 0 && !slices.ContainsFunc(levels, func(level *strictyaml.Node) bool { return !deviceCaps(level) })
	}
	return false
}

func deviceCaps(caps *strictyaml.Node) bool {
	for role := range caps.Entries() {
		if role != string(result.RoleDevice) {
			return false
		}
	}
	return true
}

// others reports whether a text has a network of others for its target.
func (c Catalog) others(doc *strictyaml.Document) bool {
	target := doc.Get("target")
	if target == nil || target.Get("kind") == nil {
		return false
	}
	kind, _ := target.Get("kind").Scalar()
	return slices.ContainsFunc(c.Targets, func(k TargetKind) bool { return k.Others && k.Name == kind })
}

// leaveOut takes out of a shipped scenario what a network of others does not have: series that say something of their
// network, and what the scenario says of all. What an override asks for stays, to be refused, and so do factors of all series.
func leaveOut(doc *strictyaml.Document) (left []result.LeftOut, p *strictyaml.Problem) {
	all := result.LeftOut{Needs: needs(doc, doc.Node, "")}
	for _, key := range all.Needs {
		if key != capsKey {
			doc.Remove(key)
			continue
		}
		for _, role := range []result.Role{result.RolePeer, result.RoleOrderer, result.RoleChaincode} {
			doc.Remove(key + "." + string(role))
		}
	}
	if len(all.Needs) > 0 {
		left = append(left, all)
	}
	if !doc.Has("series") {
		return left, nil
	}
	var words []string
	for i := 0; i < len(doc.Get("series").Items()); {
		at := fmt.Sprintf("series[%d]", i)
		one := doc.Get("series").Items()[i]
		of := result.LeftOut{Needs: needs(doc, one, at+".")}
		if name := one.Get("name"); name != nil {
			of.Series, _ = name.Scalar()
		}
		if len(of.Needs) == 0 || of.Series == "" {
			i++
			continue
		}
		doc.Remove(at)
		left = append(left, of)
		words = append(words, fmt.Sprintf("%s (%s)", of.Series, strings.Join(of.Needs, ", ")))
	}
	if len(words) > 0 && len(doc.Get("series").Items()) == 0 {
		return nil, strictyaml.Problemf("run it without the target", "target",
			"every series of this scenario takes a network of our own: %s", strings.Join(words, ", "))
	}
	return left, nil
}

// needs returns the keys at a place that are to be left out.
func needs(doc *strictyaml.Document, n *strictyaml.Node, at string) (keys []string) {
	for _, path := range networkPaths(n) {
		key, varied := strings.CutPrefix(path, "vary.")
		switch {
		case onlyDevice(n, path):
		case doc.OverriddenIn(at + path), varied && at == "":
			return nil
		case !slices.Contains(keys, key):
			keys = append(keys, key)
		}
	}
	return keys
}
