package reports

import (
	"cmp"
	"fmt"
	"slices"

	"meterbench/bench/result"
)

// maxCostLines is how many lines a figure of costs stays readable with. Where
// all lengths would be more, only one is drawn.
const maxCostLines = 8

// costFigures draw the table of costs: by key size, and by the length and the
// bound where there are several.
func (e encryption) costFigures() []Figure {
	encrypt := func(c result.FECost) Point { return costPoint(c.Encrypt) }
	decrypt := func(c result.FECost) Point { return costPoint(c.Decrypt) }
	size := func(c result.FECost) Point { return Point{Y: float64(c.Bytes)} }
	figures := []Figure{
		e.bySize("encryption-time", "Encryption time by key size", "time of one encryption, median", Seconds, encrypt),
		e.bySize("decryption-time", "Decryption time by key size", "time of one decryption, median", Seconds, decrypt),
		e.bySize("ciphertext-size", "Ciphertext size by key size", "size of one ciphertext", Bytes, size),
	}
	if len(e.lengths) > 1 {
		figures = append(figures,
			e.byLength("encryption-time-length", "Encryption time by vector length", "time of one encryption, median", Seconds, encrypt),
			e.byLength("ciphertext-size-length", "Ciphertext size by vector length", "size of one ciphertext", Bytes, size))
	}
	if len(e.bounds) > 1 {
		figures = append(figures, e.byBound("decryption-time-bound", "Decryption time by bound", "time of one decryption, median", Seconds, decrypt))
	}
	return figures
}

func costPoint(c result.Cost) Point {
	p := Point{Y: c.P50}
	if c.Low != nil && c.High != nil {
		p.Interval = &Interval{Low: *c.Low, High: *c.High, N: c.N}
	}
	return p
}

// A costLine is one line of a figure of costs: which costs are its points.
type costLine struct {
	name    string
	hue     int // of the scheme
	variant int
	of      func(result.FECost) bool
}

// linesBySize are the lines of the figures by key size: one for each scheme
// and length, at the lowest bound.
func (e encryption) linesBySize(lengths []int) []costLine {
	var lines []costLine
	for hue, scheme := range e.schemes {
		for variant, length := range lengths {
			lines = append(lines, costLine{e.lineName(scheme, length), hue, variant, func(c result.FECost) bool {
				return c.Scheme == scheme && c.Length == length && c.Bound == e.bounds[0]
			}})
		}
	}
	return lines
}

func (e encryption) lineName(scheme string, length int) string {
	if slices.ContainsFunc(e.costs, func(c result.FECost) bool { return c.Scheme == scheme && single(c) }) {
		return fmt.Sprintf("%s, 1 value of each of %d", scheme, length)
	}
	return fmt.Sprintf("%s, %s", scheme, vector(length))
}

// drawnLengths are the lengths drawn by key size, for as many lines each: all,
// or the one of a day's hourly values, or the longest.
func (e encryption) drawnLengths(linesOfEach int) []int {
	const day = 24
	switch {
	case len(e.lengths)*linesOfEach <= maxCostLines:
		return e.lengths
	case slices.Contains(e.lengths, day):
		return []int{day}
	}
	return e.lengths[len(e.lengths)-1:]
}

// linesAtOneSize are one line for each scheme at one of its sizes: the
// smallest with 112 bits of security, or its largest.
func (e encryption) linesAtOneSize(of func(result.FECost) bool) []costLine {
	const enough = 112
	var lines []costLine
	for hue, scheme := range e.schemes {
		var bits int
		strong := false
		for _, c := range e.costs {
			if c.Scheme != scheme {
				continue
			}
			secure := c.SecurityBits != nil && *c.SecurityBits >= enough
			if bits == 0 || secure && (!strong || c.Bits < bits) || !secure && !strong && c.Bits > bits {
				bits, strong = c.Bits, secure
			}
		}
		lines = append(lines, costLine{fmt.Sprintf("%s, %d bits", scheme, bits), hue, 0, func(c result.FECost) bool {
			return c.Scheme == scheme && c.Bits == bits && of(c)
		}})
	}
	return lines
}

func (e encryption) bySize(id, title, label string, unit Unit, y func(result.FECost) Point) Figure {
	bits := func(c result.FECost) float64 { return float64(c.Bits) }
	lengths := e.drawnLengths(len(e.schemes))
	f := e.figure(id, title, e.axis("key size, bits", bits), Axis{Label: label, Unit: unit}, e.linesBySize(lengths), bits, y)
	if len(lengths) < len(e.lengths) {
		f.Notes = append(f.Notes, "Other lengths are in the table.")
	}
	return f
}

func (e encryption) byLength(id, title, label string, unit Unit, y func(result.FECost) Point) Figure {
	length := func(c result.FECost) float64 { return float64(c.Length) }
	lines := e.linesAtOneSize(func(c result.FECost) bool { return c.Bound == e.bounds[0] })
	return e.figure(id, title, e.axis("length, values or meters", length), Axis{Label: label, Unit: unit}, lines, length, y)
}

func (e encryption) byBound(id, title, label string, unit Unit, y func(result.FECost) Point) Figure {
	bound := func(c result.FECost) float64 { return float64(c.Bound) }
	length := e.drawnLengths(maxCostLines)[0]
	lines := e.linesAtOneSize(func(c result.FECost) bool { return c.Length == length })
	f := e.figure(id, title, e.axis("bound of the values", bound), Axis{Label: label, Unit: unit}, lines, bound, y)
	f.Notes = append(f.Notes, fmt.Sprintf("At a length of %d.", length))
	return f
}

// axis is a logarithmic axis with a tick at each of the costs.
func (e encryption) axis(label string, x func(result.FECost) float64) Axis {
	axis := Axis{Label: label + " (log scale)", Unit: Count, Log: true}
	for _, c := range e.costs {
		if v := x(c); v > 0 && !slices.Contains(axis.Ticks, v) {
			axis.Ticks = append(axis.Ticks, v)
		}
	}
	slices.Sort(axis.Ticks)
	return axis
}

// points gathers those of a line in ascending order.
func (e encryption) points(line costLine, x func(result.FECost) float64, y func(result.FECost) Point) []Point {
	var points []Point
	for _, c := range e.costs {
		if line.of(c) {
			p := y(c)
			p.X = x(c)
			points = append(points, p)
		}
	}
	slices.SortStableFunc(points, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
	return points
}

func (e encryption) figure(id, title string, x, y Axis, lines []costLine, at func(result.FECost) float64, value func(result.FECost) Point) Figure {
	y.Label, y.Log = y.Label+" (log scale)", true
	f := Figure{ID: id, Title: title, Kind: Lines, X: x, Y: y}
	for _, line := range lines {
		f.Series = append(f.Series, Series{Name: line.name, Hue: line.hue, Variant: line.variant, Points: e.points(line, at, value)})
	}
	f = f.Settle(noFE)
	if f.HasIntervals() {
		f.Notes = append(f.Notes, "Medians; bars through the points are 95 % intervals by order statistics; where none shows, it is narrower than the mark. n is in the table.")
	}
	f.Notes = append(f.Notes, e.caveats()...)
	f.Alt = fmt.Sprintf("%s for %s.", title, listed(names(f.Series)))
	return f
}

// caveats say what in a figure of several schemes does not compare.
func (e encryption) caveats() []string {
	var notes []string
	curve, modulus := false, false
	for _, c := range e.costs {
		curve, modulus = curve || c.Bits < 512, modulus || c.Bits >= 512
	}
	if curve && modulus {
		notes = append(notes, "Sizes of different groups do not compare: 256 bits of a curve can be as strong as 3072 of a modulus. The strengths are in the table of schemes.")
	}
	if i := slices.IndexFunc(e.costs, single); i >= 0 {
		notes = append(notes, fmt.Sprintf("%s encrypts single values: the time and size are of one value of one meter, and decryption adds up a value of each meter.", e.costs[i].Scheme))
	}
	return notes
}

// ratioFigure sets the time of one encryption against the time of one
// transaction without any.
func (e encryption) ratioFigure() Figure {
	bits := func(c result.FECost) float64 { return float64(c.Bits) }
	f := Figure{
		ID:     "encryption-against-transaction",
		Title:  "Encryption time against transaction time by key size",
		Kind:   Lines,
		X:      e.axis("key size, bits", bits),
		Y:      Axis{Label: "encryption time / transaction time (log scale)", Unit: Times, Log: true},
		Levels: []Level{{Name: "as long as the transaction", Y: 1}},
	}
	why := noFE
	if e.against == nil {
		why = "No data: the run measured no transaction without encryption to compare with."
	} else {
		f.Notes = append(e.against.notes(), e.caveats()...)
		latencies := e.against.latencies()
		for _, line := range e.linesBySize(e.drawnLengths(len(e.schemes) * len(latencies))) {
			for i, to := range latencies {
				f.Series = append(f.Series, Series{
					Name: fmt.Sprintf("%s / %s", line.name, to.name), Hue: line.hue, Variant: line.variant*len(latencies) + i,
					Points: e.points(line, bits, func(c result.FECost) Point { return costPoint(c.Encrypt).over(to.value) }),
				})
			}
		}
	}
	f = f.Settle(why)
	f.Alt = fmt.Sprintf("Ratio of the time of one encryption to the time of one transaction, by key size, for %s.", listed(names(f.Series)))
	return f
}
