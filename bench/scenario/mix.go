package scenario

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"meterbench/internal/strictyaml"
)

// Workloads yields what the transactions of the series are, Workload or the
// parts of Mix, each with its place in the series: workload, or workloads[0].
func (s Series) Workloads() iter.Seq2[string, Workload] {
	return func(yield func(string, Workload) bool) {
		if s.Mix == nil {
			yield("workload", s.Workload)
			return
		}
		for i, w := range s.Mix {
			if !yield(fmt.Sprintf("workloads[%d]", i), w) {
				return
			}
		}
	}
}

// change changes the workloads that a factor applies to.
func (s *Series) change(applies func(Workload) bool, change func(*Workload)) {
	if s.Mix == nil {
		change(&s.Workload)
		return
	}
	s.Mix = slices.Clone(s.Mix)
	for i := range s.Mix {
		if applies(s.Mix[i]) {
			change(&s.Mix[i])
		}
	}
}

// String describes a workload in a few words, its weight in a mix included.
func (w Workload) String() string {
	var parts []string
	if w.Weight > 0 {
		parts = append(parts, fmt.Sprint(w.Weight))
	}
	parts = append(parts, w.Kind)
	if w.Kind == "billing" {
		parts = append(parts, fmt.Sprintf("of %d %s readings", w.Readings, w.Form))
	}
	if w.keyed() {
		parts = append(parts, w.Scheme, fmt.Sprint(w.Bits))
	}
	parts = append(parts, fmt.Sprintf("length %d", w.Length))
	if w.Encryption.Mode != "" {
		parts = append(parts, w.Encryption.Mode)
	}
	if w.Encryption.Bank > 0 {
		parts = append(parts, fmt.Sprint(w.Encryption.Bank))
	}
	return strings.Join(parts, " ")
}

// checkWorkloads looks at what the transactions are.
func (s Series) checkWorkloads(at string) *strictyaml.Problem {
	if s.Mix == nil {
		if s.Workload.Weight != 0 {
			return problem("use workloads", at+"workload.weight", "one workload has all the weight")
		}
		return s.Workload.check(at + "workload.")
	}
	if len(s.Mix) > maxParts {
		return problem("", at+"workloads", "a mix has at most %d workloads, got %d", maxParts, len(s.Mix))
	}
	total := 0
	for path, w := range s.Workloads() {
		path = at + path
		if p := w.check(path + "."); p != nil {
			return p
		}
		if p := between(path+".weight", w.Weight, 1, maxWeight); p != nil {
			return p
		}
		if w.Encryption.Mode == "ahead" {
			return problem("use {bank: K}", path+".encryption", "how many transactions of a mix are due for one of its workloads is not known beforehand")
		}
		total += w.Weight
	}
	kind := s.Load.Arrivals.Kind
	switch {
	case len(s.Mix) < 2:
		return problem("use workload", at+"workloads", "a mix has at least two workloads")
	case total > maxWeight:
		return problem("", at+"workloads", "the weights sum to %d, more than %d", total, maxWeight)
	case kind == "periodic" || kind == "trace":
		return problem("", at+"load.arrivals", "%s arrivals are those of the meters of one workload, and this is a mix", kind)
	}
	return nil
}
