package saturation

import (
	"fmt"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// Open finds the saturation point of an open-load series among the loads that were measured: the
// highest offered load at which throughput is at least 95 % of the rate of what was due, give or
// take a block, nothing was dropped, at least 99 % of the transactions were valid and the backlog
// did not grow in half of the repetitions or more. It is reached only if a higher load was measured
// and failed; otherwise the throughput is a lower bound. Where even the lowest load failed, Offered
// and Throughput are 0 and Reached is false.
//
// Points that are not valid do not count; the warnings name them. It is an error if no point
// remains, or the points are not of one open-load series.
func Open(points []result.Point) (result.Saturation, []stats.Warning, error) {
	of, warnings, err := levels(points, result.LoadOpen, func(l result.Load) float64 { return l.Offered })
	if err != nil {
		return result.Saturation{}, warnings, err
	}
	s := result.Saturation{Series: points[0].Series}
	var highest, failed *level
	var why string // the last failure below the highest load that passed
	for _, l := range of {
		s.Plateau = max(s.Plateau, l.throughput)
		fault := l.fault()
		switch {
		case fault != "":
			failed, why = l, fault
		default:
			highest = l
			if failed != nil {
				warnings = append(warnings, stats.Warn(NotMonotonic,
					"an offered load of %g/s failed (%s), but a higher one of %g/s did not", failed.load, why, l.load))
				failed = nil
			}
		}
	}
	if highest == nil {
		s.Method = "no offered load was kept up with"
		return s, append(warnings, stats.Warn(NotConfirmed,
			"even the lowest offered load of %g/s failed: %s; add lower loads", of[0].load, of[0].fault())), nil
	}
	s.Reached = failed != nil
	s.Offered = highest.load
	if !s.Reached {
		warnings = append(warnings, stats.Warn(NotConfirmed,
			"saturation was not reached: the highest offered load was kept up with; add higher loads"))
	}
	return s, append(warnings, highest.describe(&s, "highest offered load that throughput kept up with")...), nil
}

// fault returns why the offered load was too much, and is empty if it was not.
func (l *level) fault() string {
	var shares, blocks []float64 // by repetition: of what was due, that came; of what came, that was one block
	for _, p := range l.points {
		shares = append(shares, p.Throughput*p.Window/float64(p.Scheduled))
		blocks = append(blocks, block(p.Blocks))
	}
	share := stats.Median(shares)
	switch {
	case l.dropped > 0:
		return fmt.Sprintf("%d transactions were dropped", l.dropped)
	case l.success() < successShare:
		return fmt.Sprintf("%.1f %% of the transactions were valid", 100*l.success())
	case !(share+stats.Median(blocks) >= plateauShare):
		return fmt.Sprintf("throughput was %.1f %% of what was due", 100*share)
	case 2*l.overloaded >= len(l.points): // an overload of a percent shows here only
		return "the backlog of transactions grew"
	}
	return ""
}
