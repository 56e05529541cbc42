package scenario

import (
	"fmt"
	"iter"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// Workload describes transactions: by the keys of all kinds, and by the options of its own.
type Workload struct {
	Common
	Options Options
}

// Common are the keys that a workload of every kind has, one without meters but for these.
type Common struct {
	Kind   string `yaml:"kind"`   // a reading, plain, padded or encrypted; a bill over readings; invoke, any contract; pki, a meter's key; ca, its certificate
	Meters int    `yaml:"meters"` // simulated meters, each with a key of its own, 1 to 1,000,000, default 100; a trace brings its own
	Weight int    `yaml:"weight"` // in a mix, default 1, together at most 1000
}

// DefaultMeters is the number of meters of a workload that names none.
const DefaultMeters = 100

// String describes a workload in a few words, its weight in a mix included.
func (w Workload) String() string {
	if w.Weight > 0 {
		return fmt.Sprintf("%d %s", w.Weight, w.Options)
	}
	return w.Options.String()
}

// metered reports whether the transactions come from meters.
func (w Workload) metered() bool {
	_, without := w.Options.(Meterless)
	return !without
}

func (w Workload) check(at string) *strictyaml.Problem {
	if w.metered() {
		if p := strictyaml.Between(at+"meters", w.Meters, 1, maxMeters); p != nil {
			return p
		}
	}
	return w.Options.Check(at)
}

// Workloads yields what the transactions of the series are, Workload or the parts of Mix, each with its place
// in the series: workload, or workloads[0].
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

// Traits returns the properties that scenarios and studies depend on. They are zero for the zero Workload,
// which a series with a mix has.
func (w Workload) Traits() (t Traits) {
	if w.Options != nil {
		t = w.Options.Traits()
	}
	return t
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

// read decodes the workloads of the series. A kind that is not empty replaces that of the text.
func (s *Series) read(c Catalog, kind string) (err error) {
	if s.from.mix == nil {
		s.Workload, err = c.workload(s.from.workload, s.from.at+"workload.", kind)
		return err
	}
	s.Mix = make([]Workload, len(s.from.mix))
	for i, n := range s.from.mix {
		if s.Mix[i], err = c.workload(n, fmt.Sprintf("%sworkloads[%d].", s.from.at, i), ""); err != nil {
			return err
		}
		if s.Mix[i].Weight == 0 {
			s.Mix[i].Weight = 1
		}
	}
	return nil
}

// checkWorkloads checks what the transactions are.
func (s Series) checkWorkloads(at string) *strictyaml.Problem {
	if s.Mix == nil {
		if s.Workload.Weight != 0 {
			return strictyaml.Problemf("use workloads", at+"workload.weight", "one workload has all the weight")
		}
		if p := s.Workload.check(at + "workload."); p != nil {
			return p
		}
		return s.checkLoad(at)
	}
	if len(s.Mix) > maxParts {
		return strictyaml.Problemf("", at+"workloads", "a mix has at most %d workloads, got %d", maxParts, len(s.Mix))
	}
	total := 0
	for path, w := range s.Workloads() {
		path = at + path
		if p := w.check(path + "."); p != nil {
			return p
		}
		if p := strictyaml.Between(path+".weight", w.Weight, 1, maxWeight); p != nil {
			return p
		}
		if w.Traits().Ahead {
			return strictyaml.Problemf("use {bank: K}", path+".encryption", "how many transactions of a mix are due for one of its workloads is not known beforehand")
		}
		total += w.Weight
	}
	if p := s.checkLoad(at); p != nil {
		return p
	}
	kind := s.Load.Arrivals.Kind
	switch {
	case len(s.Mix) < 2:
		return strictyaml.Problemf("use workload", at+"workloads", "a mix has at least two workloads")
	case total > maxWeight:
		return strictyaml.Problemf("", at+"workloads", "the weights sum to %d, more than %d", total, maxWeight)
	case kind == Periodic || kind == Trace:
		return strictyaml.Problemf("", at+"load.arrivals", "%s arrivals are those of the meters of one workload, and this is a mix", kind)
	}
	return nil
}

// checkLoad refuses loads that the workloads cannot have.
func (s Series) checkLoad(at string) *strictyaml.Problem {
	kind := s.Load.Arrivals.Kind
	for path, w := range s.Workloads() {
		switch {
		case w.Traits().PerClient && s.Load.Kind == result.LoadOpen:
			return strictyaml.Problemf("use kind: closed, or leave per: client or per_client out", at+path, "it counts per client, and an open load has no clients")
		case !w.metered() && (kind == Periodic || kind == Trace):
			return strictyaml.Problemf("use constant or poisson with a rate, ramp or steps", at+"load.arrivals",
				"%s arrivals are those of meters, and the workload has none", kind)
		}
	}
	return nil
}

// Queries reports whether the series only asks: none of its transactions is ordered.
func (s Series) Queries() bool {
	for _, w := range s.Workloads() {
		if !w.Traits().Query {
			return false
		}
	}
	return true
}

// checkPlace refuses workloads that their target cannot take: a device with a cap must encrypt itself, for
// the load generator has no cap; and some targets keep nothing to read.
func (s Series) checkPlace(at string, target *Target) *strictyaml.Problem {
	for path, w := range s.Workloads() {
		switch traits := w.Traits(); {
		case target != nil && traits.Reads && !target.Keeps:
			return strictyaml.Problemf("give a topology in place of the target", at+path+".kind", "a %s keeps no readings to bill", target.Called)
		case s.Network.Caps.Device != (topology.Cap{}) && (traits.Ahead || traits.Bank > 0):
			return strictyaml.Problemf("use encryption: inline, or leave caps.device out", at+path+".encryption",
				"ciphertexts made before the load would have no cap when they count")
		}
	}
	return nil
}

// checkRecord refuses to record where nothing is sent by meters.
func (s Scenario) checkRecord() *strictyaml.Problem {
	for _, one := range s.Series {
		for _, w := range one.Workloads() {
			if w.metered() {
				return nil
			}
		}
	}
	if !s.Record || s.Series == nil {
		return nil
	}
	return strictyaml.Problemf("leave it out", "record", "a trace is of readings, and the workloads of this scenario have no meters")
}
