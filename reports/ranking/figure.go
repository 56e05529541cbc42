package ranking

import (
	"fmt"
	"strings"

	"meterbench/bench/metric"
	"meterbench/bench/rank"
	"meterbench/reports"
)

// figures draw the settings by throughput and latency, and by throughput and what they cost.
func figures(r *rank.Ranking) []reports.Figure {
	if len(r.Groups) == 0 {
		return nil
	}
	first := r.Groups[0]
	p50, p99 := first.Metrics[0], first.Metrics[1]
	latency := p99
	if !anyKnown(r, p99.Name) { // with too few samples beyond it
		latency = p50
	}
	at := fmt.Sprintf(" at %.0f %% of capacity", 100*rank.Share)
	all := []reports.Figure{figure(r, "ranking-latency", "Throughput and latency by "+r.Factor,
		reports.Axis{Label: latency.Title + at, Unit: reports.UnitOf(latency.Unit)},
		func(g *rank.Group, s *rank.Setting) rank.Figure { return g.Figure(s, latency.Name) })}
	if r.Prices != nil {
		return append(all, figure(r, "ranking-cost", "Throughput and cost by "+r.Factor,
			reports.Axis{Label: costTitle(r) + at, Unit: reports.Plain}, func(_ *rank.Group, s *rank.Setting) rank.Figure { return s.Cost }))
	}
	cpu, _ := metric.Named(metric.NodesCPU)
	return append(all, figure(r, "ranking-cpu", "Throughput and CPU time by "+r.Factor,
		reports.Axis{Label: cpu.Title + at, Unit: reports.UnitOf(cpu.Unit)},
		func(g *rank.Group, s *rank.Setting) rank.Figure { return g.Figure(s, metric.NodesCPU) }))
}

func anyKnown(r *rank.Ranking, name string) bool {
	for i := range r.Groups {
		g := &r.Groups[i]
		for j := range g.Settings {
			if g.Figure(&g.Settings[j], name).Known() {
				return true
			}
		}
	}
	return false
}

// figure draws a mark for each setting: throughput to the right, what is worse the higher it is upwards. Groups have a panel
// each, and a level the same colour in all of them.
func figure(r *rank.Ranking, id, title string, y reports.Axis, of func(*rank.Group, *rank.Setting) rank.Figure) reports.Figure {
	f := reports.Figure{
		ID: id, Title: title, X: reports.Axis{Label: "throughput at saturation", Unit: rateUnit(r.Groups[0])}, Y: y,
		Notes: []string{"Better is to the right and down. Upright and level bars are 95 % intervals."},
	}
	hues := map[string]int{}
	dominated, left := false, []string(nil)
	for i := range r.Groups {
		g := &r.Groups[i]
		p := reports.Panel{Title: g.Name}
		for j := range g.Settings {
			s := &g.Settings[j]
			if _, known := hues[s.Level]; !known {
				hues[s.Level] = len(hues)
			}
			value := of(g, s)
			if !s.Capacity.Known() || !value.Known() {
				left = append(left, strings.TrimPrefix(g.Name+", "+s.Level, ", "))
				continue
			}
			one := reports.Series{Name: s.Level, Hue: hues[s.Level], Points: []reports.Point{{
				X: s.Capacity.Value.Value, Y: value.Value.Value, Interval: value.Interval, Across: s.Capacity.Interval, Label: s.Level,
			}}}
			if len(s.DominatedBy) > 0 {
				one.Faint, dominated = true, true
				one.Name += " (dominated)"
			}
			p.Series = append(p.Series, one)
		}
		f.Panels = append(f.Panels, p)
	}
	if dominated {
		f.Notes = append(f.Notes, "Grey: dominated, see the table.")
	}
	if len(left) > 0 {
		f.Notes = append(f.Notes, "Not drawn, since it cannot be told: "+listed(left)+".")
	}
	if len(f.Panels) == 1 {
		f.Series, f.Panels = f.Panels[0].Series, nil
	}
	var names []string
	for _, s := range f.Legend() {
		names = append(names, s.Name)
	}
	f.Alt = fmt.Sprintf("%s for %s.", f.Title, listed(names))
	return f.Settle("No setting has both figures.")
}
