package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
)

const (
	// mostPanels is the number of panels that a figure has at most: series beyond it go to further figures.
	mostPanels = 9
	// freeScale is how many times as high as the lowest panel the highest may be before each gets a scale of its own.
	freeScale = 5
)

// ofKind returns the series of a kind of load.
func ofKind(all []series, kind result.LoadKind) []series {
	return slices.DeleteFunc(slices.Clone(all), func(s series) bool { return s.kind != kind })
}

// perSeries makes figures with a panel for each series of a kind of load.
func perSeries(f Figure, all []series, kind result.LoadKind, why string, panel func(series) Panel) []Figure {
	var panels []Panel
	f.Notes = append(slices.Clone(f.Notes), omission(all, kind)...)
	for _, s := range evenly(ofKind(all, kind), mostDrawn) {
		p := panel(s)
		p.Title = s.name
		panels = append(panels, p)
	}
	if len(panels) == 0 {
		why = noPoints
	}
	return f.split(panels, why)
}

// split makes figures of the panels: one, or where there are more than mostPanels as many as they take. why says what is
// missing where nothing can be drawn.
func (f Figure) split(panels []Panel, why string) (figures []Figure) {
	switch len(panels) {
	case 0:
		return []Figure{f.Settle(why)}
	case 1:
		if panels[0].framed() {
			f.Panels = panels
			return []Figure{f.Settle(why).described()}
		}
		f.Title += ": " + panels[0].Title
		f.X.Categories, f.Series = panels[0].Categories, panels[0].Series
		return []Figure{f.Settle(why).described()}
	}
	parts := slices.Collect(slices.Chunk(panels, mostPanels))
	for i, part := range parts {
		one := f
		one.Panels, one.Notes = part, slices.Clone(f.Notes)
		if len(parts) > 1 {
			one.Title += fmt.Sprintf(", part %d of %d", i+1, len(parts))
		}
		if one.Further = i > 0; one.Further {
			one.ID += fmt.Sprintf("-%d", i+1)
		}
		one = one.Settle(why).scaled()
		if drawn := titles(one.Panels); one.Empty == "" && len(drawn) < len(part) {
			missing := slices.DeleteFunc(titles(part), func(title string) bool { return slices.Contains(drawn, title) })
			one.Notes = append(one.Notes, fmt.Sprintf("Not drawn, without data: %s.", listed(fewOf(missing))))
		}
		figures = append(figures, one.described())
	}
	return figures
}

// framed reports whether more is drawn in the panel than its series.
func (p Panel) framed() bool {
	return len(p.Tiles)+len(p.Marks)+len(p.Events)+len(p.Spans) > 0
}

func titles(panels []Panel) []string { return each(panels, func(p Panel) string { return p.Title }) }

// scaled gives the panels Y axes of their own where a common one would flatten some of them.
func (f Figure) scaled() Figure {
	if f.Y.Free || f.Y.Log {
		return f
	}
	lowest, highest := 0.0, 0.0
	for i, p := range f.Panels {
		top := p.top(f.Kind)
		if i == 0 || top < lowest {
			lowest = top
		}
		highest = max(highest, top)
	}
	if f.Y.Free = highest > freeScale*lowest; f.Y.Free {
		f.Notes = append(f.Notes, "Every panel has a scale of its own.")
	}
	return f
}

// top returns the largest value drawn in the panel, intervals apart.
func (p Panel) top(kind Kind) (top float64) {
	sums := map[float64]float64{}
	for _, s := range p.Series {
		for _, one := range s.Points {
			if kind == Stacked {
				sums[one.X] += one.Y
				one.Y = sums[one.X]
			}
			top = max(top, one.Y)
		}
	}
	return top
}

// ofLoad ends the id of a figure about a kind of load, and againstLoad its title.
func ofLoad(kind result.LoadKind) string {
	if kind == result.LoadOpen {
		return "-offered"
	}
	return "-clients"
}

func againstLoad(kind result.LoadKind) string {
	if kind == result.LoadOpen {
		return " against offered load"
	}
	return " against clients"
}
