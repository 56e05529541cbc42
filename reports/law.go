package reports

import (
	"fmt"
	"math"

	"meterbench/bench/result"
)

// law returns the scalability law of the series, false where it has none.
func (s series) law() (result.USL, bool) {
	if s.saturation == nil || s.saturation.USL == nil {
		return result.USL{}, false
	}
	return *s.saturation.USL, true
}

// laws says of every series with a closed load what its scalability law is, or
// why it has none, series with the same reason together.
func laws(all []series) []string {
	var notes, order []string
	of := map[string][]string{}
	for _, s := range all {
		if u, ok := s.law(); ok {
			notes = append(notes, fmt.Sprintf("%s: the Universal Scalability Law fits with lambda = %.4g tx/s, sigma = %.3g, kappa = %.3g%s.", s.name, u.Lambda, u.Sigma, u.Kappa, peak(u)))
		} else if s.saturation != nil && s.saturation.USLReason != "" {
			reason := s.saturation.USLReason
			if of[reason] == nil {
				order = append(order, reason)
			}
			of[reason] = append(of[reason], s.name)
		}
	}
	for _, reason := range order {
		notes = append(notes, fmt.Sprintf("%s: %s.", listed(fewOf(of[reason])), reason))
	}
	return notes
}

func peak(u result.USL) string {
	n := u.Peak()
	if !(n >= 1 && n < 1e6) {
		return ""
	}
	return fmt.Sprintf("; by it throughput is highest at %.0f clients, %s", n, PerSecond.Format(u.At(n)))
}

// lawCurve draws the law between the fewest and the most clients measured.
func lawCurve(s series) []Point {
	const steps = 64
	u, ok := s.law()
	if !ok || s.kind == "open" || len(s.levels) == 0 {
		return nil
	}
	low, high := amount(s.levels[0].load), amount(s.levels[len(s.levels)-1].load)
	if !(low > 0 && high > low) {
		return nil
	}
	var curve []Point
	for i := range steps + 1 {
		n := low * math.Pow(high/low, float64(i)/steps)
		curve = append(curve, Point{X: n, Y: u.At(n)})
	}
	return curve
}
