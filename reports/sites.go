package reports

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/bench/topology"
	"meterbench/internal/group"
	"meterbench/internal/readjson"
)

// sitesSection shows what the distances between sites do, nil where a run knows of none.
func sitesSection(run result.Run, sum result.Summary, all []series) []Section {
	s := Section{ID: "sites", Title: "Sites and distances", Intro: intro("section sites")}
	s.Figures = slices.Concat(mapFigure(run, sum, all), siteFigures(all), expectedFigures(all))
	s.Tables = slices.Concat(distanceTable(sum.Distances), expectedTable(all), siteTable(all), expectedSiteTable(all))
	if len(s.Figures)+len(s.Tables) == 0 {
		return nil
	}
	return []Section{s}
}

// distanceTable lists round trips asked for and seen, nil where there are none.
func distanceTable(all []result.Distance) []Table {
	if len(all) == 0 {
		return nil
	}
	passed := func(d result.Distance) bool { return d.Lost < d.Sent }
	seen := func(of func(result.Distance) float64) func(result.Distance) Cell {
		return func(d result.Distance) Cell { return optional(of(d), passed(d)) }
	}
	t := Table{ID: "distances", Title: "Round trips between sites", Detail: len(all) > 10, Notes: notes("distances")}
	return []Table{tabulate(t, all, []field[result.Distance]{
		{Column{Key: "network", Title: "network"}, func(d result.Distance) Cell { return text(d.Network) }},
		{Column{Key: "between", Title: "between"}, func(d result.Distance) Cell { return text(d.Between[0] + " and " + d.Between[1]) }},
		{Column{Key: "asked_s", Title: "asked", Unit: Seconds}, func(d result.Distance) Cell { return number(d.Asked) }},
		{Column{Key: "p50_s", Title: "seen p50", Unit: Seconds}, seen(func(d result.Distance) float64 { return d.P50 })},
		{Column{Key: "off_s", Title: "off by", Unit: Seconds, Rank: 1}, seen(func(d result.Distance) float64 { return d.P50 - d.Asked })},
		{Column{Key: "p99_s", Title: "seen p99", Unit: Seconds, Rank: 2}, seen(func(d result.Distance) float64 { return d.P99 })},
		{Column{Key: "sent", Title: "packets", Unit: Count, Rank: 2}, func(d result.Distance) Cell { return count(uint64(d.Sent)) }},
		{Column{Key: "lost", Title: "lost", Unit: Count}, func(d result.Distance) Cell { return count(uint64(d.Lost)) }},
		{Column{Key: "as_asked", Title: "as asked"}, func(d result.Distance) Cell {
			if d.Sent == 0 {
				return Cell{}
			}
			return yesNo(d.Fault() == "")
		}},
	})}
}

// A siteRow is what the clients at one site saw at a point.
type siteRow struct {
	pointRow
	result.SitePoint
}

// siteRows are those of all points at which clients of some site took part.
func siteRows(all []series) (rows []siteRow) {
	for _, r := range rowsOf(all) {
		for _, s := range r.Sites {
			rows = append(rows, siteRow{r, s})
		}
	}
	if !slices.ContainsFunc(rows, func(r siteRow) bool { return r.Site != rows[0].Site }) {
		return nil // one site, which is all there is
	}
	return rows
}

// siteFields say which point and site a row is about.
func siteFields(all []series) (fields []field[siteRow]) {
	for _, f := range levelFields(all) {
		fields = append(fields, field[siteRow]{f.Column, func(r siteRow) Cell { return f.Cell(r.pointRow) }})
	}
	return append(fields, field[siteRow]{Column{Key: "site", Title: "clients at"}, func(r siteRow) Cell {
		if r.Site == "" {
			return text("no site")
		}
		return text(r.Site)
	}})
}

// siteTable lists what the clients of each site saw, nil where they are all at one.
func siteTable(all []series) []Table {
	rows := siteRows(all)
	if rows == nil {
		return nil
	}
	took := func(pick func(stats.Quantiles) *float64) func(siteRow) Cell {
		return func(r siteRow) Cell {
			if r.SitePoint.Latency.N == 0 {
				return Cell{}
			}
			return quantile(pick(r.SitePoint.Latency))
		}
	}
	around := func(key string) func(siteRow) Cell {
		return func(r siteRow) Cell {
			i, ok := r.SitePoint.Intervals[key]
			if !ok {
				return Cell{}
			}
			return interval(&i, whyInterval)
		}
	}
	succeeded := func(s result.SitePoint) (n uint64) {
		for name, counted := range s.Outcomes {
			if o, err := result.ParseOutcome(name); err == nil && o.Class() == result.Succeeded {
				n += counted
			}
		}
		return n
	}
	t := Table{ID: "sites", Title: "What clients saw, by their site", Detail: true, Notes: notes("sites")}
	return []Table{tabulate(t, rows, append(siteFields(all), []field[siteRow]{
		{Column{Key: "scheduled", Title: "scheduled", Unit: Count, Rank: 2}, func(r siteRow) Cell { return count(r.SitePoint.Scheduled) }},
		{Column{Key: "valid_share", Title: "success", Unit: Share}, func(r siteRow) Cell {
			return optional(float64(succeeded(r.SitePoint))/float64(r.SitePoint.Scheduled), r.SitePoint.Scheduled > 0)
		}},
		{Column{Key: "latency_p50_s", Title: "latency p50", Unit: Seconds}, took(p50)},
		{Column{Key: "latency_p50_s_interval", Title: "95 % interval", Unit: Seconds, Interval: true, Rank: 3}, around("p50")},
		{Column{Key: "latency_p95_s", Title: "latency p95", Unit: Seconds}, took(p95)},
		{Column{Key: "latency_p99_s", Title: "latency p99", Unit: Seconds, Rank: 1}, took(p99)},
		{Column{Key: "latency_mean_s", Title: "mean", Unit: Seconds}, took(mean)},
		{Column{Key: "latency_mean_s_interval", Title: "95 % interval", Unit: Seconds, Interval: true, Rank: 3}, around("mean")},
		{Column{Key: "latency_max_s", Title: "max", Unit: Seconds, CSVOnly: true}, took(largest)},
		{Column{Key: "latency_n", Title: "n", Unit: Count, CSVOnly: true}, func(r siteRow) Cell { return count(r.SitePoint.Latency.N) }},
	}...))}
}

// siteFigures draw the latency by the clients' site: a panel for each series whose clients are at several, at its load of the
// highest throughput, and one for series that differ in the site alone.
func siteFigures(all []series) []Figure {
	f := Figure{
		ID: "latency-sites", Title: "Latency by the clients' site", Kind: Dots, X: Axis{Label: "site of the clients"},
		Y: Axis{Label: headlinesOf(all), Unit: Seconds}, Notes: notes("figures of sites"),
	}
	var panels []Panel
	for _, s := range evenly(slices.DeleteFunc(slices.Clone(all), func(s series) bool { return s.peak() == nil }), mostDrawn) {
		l := s.peak().level
		p := l.drawn()
		if panel := sitePanel(p.Sites, !p.Valid); len(panel.Categories) > 1 {
			panel.Title = fmt.Sprintf("%s, %s", s.name, l.load)
			panels = append(panels, panel)
		}
	}
	apart := slices.DeleteFunc(slices.Clone(all), func(s series) bool { return s.conditions.Site == "" || s.peak() == nil })
	for _, group := range group.By(apart, func(s series) string { return s.withoutSite() }) {
		var sites []result.SitePoint
		for _, s := range group {
			for _, at := range s.peak().drawn().Sites {
				if at.Site == s.conditions.Site {
					sites = append(sites, at)
				}
			}
		}
		if panel := sitePanel(sites, false); len(panel.Categories) > 1 {
			panel.Title = group[0].withoutSite()
			panels = append(panels, panel)
		}
	}
	if panels == nil {
		return nil
	}
	figures := f.split(panels, "No data: no site has enough transactions for a quantile.")
	for i := range figures {
		figures[i].Notes = append(figures[i].Notes, markNotes(figures[i], false)...)
	}
	return figures
}

// withoutSite names the series by what it is beside its site.
func (s series) withoutSite() string {
	return strings.Replace(s.name, "/"+siteFactor+"="+s.conditions.Site, "", 1)
}

// sitePanel has the sites as categories, with the median and the p95 of each.
func sitePanel(sites []result.SitePoint, invalid bool) (p Panel) {
	lines := []struct {
		name, key string
		pick      func(stats.Quantiles) *float64
	}{{"p50", "p50", p50}, {"p95", "p95", p95}}
	for hue, line := range lines {
		s := Series{Name: line.name, Hue: hue, Variant: hue}
		x := 0
		for _, at := range sites {
			if at.Site == "" {
				continue
			}
			if hue == 0 {
				p.Categories = append(p.Categories, at.Site)
			}
			if v := line.pick(at.Latency); v != nil {
				point := Point{X: float64(x), Y: *v, Invalid: invalid}
				if i, ok := at.Intervals[line.key]; ok {
					point.Interval = &i
				}
				s.Points = append(s.Points, point)
			}
			x++
		}
		p.Series = append(p.Series, s)
	}
	return p
}

// topologies are those of the networks of a run, each with the name by which its distances have it.
func topologies(run result.Run) (all map[string]topology.Topology) {
	all = map[string]topology.Topology{}
	add := func(network string, raw json.RawMessage) {
		var t topology.Topology
		if _, known := all[network]; !known && readjson.Unmarshal(raw, &t) == nil && sane(t) {
			all[network] = t
		}
	}
	for _, s := range run.Sessions {
		add(s.Network, s.Topology)
	}
	if len(run.Sessions) == 0 {
		add("", run.Topology)
	}
	return all
}

// sane reports whether a topology of a stranger's folder is one that could be walked through.
func sane(t topology.Topology) bool {
	const most = 1000
	owned := len(t.Orderers.Owners) == 0 || len(t.Orderers.Owners) == t.Orderers.Count
	return owned && max(t.Orderers.Count, len(t.Sites), len(t.Organisations)) <= most && len(t.Links) <= most
}
