package reports

import "meterbench/bench/result"

// steadinessTable shows what the verdict on each window rests on, and what it could not have seen; nil where the run
// does not say.
func steadinessTable(all []series) []Table {
	rows := rowsWhere(all, func(r pointRow) bool { return r.SteadyDetail != nil })
	if len(rows) == 0 {
		return nil
	}
	of := func(value func(d *result.SteadyDetail) float64) func(pointRow) Cell {
		return func(r pointRow) Cell { return number(value(r.SteadyDetail)) }
	}
	fields := append(levelFields(all), []field[pointRow]{
		{Column{Key: "steady", Title: "state"}, func(r pointRow) Cell { return text(string(r.Steady)) }},
		{Column{Key: "truncate_share", Title: "unlike at the start", Unit: Share}, of(func(d *result.SteadyDetail) float64 { return d.Truncate })},
		{Column{Key: "tail_share", Title: "unlike at the end", Unit: Share}, of(func(d *result.SteadyDetail) float64 { return d.Tail })},
		{Column{Key: "change_share", Title: "change", Unit: Share}, of(func(d *result.SteadyDetail) float64 { return d.Change })},
		{Column{Key: "smallest_change_share", Title: "smallest change that would show", Unit: Share},
			of(func(d *result.SteadyDetail) float64 { return d.SmallestChange })},
		{Column{Key: "smallest_overload_share", Title: "smallest overload that would show", Unit: Share},
			func(r pointRow) Cell { return positive(r.SteadyDetail.SmallestOverload) }},
	}...)
	return []Table{tabulate(Table{ID: "steadiness", Title: "Steadiness of the windows", Detail: true, Notes: notes("steadiness")}, rows, fields)}
}
