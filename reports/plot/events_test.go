package plot_test

import (
	"fmt"
	"strings"
	"testing"

	"meterbench/reports"
)

// disturbed is a figure of throughput over time with events, also near the right edge and many at once.
func disturbed() reports.Figure {
	line := func(name string, hue int, y ...float64) reports.Series {
		s := reports.Series{Name: name, Hue: hue, Unmarked: true}
		for i, v := range y {
			s.Points = append(s.Points, reports.Point{X: float64(i) + 0.5, Y: v})
		}
		return s
	}
	due, committed := line("due", 6, 20, 21, 19, 20, 22, 18, 20, 20, 21, 20), line("committed", 0, 20, 21, 19, 6, 0, 0, 9, 31, 24, 20)
	due.Variant = 1
	few := []reports.Event{
		{X: 3.1, Label: "1 kill peer0.ptb", Harms: true}, {X: 3.4, Label: "2 cut inmetro", Harms: true}, {X: 6.2, Label: "3 restart peer0.ptb"},
		{X: 9.2, Label: "4 heal inmetro"},
	}
	var many []reports.Event
	for i := range 14 {
		many = append(many, reports.Event{X: 3 + 0.1*float64(i), Label: fmt.Sprintf("%d stop orderer leader", i+1), Harms: i%2 == 0})
	}
	return reports.Figure{ID: "events", Title: "Throughput over time", X: reports.Axis{Label: "time since the start of the level", Unit: reports.Seconds, Free: true},
		Y: reports.Axis{Label: "transactions", Unit: reports.PerSecond, Free: true}, Panels: []reports.Panel{
			{Title: "a few", Series: []reports.Series{due, committed}, Until: 10, Events: few, Spans: []reports.Span{{From: 0, To: 1}}},
			{Title: "many", Series: []reports.Series{due, committed}, Until: 10, Events: many},
		}}
}

// Events stand in every panel with their words or, where they have no room, their numbers, and the legend explains their lines.
func TestEvents(t *testing.T) {
	f := disturbed()
	document := svg(t, f)
	golden(t, f.ID, document)
	words := texts(t, document)
	for _, want := range []string{"1 kill peer0.ptb", "2 cut inmetro", "3 restart peer0.ptb", "4 heal inmetro", "\n1\n",
		"event that takes something away", "event that gives it back"} {
		if !strings.Contains(words+"\n", want) {
			t.Errorf("no %q among the texts", want)
		}
	}
	if strings.Contains(words, "14 stop") {
		t.Error("the words of many events stand where there is no room")
	}
}

// Marks beside bars are no parts of them: they change neither their heights nor what stands above.
func TestBeside(t *testing.T) {
	bar := reports.Series{Name: "expected", Points: []reports.Point{{X: 0, Y: 0.2}, {X: 1, Y: 0.3}}}
	beside := reports.Series{Name: "measured", Hue: 1, Beside: true, Points: []reports.Point{{X: 0, Y: 0.21, Interval: interval(0.19, 0.23)}, {X: 1, Y: 0.6}}}
	f := reports.Figure{ID: "beside", Title: "Expected and measured", Kind: reports.Stacked, X: reports.Axis{Label: "leader", Categories: []string{"ptb", "nmij"}},
		Y: reports.Axis{Label: "mean commit latency", Unit: reports.Seconds}, Series: []reports.Series{bar, beside}}
	document := svg(t, f)
	golden(t, f.ID, document)
	words := texts(t, document)
	for _, want := range []string{"200", "300", "measured"} {
		if !strings.Contains(words, want) {
			t.Errorf("no %q among the texts\n%s", want, words)
		}
	}
}
