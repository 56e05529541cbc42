package scenario

import (
	"fmt"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// FactorKind is a row of the table of factors. Every combination of levels makes a series of its own out of each series
// of the file; a factor that does not apply to a series, as bits to a plain workload, leaves it alone.
type FactorKind struct {
	Key     string
	levels  reflect.Type // the list that its key decodes into
	read    func(n *strictyaml.Node, path string) ([]setting, error)
	applies func(Series) bool
}

// kindFactor is the key of the factor whose levels are kinds of workloads. Its workloads are decoded only at
// its levels.
const kindFactor = "workload"

// A setting is one level of a factor.
type setting struct {
	label string
	set   func(*Series) error
}

// newFactor returns a row of the table of factors: how a level is labelled, checked by itself, and set in the
// series that it applies to.
func newFactor[T any](key string, label func(T) string, check func(path string, level T) *strictyaml.Problem,
	applies func(Series) bool, set func(s *Series, level T, path string) error) FactorKind {
	read := func(n *strictyaml.Node, path string) ([]setting, error) {
		var levels []T
		if err := n.Decode(&levels); err != nil {
			return nil, err
		}
		if len(levels) == 0 {
			return nil, strictyaml.Problemf("", path, "at least one level is needed")
		}
		all := make([]setting, len(levels))
		for i, level := range levels {
			at := fmt.Sprintf("%s[%d]", path, i)
			all[i] = setting{label(level), func(s *Series) error { return set(s, level, at) }}
			if slices.ContainsFunc(all[:i], func(o setting) bool { return o.label == all[i].label }) {
				return nil, strictyaml.Problemf("", at, "%s is given twice", all[i].label)
			}
			if p := check(at, level); p != nil {
				return nil, p
			}
		}
		return all, nil
	}
	return FactorKind{key, reflect.TypeFor[[]T](), read, applies}
}

// OptionFactor returns a factor over the options of workloads of type O. set returns the options with the
// level in place, and without what does not apply to it.
func OptionFactor[O Options, T any](key string, label func(T) string, check func(path string, level T) *strictyaml.Problem,
	applies func(O) bool, set func(O, T) O) FactorKind {
	is := func(w Workload) bool {
		o, ok := w.Options.(O)
		return ok && applies(o)
	}
	return newFactor(key, label, check, func(s Series) bool {
		for _, w := range s.Workloads() {
			if is(w) {
				return true
			}
		}
		return false
	}, func(s *Series, level T, path string) (err error) {
		s.change(is, func(w *Workload) {
			w.Options = set(w.Options.(O), level)
			if p := w.Options.Check(""); p != nil && p.Path == key { // the level is not for this workload
				err = strictyaml.Problemf(p.Hint, path, "%s", p.Msg)
			}
		})
		return err
	})
}

// networkFactor returns a factor over what is changed in a network.
func networkFactor[T any](key string, label func(T) string, check func(path string, level T) *strictyaml.Problem, change func(T) Network) FactorKind {
	return newFactor(key, label, check, always, func(s *Series, level T, path string) error {
		with := change(level)
		if with.Topology != "" {
			s.from.topology = path
		}
		if with.Fabric != "" {
			s.from.release = path
		}
		if with.Policy != "" {
			s.from.policy = path
		}
		if with.Leader != "" {
			s.from.leader = path
		}
		overlay(&s.Network, with)
		return nil
	})
}

func always(Series) bool { return true }

// factorKinds returns the table of factors, in the order in which names of series carry them.
func (c Catalog) factorKinds() []FactorKind {

	single := func(s Series) bool { return s.from.mix == nil }
	all := []FactorKind{
		networkFactor("topology", fileName, unchecked, func(name string) Network { return Network{Topology: name} }),
		networkFactor("fabric", word[string], c.checkRelease, func(release string) Network { return Network{Fabric: release} }),
		networkFactor("policy", joined, unchecked, func(policy string) Network { return Network{Policy: policy} }),
		networkFactor("batch", override[topology.Batch].label, unchecked, func(b override[topology.Batch]) Network { return Network{Batch: b.value} }),
		networkFactor("limits", override[topology.Limits].label, unchecked, func(l override[topology.Limits]) Network { return Network{Limits: l.value} }),
		networkFactor("caps", capsLabel, unchecked, func(caps topology.Caps) Network { return Network{Caps: caps} }),
		networkFactor("distance", number, topology.CheckDistance, func(factor float64) Network { return Network{Distance: number(factor)} }),
		networkFactor("leader", word[string], unchecked, func(owner string) Network { return Network{Leader: owner} }),
		networkFactor("channels", strconv.Itoa, checkChannels, func(n int) Network { return Network{Channels: n} }),
		newFactor(kindFactor, word[string], OneOf(c.workloadKinds()...), single, func(s *Series, kind, _ string) error { return s.read(c, kind) }),
	}
	all = append(all, c.Factors...)
	all = append(all, newFactor("site", word[string], unchecked, always, func(s *Series, site, path string) error {
		s.Load.Site, s.from.site = site, path
		return nil
	}))
	all = append(all, newFactor("client", word[result.Driver], OneOf(result.Drivers()...), always, func(s *Series, driver result.Driver, _ string) error {
		s.Load.Driver = driver
		return nil
	}))
	all = append(all, newFactor("failover", strconv.FormatBool, unchecked[bool], always, func(s *Series, failover bool, _ string) error {
		s.Load.Failover = failover
		return nil
	}))
	return append(all, newFactor("wait", word[result.Wait], OneOf(result.Waits()...), always, func(s *Series, wait result.Wait, _ string) error {
		s.Load.Wait = wait
		return nil
	}))
}

// Vary are the factors of a text: their levels by key.
type vary struct{ strictyaml.Raw }

// has reports whether a factor is varied.
func (v vary) has(key string) bool { return v.Node != nil && v.Get(key) != nil }

// factor is a row of the table of factors with the levels that a text gives it, if any.
type factor struct {
	FactorKind
	at       string // the series that has it: series[0]. or nothing
	settings []setting
}

// path returns the path of the factor in the text.
func (f factor) path() string { return f.at + "vary." + f.Key }

// factors returns all rows of the table with the levels that the text at a place gives them.
func (v vary) factors(at string, table []FactorKind) ([]factor, error) {
	all := make([]factor, len(table))
	if v.Node != nil {
		if err := v.CheckKeys(names(table, func(k FactorKind) string { return k.Key })); err != nil {
			return nil, err
		}
	}
	for i, row := range table {
		all[i] = factor{FactorKind: row, at: at}
		if !v.has(row.Key) {
			continue
		}
		var err error
		if all[i].settings, err = row.read(v.Get(row.Key), all[i].path()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func word[T ~string](s T) string { return string(s) }

// fileName is the name of a topology, or of a file without its folder.
func fileName(name string) string { return strings.TrimSuffix(path.Base(name), path.Ext(name)) }

// joined turns 2 of [ptb, cmi] into 2-of-ptb+cmi: names hold no spaces.
func joined(policy string) string {
	policy = strings.NewReplacer(" of ", "-of-", "[", "", "]", "", ",", "+").Replace(policy)
	return strings.ReplaceAll(policy, " ", "")
}

// capsLabel is for example peer:0.5 or peer:0.5:512MiB,device:64MiB.
func capsLabel(caps topology.Caps) string {
	var parts []string
	for role, c := range caps.Each {
		part := role
		if c.CPUs != 0 {
			part += fmt.Sprintf(":%g", c.CPUs)
		}
		switch {
		case c.Memory == 0:
		case c.Memory%(1<<20) == 0:
			part += fmt.Sprintf(":%dMiB", c.Memory>>20)
		default:
			part += fmt.Sprintf(":%dB", c.Memory)
		}
		if part != role {
			parts = append(parts, part)
		}
	}
	return orUnchanged(parts)
}

// unchanged is the label of a level that changes nothing.
const unchanged = "unchanged"

func orUnchanged(parts []string) string {
	if parts == nil {
		return unchanged
	}
	return strings.Join(parts, ",")
}

// unchecked is the check of levels that were checked as they were read.
func unchecked[T any](string, T) *strictyaml.Problem { return nil }

func checkChannels(path string, n int) *strictyaml.Problem {
	return strictyaml.Between(path, n, 1, maxChannels)
}

// checkRelease checks a release of Fabric.
func (c Catalog) checkRelease(path, release string) *strictyaml.Problem {
	return topology.CheckRelease(path, release, c.Releases)
}

// OneOf returns a check that a level is one of the options.
func OneOf[T ~string](options ...T) func(path string, got T) *strictyaml.Problem {
	return func(path string, got T) *strictyaml.Problem { return strictyaml.OneOf(path, got, options...) }
}
