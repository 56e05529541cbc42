package comparison

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/perf/benchunit"

	"meterbench/bench/compare"
	"meterbench/bench/stats"
	"meterbench/reports"
)

// pair writes the medians of a row in one unit. That of a benchmark is written as benchstat does.
func pair(r compare.Row) (base, head string) {
	values := []float64{r.Base.Median, r.Head.Median}
	write := func(v float64) string { return "" }
	if unit := reports.UnitOf(r.Metric.Unit); unit != reports.Plain {
		scale := unit.Scale(values)
		write = func(v float64) string { return unit.Digits(v, scale) + " " + scale.Symbol }
	} else {
		scale := benchunit.CommonScale(values, benchunit.ClassOf(string(r.Metric.Unit)))
		write = func(v float64) string {
			return reports.Plain.Digits(v/scale.Factor, reports.Scale{Factor: 1}) + " " + scale.Prefix + string(r.Metric.Unit)
		}
	}
	text := func(v float64) string {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "none"
		}
		return strings.TrimSpace(write(v))
	}
	return text(values[0]), text(values[1])
}

// about writes a share in per cent.
func about(v float64) string { return fmt.Sprintf("%.3g %%", 100*v) }

// percent writes a relative difference with its sign.
func percent(v float64) string {
	switch {
	case math.IsNaN(v):
		return "no ratio"
	case math.IsInf(v, 0), math.Abs(v) >= 1e6:
		return fmt.Sprintf("%+.3g %%", 100*v)
	case math.Abs(v) < 0.0005: // neither +0.0 nor -0.0
		return "0.0 %"
	}
	return fmt.Sprintf("%+.1f %%", 100*v)
}

// changed writes the difference of a row, or which side alone has the figure.
func changed(r compare.Row) string {
	base, head := len(r.Base.Values), len(r.Head.Values)
	switch {
	case base == 0 && head == 0:
		return "no values"
	case head == 0:
		return "only base"
	case base == 0:
		return "only head"
	}
	return percent(r.Difference)
}

// span writes an interval of a relative difference; empty where there is none.
func span(i *stats.Interval) string {
	if i == nil {
		return ""
	}
	low, high := percent(i.Low), percent(i.High)
	return strings.TrimSuffix(low, " %") + " to " + high
}

// chance writes a p.
func chance(p float64) string {
	switch {
	case math.IsNaN(p):
		return ""
	case p < 0.0001:
		return "< 0.0001"
	case p < 0.01:
		return strconv.FormatFloat(p, 'f', 4, 64)
	}
	return strconv.FormatFloat(p, 'f', 3, 64)
}

// evidence is what a verdict rests on, in one sentence without its end.
func evidence(r compare.Row) string {
	base, head := pair(r)
	var b strings.Builder
	fmt.Fprintf(&b, "%s in base, %s in head (medians, n = %d and %d%s)", base, head, len(r.Base.Values), len(r.Head.Values),
		map[bool]string{true: ", paired"}[r.Paired]+map[bool]string{true: ", compared at an equal pace of the machine"}[r.EqualPace])
	if r.Interval != nil {
		fmt.Fprintf(&b, "; 95 %% interval %s", span(r.Interval))
	}
	of := ""
	if r.Gated {
		of = " over all gated figures"
	}
	if base, head := len(r.Base.Values), len(r.Head.Values); base == 0 || head == 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "; p = %s%s; smallest difference that the data could have shown: %s", strings.TrimPrefix(chance(r.Adjusted), "= "), of, smallest(r))
	return strings.ReplaceAll(b.String(), "p = <", "p <")
}

// smallest writes the least difference that a row's data could have shown.
func smallest(r compare.Row) string {
	if math.IsInf(r.Smallest, 0) || math.IsNaN(r.Smallest) {
		return "none"
	}
	return strings.TrimPrefix(percent(r.Smallest), "+")
}
