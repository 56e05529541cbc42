package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/bench/topology"
	"meterbench/internal/group"
)

// A factor is a condition that a scenario can vary; its cell is empty where it means nothing.
type factor = field[result.Conditions]

// factors returns every factor in its order of presentation.
func factors() []factor {
	word := func(key, title string, of func(result.Conditions) string) factor {
		return factor{Column{Key: key, Title: title}, func(c result.Conditions) Cell { return text(of(c)) }}
	}
	whole := func(key, title string, of func(result.Conditions) int) factor {
		return factor{Column{Key: key, Title: title, Unit: Count}, func(c result.Conditions) Cell { return positive(float64(of(c))) }}
	}
	all := []factor{
		word("topology", "topology", func(c result.Conditions) string { return c.Topology }),
		word("fabric", "Fabric release", func(c result.Conditions) string { return c.Fabric }),
		word("policy", "endorsement policy", func(c result.Conditions) string { return c.Policy }),
		{Column{Key: "distance", Title: "distance", Unit: Times}, func(c result.Conditions) Cell { return optional(c.Distance, true) }},
		word("leader", "leader", func(c result.Conditions) string { return c.Leader }),
		word("site", "clients at", func(c result.Conditions) string { return c.Site }),
		{Column{Key: "batch_timeout_s", Title: "batch timeout", Unit: Seconds}, func(c result.Conditions) Cell { return positive(c.BatchTimeout) }},
		whole("batch_messages", "batch size", func(c result.Conditions) int { return int(c.BatchMessages) }),
		whole("gateway_limit", "gateway limit", func(c result.Conditions) int { return c.Limits.Gateway }),
		whole("endorser_limit", "endorser limit", func(c result.Conditions) int { return c.Limits.Endorser }),
		whole("deliver_limit", "deliver limit", func(c result.Conditions) int { return c.Limits.Deliver }),
		whole("channels", "channels", func(c result.Conditions) int { return max(1, c.Channels) }),
		word("workload", "workload", func(c result.Conditions) string { return string(c.Workload) }),
		word("form", "form of the readings", func(c result.Conditions) string { return string(c.Form) }),
		whole("readings", "readings per bill", func(c result.Conditions) int { return c.Readings }),
		word("scheme", "scheme", func(c result.Conditions) string { return c.Scheme }),
		whole("bits", "key bits", func(c result.Conditions) int { return c.Bits }),
		whole("length", "values per reading", func(c result.Conditions) int { return c.Length }),
		word("operation", "operation", func(c result.Conditions) string { return string(c.Operation) }),
		word("contract", "contract", func(c result.Conditions) string { return c.Contract }),
		word("issuer", "issuer", func(c result.Conditions) string { return string(c.Issuer) }),
		word("algorithm", "algorithm", func(c result.Conditions) string { return c.Algorithm }),
		whole("keys_per_transaction", "keys per transaction", func(c result.Conditions) int { return c.Batch }),
		whole("keys", "keys", func(c result.Conditions) int { return c.Keys }),
		{Column{Key: "size_bytes", Title: "size of values", Unit: Bytes}, func(c result.Conditions) Cell { return optional(float64(c.Size), c.Sized()) }},
		word("encryption", "encrypted", func(c result.Conditions) string { return string(c.Encryption) }),
		word("driver", "driver", func(c result.Conditions) string { return string(driver(c)) }),
		word("wait", "client waits for", func(c result.Conditions) string { return string(c.Wait) }),
	}
	for role := range (topology.Caps{}).Each {
		limit := func(c result.Conditions) topology.Cap { return maps.Collect(c.Caps.Each)[role] }
		all = append(all,
			factor{Column{Key: role + "_cap_cores", Title: "CPU cap of the " + role, Unit: Cores},
				func(c result.Conditions) Cell { return positive(limit(c).CPUs) }},
			factor{Column{Key: role + "_cap_bytes", Title: "memory cap of the " + role, Unit: Bytes},
				func(c result.Conditions) Cell { return positive(float64(limit(c).Memory)) }})
	}
	return all
}

// base is the name of the series, and of a phase, without its factors.
func (s series) base() string { return s.points()[0].Base() }

// varied returns the factors in which the series differ.
func varied(all []series) []factor {
	return slices.DeleteFunc(factors(), func(f factor) bool {
		return !slices.ContainsFunc(all, func(s series) bool {
			a, b := f.Cell(s.conditions), f.Cell(all[0].conditions)
			return a.Text != b.Text || (a.Number == nil) != (b.Number == nil) || a.Number != nil && *a.Number != *b.Number
		})
	})
}

// label writes the series' level of a factor, empty where the factor means nothing.
func (s series) label(f factor) string {
	switch c := f.Cell(s.conditions); {
	case c.Number == nil:
		return c.Text
	case f.Unit == Count:
		return f.Title + " " + f.Unit.Digits(*c.Number, Scale{Factor: 1})
	default:
		return f.Title + " " + f.Unit.Format(*c.Number)
	}
}

// others names the series by all varied factors but one.
func (s series) others(by []factor, but factor) string {
	name := s.base()
	for _, f := range by {
		if label := s.label(f); f.Key != but.Key && label != "" {
			name += ", " + label
		}
	}
	return name
}

// factorSection shows the effect of the factors that a scenario varied, nil where none were.
func factorSection(all []series) []Section {
	expanded := slices.DeleteFunc(slices.Clone(all), func(s series) bool { return s.base() == s.name })
	if len(expanded) < 2 {
		return nil
	}
	by := varied(expanded)
	s := Section{ID: "factors", Title: "Factors", Intro: intro("section factors"), Tables: []Table{factorTable(expanded, by)}}
	for _, f := range by {
		if figure := factorFigure(expanded, by, f); len(figure.Series) > 0 {
			s.Figures = append(s.Figures, figure)
		}
	}
	return []Section{s}
}

// A peak is the level of a series' saturation point with the throughput there, or where there is none the
// level with the highest median.
type peak struct {
	level
	throughput float64
}

// peak is nil where nothing was measured.
func (s series) peak() (highest *peak) {
	for _, l := range s.levels {
		median, ok := l.median(throughput)
		if !ok {
			continue
		}
		if s.determined && s.saturation.Load().Amount() == l.load.Amount() {
			return &peak{l, s.saturation.Throughput}
		}
		if highest == nil || median > highest.throughput {
			highest = &peak{l, median}
		}
	}
	return highest
}

func factorTable(all []series, by []factor) Table {
	const most = 5 // factors that a terminal has room for
	// there makes a cell of what a series has at its peak.
	there := func(cell func(series, peak) Cell) func(series) Cell {
		return func(s series) Cell {
			if p := s.peak(); p != nil {
				return cell(s, *p)
			}
			return Cell{}
		}
	}
	took := func(whole result.Part, pick func(stats.Quantiles) *float64) func(series) Cell {
		return there(func(_ series, p peak) Cell { return optional(p.median(quantileOf(whole, pick))) })
	}
	fields := []field[series]{{Column{Key: "series", Title: "series"}, func(s series) Cell { return text(s.base()) }}}
	for _, f := range by {
		fields = append(fields, field[series]{f.Column, func(s series) Cell { return f.Cell(s.conditions) }})
	}
	fields = append(fields, []field[series]{
		{Column{Key: "throughput_per_s", Title: rateTitle(all), Unit: rateUnit(all)},
			there(func(_ series, p peak) Cell { return number(p.throughput) })},
		{Column{Key: "throughput_per_s_interval", Title: "95 % interval", Unit: rateUnit(all), Interval: true, Rank: 2}, there(func(s series, p peak) Cell {
			if s.kept() {
				return interval(s.saturationInterval(), whyInterval)
			}
			return interval(p.interval(throughput, throughputInterval), whyInterval)
		})},
		{Column{Key: "at", Title: "at"}, func(s series) Cell {
			if p := s.peak(); p != nil {
				return text(p.load.String())
			}
			return text("nothing measured")
		}},
		{Column{Key: "saturated", Title: "saturated", Rank: 1}, there(func(s series, _ peak) Cell {
			switch {
			case !s.determined:
				return text("not determined")
			case !s.kept():
				return text("no load qualifies")
			}
			return yesNo(s.saturation.Reached)
		})},
	}...)
	for _, whole := range wholes(all) {
		fields = append(fields,
			field[series]{Column{Key: whole.String() + "_p50_s", Title: whole.String() + " p50", Unit: Seconds}, took(whole, p50)},
			field[series]{Column{Key: whole.String() + "_p99_s", Title: whole.String() + " p99", Unit: Seconds, Rank: 3}, took(whole, p99)})
	}
	return tabulate(Table{ID: "factors", Title: "Throughput and latency by factor", Detail: len(by) > most, Notes: notes("factors")}, all, fields)
}

// factorFigure draws throughput against a factor whose levels are numbers, a line for each combination of the
// other factors under which it was varied. It has no series where no two differ in that factor alone.
func factorFigure(all []series, by []factor, f factor) Figure {
	figure := Figure{
		ID: "throughput-" + strings.ReplaceAll(f.Key, "_", "-"), Title: "Throughput by " + f.Title, Notes: notes("figures by factor"),
		X: Axis{Label: f.Title + " (log scale)", Unit: f.Unit, Log: true}, Y: rateAxis(all),
	}
	measured := slices.DeleteFunc(slices.Clone(all), func(s series) bool { return s.peak() == nil || f.Cell(s.conditions).Number == nil })
	lines := slices.DeleteFunc(group.By(measured, func(s series) string { return s.others(by, f) }), func(line []series) bool { return len(line) < 2 })
	if n := len(lines); n > mostLines {
		lines = evenly(lines, mostLines)
		figure.Notes = append(figure.Notes, fmt.Sprintf(
			"Drawn are %d of %d combinations of the other factors, evenly over their order; the table has all.", mostLines, n))
	}
	differ := varied(slices.Concat(lines...)) // what is the same on every line is not named
	for hue, line := range lines {
		var points []Point
		for _, s := range line {
			points = append(points, Point{X: *f.Cell(s.conditions).Number, Y: s.peak().throughput, Saturation: s.saturation.Reached,
				Interval: interval(s.saturationInterval(), "").Interval})
		}
		slices.SortFunc(points, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
		figure.Series = append(figure.Series, Series{Name: line[0].others(differ, f), Hue: hue, Points: points})
	}
	return figure.TickPoints().described().Settle(noPoints)
}
