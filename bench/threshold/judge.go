package threshold

import (
	"math"
	"slices"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// Judge decides the threshold at every level that it is about, in the order of the series. Of a series whose loads the
// run finds these are the levels up to saturation. What was to be measured and was not is missed.
func (t Threshold) Judge(all []Series, sum *result.Summary) (verdicts []result.Threshold) {
	levels := metric.Levels(sum)
	for _, s := range t.scopes(all) {
		loads, known := t.loads(s)
		if !known && t.load == nil {
			if loads = t.found(s, levels, sum.Saturation); len(loads) == 0 {
				loads = []result.Load{{}}
			}
		}
		for _, load := range loads {
			verdicts = append(verdicts, t.judge(s, load, levels))
		}
	}
	return verdicts
}

// found returns the loads at which all series of a scope were measured, but for those beyond the saturation of one.
func (t Threshold) found(s scope, levels []metric.Level, saturations []result.Saturation) (loads []result.Load) {
	at := func(name string, load result.Load) bool {
		return slices.ContainsFunc(levels, func(l metric.Level) bool { return l.Series == name && same(l.Load, load) })
	}
	beyond := func(name string, load result.Load) bool {
		return slices.ContainsFunc(saturations, func(f result.Saturation) bool {
			return f.Series == name && f.Reached && load.Amount() > f.Load().Amount()
		})
	}
	for _, l := range levels {
		here := l.Series == s.first().Name
		for _, one := range s.over {
			here = here && at(one.Name, l.Load) && !beyond(one.Name, l.Load)
		}
		if here {
			loads = append(loads, l.Load)
		}
	}
	return loads
}

// judge decides the threshold at a load.
func (t Threshold) judge(s scope, load result.Load, levels []metric.Level) result.Threshold {
	verdict := result.Threshold{
		Expression: t.Text, Strict: t.Strict, Series: s.first().Name, Load: load, Unit: string(t.left.unit()), Verdict: result.ThresholdMissed,
	}
	rest := s.over
	evaluate := func(of side) (v metric.Value, why result.ThresholdReason) {
		values := make([]metric.Value, 0, 2)
		for _, o := range of.operands() {
			one := metric.Value{Value: o.number, Interval: &stats.Interval{Low: o.number, High: o.number}}
			if o.metric != nil {
				var missing result.ThresholdReason
				if one, missing = figure(*o.metric, rest[0].Name, load, levels); missing != "" {
					why = missing
				}
				rest = rest[1:]
			}
			values = append(values, one)
		}
		if v = values[0]; len(values) == 2 {
			v = metric.Value{Value: v.Value / values[1].Value, Interval: stats.RatioInterval(v.Interval, values[1].Interval)}
		}
		if why == "" && (math.IsNaN(v.Value) || math.IsInf(v.Value, 0)) {
			why = result.ThresholdNoFigure
		}
		return v, why
	}
	left, why := evaluate(t.left)
	right, whyRight := evaluate(t.right)
	if why == "" {
		verdict.Value = &left.Value
	}
	if whyRight == "" {
		verdict.Limit = &right.Value
	} else if why == "" {
		why = whyRight
	}
	if verdict.Reason = why; why != "" {
		if why == result.ThresholdTooFew {
			verdict.Verdict = result.ThresholdUndecided
		}
		return verdict
	}
	t.decide(&verdict, left, right)
	return verdict
}

// figure returns the figure of a level, or why there is none.
func figure(m metric.Metric, series string, load result.Load, levels []metric.Level) (metric.Value, result.ThresholdReason) {
	i := slices.IndexFunc(levels, func(l metric.Level) bool { return l.Series == series && same(l.Load, load) })
	if i < 0 {
		return metric.Value{}, result.ThresholdNotMeasured
	}
	if !slices.ContainsFunc(levels[i].Points, func(p *result.Point) bool { return p.Valid }) {
		return metric.Value{}, result.ThresholdNotValid
	}
	v, ok := m.At(levels[i])
	switch {
	case ok:
		return v, ""
	case m.Percent > 0:
		return metric.Value{}, result.ThresholdTooFew
	}
	return metric.Value{}, result.ThresholdNoFigure
}

// decide holds a figure to its limit, another figure or a number.
func (t Threshold) decide(verdict *result.Threshold, left, right metric.Value) {
	holds := func(v float64) bool {
		switch t.op {
		case less:
			return v < right.Value
		case lessEqual:
			return v <= right.Value
		case greater:
			return v > right.Value
		}
		return v >= right.Value
	}
	around := shifted(left, right)
	switch {
	case around == nil && t.Strict:
		verdict.Verdict, verdict.Reason = result.ThresholdUndecided, result.ThresholdNoInterval
		return
	case around == nil:
		around = &stats.Interval{Low: left.Value, High: left.Value}
	default:
		verdict.Low, verdict.High = &around.Low, &around.High
	}
	switch low, high := holds(around.Low), holds(around.High); {
	case low && high:
		verdict.Verdict, verdict.Met = result.ThresholdMet, true
	case low || high:
		verdict.Verdict, verdict.Met = result.ThresholdUndecided, !t.Strict && holds(left.Value)
	}
}

// shifted returns the interval of the difference of two independent figures, moved by the right one so that it stands
// around the left one: with ends l, u of the left and l', u' of the right one
//
//	left - √((left-l)² + (u'-right)²) to left + √((u-left)² + (right-l')²)
//
// (Zou and Donner, Construction of Confidence Limits about Effect Measures: A General Approach, Statistics in Medicine 27,
// 2008). Of a number, which has no width, it is that of the left one. It is nil where one of them is.
func shifted(left, right metric.Value) *stats.Interval {
	l, r := left.Interval, right.Interval
	if l == nil || r == nil {
		return nil
	}
	return &stats.Interval{
		Low:  left.Value - math.Hypot(left.Value-l.Low, r.High-right.Value),
		High: left.Value + math.Hypot(l.High-left.Value, right.Value-r.Low),
	}
}
