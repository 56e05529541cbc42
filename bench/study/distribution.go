package study

import (
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// quantiles summarises a histogram of nanoseconds, in seconds, with the quantiles of the scenario.
func (s *study) quantiles(h stats.Histogram) stats.Quantiles {
	return stats.Summarize(h, time.Nanosecond.Seconds(), s.Scenario.Quantiles...)
}

// percents returns the percentages of all quantiles that points have, in ascending order.
func (s *study) percents() []float64 {
	all := append(stats.Standard(), s.Scenario.Quantiles...)
	slices.Sort(all)
	return slices.Compact(all)
}

// distribute gives the point its latencies: by part, by outcome, and over all that was scheduled.
func (s *session) distribute(p *result.Point, w *result.Window) {
	for _, part := range result.Parts() {
		if h, ok := w.Latency(part); ok {
			p.Latency[part.String()] = s.quantiles(h)
		}
	}
	p.LatencyAll = w.All(s.percents())
	p.Sites = w.Sites(s.facts.Sites, s.Scenario.Quantiles)
	p.LatencyByOutcome = w.ByOutcome(s.Scenario.Quantiles)
	if h, ok := w.Lag(); ok {
		p.ScheduleLag = stats.Summarize(h, time.Nanosecond.Seconds())
	}
}
