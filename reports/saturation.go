package reports

import (
	"fmt"
	"math"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// saturationTable has one row per series with enough load levels for a verdict.
func saturationTable(all []series) Table {
	// of makes a cell of what a series has, empty where no saturation was determined.
	of := func(cell func(series) Cell) func(series) Cell {
		return func(s series) Cell {
			if !s.determined {
				return Cell{}
			}
			return cell(s)
		}
	}
	fields := []field[series]{
		{Column{Key: "series", Title: "series"}, func(s series) Cell { return text(s.name) }},
		{Column{Key: "reached", Title: "reached"}, func(s series) Cell {
			if !s.determined {
				return text("not determined")
			}
			return text(map[bool]string{true: "yes", false: "no: at least"}[s.saturation.Reached])
		}},
		{Column{Key: "at", Title: "at"}, of(func(s series) Cell { return text(s.saturation.Load().String()) })},
		{Column{Key: "throughput_per_s", Title: "throughput", Unit: PerSecond}, of(func(s series) Cell { return number(s.saturation.Throughput) })},
		{Column{Key: "throughput_per_s_interval", Title: "95 % interval", Unit: PerSecond, Interval: true, Rank: 1},
			of(func(s series) Cell { return interval(s.saturationInterval(), whyInterval) })},
		{Column{Key: "plateau_per_s", Title: "plateau", Unit: PerSecond, Rank: 2}, of(func(s series) Cell { return number(s.saturation.Plateau) })},
		{Column{Key: "limited_by", Title: "limited by", Rank: 3}, of(func(s series) Cell { return text(s.saturation.Limit.String()) })},
		{Column{Key: "method", Title: "method", CSVOnly: true}, of(func(s series) Cell { return text(s.saturation.Method) })},
	}
	t := Table{ID: "saturation", Title: "Saturation"}
	spread := slices.ContainsFunc(all, func(s series) bool { return s.saturation.Spread > 0 })
	if spread {
		fields = append(fields, []field[series]{
			{Column{Key: "spread_share", Title: "spread", Unit: Share, Rank: 4}, of(func(s series) Cell { return positive(s.saturation.Spread) })},
			{Column{Key: "spread_normalised_share", Title: "normalised", Unit: Share, Rank: 4},
				of(func(s series) Cell { return positive(s.saturation.SpreadNormalised) })},
			{Column{Key: "repetitions", Title: "n", Unit: Count, Rank: 4}, of(func(s series) Cell { return positive(float64(s.saturation.Repetitions)) })},
		}...)
	}
	judged := slices.DeleteFunc(slices.Clone(all), func(s series) bool { return !s.saturable() })
	if len(judged) > 0 {
		t.Notes = slices.Concat(noteEach(all, func(s series) string { return s.saturation.Method }), laws(all), notes("saturation"))
		if spread {
			t.Notes = append(t.Notes, notes("saturation with spread")...)
		}
	}
	return tabulate(t, judged, fields)
}

// saturationLabel returns the part of a line's name that is about saturation.
func saturationLabel(s series) string {
	switch {
	case !s.saturable():
		return "" // too few load levels to say
	case !s.determined:
		return " (saturation not determined)"
	case !s.saturation.Reached:
		return fmt.Sprintf(" (saturation not reached, at least %s)", PerSecond.Format(s.saturation.Throughput))
	default:
		return fmt.Sprintf(" (saturates at %s, %s)", s.saturation.Load(), PerSecond.Format(s.saturation.Throughput))
	}
}

// noteEach makes a note of what is to be said of each series, those of which the same is to be said together.
func noteEach(all []series, say func(series) string) (notes []string) {
	for _, group := range GroupBy(all, say) {
		if said := say(group[0]); said != "" {
			notes = append(notes, fmt.Sprintf("%s: %s.", listed(fewOf(each(group, func(s series) string { return s.name }))), said))
		}
	}
	return notes
}

// saturationInterval is the interval at the saturation point with the n of the load level it comes from, nil
// where none was stored.
func (s series) saturationInterval() *stats.Interval {
	if !(s.saturation.High > 0) {
		return nil
	}
	i := &stats.Interval{Low: s.saturation.Low, High: s.saturation.High, N: s.saturation.N}
	for _, l := range s.levels {
		if i.N > 0 || l.load.Amount() != s.saturation.Load().Amount() {
			continue
		}
		i.N = len(l.points)
		if stored := throughputInterval(l.points[0]); i.N == 1 && stored != nil {
			i.N = stored.N
		}
	}
	return i
}

// laws name the scalability law of every series with a closed load, then say why others have none.
func laws(all []series) []string {
	var notes []string
	for _, s := range all {
		if u := s.saturation.USL; u != nil {
			notes = append(notes, fmt.Sprintf("%s: the Universal Scalability Law fits with lambda = %.4g tx/s, sigma = %.3g, kappa = %.3g%s.",
				s.name, u.Lambda, u.Sigma, u.Kappa, prediction(u)))
		}
	}
	return append(notes, noteEach(all, func(s series) string {
		if s.saturation.USL != nil {
			return ""
		}
		return s.saturation.USLReason
	})...)
}

func prediction(u *result.USL) string {
	if n := u.Peak(); n >= 1 && n < 1e6 {
		return fmt.Sprintf("; it predicts the highest throughput at %.0f clients, %s", n, PerSecond.Format(u.At(n)))
	}
	return ""
}

// lawCurve draws the law between the fewest and the most clients measured.
func lawCurve(s series) (curve []Point) {
	const steps = 64
	u := s.saturation.USL
	if u == nil || s.kind == result.LoadOpen {
		return nil
	}
	low, high := s.levels[0].load.Amount(), s.levels[len(s.levels)-1].load.Amount()
	for i := 0; i <= steps && low > 0 && high > low; i++ {
		n := low * math.Pow(high/low, float64(i)/steps)
		curve = append(curve, Point{X: n, Y: u.At(n)})
	}
	return curve
}
