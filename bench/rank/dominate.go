package rank

import (
	"slices"

	"meterbench/bench/metric"
)

// Margin is the relative difference up to which a value that is worse, by a difference that its interval does not show, does
// not speak against a setting.
const Margin = 0.05

// Criteria names the metrics by which settings dominate each other beside their capacity. They have no part in common: the CPU
// time of roles is in that of all nodes, and costs follow from these.
func (g *Group) Criteria() []string {
	return []string{g.Whole.String() + ".p50", g.Whole.String() + ".p99", metric.NodesCPU, metric.Wire, metric.Stored}
}

// dominate says of every setting which others make it pointless: those that are no worse in any criterion and better in one.
func (g *Group) dominate() {
	for i := range g.Settings {
		for j := range g.Settings {
			if i != j && g.dominates(&g.Settings[j], &g.Settings[i]) {
				g.Settings[i].DominatedBy = append(g.Settings[i].DominatedBy, g.Settings[j].Level)
			}
		}
	}
}

// dominates reports whether a makes b pointless.
func (g *Group) dominates(a, b *Setting) bool {
	standings := []standing{judge(a.Capacity, b.Capacity, metric.Higher)}
	for _, name := range g.Criteria() {
		at := slices.IndexFunc(g.Metrics, func(m metric.Metric) bool { return m.Name == name })
		standings = append(standings, judge(a.Figures[at], b.Figures[at], g.Metrics[at].Better))
	}
	return slices.Contains(standings, better) && !slices.Contains(standings, against)
}

// A standing is how one setting stands to another in a criterion.
type standing uint8

const (
	alike   standing = iota // no difference that counts, or neither is known
	better                  // by a difference beyond both intervals
	against                 // worse, perhaps worse, or unknown
)

// judge says how a stands to b. Only a difference beyond both intervals is one in favour of a; against it counts what is
// worse beyond the intervals, or by more than Margin within them.
func judge(a, b Figure, way metric.Better) standing {
	switch {
	case !a.Known() && !b.Known():
		return alike
	case !a.Known() || !b.Known() || b.AtLeast:
		return against
	}
	x, y := bounds(a), bounds(b)
	if way == metric.Lower { // turned round, so that higher is better
		x, y = [3]float64{-x[2], -x[1], -x[0]}, [3]float64{-y[2], -y[1], -y[0]}
	}
	intervals := a.Interval != nil && b.Interval != nil
	switch loss := y[1] - x[1]; {
	case intervals && x[0] > y[2]:
		return better
	case intervals && x[2] < y[0] && !a.AtLeast, loss > Margin*abs(y[1]):
		return against
	}
	return alike
}

// bounds are the lower bound, the value and the upper bound.
func bounds(f Figure) [3]float64 {
	if f.Interval == nil {
		return [3]float64{f.Value.Value, f.Value.Value, f.Value.Value}
	}
	return [3]float64{f.Interval.Low, f.Value.Value, f.Interval.High}
}

func abs(v float64) float64 { return max(v, -v) }
