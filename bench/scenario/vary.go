package scenario

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"meterbench/internal/strictyaml"
)

// Vary are factors and their levels. Every combination of levels makes a
// series of its own out of each series of the file; a factor that means
// nothing to a series, as bits to a plain workload, leaves it alone.
//
// Of Batch and Limits a level changes only what it gives.
type Vary struct {
	Topology []string `yaml:"topology"`
	Policy   []string `yaml:"policy"`
	Batch    []Batch  `yaml:"batch"`
	Limits   []Limits `yaml:"limits"`
	Workload []string `yaml:"workload"` // kinds, not of mixes; what does not apply to a kind falls away
	Scheme   []string `yaml:"scheme"`
	Bits     []int    `yaml:"bits"`
	Length   []int    `yaml:"length"`
	Wait     []string `yaml:"wait"`
}

// A factor is one of Vary's, in general terms.
type factor struct {
	key     string
	labels  []string // of its levels; nil if it is not varied
	check   func(at string, level int) *strictyaml.Problem
	applies func(Series) bool
	set     func(s *Series, level int)
}

// factors returns all factors in the order in which names carry them.
func (v Vary) factors() []factor {
	always := func(Series) bool { return true }
	single := func(s Series) bool { return s.Mix == nil }
	any, keyed := func(Workload) bool { return true }, func(w Workload) bool { return w.Kind != "plain" }
	hasKeys := func(s Series) bool { return slices.ContainsFunc(s.Workloads(), keyed) }
	read := func(string, int) *strictyaml.Problem { return nil } // checked as it was read
	return []factor{
		{"topology", labels(v.Topology, fileName), func(at string, i int) *strictyaml.Problem { return named(at, v.Topology[i]) },
			always, func(s *Series, i int) { s.Network.Topology = v.Topology[i] }},
		{"policy", labels(v.Policy, joined), func(at string, i int) *strictyaml.Problem { return named(at, v.Policy[i]) },
			always, func(s *Series, i int) { s.Network.Policy = v.Policy[i] }},
		{"batch", labels(v.Batch, Batch.label), read,
			always, func(s *Series, i int) {
				override(&s.Network.Batch.Timeout, v.Batch[i].Timeout)
				override(&s.Network.Batch.Messages, v.Batch[i].Messages)
			}},
		{"limits", labels(v.Limits, Limits.label), read,
			always, func(s *Series, i int) {
				override(&s.Network.Limits.Gateway, v.Limits[i].Gateway)
				override(&s.Network.Limits.Endorser, v.Limits[i].Endorser)
				override(&s.Network.Limits.Deliver, v.Limits[i].Deliver)
			}},
		{"workload", v.Workload, func(at string, i int) *strictyaml.Problem { return oneOf(at, v.Workload[i], kinds()) },
			single, func(s *Series, i int) { s.Workload.become(v.Workload[i]) }},
		{"scheme", v.Scheme, func(at string, i int) *strictyaml.Problem { return oneOf(at, v.Scheme[i], schemes()) },
			hasKeys, func(s *Series, i int) { s.change(keyed, func(w *Workload) { w.Scheme = v.Scheme[i] }) }},
		{"bits", labels(v.Bits, decimal), func(at string, i int) *strictyaml.Problem { return checkBits(at, v.Bits[i]) },
			hasKeys, func(s *Series, i int) { s.change(keyed, func(w *Workload) { w.Bits = v.Bits[i] }) }},
		{"length", labels(v.Length, decimal), func(at string, i int) *strictyaml.Problem { return between(at, v.Length[i], 1, maxLength) },
			always, func(s *Series, i int) { s.change(any, func(w *Workload) { w.Length = v.Length[i] }) }},
		{"wait", v.Wait, func(at string, i int) *strictyaml.Problem { return oneOf(at, v.Wait[i], waits()) },
			always, func(s *Series, i int) { s.Load.Wait = v.Wait[i] }},
	}
}

// labels names the levels of a factor.
func labels[T any](levels []T, label func(T) string) []string {
	if levels == nil {
		return nil
	}
	all := make([]string, len(levels))
	for i, l := range levels {
		all[i] = label(l)
	}
	return all
}

func decimal(n int) string { return fmt.Sprint(n) }

// fileName is the name of a topology, or of a file without its folder.
func fileName(name string) string { return strings.TrimSuffix(path.Base(name), path.Ext(name)) }

// joined turns 2 of [ptb, cmi] into 2-of-ptb+cmi: names hold no spaces.
func joined(policy string) string {
	policy = strings.NewReplacer(" of ", "-of-", "[", "", "]", "", ",", "+").Replace(policy)
	return strings.ReplaceAll(policy, " ", "")
}

func (b Batch) label() string {
	var parts []string
	if b.Timeout != 0 {
		parts = append(parts, b.Timeout.String())
	}
	if b.Messages != 0 {
		parts = append(parts, fmt.Sprint(b.Messages))
	}
	return orUnchanged(parts)
}

func (l Limits) label() string {
	var parts []string
	for _, limit := range []struct {
		key string
		n   int
	}{{"gateway", l.Gateway}, {"endorser", l.Endorser}, {"deliver", l.Deliver}} {
		if limit.n != 0 {
			parts = append(parts, fmt.Sprintf("%s:%d", limit.key, limit.n))
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

// become changes the kind of a workload: what does not apply falls away, what
// is missing gets its default.
func (w *Workload) become(kind string) {
	w.Kind = kind
	if kind != "encrypted" {
		w.Encryption = Encryption{}
	} else if w.Encryption.Mode == "" {
		w.Encryption.Mode = "inline"
	}
	switch {
	case kind == "plain":
		w.Scheme, w.Bits = "", 0
	case w.Scheme == "":
		w.Scheme, w.Bits = "ddh", 2048
	}
}

// expand turns the series of the file into those that are measured, and checks
// them.
func (s *Scenario) expand(single bool) *strictyaml.Problem {
	factors, used := s.Vary.factors(), map[string]bool{}
	var all []Series
	for i, base := range s.Series {
		base.Network = s.network()
		expanded := []Series{base}
		for _, f := range factors {
			var next []Series
			for _, one := range expanded {
				if len(f.labels) == 0 || !f.applies(one) {
					next = append(next, one)
					continue
				}
				used[f.key] = true
				for level, label := range f.labels {
					next = append(next, f.apply(one, level, label))
				}
			}
			if expanded = next; len(all)+len(expanded) > maxSeries {
				return problem("", "vary", "makes more than %d series", maxSeries)
			}
		}
		at := fmt.Sprintf("series[%d].", i)
		if single {
			at = ""
		}
		for _, one := range expanded {
			if p := one.check(at, s.Warmup); p != nil {
				if one.Name != base.Name {
					p.Msg += fmt.Sprintf(" (in series %s)", one.Name)
				}
				return p
			}
			one.Prefix, one.at = fmt.Sprintf("s%d", len(all)+1), at
			all = append(all, one)
		}
	}
	for _, f := range factors {
		if len(f.labels) > 0 && !used[f.key] {
			return problem("", "vary."+f.key, "means nothing to any series")
		}
	}
	s.Series = all
	return nil
}

// apply returns the series at a level of the factor.
func (f factor) apply(s Series, level int, label string) Series {
	f.set(&s, level)
	s.Name += "/" + f.key + "=" + label
	return s
}

// check looks at every level by itself. What it means together with the rest
// of a series is for the expanded series to tell.
func (v Vary) check() *strictyaml.Problem {
	for _, f := range v.factors() {
		if f.labels != nil && len(f.labels) == 0 {
			return problem("", "vary."+f.key, "at least one level is needed")
		}
		for i, label := range f.labels {
			at := fmt.Sprintf("vary.%s[%d]", f.key, i)
			if slices.Contains(f.labels[:i], label) {
				return problem("", at, "%s is given twice", label)
			}
			if p := f.check(at, i); p != nil {
				return p
			}
		}
	}
	return nil
}

func named(path, name string) *strictyaml.Problem {
	if name == "" {
		return problem("", path, "a name is needed")
	}
	return nil
}
