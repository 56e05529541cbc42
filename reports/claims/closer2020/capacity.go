package closer2020

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/reports"
)

// The series that ask how throughput grows with the peer's quota, and with
// channels or peers at the same quota.
const (
	quotaQuestion    = "quota"
	channelsQuestion = "channels"
	peersQuestion    = "peers"
)

// A step is the throughput at one quota of the peer.
type step struct {
	cpus       float64
	throughput estimate
	limited    string
	atLeast    bool // something else than the quota was in the way
}

func (s step) String() string {
	least := ""
	if s.atLeast {
		least = "at least "
	}
	return fmt.Sprintf("%s%s at %g core (%s)", least, rate(s.throughput), s.cpus, limitedBy(s.limited))
}

// steps returns the quotas in ascending order; beside them those at which the
// throughput is a lower bound, because the host was too small or busy with
// something else; and which do not count for what the caps sum to.
func (e *evidence) steps() (steps, bounds []step, out []string) {
	for _, s := range e.question(quotaQuestion) {
		quota := s.conditions.Caps.Peer.CPUs
		p, other := s.plateau()
		sum := capsSum(s.levels[0].points[0])
		switch {
		case quota <= 0:
		case sum > capsShare*float64(e.run.Host.Cores):
			out = append(out, fmt.Sprintf("%g core (the caps sum to %.2g of %d cores)", quota, sum, e.run.Host.Cores))
		case other != "":
			most, _ := s.most(0, math.MaxInt)
			bounds = append(bounds, step{quota, estimate{most, most, most}, other, true})
		case strings.HasPrefix(p.limited, "host CPU"): // it could not use its quota up
			bounds = append(bounds, step{quota, p.throughput, p.limited, true})
		case p.throughput.value > 0:
			steps = append(steps, step{quota, p.throughput, p.limited, false})
		}
	}
	ascending := func(a, b step) int { return cmp.Compare(a.cpus, b.cpus) }
	slices.SortFunc(steps, ascending)
	slices.SortFunc(bounds, ascending)
	return steps, bounds, out
}

// capsSum is what all capped processes of the point may use together, in
// cores.
func capsSum(p result.Point) float64 {
	sum := 0.0
	for name := range p.CPU {
		sum += p.Cap(name).CPUs
	}
	return sum
}

// exponent is the b of throughput = a × quota^b between two steps. Its bounds
// are those at which one throughput is at the lower and the other at the upper
// end of its interval.
func exponent(small, large step) estimate {
	over := math.Log(large.cpus / small.cpus)
	slope := func(from, to float64) float64 { return math.Log(to/from) / over }
	return estimate{
		slope(small.throughput.value, large.throughput.value),
		slope(small.throughput.high, large.throughput.low),
		slope(small.throughput.low, large.throughput.high),
	}
}

// scales asks whether throughput grows with what the peer may use. At the largest
// quota a lower bound is enough for a yes.
func scales(e *evidence) finding {
	steps, bounds, left := e.steps()
	for _, bound := range slices.Backward(bounds) {
		if n := len(steps); n > 0 && bound.cpus > steps[n-1].cpus && exponent(steps[0], bound).value >= proportional {
			steps = append(steps, bound)
		} else {
			left = append(left, fmt.Sprintf("%g core (%s)", bound.cpus, limitedBy(bound.limited)))
		}
	}
	if len(steps) < 2 || steps[len(steps)-1].cpus < span*steps[0].cpus {
		f := missing("throughput at CPU quotas of the peer of which the largest is %d times the smallest", span)
		if left != nil {
			f.evidence += fmt.Sprintf(" Something else than the quota was in the way at %s.", strings.Join(left, "; "))
		}
		return f
	}
	last := steps[len(steps)-1]
	b := exponent(steps[0], last)
	f := finding{verdict: result.Depends}
	switch {
	case b.value >= proportional:
		f.verdict = result.Reproduced
	case b.value <= flat:
		f.verdict = result.NotReproduced
	}
	var told []string
	for _, s := range steps {
		told = append(told, s.String())
	}
	least, bounded := "", ""
	if last.atLeast {
		least = "at least "
	} else if finite(b.low) && finite(b.high) && b.low < b.high {
		bounded = fmt.Sprintf(" (%.2f to %.2f at the ends of the throughputs' 95 %% intervals)", b.low, b.high)
	}
	f.evidence = fmt.Sprintf("%s. Throughput grows as the quota to the power of %s%.2f%s.", strings.Join(told, ", "), least, b.value, bounded)
	f.conditions = fmt.Sprintf("Between %g and %g core for the peer, the rest of the network uncapped or far from its caps.", steps[0].cpus, last.cpus)
	if left != nil {
		f.conditions += " Left out: " + strings.Join(left, "; ") + "."
	}
	more := append(e.more(channelsQuestion, func(c result.Conditions) string { return counted(max(1, c.Channels), "channel") }),
		e.more(peersQuestion, func(c result.Conditions) string { return "topology " + c.Topology })...)
	if more != nil {
		f.conditions += " At the same quota of each peer: " + strings.Join(more, "; ") + "."
	}
	return f
}

// more compares the series of a question with the first of them.
func (e *evidence) more(question string, name func(result.Conditions) string) []string {
	var told []string
	all := e.question(question)
	for i, s := range all {
		base, _ := all[0].plateau()
		p, _ := s.plateau()
		if i > 0 && p.throughput.value > 0 && base.throughput.value > 0 {
			told = append(told, fmt.Sprintf("%s: %s, %s that of %s (%s)",
				name(s.conditions), rate(p.throughput), reports.Times.Format(p.throughput.value/base.throughput.value), name(all[0].conditions), rate(base.throughput)))
		}
	}
	return told
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
