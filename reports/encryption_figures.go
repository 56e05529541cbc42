package reports

import (
	"cmp"
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/internal/group"
)

// maxCostLines is the most lines with which a figure of costs stays readable. Where all lengths would be more, only
// one is drawn.
const maxCostLines = 8

// A costValue is the quantity that a figure of costs draws.
type costValue struct {
	id, title, label string
	unit             Unit
	of               func(result.FECost) Point
}

// A costAxis is the quantity on the X axis of a figure of costs, and its lines.
type costAxis struct {
	id, title, label string
	of               func(result.FECost) float64
	draws            func(result.FECost) bool   // other costs are left out
	line             func(result.FECost) string // names the line that a cost is on
	lengths          []int                      // those of a scheme's lines; nil where it has one
	notes            []string
}

// costFigures draw the table of costs: by key size, and by the length and the bound where there are several.
func (e encryption) costFigures() []Figure {
	encrypt := costValue{"encryption-time", "Encryption time", "time of one encryption, median", Seconds,
		func(c result.FECost) Point { return CostPoint(c.Encrypt) }}
	decrypt := costValue{"decryption-time", "Decryption time", "time of one decryption, median", Seconds,
		func(c result.FECost) Point { return CostPoint(c.Decrypt) }}
	size := costValue{"ciphertext-size", "Ciphertext size", "size of one ciphertext", Bytes,
		func(c result.FECost) Point { return Point{Y: float64(c.Bytes)} }}

	bySize := e.bySize(len(e.schemes))
	figures := []Figure{e.figure(encrypt, bySize), e.figure(decrypt, bySize), e.figure(size, bySize)}
	if len(e.lengths) > 1 {
		byLength := costAxis{id: "-length", title: " by vector length", label: "length, values or meters", line: sizeName,
			of:    func(c result.FECost) float64 { return float64(c.Length) },
			draws: func(c result.FECost) bool { return c.Bits == e.typicalBits(c.Scheme) && c.Bound == e.bounds[0] }}
		figures = append(figures, e.figure(encrypt, byLength), e.figure(size, byLength))
	}
	if len(e.bounds) > 1 {
		length := e.drawnLengths(maxCostLines)[0]
		byBound := costAxis{id: "-bound", title: " by bound", label: "bound of the values", line: sizeName,
			of:    func(c result.FECost) float64 { return float64(c.Bound) },
			draws: func(c result.FECost) bool { return c.Bits == e.typicalBits(c.Scheme) && c.Length == length },
			notes: []string{fmt.Sprintf("At a length of %d.", length)}}
		figures = append(figures, e.figure(decrypt, byBound))
	}
	return figures
}

// bySize is the axis of key sizes, at the lowest bound, for as many lines of each length.
func (e encryption) bySize(linesOfEach int) costAxis {
	a := costAxis{title: " by key size", label: "key size, bits", line: e.lengthName, lengths: e.drawnLengths(linesOfEach)}
	a.of = func(c result.FECost) float64 { return float64(c.Bits) }
	a.draws = func(c result.FECost) bool { return slices.Contains(a.lengths, c.Length) && c.Bound == e.bounds[0] }
	if len(a.lengths) < len(e.lengths) {
		a.notes = []string{"Other lengths are in the table."}
	}
	return a
}

// drawnLengths are the lengths drawn by key size, for as many lines of each: all, or the one of a day's
// hourly values, or the longest.
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

// typicalBits is the smallest size of the scheme with 112 bits of security, or its largest.
func (e encryption) typicalBits(scheme string) (bits int) {
	const enough = 112
	strong := false
	for _, c := range e.costs {
		secure := c.SecurityBits != nil && *c.SecurityBits >= enough
		if c.Scheme == scheme && (bits == 0 || secure && (!strong || c.Bits < bits) || !secure && !strong && c.Bits > bits) {
			bits, strong = c.Bits, secure
		}
	}
	return bits
}

// lengthName names the line of a scheme and length, sizeName that of a scheme at one size.
func (e encryption) lengthName(c result.FECost) string {
	if slices.ContainsFunc(e.costs, func(other result.FECost) bool { return other.Scheme == c.Scheme && single(other) }) {
		return fmt.Sprintf("%s, 1 value of each of %d", c.Scheme, c.Length)
	}
	return fmt.Sprintf("%s, %s", c.Scheme, vector(c.Length))
}

func sizeName(c result.FECost) string { return fmt.Sprintf("%s, %d bits", c.Scheme, c.Bits) }

// lines are the values of the costs along the axis.
func (e encryption) lines(along costAxis, value func(result.FECost) Point) (lines []Series) {
	shown := slices.DeleteFunc(slices.Clone(e.costs), func(c result.FECost) bool { return !along.draws(c) })
	for _, costs := range group.By(shown, along.line) {
		first := costs[0]
		line := Series{Name: along.line(first), Hue: slices.Index(e.schemes, first.Scheme), Variant: max(0, slices.Index(along.lengths, first.Length))}
		for _, c := range costs {
			p := value(c)
			p.X = along.of(c)
			line.Points = append(line.Points, p)
		}
		slices.SortStableFunc(line.Points, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
		lines = append(lines, line)
	}
	return byHue(lines)
}

// byHue orders lines by colour.
func byHue(lines []Series) []Series {
	slices.SortStableFunc(lines, func(a, b Series) int { return cmp.Or(cmp.Compare(a.Hue, b.Hue), cmp.Compare(a.Variant, b.Variant)) })
	return lines
}

// axis is logarithmic, with a tick at each of the costs.
func (e encryption) axis(along costAxis) Axis {
	axis := Axis{Label: along.label + " (log scale)", Unit: Count, Log: true}
	for _, c := range e.costs {
		if v := along.of(c); v > 0 {
			axis.Ticks = append(axis.Ticks, v)
		}
	}
	axis.Ticks = distinct(slices.Sorted(slices.Values(axis.Ticks)))
	return axis
}

func (e encryption) figure(value costValue, against costAxis) Figure {
	f := Figure{
		ID: value.id + against.id, Title: value.title + against.title,
		X: e.axis(against), Y: Axis{Label: value.label + " (log scale)", Unit: value.unit, Log: true},
		Series: e.lines(against, value.of),
	}.Settle(noFE)
	if f.HasIntervals() {
		f.Notes = append(f.Notes, notes("figures with medians of costs")...)
	}
	f.Notes = append(f.Notes, e.caveats()...)
	f.Notes = append(f.Notes, against.notes...)
	return f.described()
}

// caveats say what in a figure of several schemes does not compare.
func (e encryption) caveats() (all []string) {
	isModulus := func(c result.FECost) bool { return c.Bits >= 512 }
	if len(group.By(e.costs, isModulus)) > 1 {
		all = append(all, notes("figures of curves and moduli")...)
	}
	if i := slices.IndexFunc(e.costs, single); i >= 0 {
		all = append(all, e.costs[i].Scheme+" encrypts single values: time and size are those of one value of one meter, "+
			"and decryption adds up one value of each meter.")
	}
	return all
}

// ratioFigure sets the time of one encryption against the time of one transaction without any.
func (e encryption) ratioFigure() Figure {
	latencies := e.against.latencies
	bySize := e.bySize(len(e.schemes) * len(latencies))
	f := Figure{
		ID: "encryption-against-transaction", Title: "Encryption time against transaction time by key size",
		X:      e.axis(bySize),
		Y:      Axis{Label: "encryption time / transaction time (log scale)", Unit: Times, Log: true},
		Levels: []Level{{Name: "as long as the transaction", Y: 1}},
	}
	for i, to := range latencies {
		for _, line := range e.lines(bySize, func(c result.FECost) Point { return CostPoint(c.Encrypt).Over(to.value) }) {
			line.Name, line.Variant = line.Name+" / "+to.name, line.Variant*len(latencies)+i
			f.Series = append(f.Series, line)
		}
	}
	byHue(f.Series)
	why := "No data: the run measured no transaction without encryption to compare with."
	if len(latencies) > 0 {
		f.Notes, why = append(e.against.notes(), e.caveats()...), noFE
	}
	f = f.Settle(why)
	f.Alt = fmt.Sprintf("Ratio of the time of one encryption to the time of one transaction, by key size, for %s.", listed(names(f.Series)))
	return f
}
