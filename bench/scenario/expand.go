package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

// expand turns the series of a text into those that are measured, and checks them: phases become series that
// run together, and every combination of the levels of factors makes series of its own.
func (t text) expand(c Catalog, target *Target, general []factor, warmup func(Series) time.Duration) ([]Series, error) {
	texts, single := t.Series, t.Series == nil
	if single {
		texts = []seriesText{t.one()}
	}
	network := t.network()
	network.Topology = t.Topology
	used := map[string]bool{}
	var all []Series
	for i, s := range texts {
		at := fmt.Sprintf("series[%d].", i)
		if single {
			at = ""
		}
		if p := s.check(at, texts[:i], single); p != nil {
			return nil, p
		}
		factors, err := s.factors(c, at, general)
		if err != nil {
			return nil, err
		}
		base := s.phases(at)
		for j := range base {
			base[j].Network = network
			overlay(&base[j].Network, s.network())
			if base[j].Events = schedule(t.Events, "events"); s.Events != nil {
				base[j].Events = schedule(s.Events, at+"events")
			}
			if s.Fabric != "" {
				base[j].from.release = at + "fabric"
			}
			if s.Policy != "" {
				base[j].from.policy = at + "policy"
			}
			if !slices.ContainsFunc(factors, func(f factor) bool { return f.Key == kindFactor && f.settings != nil && f.applies(base[j]) }) {
				if err := base[j].read(c, ""); err != nil {
					return nil, err
				}
			}
		}
		variants, err := expand(base, factors, used, maxSeries-len(all))
		if err != nil {
			return nil, err
		}
		for _, one := range variants {
			one.timed(one.batchTimeout(target))
			if p := one.check(warmup, target); p != nil {
				return nil, one.naming(p)
			}
			if one.Queries() {
				one.Load.Wait = result.WaitEndorse // nothing is ordered
			}
			if one.Load.Search != nil && t.Fresh {
				return nil, strictyaml.Problemf("leave it out", "fresh", "a search repeats itself on one network")
			}
			one.Objective = cmp.Or(one.Objective, one.Load.searchedP99(), t.Objective)
			one.Prefix = fmt.Sprintf("s%d", len(all)+1)
			all = append(all, one)
		}
	}
	for _, f := range general {
		if f.settings != nil && !used[f.path()] {
			return nil, strictyaml.Problemf("", f.path(), "does not apply to any series")
		}
	}
	if p := checkLength(all, t.Repeat, warmup); p != nil {
		return nil, p
	}
	return all, nil
}

// check checks what a series itself says; its workloads and loads are checked once it is expanded.
func (s seriesText) check(at string, before []seriesText, single bool) *strictyaml.Problem {
	if !single {
		if p := checkName(at+"name", s.Name); p != nil {
			return p
		}
	}
	if slices.ContainsFunc(before, func(o seriesText) bool { return o.Name == s.Name }) {
		return strictyaml.Problemf("", at+"name", "series %s is given twice", s.Name)
	}
	if s.Phases == nil {
		return nil
	}
	if len(s.Phases) < 2 || len(s.Phases) > maxParts {
		return strictyaml.Problemf("of one use workload and load", at+"phases", "a series has 2 to %d phases, got %d", maxParts, len(s.Phases))
	}
	for i, phase := range s.Phases {
		path := fmt.Sprintf("%sphases[%d].", at, i)
		p := cmp.Or(checkName(path+"name", phase.Name), strictyaml.Between(path+"start", phase.Start, 0, maxStart))
		if slices.ContainsFunc(s.Phases[:i], func(o phaseText) bool { return o.Name == phase.Name }) {
			p = strictyaml.Problemf("", path+"name", "phase %s is given twice", phase.Name)
		}
		if p != nil {
			return p
		}
	}
	return nil
}

// factors returns those of all series and those of this one, in one order.
func (s seriesText) factors(c Catalog, at string, general []factor) ([]factor, error) {
	own, err := s.Vary.factors(at, c.factorKinds())
	if err != nil {
		return nil, err
	}
	for i, f := range own {
		switch {
		case f.settings == nil:
			own[i] = general[i]
		case general[i].settings != nil:
			return nil, strictyaml.Problemf("leave one of them out", f.path(), "all series vary %s already", f.Key)
		}
	}
	return own, nil
}

// expand returns a series, or its phases, once for every combination of the factors' levels. It notes which
// factors applied, by their paths.
func expand(base []Series, factors []factor, used map[string]bool, most int) ([]Series, error) {
	variants := [][]Series{base}
	for _, f := range factors {
		if f.settings == nil {
			continue
		}
		var next [][]Series
		for _, phases := range variants {
			if !slices.ContainsFunc(phases, f.applies) {
				next = append(next, phases)
				continue
			}
			used[f.path()] = true
			for _, level := range f.settings {
				varied, err := f.apply(phases, level)
				if err != nil {
					return nil, err
				}
				if next = append(next, varied); len(next)*len(base) > most { // before it takes the memory of all combinations
					return nil, strictyaml.Problemf("", f.at+"vary", "makes more than %d series", maxSeries)
				}
			}
		}
		variants = next
		if f.at != "" && !used[f.path()] {
			return nil, strictyaml.Problemf("", f.path(), "does not apply to this series")
		}
	}
	return slices.Concat(variants...), nil
}

// apply returns the series, or its phases, at a level of the factor.
func (f factor) apply(phases []Series, level setting) ([]Series, error) {
	all := slices.Clone(phases)
	for i := range all {
		one := &all[i]
		if f.applies(*one) {
			if err := level.set(one); err != nil {
				return nil, err
			}
		}
		suffix := "/" + f.Key + "=" + level.label
		one.Name += suffix
		one.Factors = append(slices.Clip(one.Factors), result.Factor{Key: f.Key, Label: level.label})
		one.from.varied = true
		if one.Group != "" {
			one.Group += suffix
		}
	}
	return all, nil
}

// check returns the first thing in a series that cannot be measured.
func (s Series) check(warmup func(Series) time.Duration, target *Target) *strictyaml.Problem {
	at := s.from.at
	if p := cmp.Or(s.checkWorkloads(at), s.Load.check(at+"load.")); p != nil {
		return p
	}
	p := cmp.Or(s.checkPhase(at+"load."), s.checkSearch(at), s.checkArrivals(at), s.checkPlace(at, target), s.Load.checkDriver(at+"load.", target),
		s.checkFailover(at, target), s.checkClient(at, target))
	switch {
	case p != nil:
		return p
	case s.Workload.Traits().Ahead && s.Load.Kind == result.LoadClosed:
		return strictyaml.Problemf("use {bank: K}", at+"workload.encryption", "how many ciphertexts a closed load takes is not known beforehand")
	}
	return cmp.Or(s.checkWarmup(at, warmup), s.checkDue(at, warmup(s)), s.checkHeld(at, warmup), s.checkEvents())
}

// checkPhase holds the load of a phase to one level.
func (s Series) checkPhase(at string) *strictyaml.Problem {
	switch {
	case s.Group == "":
	case s.Load.Search != nil:
		return strictyaml.Problemf("", at+"search", "a phase has one level, and nothing to search for")
	case len(s.Load.Clients) > 1:
		return strictyaml.Problemf("", at+"clients", "a phase has one level, got %d", len(s.Load.Clients))
	case len(s.Load.Rate) > 1:
		return strictyaml.Problemf("", at+"rate", "a phase has one level, got %d; for rates one after the other use arrivals: {steps: …}", len(s.Load.Rate))
	}
	return nil
}
