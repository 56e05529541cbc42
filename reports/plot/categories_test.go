package plot_test

import (
	"fmt"
	"strings"
	"testing"

	"meterbench/reports"
)

// stackedOver is a figure of bars over categories, in so many panels.
func stackedOver(panels int, categories ...string) reports.Figure {
	f := reports.Figure{ID: "categories", Title: "Over categories", Kind: reports.Stacked, X: reports.Axis{Label: "what differs"},
		Y: reports.Axis{Label: "mean commit latency", Unit: reports.Seconds}}
	s := reports.Series{Name: "part", Hue: 1}
	for i := range categories {
		s.Points = append(s.Points, reports.Point{X: float64(i), Y: 0.1 + 0.01*float64(i)})
	}
	for i := range panels {
		f.Panels = append(f.Panels, reports.Panel{Title: fmt.Sprintf("panel %d", i), Categories: categories, Series: []reports.Series{s}})
	}
	return f
}

// manyCategories are so many that they find no room side by side.
func manyCategories(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("consensus %d, policy", i))
	}
	return all
}

// No category loses its label, however little room there is.
func TestEveryCategoryIsLabelled(t *testing.T) {
	for _, c := range []struct {
		name       string
		panels     int
		categories []string
		broken     bool // into lines
	}{
		{"short", 1, []string{"ptb", "cmi", "inmetro"}, false},
		{"policies", 3, []string{"1 of [ptb]", "2 of [ptb, cmi, inmetro, nmij, nmim]", "majority", "all"}, true},
		{"batches", 3, []string{"batch 200ms, 500 messages", "batch 2s, 10 messages, 512KiB"}, true},
		{"words longer than their room", 3, []string{"inter-nmi-bft/policy=majority", "inter-nmi/policy=majority", "inter-nmi-5/policy=majority", "five-org"}, true},
		{"one word", 3, []string{"consensusnetwork", "endorsements", "batch", "distance"}, false},
		{"many", 1, manyCategories(40), false},
		{"many in panels", 3, manyCategories(40), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := stackedOver(c.panels, c.categories...)
			words := texts(t, svg(t, f))
			flat := strings.Join(strings.Fields(words), " ")
			for _, category := range c.categories {
				seen := strings.Count(flat, category)
				if c.broken {
					seen = strings.Count(strings.ReplaceAll(flat, " ", ""), strings.ReplaceAll(category, " ", ""))
				}
				if seen < c.panels {
					t.Errorf("label %q is there %d times in %d panels", category, seen, c.panels)
				}
			}
		})
	}
}
