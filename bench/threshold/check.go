package threshold

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/strictyaml"
)

// A Series is what thresholds need to know of a series before it is measured.
type Series struct {
	Name string
	// Loads are its levels; nil where only the run finds them, as a search does.
	Loads []result.Load
	// Most are the most transactions that a window at each of Loads can have, +Inf where that is not known; nil: nowhere.
	Most []float64
	// Specimen has every figure that a level of the series may have.
	Specimen result.Point
}

// in reports whether the series is the one of a name, or one of those that its phases and factors made of it.
func (s Series) in(name string) bool { return s.Name == name || strings.HasPrefix(s.Name, name+"/") }

// has reports whether a level of the series may have the figure.
func (s Series) has(m metric.Metric) bool {
	_, ok := m.Of(&s.Specimen)
	return ok
}

// at reports whether the series has a level of the load.
func (s Series) at(load result.Load) bool {
	return slices.ContainsFunc(s.Loads, func(l result.Load) bool { return same(l, load) })
}

// most returns the most transactions that a window at the load can have.
func (s Series) most(load result.Load) float64 {
	at := slices.IndexFunc(s.Loads, func(l result.Load) bool { return same(l, load) })
	if at < 0 || s.Most == nil {
		return math.Inf(1)
	}
	return s.Most[at]
}

// same reports whether two loads are of one size, rates as closely as they are printed.
func same(a, b result.Load) bool {
	return a.Kind == b.Kind && math.Abs(a.Amount()-b.Amount()) <= 1e-5*b.Amount()
}

// A scope is what a threshold is about at all loads: a series for each of its operands, numbers left out.
type scope struct{ over []Series }

// first returns the series whose name stands for the scope.
func (s scope) first() Series { return s.over[0] }

// scopes returns what the threshold is about. An operand without a series is of each in turn. One that names a series
// that phases or factors made several of is of each of those, and other operands then of their counterpart, where they
// have one: of two series that vary batch alike those with the same batch are compared.
func (t Threshold) scopes(all []Series) (found []scope) {
	var operands, named []operand
	bare := false
	for _, o := range t.operands() {
		if o.metric == nil {
			continue
		}
		operands = append(operands, o)
		if o.series == "" {
			bare = true
		} else {
			named = append(named, o)
		}
	}
	if bare {
		return scopesOf(all, operands, t.Within)
	}
	for _, o := range named { // the one that is varied leads
		if more := scopesOf(all, operands, o.series); len(more) > len(found) {
			found = more
		}
	}
	return found
}

// scopesOf returns the scopes that series of a name lead, all where it is empty.
func scopesOf(all []Series, operands []operand, name string) (found []scope) {
	for _, lead := range all {
		suffix, inside := strings.CutPrefix(lead.Name, name)
		if name == "" {
			_, suffix, inside = strings.Cut(lead.Name, "/")
			if inside {
				suffix = "/" + suffix
			}
		} else if !inside || !lead.in(name) {
			continue
		}
		var s scope
		for _, o := range operands {
			of := lead
			if o.series != "" && o.series != name {
				i := slices.IndexFunc(all, func(s Series) bool { return s.Name == o.series })
				if i < 0 {
					i = slices.IndexFunc(all, func(s Series) bool { return s.Name == o.series+suffix })
				}
				if i < 0 {
					break
				}
				of = all[i]
			}
			if of.has(*o.metric) {
				s.over = append(s.over, of)
			}
		}
		if len(s.over) == len(operands) {
			found = append(found, s)
		}
	}
	return found
}

// loads returns the loads of the threshold at which all series of a scope have a level, false where only the run finds them.
func (t Threshold) loads(s scope) (common []result.Load, known bool) {
	if slices.ContainsFunc(s.over, func(one Series) bool { return one.Loads == nil }) {
		return nil, false
	}
	for _, load := range s.first().Loads {
		everywhere := t.load == nil || same(load, *t.load)
		for _, one := range s.over {
			everywhere = everywhere && one.at(load)
		}
		if everywhere {
			common = append(common, load)
		}
	}
	return common, true
}

// mostLoads is the number of loads that an error names.
const mostLoads = 12

// Check makes sure that there will be something to decide the threshold by. The error is an *Error.
func (t Threshold) Check(all []Series) error {
	for _, o := range t.operands() {
		if o.metric == nil {
			continue
		}
		if e := t.checkOperand(o, all); e != nil {
			return e
		}
	}
	scopes := t.scopes(all)
	if len(scopes) == 0 {
		return &Error{At: t.left.over.at, Msg: "its sides have no series in common", Hint: "name a series on each side"}
	}
	found := false
	for _, s := range scopes {
		common, known := t.loads(s)
		if e := t.checkCount(s, common); e != nil {
			return e
		}
		found = found || len(common) > 0 || !known && t.load == nil
	}
	switch {
	case found:
		return nil
	case t.load == nil:
		return &Error{At: t.left.over.at, Msg: "its sides have no load in common", Hint: "give both series the same loads"}
	}
	return t.noLoad(scopes)
}

// noLoad is the error about a load that no level has, or that a side lacks which another has.
func (t Threshold) noLoad(scopes []scope) *Error {
	e := &Error{At: t.loadAt + len(wordAt) + 1, Msg: "no level has the load " + t.load.Expression()}
	anywhere := t
	anywhere.load = nil
	var loads []string
	searched := false
	for _, s := range scopes {
		common, known := anywhere.loads(s)
		searched = searched || !known
		for _, l := range common {
			loads = append(loads, l.Expression())
		}
		has := func(one Series) bool { return one.at(*t.load) }
		if i := slices.IndexFunc(s.over, func(one Series) bool { return !has(one) }); slices.ContainsFunc(s.over, has) {
			e.Msg = fmt.Sprintf("series %s has no level of the load %s, as another side has", s.over[i].Name, t.load.Expression())
		}
	}
	slices.Sort(loads)
	switch loads = slices.Compact(loads); {
	case len(loads) == 0 && searched:
		e.Hint = "the run finds the loads: leave it out"
	case len(loads) == 0:
		e.Hint = "give both series the same loads"
	case len(loads) > mostLoads:
		e.Hint = fmt.Sprintf("there are %s and %d more", strings.Join(loads[:mostLoads], ", "), len(loads)-mostLoads)
	case len(scopes[0].over) > 1:
		e.Hint = "both sides have " + strings.Join(loads, ", ")
	default:
		e.Hint = "there are " + strings.Join(loads, ", ")
	}
	return e
}

// checkCount makes sure that the quantiles of a scope can have transactions enough at these loads.
func (t Threshold) checkCount(s scope, loads []result.Load) *Error {
	at := 0
	for _, o := range t.operands() {
		if o.metric == nil {
			continue
		}
		of := s.over[at]
		if at++; o.metric.Percent == 0 {
			continue
		}
		for _, load := range loads {
			if most, needed := of.most(load), stats.SamplesFor(o.metric.Percent); most < float64(needed) {
				return &Error{At: o.at,
					Hint: fmt.Sprintf("hold the level about %.2g times as long, expect a lower percentile, or name another load behind at", float64(needed)/most),
					Msg:  fmt.Sprintf("%s takes %d transactions in a window, and series %s at %s has %.0f at most", o.metric.Name, needed, of.Name, load.Expression(), most)}
			}
		}
	}
	return nil
}

// checkOperand makes sure that a series has what the operand names.
func (t Threshold) checkOperand(o operand, all []Series) *Error {
	name, at := t.Within, o.at
	if o.series != "" {
		name, at = o.series, o.nameAt
	}
	var names []string
	var named []Series
	for _, s := range all {
		base, _, _ := strings.Cut(s.Name, "/")
		names = append(names, base, s.Name)
		if name == "" || s.in(name) {
			named = append(named, s)
		}
	}
	if named == nil {
		slices.Sort(names)
		return &Error{At: at, Msg: fmt.Sprintf("there is no series %q", name), Hint: strictyaml.Hint(name, slices.Compact(names))}
	}
	has := func(m metric.Metric) bool {
		return slices.ContainsFunc(named, func(s Series) bool { return s.has(m) })
	}
	if has(*o.metric) {
		return nil
	}
	e := &Error{At: o.at, Msg: "no series has " + o.metric.Name, Hint: nearest(o.metric.Name, has)}
	if name != "" {
		e.Msg = fmt.Sprintf("series %s has no %s", name, o.metric.Name)
	}
	return e
}
