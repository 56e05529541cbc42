package topology

import (
	"slices"
	"strings"

	"meterbench/internal/strictyaml"
)

// A Release is a release of Fabric that a topology may name. The table is that of network/fabric/daemons.
type Release struct {
	Name      string      // 3.1.1
	Consensus []Consensus // the types that it has
}

// CheckRelease returns a problem where a topology names none of some releases, or a consensus that its release lacks. It
// returns nil where it names no release, or there are none to choose from.
func (t Topology) CheckRelease(releases []Release) *strictyaml.Problem {
	if t.Fabric == "" || len(releases) == 0 {
		return nil
	}
	if p := CheckRelease("fabric", t.Fabric, releases); p != nil {
		return p
	}
	i := slices.IndexFunc(releases, func(r Release) bool { return r.Name == t.Fabric })
	if has := releases[i].Consensus; !slices.Contains(has, t.Orderers.Consensus) {
		with := slices.DeleteFunc(slices.Clone(releases), func(r Release) bool { return !slices.Contains(r.Consensus, t.Orderers.Consensus) })
		return strictyaml.Problemf("it is in "+strings.Join(names(with), ", "), "orderers.consensus",
			"Fabric %s has no %s consensus", t.Fabric, t.Orderers.Consensus)
	}
	return nil
}

// CheckRelease returns a problem where a name is none of some releases.
func CheckRelease(path, name string, releases []Release) *strictyaml.Problem {
	if slices.Contains(names(releases), name) {
		return nil
	}
	return strictyaml.Problemf("known are "+strings.Join(names(releases), ", "), path, "there is no release %q", name)
}

func names(releases []Release) (all []string) {
	for _, r := range releases {
		all = append(all, r.Name)
	}
	return all
}
