package reports

import (
	"fmt"
	"strings"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// metricUnits prints the units of metrics. A ratio has none.
var metricUnits = map[metric.Unit]Unit{
	metric.PerSecond: PerSecond, metric.Answers: AnswersPerSecond, metric.Seconds: Seconds, metric.Share: Share, metric.Bytes: Bytes,
	metric.Signatures: Signatures,
}

// thresholdsSection says what became of what the scenario expects, nil where it expects nothing.
func thresholdsSection(all []result.Threshold) []Section {
	if all == nil {
		return nil
	}
	base := func(v *float64) Cell {
		if v == nil {
			return Cell{}
		}
		return number(*v)
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
		{Column{Key: "value_text", Title: "value"}, func(t result.Threshold) Cell { return printedFigure(t, t.Value) }},
		{Column{Key: "interval_text", Title: "95 % interval", Rank: 2}, printedInterval},
		{Column{Key: "limit_text", Title: "limit", Rank: 1}, func(t result.Threshold) Cell { return printedFigure(t, t.Limit) }},
		{Column{Key: "verdict", Title: "verdict"}, func(t result.Threshold) Cell { return text(thresholdVerdict(t)) }},
		{Column{Key: "value", Title: "value", Unit: Plain, CSVOnly: true}, func(t result.Threshold) Cell { return base(t.Value) }},
		{Column{Key: "interval", Title: "95 % interval", Unit: Plain, Interval: true, CSVOnly: true}, func(t result.Threshold) Cell {
			if t.Low == nil || t.High == nil {
				return Cell{}
			}
			return Cell{Interval: &stats.Interval{Low: *t.Low, High: *t.High}}
		}},
		{Column{Key: "limit", Title: "limit", Unit: Plain, CSVOnly: true}, func(t result.Threshold) Cell { return base(t.Limit) }},
		{Column{Key: "unit", Title: "unit", CSVOnly: true}, func(t result.Threshold) Cell { return text(t.Unit) }},
		{Column{Key: "met", Title: "met", CSVOnly: true}, func(t result.Threshold) Cell { return yesNo(t.Met) }},
	})
	return []Section{{ID: "thresholds", Title: "Thresholds", Intro: intro("section thresholds"), Tables: []Table{t}}}
}

// thresholdUnit returns the unit in which figures of a threshold are printed.
func thresholdUnit(t result.Threshold) Unit {
	if u, known := metricUnits[metric.Unit(t.Unit)]; known {
		return u
	}
	return Plain
}

// printedFigure makes a cell of a figure of a threshold with its unit, which differs from row to row.
func printedFigure(t result.Threshold, v *float64) Cell {
	if v == nil {
		return Cell{}
	}
	return text(thresholdUnit(t).Format(*v))
}

// printedInterval likewise makes one of its interval.
func printedInterval(t result.Threshold) Cell {
	if t.Low == nil || t.High == nil {
		return Cell{}
	}
	u := thresholdUnit(t)
	scale := u.Scale([]float64{*t.Low, *t.High})
	return text(strings.TrimSpace(u.Range(*t.Low, *t.High, scale) + " " + scale.Symbol))
}

// thresholdVerdict says how a threshold was decided.
func thresholdVerdict(t result.Threshold) string {
	switch {
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
