package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

const noPoints = "No data: the run has no load levels."

// throughputSection shows how much the network commits and where throughput stops growing.
func throughputSection(all []series) Section {
	s := Section{ID: "throughput", Title: "Throughput and saturation", Intro: intro("section throughput")}
	for _, kind := range kinds(all) {
		s.Figures = append(s.Figures, throughputFigures(all, kind)...)
	}
	s.Tables = slices.Concat([]Table{saturationTable(all), levelTable(all)}, limitTable(all), []Table{seriesTable(all)})
	return s
}

// mostLines is how many lines of throughput a figure keeps apart.
const mostLines = 8

// throughputFigures draw the series of a kind of load together where they are few enough, or else
// in figures of their own for each name without factors, those of a single load level left to the
// tables.
func throughputFigures(all []series, kind result.LoadKind) (figures []Figure) {
	of := slices.DeleteFunc(slices.Clone(all), func(s series) bool { return s.kind != kind })
	if len(of) <= mostLines {
		return []Figure{throughputFigure(of, kind)}
	}
	if several := slices.DeleteFunc(slices.Clone(of), func(s series) bool { return len(s.levels) < 2 }); len(several) > 0 {
		of = several
	}
	for _, group := range GroupBy(of, series.base) {
		parts := slices.Collect(slices.Chunk(group, mostLines))
		for i, part := range parts {
			f := throughputFigure(part, kind)
			f.ID += fmt.Sprintf("-%d", len(figures)+1)
			f.Title += ": " + group[0].base()
			if len(parts) > 1 {
				f.Title += fmt.Sprintf(", part %d of %d", i+1, len(parts))
			}
			figures = append(figures, f.described())
		}
	}
	return figures
}

func throughputFigure(all []series, kind result.LoadKind) Figure {
	f := Figure{
		ID:    "throughput-clients",
		Title: "Throughput against clients",
		X:     loadAxis(all, kind),
		Y:     Axis{Label: "throughput, valid commits", Unit: PerSecond},
	}
	if kind == result.LoadOpen {
		f.ID, f.Title = "throughput-offered", "Throughput against offered load"
	}
	for _, s := range all {
		line := s.line(throughput, throughputInterval)
		line.Name, line.Hue, line.Curve = s.name+saturationLabel(s), s.hue, lawCurve(s)
		for i, p := range line.Points {
			line.Points[i].Saturation = s.saturated() && p.X == saturationLoad(s.saturation).Amount()
		}
		f.Series = append(f.Series, line)
	}
	f = f.Settle(noPoints)
	f.Notes = markNotes(f, repeated(all))
	return f.described()
}

// line draws a measure of the series against load: at each level the median over the repetitions
// that count, and each repetition where there are several.
func (s series) line(of measure, own func(result.Point) *stats.Interval) (line Series) {
	for _, l := range s.levels {
		median, ok := l.median(of)
		if !ok {
			continue
		}
		x := l.load.Amount()
		line.Points = append(line.Points, Point{X: x, Y: median, Interval: l.interval(of, own), Invalid: !l.valid()})
		for _, p := range l.points {
			if v, ok := of(p); ok && len(l.points) > 1 {
				line.Singles = append(line.Singles, Point{X: x, Y: v, Invalid: !p.Valid})
			}
		}
	}
	return line
}

// interval is that of the median over the repetitions that count, or a single repetition's own.
func (l level) interval(of measure, own func(result.Point) *stats.Interval) *stats.Interval {
	if len(l.points) == 1 {
		return own(l.points[0])
	}
	return stats.MedianInterval(l.values(of))
}

func noInterval(result.Point) *stats.Interval { return nil }

// loadAxis is the X axis of everything drawn against load: powers of two for clients, so that a
// doubling is always the same step.
func loadAxis(all []series, kind result.LoadKind) Axis {
	if kind == result.LoadOpen {
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

// markNotes explains the marks that a figure against load uses.
func markNotes(f Figure, repeated bool) (all []string) {
	if f.HasIntervals() {
		all = append(all, notes("figures with intervals")...)
	}
	if repeated {
		all = append(all, notes("figures with repetitions")...)
	}
	if slices.ContainsFunc(f.Series, func(s Series) bool { return s.Curve != nil }) {
		all = append(all, notes("figures with laws")...)
	}
	if f.HasInvalid() {
		all = append(all, notes("figures with invalid points")...)
	}
	return all
}
