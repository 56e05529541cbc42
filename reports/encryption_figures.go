package reports

import (
	"cmp"
	"fmt"
	"slices"

	"meterbench/bench/result"
)

// maxCostLines is how many lines a figure of costs stays readable with. Where all lengths would be
// more, only one is drawn.
const maxCostLines = 8

// A costValue is what a figure of costs draws.
type costValue struct {
	id, title, label string
	unit             Unit
	of               func(result.FECost) Point
}

// A costAxis is what a figure of costs draws it against, and along which lines.
type costAxis struct {
	id, title, label string
	of               func(result.FECost) float64
	lines            []costLine
	note             string
}

// A costLine is one line of a figure of costs: which costs are its points.
type costLine struct {
	name    string
	hue     int // of the scheme
	variant int
	has     func(result.FECost) bool
}

func keyBits(c result.FECost) float64 { return float64(c.Bits) }

// costFigures draw the table of costs: by key size, and by the length and the bound where there are
// several.
func (e encryption) costFigures() []Figure {
	encrypt := costValue{"encryption-time", "Encryption time", "time of one encryption, median", Seconds, func(c result.FECost) Point { return costPoint(c.Encrypt) }}
	decrypt := costValue{"decryption-time", "Decryption time", "time of one decryption, median", Seconds, func(c result.FECost) Point { return costPoint(c.Decrypt) }}
	size := costValue{"ciphertext-size", "Ciphertext size", "size of one ciphertext", Bytes, func(c result.FECost) Point { return Point{Y: float64(c.Bytes)} }}

	lengths := e.drawnLengths(len(e.schemes))
	bySize := costAxis{"", " by key size", "key size, bits", keyBits, e.linesBySize(lengths), ""}
	if len(lengths) < len(e.lengths) {
		bySize.note = "Other lengths are in the table."
	}
	figures := []Figure{e.figure(encrypt, bySize), e.figure(decrypt, bySize), e.figure(size, bySize)}
	if len(e.lengths) > 1 {
		byLength := costAxis{"-length", " by vector length", "length, values or meters", func(c result.FECost) float64 { return float64(c.Length) },
			e.linesAtOneSize(func(c result.FECost) bool { return c.Bound == e.bounds[0] }), ""}
		figures = append(figures, e.figure(encrypt, byLength), e.figure(size, byLength))
	}
	if len(e.bounds) > 1 {
		length := e.drawnLengths(maxCostLines)[0]
		byBound := costAxis{"-bound", " by bound", "bound of the values", func(c result.FECost) float64 { return float64(c.Bound) },
			e.linesAtOneSize(func(c result.FECost) bool { return c.Length == length }), fmt.Sprintf("At a length of %d.", length)}
		figures = append(figures, e.figure(decrypt, byBound))
	}
	return figures
}

func (e encryption) figure(value costValue, against costAxis) Figure {
	f := Figure{
		ID: value.id + against.id, Title: value.title + against.title,
		X: e.axis(against.label, against.of), Y: Axis{Label: value.label + " (log scale)", Unit: value.unit, Log: true},
	}
	for _, line := range against.lines {
		f.Series = append(f.Series, Series{Name: line.name, Hue: line.hue, Variant: line.variant, Points: e.points(line, against.of, value.of)})
	}
	f = f.Settle(noFE)
	if f.HasIntervals() {
		f.Notes = append(f.Notes, "Medians; bars through the points are 95 % intervals by order statistics; where none shows, it is narrower than the mark. n is in the table.")
	}
	f.Notes = append(f.Notes, e.caveats()...)
	if against.note != "" {
		f.Notes = append(f.Notes, against.note)
	}
	return f.described()
}

// linesBySize are the lines of the figures by key size: one for each scheme and length, at the
// lowest bound.
func (e encryption) linesBySize(lengths []int) (lines []costLine) {
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

// drawnLengths are the lengths drawn by key size, for as many lines each: all, or the one of a
// day's hourly values, or the longest.
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

// linesAtOneSize are one line for each scheme at one of its sizes: the smallest with 112 bits of
// security, or its largest.
func (e encryption) linesAtOneSize(of func(result.FECost) bool) (lines []costLine) {
	const enough = 112
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

// axis is a logarithmic axis with a tick at each of the costs.
func (e encryption) axis(label string, x func(result.FECost) float64) Axis {
	axis := Axis{Label: label + " (log scale)", Unit: Count, Log: true}
	for _, c := range e.costs {
		if v := x(c); v > 0 {
			axis.Ticks = append(axis.Ticks, v)
		}
	}
	slices.Sort(axis.Ticks)
	axis.Ticks = slices.Compact(axis.Ticks)
	return axis
}

// points gathers those of a line in ascending order.
func (e encryption) points(line costLine, x func(result.FECost) float64, y func(result.FECost) Point) (points []Point) {
	for _, c := range e.costs {
		if line.has(c) {
			p := y(c)
			p.X = x(c)
			points = append(points, p)
		}
	}
	slices.SortStableFunc(points, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
	return points
}

// caveats say what in a figure of several schemes does not compare.
func (e encryption) caveats() (notes []string) {
	isModulus := func(c result.FECost) bool { return c.Bits >= 512 }
	isCurve := func(c result.FECost) bool { return !isModulus(c) }
	if slices.ContainsFunc(e.costs, isCurve) && slices.ContainsFunc(e.costs, isModulus) {
		notes = append(notes, "Sizes of different groups do not compare: 256 bits of a curve can be as strong as 3072 of a modulus. The strengths are in the table of schemes.")
	}
	if i := slices.IndexFunc(e.costs, single); i >= 0 {
		notes = append(notes, fmt.Sprintf("%s encrypts single values: the time and size are of one value of one meter, and decryption adds up a value of each meter.", e.costs[i].Scheme))
	}
	return notes
}

// ratioFigure sets the time of one encryption against the time of one transaction without any.
func (e encryption) ratioFigure() Figure {
	f := Figure{
		ID:     "encryption-against-transaction",
		Title:  "Encryption time against transaction time by key size",
		X:      e.axis("key size, bits", keyBits),
		Y:      Axis{Label: "encryption time / transaction time (log scale)", Unit: Times, Log: true},
		Levels: []Level{{Name: "as long as the transaction", Y: 1}},
	}
	why := noFE
	latencies := e.against.latencies
	if len(latencies) == 0 {
		why = "No data: the run measured no transaction without encryption to compare with."
	} else {
		f.Notes = append(e.against.notes(), e.caveats()...)
		for _, line := range e.linesBySize(e.drawnLengths(len(e.schemes) * len(latencies))) {
			for i, to := range latencies {
				f.Series = append(f.Series, Series{
					Name: fmt.Sprintf("%s / %s", line.name, to.name), Hue: line.hue, Variant: line.variant*len(latencies) + i,
					Points: e.points(line, keyBits, func(c result.FECost) Point { return costPoint(c.Encrypt).over(to.value) }),
				})
			}
		}
	}
	f = f.Settle(why)
	f.Alt = fmt.Sprintf("Ratio of the time of one encryption to the time of one transaction, by key size, for %s.", listed(names(f.Series)))
	return f
}
