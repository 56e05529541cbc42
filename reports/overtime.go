package reports

import (
	"fmt"
	"math"
	"slices"
	"time"

	"meterbench/bench/result"
)

const (
	// seriesWithEnds is the number of series up to which the least and the largest load of each are drawn over time;
	// with more, only the one at saturation.
	seriesWithEnds = 3
	heatColumns    = 60
	heatRows       = 24
	rateSpan       = time.Second // the shortest over which throughput is drawn
	failedShown    = 0.005       // the share of transactions from which on those that failed are drawn
)

// overTime returns the levels of the series that are drawn over time: the one at saturation, or of the highest
// throughput, those with events, and with ends the least and the largest load.
func (s series) overTime(ends bool) []level {
	peak := s.peak()
	return slices.DeleteFunc(slices.Clone(s.levels), func(l level) bool {
		amount := l.load.Amount()
		first, last := s.levels[0].load.Amount(), s.levels[len(s.levels)-1].load.Amount()
		p := l.drawn()
		return !p.Disturbed() && (peak == nil || amount != peak.load.Amount()) && !(ends && (amount == first || amount == last))
	})
}

// A timed is a load level that is drawn over time.
type timed struct {
	level
	of series
}

// timedLevels returns the levels that are drawn over time.
func timedLevels(all []series) (levels []timed) {
	for _, s := range drawn(all) {
		for _, l := range s.overTime(len(all) <= seriesWithEnds) {
			levels = append(levels, timed{l, s})
		}
	}
	return levels
}

// timeSection shows what happened during some levels, nil where the folder was not read.
func timeSection(all []series, more details) []Section {
	levels := slices.DeleteFunc(timedLevels(all), func(l timed) bool { return more.tallies[l.key()] == nil })
	if len(levels) == 0 {
		return nil
	}
	s := Section{ID: "time", Title: "Over time", Intro: intro("section time")}
	x := Axis{Label: "time since the start of the level", Unit: Seconds, Free: true}
	latency := Figure{ID: "time-latency", Title: "Latency over time", Notes: append(notes("figures of latency over time"), omissions(all)...),
		X: x, Y: Axis{Label: headlinesOf(all) + ", by intended start", Unit: Seconds, Free: true}}
	rate := Figure{ID: "time-throughput", Title: "Throughput over time", Notes: append(notes("figures of throughput over time"), omissions(all)...),
		X: x, Y: Axis{Label: "transactions", Unit: rateUnit(all), Free: true}}
	var latencies, rates []Panel
	for _, l := range levels {
		t, marks := more.tallies[l.key()], more.timelines[l.key()]
		frame := t.frame(marks)
		frame.Events = events(l.drawn())
		frame.Title = fmt.Sprintf("%s, %s", l.of.name, l.load)
		latencies = append(latencies, t.heat(frame))
		rates = append(rates, t.rates(frame, l.of))
	}
	if slices.ContainsFunc(latencies, func(p Panel) bool { return wide(p.Series) }) {
		latency.Y.Log, latency.Y.Label = true, latency.Y.Label+" (log scale)"
	}
	var framed []string
	if slices.ContainsFunc(latencies, func(p Panel) bool { return p.Spans != nil }) {
		framed = notes("figures with spans")
	}
	if slices.ContainsFunc(latencies, func(p Panel) bool { return p.Marks != nil }) {
		framed = append(framed, notes("figures with marks")...)
	}
	if slices.ContainsFunc(latencies, func(p Panel) bool { return p.Events != nil }) {
		framed = append(framed, notes("figures with events")...)
	}
	latency.Notes, rate.Notes = append(latency.Notes, framed...), append(rate.Notes, framed...)
	const why = "No data: no transaction of these levels ended well."
	s.Figures = slices.Concat(latency.split(latencies, why), rate.split(rates, why))
	s.Tables = []Table{timeTable(all, levels, more)}
	return []Section{s}
}

// A timeRow is a bin of a level's tally.
type timeRow struct {
	pointRow
	*tally
	bin int
}

// timeTable has what the figures over time draw, bin by bin.
func timeTable(all []series, levels []timed, more details) Table {
	var rows []timeRow
	for _, l := range levels {
		t := more.tallies[l.key()]
		for bin := range t.intended {
			rows = append(rows, timeRow{pointRow{l.drawn(), l.of}, t, bin})
		}
	}
	var fields []field[timeRow]
	for _, f := range levelFields(all) {
		fields = append(fields, field[timeRow]{f.Column, func(r timeRow) Cell { return f.Cell(r.pointRow) }})
	}
	counted := func(key, title string, counts func(*tally) []uint64) field[timeRow] {
		return field[timeRow]{Column{Key: key, Title: title, Unit: Count}, func(r timeRow) Cell { return count(counts(r.tally)[r.bin]) }}
	}
	return tabulate(Table{ID: "time", Title: "Levels over time", Data: true}, rows, append(fields,
		field[timeRow]{Column{Key: "from_s", Title: "from", Unit: Seconds}, func(r timeRow) Cell { return number(float64(r.bin) * r.tally.bin.Seconds()) }},
		field[timeRow]{Column{Key: "bin_s", Title: "bin", Unit: Seconds}, func(r timeRow) Cell { return number(r.tally.bin.Seconds()) }},
		counted("due", "due", func(t *tally) []uint64 { return t.intended }),
		counted("failed", "failed, of those due", func(t *tally) []uint64 { return t.failed }),
		field[timeRow]{Column{Key: "committed", Title: "committed", Unit: Count},
			func(r timeRow) Cell { return optional(float64(r.succeeded[r.bin]), !r.of.answers()) }},
		field[timeRow]{Column{Key: "answered", Title: "answered", Unit: Count},
			func(r timeRow) Cell { return optional(float64(r.succeeded[r.bin]), r.of.answers()) }},
		field[timeRow]{Column{Key: "latency_p50_s", Title: "median latency", Unit: Seconds}, func(r timeRow) Cell { return optional(medianOf(r.latencies[r.bin])) }},
		field[timeRow]{Column{Key: "latency_max_s", Title: "largest latency", Unit: Seconds}, func(r timeRow) Cell { return positive(r.largest[r.bin]) }}))
}

// end is when the last transaction was due or committed, in seconds.
func (t *tally) end() float64 { return float64(len(t.intended)) * t.bin.Seconds() }

// frame returns a panel over the level with what is marked in it: its instants, and the spans outside of the measured
// window.
func (t *tally) frame(of result.LevelTimeline) Panel {
	p := Panel{Until: t.end()}
	for _, kind := range markKinds {
		instants := slices.DeleteFunc(slices.Clone(of.Marks[kind.MarkKind]), func(at float64) bool { return !(at >= 0 && at <= p.Until) })
		if len(instants) > 0 {
			p.Marks = append(p.Marks, Mark{Name: kind.name, Hue: kind.hue, Top: kind.top, X: instants})
		}
	}
	if of.To > of.From {
		for _, span := range []Span{{From: 0, To: min(of.From, p.Until)}, {From: of.To, To: p.Until}} {
			if span.To > span.From {
				p.Spans = append(p.Spans, span)
			}
		}
	}
	return p
}

// markKinds are the kinds of marks and how they are drawn.
var markKinds = []struct {
	result.MarkKind
	name string
	hue  int
	top  bool
}{
	{result.MarkFull, "block cut: full", 2, false},
	{result.MarkTimer, "block cut: batch timer", 0, false},
	{result.MarkOther, "block cut: other", 6, false},
	{result.MarkCollection, "garbage collected in the client", 3, true},
}

// heat draws the latencies: how many there were of each size, their median and their largest.
func (t *tally) heat(p Panel) Panel {
	step := (len(t.latencies) + heatColumns - 1) / heatColumns
	var columns [][]uint32
	median, largest := Series{Name: "median", Hue: 1, Unmarked: true}, Series{Name: "largest", Hue: 1, Variant: 2, Unmarked: true}
	low, high := latencyBins, 0
	for i := 0; i < len(t.latencies); i += step {
		end := min(i+step, len(t.latencies))
		counts := added(cloned(t.latencies[i:end]))
		columns = append(columns, counts)
		middle := (float64(i+end) / 2) * t.bin.Seconds()
		if m, ok := medianOf(counts); ok {
			most := slices.Max(t.largest[i:end])
			median.Points = append(median.Points, Point{X: middle, Y: min(m, most)}) // m is that of a bin's width
			largest.Points = append(largest.Points, Point{X: middle, Y: most})
		}
		for bin, n := range counts {
			if n > 0 {
				low, high = min(low, bin), max(high, bin+1)
			}
		}
	}
	p.Series = []Series{median, largest}
	rows := max(1, int(math.Ceil(float64(high-low)/heatRows)))
	var most uint32
	for i, counts := range columns {
		for bin := low; counts != nil && bin < high; bin += rows {
			var n uint32
			for _, one := range counts[bin:min(bin+rows, high)] {
				n += one
			}
			if n > 0 {
				most = max(most, n)
				from, to := float64(i*step)*t.bin.Seconds(), float64(min((i+1)*step, len(t.latencies)))*t.bin.Seconds()
				p.Tiles = append(p.Tiles, Tile{X: [2]float64{from, to}, Y: [2]float64{latencyEdge(bin), latencyEdge(bin + rows)}, Share: float64(n)})
			}
		}
	}
	for i := range p.Tiles {
		p.Tiles[i].Share /= float64(most)
	}
	return p
}

func cloned(bins [][]uint32) (all [][]uint32) {
	for _, counts := range bins {
		all = append(all, slices.Clone(counts))
	}
	return all
}

// rates draws transactions of a series per second: scheduled, failed and committed, over spans no shorter than the batch
// timer, so that single blocks do not show. Answers stand in the place of commits where nothing is to be committed.
func (t *tally) rates(p Panel, of series) Panel {
	span, succeeded, not := max(rateSpan.Seconds(), of.conditions.BatchTimeout), "committed", "not committed"
	if of.answers() {
		succeeded, not = "answered", "not answered"
	}
	step := max(1, int(math.Ceil(span/t.bin.Seconds())), len(t.intended)/heatColumns)
	line := func(name string, hue, variant int, counts []uint64) Series {
		s := Series{Name: name, Hue: hue, Variant: variant, Unmarked: true}
		for i := 0; i+step <= len(counts); i += step {
			s.Points = append(s.Points, Point{
				X: (float64(i) + float64(step)/2) * t.bin.Seconds(), Y: float64(sum(counts[i:i+step])) / (float64(step) * t.bin.Seconds())})
		}
		return s
	}
	p.Series = []Series{line("due", 6, 1, t.intended), line(succeeded, 0, 0, t.succeeded)}
	if float64(sum(t.failed)) >= failedShown*float64(sum(t.intended)) {
		p.Series = append(p.Series, line(not+", by when it was due", 1, 3, t.failed))
	}
	return p
}
