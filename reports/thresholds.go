package reports

import (
	"fmt"
	"strings"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// thresholdsSection says what became of what the scenario expects, nil where it expects nothing.
func thresholdsSection(all []result.Threshold) []Section {
	if all == nil {
		return nil
	}
	t := tabulate(Table{ID: "thresholds", Title: "Thresholds", Notes: notes("thresholds")}, all, []field[result.Threshold]{
		{Column{Key: "expression", Title: "expected"}, func(t result.Threshold) Cell { return text(t.Expression) }},
		{Column{Key: "series", Title: "series"}, func(t result.Threshold) Cell { return text(t.Series) }},
		{Column{Key: "load", Title: "at"}, func(t result.Threshold) Cell {
			if t.Load == (result.Load{}) {
				return Cell{}
			}
			return text(t.Load.String())
		}},
		{Column{Key: "value_text", Title: "value (95 % interval)"}, func(t result.Threshold) Cell { return text(printedValue(t)) }},
		{Column{Key: "limit_text", Title: "limit", Rank: 1}, func(t result.Threshold) Cell { return text(printedLimit(t)) }},
		{Column{Key: "verdict", Title: "verdict"}, func(t result.Threshold) Cell { return text(thresholdVerdict(t)) }},
		{Column{Key: "value", Title: "value", Unit: Plain, CSVOnly: true}, func(t result.Threshold) Cell { return found(t.Value) }},
		{Column{Key: "interval", Title: "95 % interval", Unit: Plain, Interval: true, CSVOnly: true}, func(t result.Threshold) Cell {
			if t.Low == nil || t.High == nil {
				return Cell{}
			}
			return Cell{Interval: &stats.Interval{Low: *t.Low, High: *t.High}}
		}},
		{Column{Key: "limit", Title: "limit", Unit: Plain, CSVOnly: true}, func(t result.Threshold) Cell { return found(t.Limit) }},
		{Column{Key: "unit", Title: "unit", CSVOnly: true}, func(t result.Threshold) Cell { return text(t.Unit) }},
		{Column{Key: "met", Title: "met", CSVOnly: true}, func(t result.Threshold) Cell { return yesNo(t.Met) }},
	})
	return []Section{{ID: "thresholds", Title: "Thresholds", Intro: intro("section thresholds"), Tables: []Table{t}}}
}

// thresholdUnit returns the unit in which figures of a threshold are printed.
func thresholdUnit(t result.Threshold) Unit {
	return UnitOf(metric.Unit(t.Unit))
}

// printedValue writes the figure of a threshold with its interval, in its own unit, empty where there is none.
func printedValue(t result.Threshold) string {
	if t.Value == nil {
		return ""
	}
	u := thresholdUnit(t)
	if t.Low == nil || t.High == nil {
		return u.Format(*t.Value)
	}
	scale := u.Scale([]float64{*t.Value})
	return strings.TrimSpace(u.Digits(*t.Value, scale)+" "+scale.Symbol) + " (" + u.Range(*t.Low, *t.High, scale) + ")"
}

// printedLimit writes the limit of a threshold, empty where there is none.
func printedLimit(t result.Threshold) string {
	if t.Limit == nil {
		return ""
	}
	return thresholdUnit(t).Format(*t.Limit)
}

// thresholdVerdict says how a threshold was decided.
func thresholdVerdict(t result.Threshold) string {
	switch {
	case t.Reason == result.ThresholdTooFew:
		return "cannot tell: " + string(t.Reason)
	case t.Reason != "" && t.Verdict == result.ThresholdUndecided:
		return fmt.Sprintf("%s: %s, strict", result.ThresholdMissed, t.Reason)
	case t.Reason != "":
		return fmt.Sprintf("%s: %s", t.Verdict, t.Reason)
	case t.Verdict != result.ThresholdUndecided:
		return string(t.Verdict)
	case t.Strict:
		return "missed: undecided, strict"
	case t.Met:
		return "met: likely"
	}
	return "missed: likely"
}

// thresholdFinding counts the thresholds that were met, nil where nothing is expected.
func thresholdFinding(sum result.Summary) []Finding {
	if sum.Thresholds == nil {
		return nil
	}
	f := Finding{Subject: "Thresholds", Verdict: Good, To: "table-thresholds", Text: "of what the scenario expects, at every level that it is about."}
	missed := sum.ThresholdsMissed()
	f.Value = fmt.Sprintf("%d of %d met", len(sum.Thresholds)-len(missed), len(sum.Thresholds))
	if len(missed) > 0 {
		f.Verdict = Bad
		f.Text += " Missed: " + listed(fewOf(distinct(each(missed, func(t result.Threshold) string { return t.Expression })))) + "."
	}
	return []Finding{f}
}
