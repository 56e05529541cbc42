package rank

import (
	"cmp"
	"slices"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/internal/group"
)

// paired joins the samples of open loads with that of the closed load that was measured under the same conditions, if there is
// one: clients that wait for each commit find the capacity, and meters, which do not wait, are what latency at Share of it is
// about. A block of a closed load is full or waits for the timer as the number of clients says, so that some throughputs are
// out of its reach.
func paired(all []sample, factor string) (kept []sample) {
	if factor == BySeries {
		return all
	}
	for _, group := range group.By(all, func(s sample) pairing { return s.pairing(factor) }) {
		closed := slices.DeleteFunc(slices.Clone(group), func(s sample) bool { return s.first.Load.Kind == result.LoadOpen })
		open := slices.DeleteFunc(slices.Clone(group), func(s sample) bool { return s.first.Load.Kind != result.LoadOpen })
		alike := !slices.ContainsFunc(open, func(s sample) bool { return s.first.Conditions.Arrivals != open[0].first.Conditions.Arrivals })
		if len(closed) != 1 || len(open) == 0 || !alike {
			kept = append(kept, group...)
			continue
		}
		one := closed[0]
		for _, s := range open {
			one.open = append(one.open, s.levels...)
			if closed[0].unkept() && (one.unkept() || s.saturation != nil && s.saturation.Throughput > one.saturation.Throughput) {
				one.saturation = s.saturation
			}
		}
		slices.SortStableFunc(one.open, func(a, b metric.Level) int { return cmp.Compare(a.Load.Amount(), b.Load.Amount()) })
		kept = append(kept, one)
	}
	return kept
}

// unkept reports whether the sample's load found no capacity, nor a lower bound of it. Rates of an open load are a coarse grid:
// the highest one that was kept up with says less than clients do.
func (s *sample) unkept() bool { return s.saturation == nil || !(s.saturation.Throughput > 0) }

// A pairing is what samples must have in common to be joined.
type pairing struct {
	folder     *result.Folder
	level      string
	others     string // levels of other factors
	conditions result.Conditions
}

func (s *sample) pairing(factor string) pairing {
	p := pairing{folder: s.folder, conditions: s.first.Conditions}
	p.level, _ = s.level(factor)
	p.conditions.Arrivals = ""
	for _, f := range s.first.Factors {
		if f.Key != factor {
			p.others += "/" + f.String()
		}
	}
	return p
}
