package reports

import (
	"fmt"
	"math"
	"slices"
)

// present returns the report without figures, tables and sections in which there is nothing, and without the links that
// would lead there.
func (r Report) present() Report {
	var sections []Section
	for _, s := range r.Sections {
		if s = s.present(); len(s.Figures)+len(s.Tables)+len(s.Answers) > 0 {
			sections = append(sections, s)
		}
	}
	r.Sections = sections
	there := r.elements()
	r.Findings = each(r.Findings, func(f Finding) Finding {
		if !there[f.To] {
			f.To = ""
		}
		return f
	})
	return r
}

// present returns the section with the figures and tables in which there is something.
func (s Section) present() Section {
	s.Figures = slices.DeleteFunc(each(s.Figures, Figure.curves), func(f Figure) bool { return f.Empty != "" })
	s.Tables = slices.DeleteFunc(slices.Clone(s.Tables), func(t Table) bool { return len(t.Rows) == 0 })
	return s
}

// curves returns the figure without panels of lines that stand at a single place of the X axis: a table says as much.
func (f Figure) curves() Figure {
	if f.Kind != Lines || f.Empty != "" {
		return f
	}
	if f.Panels == nil {
		if (Panel{Series: f.Series}).atOnePlace() {
			f.Empty = "No curve: everything was measured at one place."
		}
		return f
	}
	drawn := slices.DeleteFunc(slices.Clone(f.Panels), Panel.atOnePlace)
	if len(drawn) == 0 {
		f.Empty = "No curves: every series was measured at one place."
	} else if len(drawn) < len(f.Panels) {
		left := titles(slices.DeleteFunc(slices.Clone(f.Panels), func(p Panel) bool { return !p.atOnePlace() }))
		f.Notes = append(slices.Clone(f.Notes), fmt.Sprintf("Only in the tables, with a single load level: %s.", listed(fewOf(left))))
		f.Panels = drawn
		f = f.described()
	}
	return f
}

// atOnePlace reports whether no line of the panel has more than one point, and all of these the same X.
func (p Panel) atOnePlace() bool {
	x := math.NaN()
	for _, s := range p.Series {
		if len(s.Points) > 1 || len(s.Points) == 1 && x < math.Inf(1) && s.Points[0].X != x {
			return false
		}
		if len(s.Points) == 1 {
			x = s.Points[0].X
		}
	}
	return true
}

// elements are the ids of the page's elements that findings lead to.
func (r Report) elements() map[string]bool {
	ids := map[string]bool{"manifest": true}
	for _, s := range r.Sections {
		ids[s.ID] = true
		for _, a := range s.Answers {
			ids[a.ID] = true
		}
	}
	for _, f := range r.Figures() {
		ids[FigureAnchor(f.ID)] = true
	}
	for _, t := range r.Tables() {
		ids["table-"+t.ID] = true
	}
	return ids
}
