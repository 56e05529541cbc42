package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/group"
)

// saturationTable has one row per series with enough load levels for a verdict.
func saturationTable(all []series) Table {
	// of makes a cell of what a series has at its saturation point, empty where no load qualifies.
	of := func(cell func(series) Cell) func(series) Cell {
		return func(s series) Cell {
			if !s.kept() {
				return Cell{}
			}
			return cell(s)
		}
	}
	fields := []field[series]{
		{Column{Key: "series", Title: "series"}, func(s series) Cell { return text(s.name) }},
		{Column{Key: "reached", Title: "reached"}, func(s series) Cell {
			switch {
			case !s.determined:
				return text("not determined")
			case !s.kept():
				return text("no load qualifies")
			case s.saturation.Reached:
				return text("yes")
			case s.saturation.Gain.Growth() == result.Undecided:
				return text("undecided: at least")
			}
			return text("no: at least")
		}},
		{Column{Key: "at", Title: "at"}, of(func(s series) Cell {
			if s.saturation.Load().Amount() == 0 {
				return Cell{Why: whyNoLoad}
			}
			return text(s.saturation.Load().String())
		})},
		{Column{Key: "throughput_per_s", Title: rateTitle(all), Unit: rateUnit(all)}, of(func(s series) Cell { return number(s.saturation.Throughput) })},
		{Column{Key: "throughput_per_s_interval", Title: "95 % interval", Unit: rateUnit(all), Interval: true, Rank: 1},
			of(func(s series) Cell { return interval(s.saturationInterval(), whyInterval) })},
		{Column{Key: "plateau_per_s", Title: "plateau", Unit: rateUnit(all), Rank: 2}, func(s series) Cell { return positive(s.saturation.Plateau) }},
		{Column{Key: "limited_by", Title: "limited by", Rank: 3}, of(func(s series) Cell { return text(s.saturation.Limit.String()) })},
		{Column{Key: "method", Title: "method", CSVOnly: true}, func(s series) Cell { return text(s.saturation.Method) }},
	}
	t := Table{ID: "saturation", Title: "Saturation"}
	if slices.ContainsFunc(all, func(s series) bool { return s.saturation.ClientsHigh > 0 }) {
		fields = slices.Insert(fields, 3, field[series]{
			Column{Key: "clients_interval", Title: "interval of clients", Unit: Count, Interval: true, Rank: 2}, of(func(s series) Cell {
				return bounded(float64(s.saturation.ClientsLow), float64(s.saturation.ClientsHigh))
			})})
		fields = slices.Insert(fields, len(fields)-2, field[series]{
			Column{Key: "plateau_per_s_interval", Title: "interval of plateau", Unit: rateUnit(all), Interval: true, Rank: 3}, of(func(s series) Cell {
				return bounded(s.saturation.PlateauLow, s.saturation.PlateauHigh)
			})})
	}
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
	case !s.kept():
		return " (" + s.unkept() + ")"
	case !s.saturation.Reached:
		return fmt.Sprintf(" (saturation not reached, at least %s)", s.rateUnit().Format(s.saturation.Throughput))
	default:
		return fmt.Sprintf(" (saturates at %s, %s)", s.saturation.Load(), s.rateUnit().Format(s.saturation.Throughput))
	}
}

// noteEach makes a note of what is to be said of each series, those of which the same is to be said together.
func noteEach(all []series, say func(series) string) (notes []string) {
	for _, group := range group.By(all, say) {
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

// loadInterval is the interval of the load at which the series saturates, nil where none was stored.
func (s series) loadInterval() *stats.Interval {
	switch sat := s.saturation; {
	case sat.ClientsHigh > 0:
		return &stats.Interval{Low: float64(sat.ClientsLow), High: float64(sat.ClientsHigh)}
	case sat.OfferedHigh > 0:
		return &stats.Interval{Low: sat.OfferedLow, High: sat.OfferedHigh}
	}
	return nil
}

// laws name the scalability law of every series with a closed load, then say why others have none.
func laws(all []series) []string {
	var notes []string
	for _, s := range all {
		if u := s.saturation.USL; u != nil {
			law := cmp.Or(u.Law, result.Universal)
			parameters := fmt.Sprintf("lambda = %.4g%s %s, sigma = %.3g%s",
				u.Lambda, bounds(u.LambdaInterval), s.rateUnit().Scale(nil).Symbol, u.Sigma, bounds(u.SigmaInterval))
			if law == result.Universal {
				parameters += fmt.Sprintf(", kappa = %.3g%s", u.Kappa, bounds(u.KappaInterval))
			} else {
				parameters += "; kappa does not differ significantly from 0"
			}
			notes = append(notes, fmt.Sprintf("%s: %s fits with %s%s.", s.name, withArticle(law), parameters, prediction(u, s.rateUnit())))
		}
	}
	return append(notes, noteEach(all, func(s series) string {
		if s.saturation.USL != nil {
			return ""
		}
		return s.saturation.USLReason
	})...)
}

// bounded makes a cell of two bounds, empty where both are 0.
func bounded(low, high float64) Cell {
	if high == 0 {
		return Cell{}
	}
	return Cell{Interval: &stats.Interval{Low: low, High: high}}
}

// withArticle returns a law's name as a sentence has it.
func withArticle(law result.LawName) string {
	if law == result.Universal {
		return "the " + string(law)
	}
	return string(law)
}

// bounds writes an interval behind a value, empty where there is none.
func bounds(b *result.Bounds) string {
	if b == nil {
		return ""
	}
	return fmt.Sprintf(" (%.3g to %.3g)", b.Low, b.High)
}

func prediction(u *result.USL, unit Unit) string {
	if n := u.Peak(); n >= 1 && n < 1e6 {
		return fmt.Sprintf("; it predicts the highest throughput at %.0f clients%s, %s", n, bounds(u.PeakInterval), unit.Format(u.At(n)))
	}
	return ""
}

// residual is one of a series' law.
type residual struct {
	series string
	result.Residual
}

// scalingTable lists what the scalability laws leave unexplained, nil where no run stored it.
func scalingTable(all []series) []Table {
	var rows []residual
	for _, s := range all {
		if u := s.saturation.USL; u != nil {
			for _, r := range u.Residuals {
				rows = append(rows, residual{s.name, r})
			}
		}
	}
	if rows == nil {
		return nil
	}
	return []Table{tabulate(Table{ID: "scaling", Title: "Scalability laws: measured and fitted", Detail: true}, rows, []field[residual]{
		{Column{Key: "series", Title: "series"}, func(r residual) Cell { return text(r.series) }},
		{Column{Key: "clients", Title: "clients", Unit: Count}, func(r residual) Cell { return number(r.Clients) }},
		{Column{Key: "throughput_per_s", Title: "measured", Unit: rateUnit(all)}, func(r residual) Cell { return number(r.Measured) }},
		{Column{Key: "fitted_per_s", Title: "fitted", Unit: rateUnit(all)}, func(r residual) Cell { return number(r.Fitted) }},
		{Column{Key: "residual_share", Title: "residual", Unit: Share}, func(r residual) Cell { return number(r.Share()) }},
	})}
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
