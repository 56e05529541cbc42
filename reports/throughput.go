package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

const noPoints = "No data: the run holds no load level."

// throughputSection says how much the network commits and where it stops
// growing.
func throughputSection(all []series) Section {
	s := Section{
		ID:    "throughput",
		Title: "Throughput and saturation",
		Intro: "Throughput counts valid commits only, by the time the observing peer showed them, over the measured window with the warm-up cut off.",
	}
	closed, open := kinds(all)
	if closed {
		s.Figures = append(s.Figures, throughputFigures(all, "closed")...)
	}
	if open {
		s.Figures = append(s.Figures, throughputFigures(all, "open")...)
	}
	s.Tables = slices.Concat([]Table{saturationTable(all), levelTable(all)}, limitTable(all), []Table{seriesTable(all)})
	return s
}

// mostLines is how many lines of throughput a figure keeps apart.
const mostLines = 8

// throughputFigures draw the series of a kind of load together where they are
// few enough, or else in figures of their own for each name without factors,
// those of a single load level left to the tables.
func throughputFigures(all []series, kind string) (figures []Figure) {
	of := slices.DeleteFunc(slices.Clone(all), func(s series) bool { return (s.kind == "open") != (kind == "open") })
	if len(of) <= mostLines {
		return []Figure{throughputFigure(of, kind)}
	}
	if several := slices.DeleteFunc(slices.Clone(of), func(s series) bool { return len(s.levels) < 2 }); len(several) > 0 {
		of = several
	}
	var order []string
	by := map[string][]series{}
	for _, s := range of {
		base, _ := s.base()
		if by[base] == nil {
			order = append(order, base)
		}
		by[base] = append(by[base], s)
	}
	for _, base := range order {
		parts := slices.Collect(slices.Chunk(by[base], mostLines))
		for i, part := range parts {
			f := throughputFigure(part, kind)
			f.ID += fmt.Sprintf("-%d", len(figures)+1)
			f.Title += ": " + base
			if len(parts) > 1 {
				f.Title += fmt.Sprintf(", part %d of %d", i+1, len(parts))
			}
			f.Alt = fmt.Sprintf("%s for %s.", f.Title, listed(names(f.Series)))
			figures = append(figures, f)
		}
	}
	return figures
}

func throughputFigure(all []series, kind string) Figure {
	f := Figure{
		ID:    "throughput-clients",
		Title: "Throughput against clients",
		Kind:  Lines,
		X:     loadAxis(all, kind),
		Y:     Axis{Label: "throughput, valid commits", Unit: PerSecond},
	}
	if kind == "open" {
		f.ID, f.Title = "throughput-offered", "Throughput against offered load"
	}
	for _, s := range all {
		line := Series{Name: s.name + saturationLabel(s), Hue: s.hue}
		for _, l := range s.levels {
			p, singles, ok := l.mark(func(p result.Point) (float64, bool) { return p.Throughput, true })
			if !ok {
				continue
			}
			if len(l.points) == 1 {
				p.Interval = throughputInterval(l.points[0])
			}
			p.Saturation = s.saturation != nil && s.saturation.Reached && amount(saturationLoad(s.saturation)) == amount(l.load)
			line.Points = append(line.Points, p)
			line.Singles = append(line.Singles, singles...)
		}
		line.Curve = lawCurve(s)
		f.Series = append(f.Series, line)
	}
	f = f.Settle(noPoints)
	f.Notes = markNotes(f, repeated(all))
	f.Alt = fmt.Sprintf("%s for %s.", f.Title, listed(names(f.Series)))
	return f
}

// mark is the level's point in a figure: the median over the repetitions that
// count with the interval of that median, and each repetition where there are
// several.
func (l level) mark(value func(result.Point) (float64, bool)) (p Point, singles []Point, ok bool) {
	values, valid := l.values(value)
	if len(values) == 0 {
		return p, nil, false
	}
	p = Point{X: amount(l.load), Y: stats.Median(values), Invalid: !valid}
	if len(l.points) > 1 {
		if i := stats.MedianInterval(values); i != nil {
			p.Interval = &Interval{Low: i.Low, High: i.High, N: i.N}
		}
		for _, one := range l.points {
			if v, has := value(one); has {
				singles = append(singles, Point{X: p.X, Y: v, Invalid: !one.Valid})
			}
		}
	}
	return p, singles, true
}

func throughputInterval(p result.Point) *Interval {
	i, stored := p.Intervals["throughput_per_s"]
	if !stored {
		return nil
	}
	return &Interval{Low: i.Low, High: i.High, N: i.N}
}

// loadAxis is the X axis of everything drawn against load: powers of two for
// clients, so that a doubling is always the same step.
func loadAxis(all []series, kind string) Axis {
	if kind == "open" {
		return Axis{Label: "offered load", Unit: PerSecond}
	}
	most := 1
	for _, s := range all {
		for _, l := range s.levels {
			most = max(most, l.load.Clients)
		}
	}
	axis := Axis{Label: "clients, each with one transaction outstanding (log scale)", Unit: Count, Log: true}
	for tick := 1; tick <= most; tick *= 2 {
		axis.Ticks = append(axis.Ticks, float64(tick))
	}
	return axis
}

func saturationLabel(s series) string {
	switch sat := s.saturation; {
	case sat == nil && !s.undetermined():
		return "" // too few load levels to say
	case sat == nil:
		return " (saturation not determined)"
	case !sat.Reached:
		return fmt.Sprintf(" (saturation not reached, at least %s)", PerSecond.Format(sat.Throughput))
	default:
		return fmt.Sprintf(" (saturates at %s, %s)", at(saturationLoad(sat)), PerSecond.Format(sat.Throughput))
	}
}

// saturationLoad is the load of the saturation point.
func saturationLoad(s *result.Saturation) result.Load {
	if s.Offered > 0 {
		return result.Load{Kind: "open", Offered: s.Offered}
	}
	return result.Load{Kind: "closed", Clients: s.Clients}
}

// markNotes explains the marks that a figure against load uses.
func markNotes(f Figure, repeated bool) []string {
	var notes []string
	if f.HasIntervals() {
		notes = append(notes, "Bars through the points are 95 % intervals; where none shows, it is narrower than the mark. n is in the table.")
	}
	if repeated {
		notes = append(notes, "Lines join the medians over the valid repetitions, dots are single repetitions; the interval of a median needs six of them.")
	}
	if slices.ContainsFunc(f.Series, func(s Series) bool { return s.Curve != nil }) {
		notes = append(notes, "Dashed curves are the Universal Scalability Law, fitted to the points that the batch timer does not limit.")
	}
	if f.HasInvalid() {
		notes = append(notes, "Hollow points are not valid measurements of the network; the warnings say why.")
	}
	return notes
}

func names(series []Series) []string {
	var all []string
	for _, s := range series {
		all = append(all, s.Name)
	}
	return all
}

// fewOf keeps the first few items and counts the others.
func fewOf(items []string) []string {
	const few = 6
	if len(items) <= few+1 {
		return items
	}
	return append(slices.Clone(items[:few]), fmt.Sprintf("%d more", len(items)-few))
}

func listed(items []string) string {
	switch n := len(items); n {
	case 0:
		return "no series"
	case 1:
		return items[0]
	default:
		list := items[0]
		for _, item := range items[1 : n-1] {
			list += ", " + item
		}
		return list + " and " + items[n-1]
	}
}
