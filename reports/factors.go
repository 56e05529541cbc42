package reports

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/bench/topology"
)

// A factor is a condition that a scenario can vary.
type factor struct {
	key, title string
	unit       Unit // Text if its levels are words
	level      func(result.Conditions) factorLevel
}

// A factorLevel is a word or a number, to compare.
type factorLevel struct {
	word   string
	number float64
}

// factors returns every factor in its order of presentation.
func factors() []factor {
	word := func(key, title string, of func(result.Conditions) string) factor {
		return factor{key, title, Text, func(c result.Conditions) factorLevel { return factorLevel{word: of(c)} }}
	}
	number := func(key, title string, unit Unit, of func(result.Conditions) float64) factor {
		return factor{key, title, unit, func(c result.Conditions) factorLevel { return factorLevel{number: of(c)} }}
	}
	count := func(key, title string, of func(result.Conditions) int) factor {
		return number(key, title, Count, func(c result.Conditions) float64 { return float64(of(c)) })
	}
	all := []factor{
		word("topology", "topology", func(c result.Conditions) string { return c.Topology }),
		word("policy", "endorsement policy", func(c result.Conditions) string { return c.Policy }),
		number("batch_timeout_s", "batch timeout", Seconds, func(c result.Conditions) float64 { return c.BatchTimeout }),
		count("batch_messages", "batch size", func(c result.Conditions) int { return int(c.BatchMessages) }),
		count("gateway_limit", "gateway limit", func(c result.Conditions) int { return c.Limits.Gateway }),
		count("endorser_limit", "endorser limit", func(c result.Conditions) int { return c.Limits.Endorser }),
		count("deliver_limit", "deliver limit", func(c result.Conditions) int { return c.Limits.Deliver }),
		count("channels", "channels", func(c result.Conditions) int { return max(1, c.Channels) }),
		word("workload", "workload", func(c result.Conditions) string { return c.Workload }),
		word("form", "form of the readings", func(c result.Conditions) string { return c.Form }),
		count("readings", "readings per bill", func(c result.Conditions) int { return c.Readings }),
		word("scheme", "scheme", func(c result.Conditions) string { return c.Scheme }),
		count("bits", "key bits", func(c result.Conditions) int { return c.Bits }),
		count("length", "values per reading", func(c result.Conditions) int { return c.Length }),
		word("encryption", "encrypted", func(c result.Conditions) string { return string(c.Encryption) }),
		word("wait", "client waits for", func(c result.Conditions) string { return string(c.Wait) }),
	}
	for role := range (topology.Caps{}).Each {
		limit := func(c result.Conditions) topology.Cap { return maps.Collect(c.Caps.Each)[role] }
		all = append(all,
			number(role+"_cap_cores", "CPU cap of the "+role, Cores, func(c result.Conditions) float64 { return limit(c).CPUs }),
			number(role+"_cap_bytes", "memory cap of the "+role, Bytes, func(c result.Conditions) float64 { return float64(limit(c).Memory) }))
	}
	return all
}

// base is the name of the series, and of a phase, without its factors.
func (s series) base() string { return s.points()[0].Base() }

// varied returns the factors in which the series differ.
func varied(all []series) []factor {
	return slices.DeleteFunc(factors(), func(f factor) bool {
		return !slices.ContainsFunc(all, func(s series) bool { return f.level(s.conditions) != f.level(all[0].conditions) })
	})
}

// cell is the level in a table: empty where the factor means nothing.
func (f factor) cell(s series) Cell {
	l := f.level(s.conditions)
	if f.unit == Text {
		return text(l.word)
	}
	return optional(l.number, l.number != 0)
}

// factorSection shows the effect of the factors that a scenario varied. It is false where
// none were.
func factorSection(all []series) (Section, bool) {
	expanded := slices.DeleteFunc(slices.Clone(all), func(s series) bool { return s.base() == s.name })
	if len(expanded) < 2 {
		return Section{}, false
	}
	by := varied(expanded)
	s := Section{
		ID: "factors", Title: "Factors",
		Intro:  intro("section factors"),
		Tables: []Table{factorTable(expanded, by)},
	}
	for _, f := range by {
		if figure := factorFigure(expanded, by, f); len(figure.Series) > 0 {
			s.Figures = append(s.Figures, figure)
		}
	}
	return s, true
}

// highest is the level of the saturation point with the throughput there, or where there is none
// the level with the highest median. It is nil without any.
func (s series) highest() (highest *level, most float64) {
	for i, l := range s.levels {
		median, ok := l.median(throughput)
		if !ok {
			continue
		}
		if sat := s.saturation; sat != nil && saturationLoad(sat).Amount() == l.load.Amount() {
			return &s.levels[i], sat.Throughput
		}
		if highest == nil || median > most {
			highest, most = &s.levels[i], median
		}
	}
	return highest, most
}

func factorTable(all []series, by []factor) Table {
	const most = 5 // factors that a terminal has room for
	// there makes a cell of what a series has at its highest level.
	there := func(cell func(series, level, float64) Cell) func(series) Cell {
		return func(s series) Cell {
			l, throughput := s.highest()
			if l == nil {
				return Cell{}
			}
			return cell(s, *l, throughput)
		}
	}
	commit := func(pick func(stats.Quantiles) *float64) func(series) Cell {
		return there(func(_ series, l level, _ float64) Cell {
			return optional(l.median(quantileOf(result.PartCommit, pick)))
		})
	}
	fields := []Field[series]{{Column{Key: "series", Title: "series"}, func(s series) Cell { return text(s.base()) }}}
	for _, f := range by {
		fields = append(fields, Field[series]{Column{Key: f.key, Title: f.title, Unit: f.unit}, f.cell})
	}
	fields = append(fields, []Field[series]{
		{Column{Key: "throughput_per_s", Title: "throughput", Unit: PerSecond}, there(func(_ series, _ level, throughput float64) Cell { return number(throughput) })},
		{Column{Key: "throughput_per_s_interval", Title: "95 % interval", Unit: PerSecond, Interval: true, Rank: 2}, there(func(s series, l level, _ float64) Cell {
			if s.saturation != nil {
				return interval(s.saturationInterval(), whyInterval)
			}
			return interval(l.interval(throughput, throughputInterval), whyInterval)
		})},
		{Column{Key: "at", Title: "at"}, func(s series) Cell {
			if l, _ := s.highest(); l != nil {
				return text(l.load.String())
			}
			return text("nothing measured")
		}},
		{Column{Key: "saturated", Title: "saturated", Rank: 1}, there(func(s series, _ level, _ float64) Cell {
			if s.saturation == nil {
				return text("not determined")
			}
			return yesNo(s.saturation.Reached)
		})},
		{Column{Key: "commit_p50_s", Title: "commit p50", Unit: Seconds}, commit(p50)},
		{Column{Key: "commit_p99_s", Title: "commit p99", Unit: Seconds, Rank: 3}, commit(p99)},
	}...)
	return Tabulate(Table{ID: "factors", Title: "Throughput and latency by factor", Detail: len(by) > most, Notes: notes("factors")}, all, fields)
}

// factorFigure draws throughput against a factor whose levels are numbers, a line for each
// combination of the other factors under which it was varied. It has no series where no two differ
// in that factor alone.
func factorFigure(all []series, by []factor, f factor) Figure {
	figure := Figure{
		ID: "throughput-" + strings.ReplaceAll(f.key, "_", "-"), Title: "Throughput by " + f.title,
		X: Axis{Label: f.title + " (log scale)", Unit: f.unit, Log: true}, Y: Axis{Label: "throughput, valid commits", Unit: PerSecond},
	}
	measured := slices.DeleteFunc(slices.Clone(all), func(s series) bool {
		l, _ := s.highest()
		return l == nil || f.level(s.conditions).number == 0
	})
	lines := slices.DeleteFunc(groupBy(measured, func(s series) string { return s.others(by, f) }), func(line []series) bool { return len(line) < 2 })
	differ := varied(slices.Concat(lines...)) // what is the same on every line is not named
	for hue, line := range lines {
		var points []Point
		for _, s := range line {
			_, throughput := s.highest()
			p := Point{X: f.level(s.conditions).number, Y: throughput, Saturation: s.saturated()}
			if s.saturation != nil {
				p.Interval = interval(s.saturationInterval(), "").Interval
			}
			points = append(points, p)
			if !slices.Contains(figure.X.Ticks, p.X) {
				figure.X.Ticks = append(figure.X.Ticks, p.X)
			}
		}
		slices.SortFunc(points, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
		figure.Series = append(figure.Series, Series{Name: line[0].others(differ, f), Hue: hue, Points: points})
	}
	slices.Sort(figure.X.Ticks)
	figure.Notes = notes("figures by factor")
	return figure.described().Settle(noPoints)
}

// others names a series by all varied factors but one.
func (s series) others(by []factor, but factor) string {
	name := s.base()
	for _, f := range by {
		l := f.level(s.conditions)
		switch {
		case f.key == but.key || l == factorLevel{}:
		case f.unit == Text:
			name += ", " + l.word
		default:
			name += ", " + f.title + " " + f.unit.Format(l.number)
		}
	}
	return name
}
