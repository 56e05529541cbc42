package ranking

import (
	"fmt"
	"strings"

	"meterbench/bench/metric"
	"meterbench/bench/rank"
	"meterbench/bench/result"
	"meterbench/reports"
)

// A shown is a column of a metric: its title, and when a terminal leaves it and its interval out.
type shown struct {
	title          string
	rank, interval int
}

// columns are those of the metrics of a group, in their order. Where groups differ in what their clients wait for, that is any
// latency.
func columns(r *rank.Ranking) []shown {
	latency := r.Groups[0].Whole.String()
	for _, g := range r.Groups {
		if g.Whole != r.Groups[0].Whole {
			latency = "latency"
		}
	}
	return []shown{
		{latency + " p50", 0, 3},
		{latency + " p99", 0, 2},
		{"CPU: nodes", 0, 4},
		{"peers", 5, 6},
		{"chaincode", 5, 6},
		{"orderers", 5, 6},
		{"client", 5, 6},
		{"on the wire", 0, 6},
		{"among nodes", 5, 6},
		{"stored", 0, 6},
	}
}

// key is the header of a metric's column in CSV.
func key(m metric.Metric) string {
	suffix := map[metric.Unit]string{metric.Seconds: "_s", metric.Bytes: "_bytes"}[m.Unit]
	return strings.ReplaceAll(m.Name, ".", "_") + suffix
}

// rateUnit is that of the throughput of a group.
func rateUnit(g rank.Group) reports.Unit {
	if g.Whole == result.PartAnswer {
		return reports.AnswersPerSecond
	}
	return reports.PerSecond
}

// why says why a figure cannot be told.
var why = map[rank.Reason]string{
	rank.NoSaturation: "cannot tell: no saturation was measured; take more load levels, or a search",
	rank.NothingKept:  "cannot tell: even the lowest load was too much",
	rank.AllAbove:     "cannot tell: the lowest load measured is above 60 % of the capacity; measure lower ones",
	rank.TooCoarse:    "cannot tell: no neighbouring levels between 30 % and 90 % of the capacity lie around 60 % of it; measure more levels there",
	rank.NotMeasured:  "cannot tell: the levels around 60 % of the capacity do not have this figure",
}

// cell shows a figure.
func cell(f rank.Figure) reports.Cell {
	if !f.Known() {
		return reports.Cell{Why: why[f.Missing]}
	}
	return reports.Cell{Number: &f.Value.Value}
}

// around shows the interval of a figure.
func around(f rank.Figure) reports.Cell {
	if !f.Known() || f.Interval == nil {
		return reports.Cell{}
	}
	return reports.Cell{Interval: f.Interval}
}

// An adder puts a column and its cells into a table that has its rows already.
type adder struct{ t *reports.Table }

func (a adder) add(c reports.Column, cells []reports.Cell) {
	empty := true
	for i := range cells {
		a.t.Rows[i] = append(a.t.Rows[i], cells[i])
		empty = empty && cells[i] == reports.Cell{}
	}
	c.CSVOnly = c.CSVOnly || empty
	a.t.Columns = append(a.t.Columns, c)
}

// table has a row for each setting.
func table(r *rank.Ranking) reports.Table {
	t := reports.Table{ID: ID, Notes: tableNotes(r)}
	t.Title = fmt.Sprintf("Ranking by %s: throughput at saturation, all else at %.0f %% of it", r.Factor, 100*rank.Share)
	type row struct {
		g rank.Group
		s rank.Setting
	}
	var rows []row
	for _, g := range r.Groups {
		for _, s := range g.Settings {
			rows = append(rows, row{g, s})
			t.Faint = append(t.Faint, len(s.DominatedBy) > 0)
		}
	}
	t.Rows = make([][]reports.Cell, len(rows))
	if len(rows) == 0 {
		return t
	}
	each := func(of func(row) reports.Cell) (cells []reports.Cell) {
		for _, one := range rows {
			cells = append(cells, of(one))
		}
		return cells
	}
	a := adder{&t}
	text := func(key, title string, last int, of func(row) string) {
		a.add(reports.Column{Key: key, Title: title, Rank: last}, each(func(one row) reports.Cell { return reports.Cell{Text: of(one)} }))
	}
	figure := func(c reports.Column, intervalRank int, of func(row) rank.Figure) {
		a.add(c, each(func(one row) reports.Cell { return cell(of(one)) }))
		c.Key, c.Title, c.Interval, c.Rank = c.Key+"_interval", "95 % interval", true, intervalRank
		a.add(c, each(func(one row) reports.Cell { return around(of(one)) }))
	}
	first := rows[0].g
	text("series", "series", 0, func(one row) string { return one.g.Name })
	text("level", r.Factor, 0, func(one row) string { return one.s.Level })
	a.add(reports.Column{Key: "runs", Title: "runs", Unit: reports.Count, Rank: 4, CSVOnly: !several(r)}, each(func(one row) reports.Cell {
		return reports.Cell{Number: new(float64(one.s.Runs))}
	}))
	figure(reports.Column{Key: "throughput_per_s", Title: "throughput", Unit: rateUnit(first)}, 1, func(one row) rank.Figure { return one.s.Capacity })
	text("reached", "saturated", 0, func(one row) string {
		switch {
		case !one.s.Capacity.Known():
			return ""
		case one.s.Capacity.AtLeast:
			return "no: at least"
		}
		return "yes"
	})
	for i, c := range columns(r) {
		m := first.Metrics[i]
		figure(reports.Column{Key: key(m), Title: c.title, Unit: reports.UnitOf(m.Unit), Rank: c.rank}, c.interval,
			func(one row) rank.Figure { return one.s.Figures[i] })
	}
	if r.Prices != nil {
		figure(reports.Column{Key: "cost_per_million", Title: costTitle(r), Unit: reports.Plain}, 4, func(one row) rank.Figure { return one.s.Cost })
	}
	text("between", "measured at", 5, func(one row) string {
		switch low, high := one.s.Around[0], one.s.Around[1]; {
		case low.Amount() == 0 && high.Amount() == 0:
			return ""
		case low == high:
			return low.String()
		default:
			return low.String() + " and " + high.String()
		}
	})
	text("dominated_by", "dominated by", 0, func(one row) string { return strings.Join(one.s.DominatedBy, ", ") })
	return t
}

// several reports whether any setting was measured in several runs.
func several(r *rank.Ranking) bool {
	for _, g := range r.Groups {
		for _, s := range g.Settings {
			if s.Runs > 1 {
				return true
			}
		}
	}
	return false
}

// costTitle names the cost and its currency.
func costTitle(r *rank.Ranking) string {
	return fmt.Sprintf("%s per million %s", r.Prices.Currency, what(r))
}

// what transactions are.
func what(r *rank.Ranking) string {
	for _, g := range r.Groups {
		if !g.Readings {
			return "transactions"
		}
	}
	return "readings"
}

// tableNotes explain the table.
func tableNotes(r *rank.Ranking) []string {
	notes := []string{
		fmt.Sprintf("Latency, CPU and bytes are at %.0f %% of the setting's own throughput at saturation, read between the two measured levels next to "+
			"it, which lie between %.0f and %.0f %% of it: exact for a queue's latency. Their intervals cover the noise of these levels, not the curve between them.",
			100*rank.Share, 100*rank.Nearest, 100*rank.Farthest),
		fmt.Sprintf("A setting is dominated by one that is no worse in throughput, both latencies, CPU of the nodes, bytes on the wire and bytes stored, and better "+
			"in one of them: better by a difference beyond both intervals, worse by one beyond them or by more than %.0f %% within them.", 100*rank.Margin),
		"CPU and bytes are per transaction, of all nodes together; on the wire is also what the client sends and gets.",
	}
	if p := r.Prices; p != nil {
		var terms []string
		for _, term := range []struct {
			of    string
			price float64
		}{{"CPU time of the nodes ÷ 3600 s", p.CoreHour}, {"bytes stored ÷ 10⁹", p.Kept}, {"bytes among nodes ÷ 10⁹", p.Sent}} {
			if term.price > 0 {
				terms = append(terms, fmt.Sprintf("%s × %g %s", term.of, term.price, p.Currency))
			}
		}
		notes = append(notes, fmt.Sprintf("A million %s cost 10⁶ × (%s): what all nodes use; not what they leave idle, nor the client.",
			what(r), strings.Join(terms, " + ")))
	}
	return notes
}
