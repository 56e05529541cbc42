package closer2020

import (
	"cmp"
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// A step is what the peer does at one quota of its CPU, in cores.
type step struct {
	claims.Capacity
	note string // why it does not count; empty where it does
}

// steps returns the quotas in ascending order. Those do not count whose caps sum to too much of the host, and those at
// which something other than the quota was in the way: at the largest, the throughput is a lower bound.
func steps(e *claims.Evidence) (all []step) {
	series := e.Question(quotaQuestion)
	slices.SortStableFunc(series, func(a, b claims.Series) int {
		return cmp.Compare(a.Conditions.Caps.Peer.CPUs, b.Conditions.Caps.Peer.CPUs)
	})
	largest := true
	for _, s := range slices.Backward(series) {
		st := step{Capacity: claims.Capacity{Amount: s.Conditions.Caps.Peer.CPUs, Plateau: s.Plateau()}}
		if st.Amount <= 0 || st.Throughput.Value <= 0 {
			continue
		}
		st.AtLeast = st.AtLeast || st.Limit.Kind == result.LimitHost // it could not use its quota up
		switch sum := capsSum(s.Levels[0].Points[0]); {
		case sum > capsShare*e.Run.Host.Offered():
			st.note = fmt.Sprintf("does not count: the caps sum to %.2g of %.3g cores", sum, e.Run.Host.Offered())
		case st.AtLeast && !largest:
			st.note = "does not count: something other than the quota limited it"
		default:
			largest = false
		}
		all = append(all, st)
	}
	slices.Reverse(all)
	return all
}

// capsSum returns what all capped processes of the point may use together, in cores.
func capsSum(p result.Point) float64 {
	sum := 0.0
	for name := range p.CPU {
		sum += p.Cap(name).CPUs
	}
	return sum
}

// The figures of the claim of scaling.
const (
	exponentOfQuota   = "exponent"
	plateauThroughput = "throughput"
)

// scales asks whether throughput grows with what the peer may use: the interval of the exponent decides.
func scales(e *claims.Evidence) claims.Finding {
	var used []claims.Capacity
	var rows []result.ClaimRow
	for _, st := range steps(e) {
		row := claims.Context(fmt.Sprintf("peer at %g core", st.Amount), plateauThroughput, result.UnitPerSecond, st.Throughput)
		row.Limit, row.Note = st.Limit, st.note
		if st.note == "" {
			used = append(used, st.Capacity)
			if st.AtLeast {
				row.Note = "a lower bound"
			}
		}
		rows = append(rows, row)
	}
	if len(used) < 2 || used[len(used)-1].Amount < span*used[0].Amount {
		f := e.Missing(quotaQuestion, "throughput at CPU quotas of the peer of which the largest is %d times the smallest", span)
		f.Rows = rows
		return f
	}
	b := claims.Exponent(used, e.Noise())
	row := claims.AtLeast(proportional).Row(
		fmt.Sprintf("peer at %g to %g core", used[0].Amount, used[len(used)-1].Amount), exponentOfQuota, result.UnitNone, b)
	f := claims.Find([]result.ClaimRow{row}, claims.BySetting)
	f.Verdict, f.Conditions = result.Inconclusive, "The rest of the network uncapped or far from its caps."
	switch {
	case row.Standing == result.Inside:
		f.Verdict = result.Reproduced
	case b.High <= flat:
		f.Verdict = result.NotReproduced
	case row.Standing == result.Below && b.Low > flat:
		f.Verdict = result.Depends
	}
	f.Rows = slices.Concat([]result.ClaimRow{row}, rows, compare(e, channelsQuestion, channels), compare(e, peersQuestion, topologyOf))
	f.Evidence = fmt.Sprintf("Throughput grows as the quota to the power of %.2f (%.2f to %.2f).", b.Value, b.Low, b.High)
	if b.AtLeast() {
		f.Evidence = fmt.Sprintf("Throughput grows as the quota to the power of at least %.2f.", b.Low)
	}
	return f
}

// channels and topologyOf name what a series is compared by.
func channels(c result.Conditions) string {
	if c.Channels > 1 {
		return fmt.Sprintf("%d channels", c.Channels)
	}
	return "1 channel"
}

func topologyOf(c result.Conditions) string { return "topology " + c.Topology }

// compare returns the plateaus of the series of a question, related to that of the first of them.
func compare(e *claims.Evidence, question string, name func(result.Conditions) string) (rows []result.ClaimRow) {
	var base claims.Estimate
	for i, s := range e.Question(question) {
		p := s.Plateau()
		if p.AtLeast || p.Throughput.Value == 0 { // nothing to compare
			continue
		}
		setting := name(s.Conditions)
		if q := s.Conditions.Caps.Peer.CPUs; q > 0 {
			setting += fmt.Sprintf(", peer at %g core", q)
		}
		row := claims.Context(setting, plateauThroughput, result.UnitPerSecond, p.Throughput)
		row.Limit = p.Limit
		if i == 0 {
			base = p.Throughput
		} else if base.Value > 0 {
			row.Note = claims.Multiple(claims.Ratio(p.Throughput, base)) + " the first"
		}
		rows = append(rows, row)
	}
	return rows
}
