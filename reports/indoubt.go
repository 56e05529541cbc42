package reports

import (
	"fmt"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// A doubtRow is transactions in doubt: of a point, or of the whole run.
type doubtRow struct {
	pointRow // zero: of the run
	doubt    result.InDoubt
}

// doubtTable says what became of transactions whose end the client did not see, nil where there were none.
func doubtTable(a *result.Audit, all []series) []Table {
	var rows []doubtRow
	for _, r := range rowsWhere(all, func(r pointRow) bool { return r.InDoubt != nil }) {
		rows = append(rows, doubtRow{r, *r.InDoubt})
	}
	if a != nil && a.InDoubt != nil {
		rows = append(rows, doubtRow{doubt: *a.InDoubt})
	}
	if rows == nil {
		return nil
	}
	var fields []field[doubtRow]
	for i, f := range levelFields(all) {
		fields = append(fields, field[doubtRow]{f.Column, func(r doubtRow) Cell {
			switch {
			case r.of.name != "":
				return f.Cell(r.pointRow)
			case i == 0:
				return text("the whole run")
			}
			return Cell{}
		}})
	}
	counted := func(key, title string, of func(result.InDoubt) uint64) field[doubtRow] {
		return field[doubtRow]{Column{Key: key, Title: title, Unit: Count}, func(r doubtRow) Cell { return count(of(r.doubt)) }}
	}
	fields = append(fields,
		counted("in_doubt", "in doubt", func(d result.InDoubt) uint64 { return d.Total }),
		counted("committed", "committed", func(d result.InDoubt) uint64 { return d.Committed }),
		counted("committed_invalid", "committed as invalid", func(d result.InDoubt) uint64 { return d.Invalid }),
		counted("not_committed", "not committed", func(d result.InDoubt) uint64 { return d.NotCommitted }),
		counted("twice", "readings twice on the ledger", func(d result.InDoubt) uint64 { return d.Twice }))
	for _, fate := range []result.Fate{result.FateCommitted, result.FateNotCommitted} {
		for _, q := range []struct {
			key  string
			rank int
			pick func(stats.Quantiles) *float64
		}{{"mean", 1, mean}, {"max", 2, largest}} {
			title := fmt.Sprintf("%s: for %s", map[result.Fate]string{result.FateCommitted: "committed", result.FateNotCommitted: "not committed"}[fate], q.key)
			fields = append(fields, field[doubtRow]{Column{Key: fmt.Sprintf("%s_%s_s", fate, q.key), Title: title, Unit: Seconds, Rank: q.rank},
				func(r doubtRow) Cell {
					if of := r.doubt.For[fate]; of.N > 0 {
						return number(*q.pick(of))
					}
					return Cell{}
				}})
		}
	}
	t := Table{ID: "in-doubt", Title: "Transactions in doubt, and their fate on the ledger", Detail: true, Notes: notes("in doubt")}
	return []Table{tabulate(t, rows, fields)}
}

// doubtFinding says whether the ledger decided every transaction in doubt, nil where there were none.
func doubtFinding(a *result.Audit) []Finding {
	if a == nil || a.InDoubt == nil || a.InDoubt.Total == 0 {
		return nil
	}
	d := *a.InDoubt
	f := Finding{Subject: "In doubt", Value: fmt.Sprintf("%d decided by the ledger", d.Committed+d.Invalid+d.NotCommitted), Verdict: Good, To: "table-in-doubt",
		Text: fmt.Sprintf("Of %d transactions whose end the client did not see, %d are on the ledger as valid, %d as invalid, and %d are not.",
			d.Total, d.Committed, d.Invalid, d.NotCommitted)}
	if d.Twice > 0 {
		f.Verdict = Bad
		f.Text += fmt.Sprintf(" %d readings are valid on it twice, which the contract must not let happen.", d.Twice)
	}
	if d.Committed+d.Invalid+d.NotCommitted < d.Total {
		f.Verdict = Bad
	}
	return []Finding{f}
}
