package scenario

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// Vary are factors and their levels. Every combination of levels makes a
// series of its own out of each series of the file; a factor that means
// nothing to a series, as bits to a plain workload, leaves it alone.
//
// Of Batch, Limits and Caps a level changes only what it gives.
type Vary struct {
	Topology   []string          `yaml:"topology"`
	Policy     []string          `yaml:"policy"`
	Batch      []Batch           `yaml:"batch"`
	Limits     []topology.Limits `yaml:"limits"`
	Caps       []topology.Caps   `yaml:"caps"`
	Channels   []int             `yaml:"channels"`
	Workload   []string          `yaml:"workload"` // kinds, not of mixes; what does not apply to a kind falls away
	Form       []string          `yaml:"form"`     // of bills
	Scheme     []string          `yaml:"scheme"`
	Bits       []int             `yaml:"bits"` // of schemes with several sizes
	Length     []int             `yaml:"length"`
	Encryption []Encryption      `yaml:"encryption"`
	Wait       []string          `yaml:"wait"`
}

// A factor is one of Vary's, in general terms.
type factor struct {
	key     string
	at      string   // the series that has it: series[0]. or nothing
	path    string   // in the text
	labels  []string // of its levels; nil if it is not varied
	check   func(at string, level int) *strictyaml.Problem
	applies func(Series) bool
	set     func(s *Series, level int)
}

// factors returns all factors in the order in which names carry them. at is
// the place in the text of the series that has them, or nothing.
func (v Vary) factors(at string) []factor {
	at += "vary."
	always := func(Series) bool { return true }
	single := func(s Series) bool { return s.Mix == nil }
	every := func(Workload) bool { return true }
	bills := func(w Workload) bool { return w.Kind == "billing" }
	encrypts := func(w Workload) bool { return w.Kind == "encrypted" }
	sized := func(w Workload) bool { return w.keyed() && len(sizes(w.Scheme)) != 1 }
	read := func(string, int) *strictyaml.Problem { return nil } // checked as it was read
	all := []factor{
		{key: "topology", labels: labels(v.Topology, fileName), check: func(at string, i int) *strictyaml.Problem { return named(at, v.Topology[i]) },
			applies: always, set: func(s *Series, i int) {
				s.Network.Topology, s.from.topology = v.Topology[i], fmt.Sprintf("%stopology[%d]", at, i)
			}},
		{key: "policy", labels: labels(v.Policy, joined), check: func(at string, i int) *strictyaml.Problem { return named(at, v.Policy[i]) },
			applies: always, set: func(s *Series, i int) {
				s.Network.Policy, s.from.policy = v.Policy[i], fmt.Sprintf("%spolicy[%d]", at, i)
			}},
		{key: "batch", labels: labels(v.Batch, Batch.label), check: read,
			applies: always, set: func(s *Series, i int) { s.Network = s.Network.with(Network{Batch: v.Batch[i]}) }},
		{key: "limits", labels: labels(v.Limits, limitsLabel), check: read,
			applies: always, set: func(s *Series, i int) { s.Network = s.Network.with(Network{Limits: v.Limits[i]}) }},
		{key: "caps", labels: labels(v.Caps, capsLabel), check: read,
			applies: always, set: func(s *Series, i int) { s.Network = s.Network.with(Network{Caps: v.Caps[i]}) }},
		{key: "channels", labels: labels(v.Channels, strconv.Itoa), check: func(at string, i int) *strictyaml.Problem { return between(at, v.Channels[i], 1, maxChannels) },
			applies: always, set: func(s *Series, i int) { s.Network.Channels = v.Channels[i] }},
		{key: "workload", labels: v.Workload, check: func(at string, i int) *strictyaml.Problem { return oneOf(at, v.Workload[i], kinds()) },
			applies: single, set: func(s *Series, i int) { s.Workload.become(v.Workload[i]) }},
		{key: "form", labels: v.Form, check: func(at string, i int) *strictyaml.Problem { return oneOf(at, v.Form[i], forms()) },
			applies: having(bills), set: func(s *Series, i int) { s.change(bills, func(w *Workload) { w.reform(v.Form[i]) }) }},
		{key: "scheme", labels: v.Scheme, check: func(at string, i int) *strictyaml.Problem { return oneOf(at, v.Scheme[i], schemes()) },
			applies: having(Workload.keyed), set: func(s *Series, i int) { s.change(Workload.keyed, func(w *Workload) { w.rescheme(v.Scheme[i]) }) }},
		{key: "bits", labels: labels(v.Bits, strconv.Itoa), check: func(at string, i int) *strictyaml.Problem {
			return checkBits(at, v.Bits[i], severalSizes(schemes())...)
		},
			applies: having(sized), set: func(s *Series, i int) { s.change(sized, func(w *Workload) { w.Bits = v.Bits[i] }) }},
		{key: "length", labels: labels(v.Length, strconv.Itoa), check: func(at string, i int) *strictyaml.Problem { return between(at, v.Length[i], 1, maxLength) },
			applies: always, set: func(s *Series, i int) { s.change(every, func(w *Workload) { w.Length = v.Length[i] }) }},
		{key: "encryption", labels: labels(v.Encryption, Encryption.label), check: func(at string, i int) *strictyaml.Problem { return v.Encryption[i].check(at) },
			applies: having(encrypts), set: func(s *Series, i int) { s.change(encrypts, func(w *Workload) { w.Encryption = v.Encryption[i] }) }},
		{key: "wait", labels: v.Wait, check: func(at string, i int) *strictyaml.Problem { return oneOf(at, v.Wait[i], waits()) },
			applies: always, set: func(s *Series, i int) { s.Load.Wait = v.Wait[i] }},
	}
	for i := range all {
		all[i].at, all[i].path = strings.TrimSuffix(at, "vary."), at+all[i].key
	}
	return all
}

// having tells whether a series has such a workload.
func having(is func(Workload) bool) func(Series) bool {
	return func(s Series) bool {
		for _, w := range s.Workloads() {
			if is(w) {
				return true
			}
		}
		return false
	}
}

// within is the path of what a factor is one of.
func (f factor) within() string { return f.at + "vary" }

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

func limitsLabel(l topology.Limits) string {
	var parts []string
	for key, limit := range l.Each {
		if limit != 0 {
			parts = append(parts, fmt.Sprintf("%s:%d", key, limit))
		}
	}
	return orUnchanged(parts)
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

func (e Encryption) label() string {
	if e.Mode == "bank" {
		return fmt.Sprintf("bank:%d", e.Bank)
	}
	return e.Mode
}

// unchanged is the label of a level that changes nothing.
const unchanged = "unchanged"

func orUnchanged(parts []string) string {
	if parts == nil {
		return unchanged
	}
	return strings.Join(parts, ",")
}

// check looks at every level by itself. What it means together with the rest
// of a series is for the expanded series to tell.
func (v Vary) check(at string) *strictyaml.Problem {
	for _, f := range v.factors(at) {
		if f.labels != nil && len(f.labels) == 0 {
			return problem("", f.path, "at least one level is needed")
		}
		for i, label := range f.labels {
			at := fmt.Sprintf("%s[%d]", f.path, i)
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
