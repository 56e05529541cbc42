package plot

import (
	"math"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"meterbench/internal/printable"
)

const (
	besideAxis    = 60   // of the width, at most, what stands beside the X axis
	mostLines     = 4    // of a category's label
	uprightLength = 90   // of labels that stand upright
	leastUpright  = 4    // font size of theirs
	belowAxis     = "  " // between the axis and an upright label
)

// categoryAxis labels every category of the X axis: in lines that do not touch their neighbours' or, where they find no room,
// in smaller letters, broken at signs within words too, and at last upright.
func categoryAxis(axis *plot.Axis, categories []string, width vg.Length) {
	room := (width - besideAxis) / vg.Length(max(1, len(categories)))
	labels, style := categoryLabels(categories, axis.Tick.Label, room)
	axis.Tick.Label = style
	var ticks plot.ConstantTicks
	for i, label := range labels {
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: label})
	}
	axis.Tick.Marker = ticks
}

// categoryLabels returns the labels of categories that have so much room each, with the style in which they fit it.
func categoryLabels(categories []string, style text.Style, room vg.Length) (labels []string, fitting text.Style) {
	const gap = 6
	for _, within := range []bool{false, true} {
		for _, smaller := range []vg.Length{0, 1, 2} {
			fitting = style
			fitting.Font.Size -= smaller
			if labels, ok := fitted(categories, fitting, room-gap, within); ok {
				return labels, fitting
			}
		}
	}
	fitting = style
	fitting.Rotation, fitting.XAlign, fitting.YAlign = math.Pi/2, draw.XRight, draw.YCenter
	fitting.Font.Size = max(leastUpright, min(style.Font.Size-1, room/leading))
	for _, c := range categories {
		labels = append(labels, cut(printable.Line(c), fitting, uprightLength)+belowAxis)
	}
	return labels, fitting
}

// fitted breaks each label into lines that fit the width, within words too if asked for; false where one does not fit. All have
// as many lines, so that they begin at one height.
func fitted(categories []string, style text.Style, width vg.Length, within bool) (all []string, ok bool) {
	most := 1 // a label of no words is a line, too
	for _, c := range categories {
		var lines []string
		for _, piece := range pieces(printable.Line(c), within) {
			if last := len(lines) - 1; last >= 0 && style.Width(strings.TrimRight(lines[last]+piece, " ")) <= width {
				lines[last] += piece
			} else {
				lines = append(lines, piece)
			}
		}
		for i, line := range lines {
			if lines[i] = strings.TrimSpace(line); style.Width(lines[i]) > width {
				return nil, false
			}
		}
		most = max(most, len(lines))
		all = append(all, strings.Join(lines, "\n"))
	}
	for i, label := range all {
		all[i] += strings.Repeat("\n ", most-1-strings.Count(label, "\n"))
	}
	return all, most <= mostLines
}

// pieces divides a text after each space and, within words, after each sign that may end a line.
func pieces(s string, within bool) (all []string) {
	ends := " "
	if within {
		ends = " -=,/_:."
	}
	for s != "" {
		at := strings.IndexAny(s, ends)
		if at < 0 {
			return append(all, s)
		}
		_, size := utf8.DecodeRuneInString(s[at:])
		all, s = append(all, s[:at+size]), s[at+size:]
	}
	return all
}
