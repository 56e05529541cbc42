package reports

import (
	"cmp"
	"math"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

const (
	// mostLevels is the number of load levels that are drawn over each other.
	mostLevels = 5
	// halving is the number of points for every halving of the share beyond.
	halving = 8
)

// spectrumFigures draw the whole distribution of latencies at some load levels of each series, as the plots of
// hdrhistogram.org do: over the percentile on a scale that gives every further nine the same room.
func spectrumFigures(all []series, kind result.LoadKind, latencies map[result.LevelKey]*hdrhistogram.Histogram) []Figure {
	drawn := slices.DeleteFunc(slices.Clone(evenly(ofKind(all, kind), mostDrawn)), func(s series) bool {
		return !slices.ContainsFunc(s.spread(), func(l level) bool { return latencies[l.key()] != nil })
	})
	if len(drawn) == 0 {
		return nil
	}
	var loads []result.Load
	for _, s := range drawn {
		loads = append(loads, each(s.spread(), func(l level) result.Load { return l.load })...)
	}
	amount := result.Load.Amount
	slices.SortStableFunc(loads, func(a, b result.Load) int { return cmp.Compare(amount(a), amount(b)) })
	loads = slices.CompactFunc(loads, func(a, b result.Load) bool { return amount(a) == amount(b) })
	f := Figure{
		ID: "percentiles" + ofLoad(kind), Title: "Latency by percentile, at several loads",
		X: Axis{Label: "percentile (scale of HdrHistogram)", Unit: Percentile, Log: true}, Y: Axis{Label: headlinesOf(drawn), Unit: Seconds},
		Levels: objectives(drawn), Notes: append(notes("figures by percentile"), omission(all, kind)...),
	}
	panels, largest := []Panel{}, 1.0
	for _, s := range drawn {
		p := Panel{Title: s.name}
		for _, l := range s.spread() {
			h := latencies[l.key()]
			if h == nil {
				continue
			}
			rank := slices.IndexFunc(loads, func(load result.Load) bool { return amount(load) == amount(l.load) })
			line := Series{Name: l.load.String(), Hue: rank, Steps: len(loads), Variant: rank, Unmarked: true, Points: spectrum(h, l.drawn().LatencyAll.Lost())}
			if n := len(line.Points); n > 0 {
				largest = max(largest, line.Points[n-1].X)
			}
			p.Series = append(p.Series, line)
		}
		panels = append(panels, p)
	}
	f.X.Ticks = []float64{1, 2, 4}
	for tick := 10.0; tick <= largest; tick *= 10 {
		f.X.Ticks = append(f.X.Ticks, tick)
	}
	if len(panels) == 1 && wide(panels[0].Series) {
		f.Y.Log, f.Y.Label = true, f.Y.Label+" (log scale)"
	}
	return f.split(panels, "No data: no load level has enough transactions for a median.")
}

// spectrum returns the latency by 1/(1-p) of the percentile p, over the values and so many missing ones that are larger
// than all: up to where stats.MinBeyond lie beyond it, or up to the first missing one.
func spectrum(h *hdrhistogram.Histogram, missing uint64) (points []Point) {
	values := float64(h.TotalCount())
	all := values + float64(missing)
	most := all / stats.MinBeyond
	for i := 0; most >= 2; i++ {
		x := min(math.Pow(2, float64(i)/halving), most)
		rank := all * (1 - 1/x)
		if values == 0 || rank > values {
			break
		}
		points = append(points, Point{X: x, Y: float64(h.ValueAtQuantile(100*rank/values)) / 1e9})
		if x == most {
			break
		}
	}
	return points
}

// A spectrumRow is a percentile of the latencies of a level.
type spectrumRow struct {
	pointRow
	at Point
}

// spectrumTable has what spectrumFigures draw, nil where that is nothing.
func spectrumTable(all []series, latencies map[result.LevelKey]*hdrhistogram.Histogram) []Table {
	var rows []spectrumRow
	for _, s := range drawn(all) {
		for _, l := range s.spread() {
			if h := latencies[l.key()]; h != nil {
				for _, p := range spectrum(h, l.drawn().LatencyAll.Lost()) {
					rows = append(rows, spectrumRow{pointRow{l.drawn(), s}, p})
				}
			}
		}
	}
	if rows == nil {
		return nil
	}
	var fields []field[spectrumRow]
	for _, f := range levelFields(all) {
		fields = append(fields, field[spectrumRow]{f.Column, func(r spectrumRow) Cell { return f.Cell(r.pointRow) }})
	}
	return []Table{tabulate(Table{ID: "percentiles", Title: "Latency by percentile", Data: true}, rows, append(fields,
		field[spectrumRow]{Column{Key: "percentile_share", Title: "percentile", Unit: Share}, func(r spectrumRow) Cell { return number(1 - 1/r.at.X) }},
		field[spectrumRow]{Column{Key: "latency_s", Title: "latency", Unit: Seconds}, func(r spectrumRow) Cell { return number(r.at.Y) }}))}
}

// spread returns at most mostLevels of the series' load levels: the least and the largest, the saturation point, and
// others about evenly between.
func (s series) spread() []level {
	n := len(s.levels)
	if n <= mostLevels {
		return s.levels
	}
	saturation := slices.IndexFunc(s.levels, s.saturatesAt)
	var chosen []int
	for i := range mostLevels {
		chosen = append(chosen, int(math.Round(float64(i)*float64(n-1)/(mostLevels-1))))
	}
	if saturation >= 0 && !slices.Contains(chosen, saturation) {
		nearest := 1 // never the least or the largest
		for i := range mostLevels - 2 {
			if abs(chosen[i+1]-saturation) < abs(chosen[nearest]-saturation) {
				nearest = i + 1
			}
		}
		chosen[nearest] = saturation
	}
	return each(chosen, func(i int) level { return s.levels[i] })
}

func abs(n int) int { return max(n, -n) }
