package threshold

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

// A Series is what thresholds need to know of a series before it is measured.
type Series struct {
	Name string
	// Loads are its levels; nil where only the run finds them, as a search does.
	Loads []result.Load
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
	var loads []string
	for _, s := range scopes {
		common, known := t.loads(s)
		if len(common) > 0 || !known && t.load == nil {
			return nil
		}
		for _, one := range s.over {
			for _, l := range one.Loads {
				loads = append(loads, loadText(l))
			}
		}
	}
	if t.load == nil {
		return &Error{At: t.left.over.at, Msg: "its sides have no load in common", Hint: "give both series the same loads"}
	}
	e := &Error{At: t.loadAt + len(wordAt) + 1, Msg: "no level has the load " + loadText(*t.load)}
	slices.Sort(loads)
	switch loads = slices.Compact(loads); {
	case len(loads) == 0:
		e.Hint = "the run finds the loads: leave it out"
	case len(loads) > mostLoads:
		e.Hint = fmt.Sprintf("there are %s and %d more", strings.Join(loads[:mostLoads], ", "), len(loads)-mostLoads)
	default:
		e.Hint = "there are " + strings.Join(loads, ", ")
	}
	return e
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

// loadText returns a load as an expectation has it.
func loadText(l result.Load) string {
	if l.Kind == result.LoadClosed {
		return fmt.Sprintf("clients=%d", l.Clients)
	}
	return fmt.Sprintf("offered=%.6g/s", l.Offered)
}
