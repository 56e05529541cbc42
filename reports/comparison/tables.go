package comparison

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"meterbench/bench/compare"
	"meterbench/bench/result"
	"meterbench/internal/group"
	"meterbench/reports"
)

// A field is a column with what its cells say of an item.
type field[T any] struct {
	reports.Column
	cell func(T) string
}

// tabulate fills a table. A column in which no cell says anything is left out.
func tabulate[T any](t reports.Table, items []T, fields []field[T]) reports.Table {
	t.Rows = make([][]reports.Cell, len(items))
	for _, f := range fields {
		cells, empty := make([]string, len(items)), true
		for i, item := range items {
			cells[i] = f.cell(item)
			empty = empty && cells[i] == ""
		}
		if empty {
			continue
		}
		t.Columns = append(t.Columns, f.Column)
		for i, c := range cells {
			t.Rows[i] = append(t.Rows[i], reports.Cell{Text: c})
		}
	}
	return t
}

// number is a column that is aligned as numbers are: its cells have units of their own.
func number(key, title string, rank int) reports.Column {
	return reports.Column{Key: key, Title: title, Unit: reports.Plain, Rank: rank}
}

func words(key, title string, rank int) reports.Column {
	return reports.Column{Key: key, Title: title, Rank: rank}
}

// A levelRows is the rows of one level.
type levelRows []compare.Row

// mostMetrics is the number of metrics beyond which a matrix has no room for them.
const mostMetrics = 8

// matrix has a line for each level and a column for each metric: all verdicts at a glance. It has no line where there are
// too many metrics.
func matrix(c *compare.Comparison) reports.Table {
	rows := slices.DeleteFunc(slices.Clone(c.Rows), func(r compare.Row) bool { return !r.Gated })
	var levels []levelRows
	for _, of := range group.By(rows, where) {
		levels = append(levels, of)
	}
	several := slices.ContainsFunc(rows, func(r compare.Row) bool { return r.Series != rows[0].Series })
	fields := []field[levelRows]{
		{words("series", "series", 0), func(l levelRows) string { return seriesOf(l[0], several) }},
		{words("load", "load", 0), func(l levelRows) string { return loadOf(l[0]) }},
	}
	metrics := group.By(rows, func(r compare.Row) string { return r.Metric.Name })
	if len(metrics) > mostMetrics {
		levels = nil
	}
	for _, of := range metrics {
		name := of[0].Metric.Name
		fields = append(fields, field[levelRows]{words(name, spaced.Replace(name), 0), func(l levelRows) string {
			for _, r := range l {
				if r.Metric.Name == name {
					return change(r)
				}
			}
			return ""
		}})
	}
	return tabulate(reports.Table{ID: "changes", Title: "Changes of the gated figures, head to base, in %", Notes: []string{
		"✗ worse, ! cannot tell, ✓ better, · no difference; ± is half of the 95 % interval."}}, levels, fields)
}

// spaced lets the name of a metric break between its words.
var spaced = strings.NewReplacer(".", " ", "_", " ")

// change is a difference in per cent with half of its interval.
func change(r compare.Row) string {
	text := mark(r.Verdict) + " " + strings.TrimSuffix(changed(r), " %")
	if i := r.Interval; i != nil {
		text += " ±" + strings.TrimPrefix(strings.TrimSuffix(percent((i.High-i.Low)/2), " %"), "+")
	}
	return text
}

// seriesOf names the series of a row where it tells rows apart.
func seriesOf(r compare.Row, several bool) string {
	if !several && r.Load != (result.Load{}) {
		return ""
	}
	return r.Series
}

// loadOf names the load of a row, empty for a benchmark.
func loadOf(r compare.Row) string {
	if r.Load == (result.Load{}) {
		return ""
	}
	return r.Load.String()
}

// fewRows is the number of rows up to which the terminal shows them one by one.
const fewRows = 8

// gatedTable has the gated rows. The terminal shows them one by one where they are few, or have no matrix.
func gatedTable(gated []compare.Row, matrix reports.Table) reports.Table {
	t := rowTable("gated-figures", "Gated figures, the worst first", gated)
	t.Detail = len(gated) > fewRows && len(matrix.Rows) > 0
	return t
}

// rowTable has a line for each row.
func rowTable(id, title string, rows []compare.Row) reports.Table {
	several := slices.ContainsFunc(rows, func(r compare.Row) bool { return r.Series != rows[0].Series })
	return tabulate(reports.Table{ID: id, Title: title, Notes: rowNotes(rows)}, rows, []field[compare.Row]{
		{words("verdict", "head is", 0), func(r compare.Row) string { return mark(r.Verdict) + " " + string(r.Verdict) }},
		{words("series", "series", 0), func(r compare.Row) string { return seriesOf(r, several) }},
		{words("load", "load", 0), loadOf},
		{words("metric", "metric", 0), func(r compare.Row) string { return r.Metric.Name }},
		{number("base", "base", 1), func(r compare.Row) string { base, _ := pair(r); return base }},
		{number("head", "head", 1), func(r compare.Row) string { _, head := pair(r); return head }},
		{number("difference", "change", 0), changed},
		{number("interval", "95 % interval", 2), func(r compare.Row) string { return span(r.Interval) }},
		{number("p", "p", 3), func(r compare.Row) string { return chance(r.Adjusted) }},
		{number("smallest", "smallest shown", 4), smallest},
		{number("n", "n", 5), func(r compare.Row) string { return fmt.Sprintf("%d, %d", len(r.Base.Values), len(r.Head.Values)) }},
	})
}

// mark is a verdict as one character.
func mark(v compare.Verdict) string {
	return map[compare.Verdict]string{compare.Worse: "✗", compare.Better: "✓", compare.CannotTell: "!", compare.NoDifference: "·"}[v]
}

func rowNotes(rows []compare.Row) (notes []string) {
	if len(rows) == 0 {
		return nil
	}
	p := "p: of a difference at least so large if there is none"
	if rows[0].Gated {
		p += ", after Holm's correction for the number of gated figures"
	}
	notes = []string{"base, head: medians over n values, one for each run and repetition. change: of head to base, by geometric means. " + p +
		". smallest shown: the least difference that such data show in four of five cases."}
	if slices.ContainsFunc(rows, func(r compare.Row) bool { return r.Paired }) {
		notes = append(notes, "Runs of both sides took turns, so that each is compared with its neighbour.")
	}
	if slices.ContainsFunc(rows, func(r compare.Row) bool { return r.EqualPace }) {
		notes = append(notes, "The change, its interval and p are at an equal pace of the machine, by the time of a signature while each run was "+
			"measured; the medians are as measured.")
	}
	return notes
}

// otherTable has the rows that are not gated, those that differ first, without those in which nothing was ever but 0.
func otherTable(rows []compare.Row) reports.Table {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r compare.Row) bool {
		return !slices.ContainsFunc(slices.Concat(r.Base.Values, r.Head.Values), func(v float64) bool { return v != 0 })
	})
	slices.SortStableFunc(rows, func(a, b compare.Row) int { return rank(a) - rank(b) })
	t := rowTable("other-figures", "Other figures", rows)
	t.Detail = true
	return t
}

// rank puts rows that differ before those that do not, and these before those that cannot be told.
func rank(r compare.Row) int { return slices.Index(compare.Verdicts(), r.Verdict) }

// A sided source is one of base or head.
type sided struct {
	side string
	compare.Source
}

// sourceTable lists where the values come from.
func sourceTable(c *compare.Comparison) reports.Table {
	var all []sided
	for _, s := range c.Base {
		all = append(all, sided{"base", s})
	}
	for _, s := range c.Head {
		all = append(all, sided{"head", s})
	}
	return tabulate(reports.Table{ID: "sources", Title: "Sources", Detail: true}, all, []field[sided]{
		{words("side", "side", 0), func(s sided) string { return s.side }},
		{words("path", "path", 0), func(s sided) string { return s.Path }},
		{words("scenario", "scenario", 1), func(s sided) string { return s.Scenario }},
		{words("started", "started", 0), func(s sided) string {
			if s.Started.IsZero() {
				return ""
			}
			return s.Started.UTC().Format("2006-01-02 15:04:05 UTC")
		}},
		{number("sign_s", "a signature takes", 2), func(s sided) string {
			if s.Sign == 0 {
				return ""
			}
			return reports.Seconds.Format(s.Sign)
		}},
		{number("failed", "dead points", 1), func(s sided) string { return nonzero(s.Failed) }},
		{number("invalid", "invalid points", 1), func(s sided) string { return nonzero(s.Invalid) }},
		{number("disturbed", "points with events", 1), func(s sided) string { return nonzero(s.Disturbed) }},
	})
}

func nonzero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// unlikeTable lists what differs between the sides.
func unlikeTable(c *compare.Comparison) reports.Table {
	return tabulate(reports.Table{ID: "unlike", Title: "What differs"}, c.Unlike, []field[compare.Unlike]{
		{words("condition", "condition", 0), func(u compare.Unlike) string { return string(u.Key) }},
		{words("series", "series", 0), func(u compare.Unlike) string { return u.Series }},
		{words("base", "base", 0), func(u compare.Unlike) string { return strings.Join(u.Base, ", ") }},
		{words("head", "head", 0), func(u compare.Unlike) string { return strings.Join(u.Head, ", ") }},
		{words("meaning", "meaning", 0), func(u compare.Unlike) string {
			return map[bool]string{true: "may differ", false: "allowed on purpose"}[u.Told]
		}},
	})
}
