package closer2020

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// A step is the throughput at one quota of the peer.
type step struct {
	cpus       float64
	throughput claims.Estimate
	limit      result.Limit
	least      string // "at least " where something other than the quota was in the way
}

func (s step) String() string {
	return fmt.Sprintf("%s%s at %g core (%s)", s.least, claims.Rate(s.throughput), s.cpus, claims.LimitedBy(s.limit))
}

// steps returns the quotas in ascending order; beside them those at which the throughput is a lower bound, because the
// host was too small or busy with something else; and which do not count for what the caps sum to.
func steps(e *claims.Evidence) (steps, bounds []step, out []string) {
	series := e.Question(quotaQuestion)
	slices.SortStableFunc(series, func(a, b claims.Series) int {
		return cmp.Compare(a.Conditions.Caps.Peer.CPUs, b.Conditions.Caps.Peer.CPUs)
	})
	for _, s := range series {
		quota := s.Conditions.Caps.Peer.CPUs
		p, sum := s.Plateau(clearly), capsSum(s.Levels[0].Points[0])
		switch {
		case quota <= 0:
		case sum > capsShare*e.Run.Host.Offered():
			out = append(out, fmt.Sprintf("%g core (the caps sum to %.2g of %.3g cores)", quota, sum, e.Run.Host.Offered()))
		case p.AtLeast || p.Limit.Kind == result.LimitHost: // it could not use its quota up
			bounds = append(bounds, step{quota, p.Throughput, p.Limit, "at least "})
		case p.Throughput.Value > 0:
			steps = append(steps, step{quota, p.Throughput, p.Limit, ""})
		}
	}
	return steps, bounds, out
}

// capsSum returns what all capped processes of the point may use together, in cores.
func capsSum(p result.Point) float64 {
	sum := 0.0
	for name := range p.CPU {
		sum += p.Cap(name).CPUs
	}
	return sum
}

// exponent returns the b of throughput = a × quota^b between two steps. Its bounds are those at which one
// throughput is at the lower and the other at the upper end of its interval.
func exponent(small, large step) claims.Estimate {
	slope := func(from, to float64) float64 { return math.Log(to/from) / math.Log(large.cpus/small.cpus) }
	b := claims.Exactly(slope(small.throughput.Value, large.throughput.Value))
	b.Low, b.High = slope(small.throughput.High, large.throughput.Low), slope(small.throughput.Low, large.throughput.High)
	return b
}

// scales asks whether throughput grows with what the peer may use. At the largest quota a lower bound is
// enough for a yes.
func scales(e *claims.Evidence) claims.Finding {
	steps, bounds, left := steps(e)
	for _, bound := range slices.Backward(bounds) {
		if n := len(steps); n > 0 && bound.cpus > steps[n-1].cpus && exponent(steps[0], bound).Value >= proportional {
			steps = append(steps, bound)
		} else {
			left = append(left, fmt.Sprintf("%g core (%s)", bound.cpus, claims.LimitedBy(bound.limit)))
		}
	}
	if len(steps) < 2 || steps[len(steps)-1].cpus < span*steps[0].cpus {
		f := claims.Missing("throughput at CPU quotas of the peer of which the largest is %d times the smallest", span)
		if left != nil {
			f.Evidence += fmt.Sprintf(" Something other than the quota limited throughput at %s.", strings.Join(left, "; "))
		}
		return f
	}
	last := steps[len(steps)-1]
	b := exponent(steps[0], last)
	f := claims.Finding{Verdict: result.Depends}
	switch {
	case b.Value >= proportional:
		f.Verdict = result.Reproduced
	case b.Value <= flat:
		f.Verdict = result.NotReproduced
	}
	var each []string
	for _, s := range steps {
		each = append(each, s.String())
	}
	bounded := ""
	if width := b.High - b.Low; last.least == "" && width > 0 && !math.IsInf(width, 0) {
		bounded = fmt.Sprintf(" (%.2f to %.2f at the ends of the throughputs' 95 %% intervals)", b.Low, b.High)
	}
	f.Evidence = fmt.Sprintf("%s. Throughput grows as the quota to the power of %s%.2f%s.", strings.Join(each, ", "), last.least, b.Value, bounded)
	f.Conditions = fmt.Sprintf("Between %g and %g core for the peer, the rest of the network uncapped or far from its caps.", steps[0].cpus, last.cpus)
	if left != nil {
		f.Conditions += " Omitted: " + strings.Join(left, "; ") + "."
	}
	others := append(compare(e, channelsQuestion, func(c result.Conditions) string {
		if c.Channels > 1 {
			return fmt.Sprintf("%d channels", c.Channels)
		}
		return "1 channel"
	}), compare(e, peersQuestion, func(c result.Conditions) string { return "topology " + c.Topology })...)
	if others != nil {
		f.Conditions += " At the same quota of each peer: " + strings.Join(others, "; ") + "."
	}
	return f
}

// compare holds the series of a question against the first of them.
func compare(e *claims.Evidence, question string, name func(result.Conditions) string) (texts []string) {
	var base claims.Estimate
	all := e.Question(question)
	for i, s := range all {
		p := s.Plateau(clearly)
		switch {
		case p.AtLeast || p.Throughput.Value == 0: // nothing to compare
		case i == 0:
			base = p.Throughput
		case base.Value > 0:
			texts = append(texts, fmt.Sprintf("%s: %s, %s that of %s (%s)",
				name(s.Conditions), claims.Rate(p.Throughput), times(p.Throughput.Value/base.Value), name(all[0].Conditions), claims.Rate(base)))
		}
	}
	return texts
}
