package scenario

import (
	"fmt"
	"slices"
	"time"

	"meterbench/internal/strictyaml"
)

// expand turns the series of a text into those that are measured, and checks
// them: phases become series that run together, and every combination of the
// levels of factors makes series of its own.
func (t text) expand() ([]Series, *strictyaml.Problem) {
	texts, single := t.Series, t.Series == nil
	if single {
		texts = []seriesText{t.one()}
	}
	general, used := t.Vary.factors(""), map[string]bool{}
	var all []Series
	for i, s := range texts {
		at := fmt.Sprintf("series[%d].", i)
		if single {
			at = ""
		}
		if p := s.check(at, texts[:i], single); p != nil {
			return nil, p
		}
		factors, p := s.factors(at, general)
		if p != nil {
			return nil, p
		}
		base := s.phases(at)
		for j := range base {
			base[j].Network = t.network().with(s.network())
			base[j].from.topology, base[j].from.policy = "topology", "policy"
			if s.Policy != "" {
				base[j].from.policy = at + "policy"
			}
		}
		variants, p := vary(base, factors, used, maxSeries-len(all))
		if p != nil {
			return nil, p
		}
		for _, one := range variants {
			if p := one.check(t.Warmup); p != nil {
				return nil, one.naming(p)
			}
			if one.Load.Search != nil && t.Fresh {
				return nil, problem("leave it out", "fresh", "a search repeats itself on one network")
			}
			one.Prefix = fmt.Sprintf("s%d", len(all)+1)
			all = append(all, one)
		}
	}
	for _, f := range general {
		if len(f.labels) > 0 && !used[f.path] {
			return nil, problem("", f.path, "means nothing to any series")
		}
	}
	return all, checkLength(all, t.Repeat)
}

// check looks at what a series says by itself; the workloads and loads are for
// what it expands to.
func (s seriesText) check(at string, before []seriesText, single bool) *strictyaml.Problem {
	if !single {
		if p := checkName(at+"name", s.Name); p != nil {
			return p
		}
	}
	if slices.ContainsFunc(before, func(o seriesText) bool { return o.Name == s.Name }) {
		return problem("", at+"name", "series %s is given twice", s.Name)
	}
	if p := s.Vary.check(at); p != nil {
		return p
	}
	if s.Phases == nil {
		return nil
	}
	if len(s.Phases) < 2 || len(s.Phases) > maxParts {
		return problem("of one use workload and load", at+"phases", "a series has 2 to %d phases, got %d", maxParts, len(s.Phases))
	}
	for i, phase := range s.Phases {
		path := fmt.Sprintf("%sphases[%d].", at, i)
		if p := checkName(path+"name", phase.Name); p != nil {
			return p
		}
		if slices.ContainsFunc(s.Phases[:i], func(o phaseText) bool { return o.Name == phase.Name }) {
			return problem("", path+"name", "phase %s is given twice", phase.Name)
		}
		if p := between(path+"start", phase.Start, 0, maxStart); p != nil {
			return p
		}
	}
	return nil
}

// factors returns those of all series and those of this one, in one order.
func (s seriesText) factors(at string, general []factor) ([]factor, *strictyaml.Problem) {
	own := s.Vary.factors(at)
	for i, f := range own {
		switch {
		case len(f.labels) == 0:
			own[i] = general[i]
		case len(general[i].labels) > 0:
			return nil, problem("leave one of them out", f.path, "all series vary %s already", f.key)
		}
	}
	return own, nil
}

// vary returns a series, or its phases, once for every combination of the
// factors' levels. It notes which factors were of use, by their paths.
func vary(base []Series, factors []factor, used map[string]bool, most int) ([]Series, *strictyaml.Problem) {
	variants := [][]Series{base}
	for _, f := range factors {
		if len(f.labels) == 0 {
			continue
		}
		var next [][]Series
		for _, phases := range variants {
			if !slices.ContainsFunc(phases, f.applies) {
				next = append(next, phases)
				continue
			}
			used[f.path] = true
			for level := range f.labels {
				next = append(next, f.apply(phases, level))
			}
		}
		if variants = next; len(variants)*len(base) > most {
			return nil, problem("", f.within(), "makes more than %d series", maxSeries)
		}
		if f.at != "" && !used[f.path] {
			return nil, problem("", f.path, "means nothing to this series")
		}
	}
	return slices.Concat(variants...), nil
}

// apply returns the series, or its phases, at a level of the factor.
func (f factor) apply(phases []Series, level int) []Series {
	all := slices.Clone(phases)
	for i := range all {
		if f.applies(all[i]) {
			f.set(&all[i], level)
		}
		suffix := "/" + f.key + "=" + f.labels[level]
		all[i].Name += suffix
		all[i].from.varied = true
		if all[i].Group != "" {
			all[i].Group += suffix
		}
	}
	return all
}

// check returns the first thing in a series that cannot be measured.
func (s Series) check(warmup time.Duration) *strictyaml.Problem {
	at := s.from.at
	if p := s.checkWorkloads(at); p != nil {
		return p
	}
	if p := s.Load.check(at + "load."); p != nil {
		return p
	}
	if s.Group != "" {
		if p := s.checkPhase(at + "load."); p != nil {
			return p
		}
	}
	if s.Load.Search != nil {
		if p := s.checkSearch(at); p != nil {
			return p
		}
	} else if s.Load.Kind == "open" {
		if p := s.checkArrivals(at); p != nil {
			return p
		}
	}
	if p := s.checkPlace(at); p != nil {
		return p
	}
	if s.Workload.Encryption.Mode == "ahead" && s.Load.Kind == "closed" {
		return problem("use {bank: K}", at+"workload.encryption", "how many ciphertexts a closed load takes is not known beforehand")
	}
	if s.Load.Hold <= warmup && !s.Load.unsettled() {
		return problem("", at+"load.hold", "must be longer than the warm-up of %s, which it includes; got %s", warmup, s.Load.Hold)
	}
	if s.Load.Kind == "open" && s.Load.Search == nil && !s.Load.Arrivals.unread() {
		return s.checkDue(at, warmup)
	}
	return nil
}

// checkPhase holds the load of a phase to one level.
func (s Series) checkPhase(at string) *strictyaml.Problem {
	switch {
	case s.Load.Search != nil:
		return problem("", at+"search", "a phase has one level, and nothing to search for")
	case len(s.Load.Clients) > 1:
		return problem("", at+"clients", "a phase has one level, got %d", len(s.Load.Clients))
	case len(s.Load.Rate) > 1:
		return problem("", at+"rate", "a phase has one level, got %d; for rates one after the other use arrivals: {steps: …}", len(s.Load.Rate))
	}
	return nil
}
