package plot

import (
	"slices"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"meterbench/internal/printable"
	"meterbench/reports"
)

// eventRows is the most rows of words above a panel.
const eventRows = 5

// eventStyle is that of the line of an event: what takes something away has a solid one, what gives it back a dashed one.
func eventStyle(harms bool) draw.LineStyle {
	s := draw.LineStyle{Color: hex(Ink), Width: 1.2}
	if !harms {
		s.Dashes = []vg.Length{4, 2.5}
	}
	return s
}

func eventWords() text.Style { return words(9, Ink) }

// An eventLabel is the words of an event where they stand: in a row above the panel, from 0, the lowest.
type eventLabel struct {
	event       reports.Event
	label       string
	x           vg.Length // of the event
	left, right vg.Length
	row         int // -1: there is no room
}

// eventLabels places the words of the events between the edges of a panel, so that none touch: to the right of their lines,
// or to the left where there is no room. Where they take more than eventRows, their numbers stand alone, and of events right
// beside each other only as many as these rows hold.
func eventLabels(events []reports.Event, low, high vg.Length, x func(float64) vg.Length) []eventLabel {
	placed, rows := placeEvents(events, low, high, x, func(e reports.Event) string { return e.Label })
	if rows > eventRows {
		placed, _ = placeEvents(events, low, high, x, func(e reports.Event) string {
			number, _, _ := strings.Cut(e.Label, " ")
			return number
		})
		for i := range placed {
			if placed[i].row >= eventRows {
				placed[i].row, placed[i].label = -1, ""
			}
		}
	}
	return placed
}

func placeEvents(events []reports.Event, low, high vg.Length, x func(float64) vg.Length, name func(reports.Event) string) (all []eventLabel, rows int) {
	const gap, pad = 6, 2
	style := eventWords()
	var ends []vg.Length // of the rows
	for _, e := range slices.SortedStableFunc(slices.Values(events), func(a, b reports.Event) int {
		if a.X < b.X {
			return -1
		}
		return map[bool]int{true: 1}[a.X > b.X]
	}) {
		l := eventLabel{event: e, label: cut(printable.Line(name(e)), style, high-low), x: x(e.X)}
		if l.x < low || l.x > high {
			continue
		}
		width := style.Width(l.label) + 2*pad
		if l.left, l.right = l.x, l.x+width; l.right > high+pad {
			l.left, l.right = max(low, l.x-width), max(low, l.x-width)+width
		}
		l.row = slices.IndexFunc(ends, func(end vg.Length) bool { return end+gap <= l.left })
		if l.row < 0 {
			l.row, ends = len(ends), append(ends, 0)
		}
		ends[l.row] = l.right
		all = append(all, l)
	}
	return all, len(ends)
}

// eventRoom returns the height of the words above a panel.
func eventRoom(labels []eventLabel) vg.Length {
	rows := 0
	for _, l := range labels {
		rows = max(rows, l.row+1)
	}
	return lines(rows, eventWords())
}

// events draws the lines through the panel up to their words above it.
func events(c draw.Canvas, labels []eventLabel) {
	style := eventWords()
	height := lines(1, style)
	halo := draw.LineStyle{Color: hex(Paper), Width: 2.4}
	foot := func(l eventLabel) vg.Length { return c.Max.Y + vg.Length(l.row)*height }
	for _, l := range labels {
		c.StrokeLine2(halo, l.x, c.Min.Y, l.x, c.Max.Y)
		c.StrokeLine2(eventStyle(l.event.Harms), l.x, c.Min.Y, l.x, foot(l)+height)
	}
	for _, l := range labels {
		if l.label == "" {
			continue
		}
		left := l.left
		if left >= l.x { // clear of its own line
			left += 1.5
		}
		c.SetColor(hex(Paper))
		c.Fill(vg.Rectangle{Min: vg.Point{X: left, Y: foot(l) + 0.5}, Max: vg.Point{X: l.right - 0.5, Y: foot(l) + height}}.Path())
		c.FillText(style, vg.Point{X: left + 1, Y: foot(l) + 1 + style.FontExtents().Descent}, l.label)
	}
}
