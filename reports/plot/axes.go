package plot

import (
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"meterbench/internal/printable"
	"meterbench/reports"
)

// newAxes makes a plot whose axes cover a panel of the figure, and where they are not its own all panels, without data.
func newAxes(f reports.Figure, panel reports.Panel, scale reports.Scale, width vg.Length) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.LineStyle, axis.Padding = thin(Faint, 0.8), 3
		axis.Tick.LineStyle, axis.Tick.Length = axis.LineStyle, 4
		style := labelStyle()
		style.XAlign, style.YAlign = axis.Tick.Label.XAlign, axis.Tick.Label.YAlign
		axis.Tick.Label = style
	}
	low, high := extent(f, covered(f, panel, f.Y), scale)
	if f.Y.Log {
		p.Y.Scale = plot.LogScale{}
		p.Y.Min, p.Y.Max, p.Y.Tick.Marker = logAxis(low, high, f.Y.Unit)
	} else {
		p.Y.Min, p.Y.Max, p.Y.Tick.Marker = linearAxis(low, high)
	}
	switch low, high := breadth(f, covered(f, panel, f.X)); {
	case f.Kind != reports.Lines:
		p.X.Min, p.X.Max = -0.5, max(0.5, float64(len(panel.Categories))-0.5)
		categoryAxis(&p.X, panel.Categories, width)
		p.X.Tick.Length = 0
	case f.X.Log:
		p.X.Scale = plot.LogScale{}
		edge := max(1.06, math.Pow(high/low, 0.03))
		p.X.Min, p.X.Max = low/edge, high*edge
		p.X.Tick.Marker = labelled(f.X, p.X.Tick.Label, width)
	default:
		var ticks plot.ConstantTicks
		p.X.Min, p.X.Max, ticks = linearAxis(low, high)
		if high > 0 { // as far as the data, and no further
			p.X.Max = high
			ticks = slices.DeleteFunc(ticks, func(t plot.Tick) bool { return t.Value > high*1.001 })
		}
		p.X.Tick.Marker = ticks
	}
	return p
}

// covered returns the panels that an axis of one of them covers.
func covered(f reports.Figure, panel reports.Panel, a reports.Axis) []reports.Panel {
	if a.Free {
		return []reports.Panel{panel}
	}
	return f.All()
}

// extent is the range of everything drawn in the panels, in the printed unit.
func extent(f reports.Figure, panels []reports.Panel, scale reports.Scale) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	cover := func(y float64) { low, high = min(low, y/scale.Factor), max(high, y/scale.Factor) }
	for _, panel := range panels {
		for _, t := range panel.Tiles {
			cover(t.Y[0])
			cover(t.Y[1])
		}
		stack := map[float64]float64{}
		for _, s := range panel.Series {
			for _, p := range slices.Concat(s.Points, s.Singles, s.Curve) {
				if f.Kind == reports.Stacked && !s.Beside {
					stack[p.X] += p.Y
					p.Y = stack[p.X] * 1.05 // room for the total above
				}
				cover(p.Y)
				if i := p.Interval; i != nil && (f.Kind != reports.Stacked || s.Beside) {
					cover(i.Low)
					cover(i.High)
				}
			}
		}
	}
	for _, l := range f.Levels {
		cover(l.Y)
	}
	return spread(low, high)
}

// spread is the range of an axis, also of one on which nothing is drawn.
func spread(low, high float64) (float64, float64) {
	if low > high {
		return 1, 10
	}
	return low, high
}

// breadth is the range of the X axis: what the panels draw and the outermost ticks.
func breadth(f reports.Figure, panels []reports.Panel) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, panel := range panels {
		for _, t := range panel.Tiles {
			low, high = min(low, t.X[0]), max(high, t.X[1])
		}
		if panel.Until > 0 && !f.X.Log {
			low, high = min(low, 0), max(high, panel.Until)
		}
		for _, s := range panel.Series {
			for _, p := range s.Points {
				low, high = min(low, p.X), max(high, p.X)
				if p.Across != nil {
					low, high = min(low, p.Across.Low), max(high, p.Across.High)
				}
			}
		}
	}
	for _, t := range f.X.Ticks {
		low, high = min(low, t), max(high, t)
	}
	return spread(low, high)
}

// linearAxis takes zero into the range and rounds it outwards to a step of 1, 2, 2.5 or 5 times a power of
// ten, about six of them.
func linearAxis(low, high float64) (bottom, top float64, ticks plot.ConstantTicks) {
	low, high = min(low, 0), max(high, 0)
	if !(high-low > 1e-60) {
		low, high = 0, 1
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/5)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if (high-low)/(step*m) <= 6 {
			step *= m
			break
		}
	}
	decimals := 0
	for d := step; decimals < 12 && math.Abs(d-math.Round(d)) > 1e-9*d; d *= 10 {
		decimals++
	}
	first, last := math.Floor(low/step+1e-9), math.Ceil(high/step-1e-9)
	for i := first; i <= last; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: strconv.FormatFloat(i*step, 'f', decimals, 64)})
	}
	return first * step, last * step, ticks
}

// logAxis rounds the range outwards to 1, 2 or 5 times a power of ten and labels each with its own unit; over
// more than two decades only the decades.
func logAxis(low, high float64, unit reports.Unit) (bottom, top float64, ticks plot.ConstantTicks) {
	first, last := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	every := max(1, math.Ceil((last-first)/8))
	var values []float64
	for d := first; d <= last+every; d += every {
		for _, s := range []float64{1, 2, 5} {
			values = append(values, s*math.Pow(10, d))
		}
	}
	bottom, top = values[0], values[len(values)-1]
	for _, v := range values {
		if v <= low*1.0001 {
			bottom = v
		}
		if v >= high*0.9999 {
			top = min(top, v)
		}
	}
	if top <= bottom {
		top = bottom * 10
	}
	for i, v := range values {
		if v < bottom*0.9999 || v > top*1.0001 {
			continue
		}
		tick := plot.Tick{Value: v}
		if decade := i%3 == 0; decade || top/bottom <= 300 {
			tick.Label = unit.Tick(v)
		}
		ticks = append(ticks, tick)
	}
	return bottom, top, ticks
}

// labelled are the ticks of an X axis of numbers that are asked for, without those whose labels would touch their neighbours.
func labelled(a reports.Axis, style text.Style, width vg.Length) (ticks plot.ConstantTicks) {
	for _, v := range a.Ticks {
		ticks = append(ticks, plot.Tick{Value: v, Label: a.Unit.Tick(v)})
	}
	widest := vg.Length(1)
	for _, t := range ticks {
		widest = max(widest, style.Width(t.Label)+6)
	}
	every := max(1, int(math.Ceil(float64(widest)*float64(len(ticks))/float64(width-besideAxis))))
	kept := ticks[:0]
	for group := range slices.Chunk(ticks, every) {
		kept = append(kept, group[0])
	}
	return kept
}

// axisTitle is the axis' label with its unit, unless the ticks carry it.
func axisTitle(a reports.Axis, scale reports.Scale) string {
	if a.Log || scale.Symbol == "" {
		return printable.Line(a.Label)
	}
	return printable.Line(a.Label) + " (" + scale.Symbol + ")"
}

// grid draws a light line at every labelled tick of the Y axis.
func grid(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if !t.IsMinor() {
			c.StrokeLine2(thin(Rule, 0.7), c.Min.X, y(t.Value), c.Max.X, y(t.Value))
		}
	}
}
