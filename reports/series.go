package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/group"
)

// A series is one series of a run: its load levels in ascending order.
type series struct {
	name       string
	slug       string          // the name as part of a file name, unique in the run
	hue        int             // its place in the run: the same colour everywhere
	kind       result.LoadKind // open, or else closed
	conditions result.Conditions
	levels     []level
	saturation result.Saturation // zero unless determined
	determined bool
}

// saturable reports whether the series has a saturation point, or levels enough for one, three, and yet none was
// determined.
func (s series) saturable() bool { return s.determined || len(s.levels) > 2 }

// kept reports whether any load of the series qualifies for its saturation point. Where the lowest rate was not kept up
// with, or no level has valid transactions enough, the verdict names no load.
func (s series) kept() bool { return s.determined && s.saturation.Throughput > 0 }

// unkept says why no load qualifies.
func (s series) unkept() string {
	if s.kind == result.LoadOpen {
		return "no offered load was found to be kept up with"
	}
	return "no load level has valid transactions enough"
}

// points are those of all its levels.
func (s series) points() (all []result.Point) {
	for _, l := range s.levels {
		all = append(all, l.points...)
	}
	return all
}

// A level is one load level of a series with all its repetitions.
type level struct {
	load   result.Load
	points []result.Point // by repetition
}

// seriesOf groups the points by series, in order of first appearance, and their load levels. A series that
// mixes closed and open load becomes two.
func seriesOf(sum result.Summary) []series {
	var all []series
	slugs := map[string]bool{}
	for hue, points := range group.By(sum.Points, func(p result.Point) [2]string { return [2]string{p.Series, string(p.Load.Kind)} }) {
		first := points[0]
		s := series{name: first.Series, slug: slug(first.Series), hue: hue, kind: result.LoadClosed, conditions: first.Conditions, levels: levelsOf(points)}
		if first.Load.Kind == result.LoadOpen {
			s.kind = result.LoadOpen
		}
		for slugs[s.slug] {
			s.slug += fmt.Sprintf("-%d", hue+1)
		}
		slugs[s.slug] = true
		for _, saturation := range sum.Saturation {
			if saturation.Series == s.name {
				s.saturation, s.determined = saturation, true
			}
		}
		all = append(all, s)
	}
	return all
}

// slug returns the name with only what every file system takes.
func slug(name string) string {
	kept := []byte(strings.ToLower(name))
	for i, b := range kept {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '_' {
			kept[i] = '-'
		}
	}
	return string(kept[:min(len(kept), 60)])
}

// drawn is the repetition that is drawn where only one can be: the first that is valid.
func (l level) drawn() result.Point {
	return l.points[max(0, slices.IndexFunc(l.points, func(p result.Point) bool { return p.Valid }))]
}

// key names the repetition that is drawn.
func (l level) key() result.LevelKey {
	p := l.drawn()
	return result.LevelKey{Series: p.Series, Repetition: p.Repetition, Load: p.Load}
}

// saturatesAt reports whether the level is the saturation point of the series.
func (s series) saturatesAt(l level) bool {
	return s.saturation.Reached && l.load.Amount() == s.saturation.Load().Amount()
}

func levelsOf(points []result.Point) []level {
	sorted := slices.Clone(points)
	slices.SortStableFunc(sorted, func(a, b result.Point) int {
		return cmp.Or(cmp.Compare(a.Load.Amount(), b.Load.Amount()), cmp.Compare(a.Repetition, b.Repetition))
	})
	var levels []level
	for _, repetitions := range group.By(sorted, func(p result.Point) float64 { return p.Load.Amount() }) {
		levels = append(levels, level{repetitions[0].Load, repetitions})
	}
	return levels
}

// Clients writes a number of clients.
func Clients(n int) string { return result.Load{Kind: result.LoadClosed, Clients: n}.String() }

// A measure is a number of a point, false where the point has none.
type measure func(result.Point) (float64, bool)

func throughput(p result.Point) (float64, bool) { return p.Rate(), true }

// quantileOf measures a quantile of a part.
func quantileOf(part result.Part, pick func(stats.Quantiles) *float64) measure {
	return func(p result.Point) (float64, bool) {
		if v := pick(p.Latency[part.String()]); v != nil {
			return *v, true
		}
		return 0, false
	}
}

// meanOf measures the mean of a part, by its name.
func meanOf(part fmt.Stringer) measure {
	return func(p result.Point) (float64, bool) {
		q := p.Latency[part.String()]
		return q.Mean, q.N > 0
	}
}

// valid reports whether any repetition is.
func (l level) valid() bool {
	return slices.ContainsFunc(l.points, func(p result.Point) bool { return p.Valid })
}

// values returns the measure of the repetitions that count: of the valid ones, or of all where none is valid.
func (l level) values(of measure) (values []float64) {
	for _, p := range l.points {
		if v, ok := of(p); ok && finite(v) && p.Valid == l.valid() {
			values = append(values, v)
		}
	}
	return values
}

// median returns the median over the repetitions that count; false where there is none.
func (l level) median(of measure) (float64, bool) {
	values := l.values(of)
	return stats.Median(values), len(values) > 0
}

// repeated tells whether any level was measured more than once.
func repeated(all []series) bool {
	return slices.ContainsFunc(all, func(s series) bool {
		return slices.ContainsFunc(s.levels, func(l level) bool { return len(l.points) > 1 })
	})
}

// workload says in words what the transactions of the series are.
func (s series) workload() string {
	c := s.conditions
	w := string(c.Workload)
	if c.Details != "" {
		return w + ", " + c.Details
	}
	if c.Readings > 0 {
		w += fmt.Sprintf(" of %d %s readings", c.Readings, c.Form)
	}
	if c.Scheme != "" {
		w += fmt.Sprintf(", %s %d bits", c.Scheme, c.Bits)
	}
	w += fmt.Sprintf(", %d values", c.Length)
	switch c.Encryption {
	case "":
		return w
	case result.EncryptBank:
		return w + fmt.Sprintf(", encrypted before the load (bank of %d)", c.Bank)
	case result.EncryptAhead:
		return w + ", encrypted before the load"
	}
	return w + ", encrypted " + string(c.Encryption)
}

// A pointRow is a point as a row of a table, with its series.
type pointRow struct {
	result.Point
	of series
}

// rowsOf returns every point by series, load level and repetition.
func rowsOf(all []series) (rows []pointRow) {
	for _, s := range all {
		for _, p := range s.points() {
			rows = append(rows, pointRow{p, s})
		}
	}
	return rows
}

// rowsWhere returns the points of which a condition holds.
func rowsWhere(all []series, holds func(pointRow) bool) []pointRow {
	return slices.DeleteFunc(rowsOf(all), func(r pointRow) bool { return !holds(r) })
}

// levelFields say which point a row is about. Clients and offered load stand apart, each only where a series has it.
func levelFields(all []series) (fields []field[pointRow]) {
	add := func(shown bool, c Column, cell func(pointRow) Cell) {
		if shown {
			fields = append(fields, field[pointRow]{c, cell})
		}
	}
	add(true, Column{Key: "series", Title: "series"}, func(r pointRow) Cell { return text(r.of.name) })
	add(slices.Contains(kinds(all), result.LoadClosed), Column{Key: "clients", Title: "clients", Unit: Count},
		func(r pointRow) Cell { return optional(float64(r.Load.Clients), r.Load.Kind != result.LoadOpen) })
	add(slices.Contains(kinds(all), result.LoadOpen), Column{Key: "offered_per_s", Title: "offered", Unit: PerSecond},
		func(r pointRow) Cell { return optional(r.Load.Offered, r.Load.Kind == result.LoadOpen) })
	add(repeated(all), Column{Key: "repetition", Title: "repetition", Unit: Count}, func(r pointRow) Cell { return count(r.Repetition) })
	return fields
}

// kinds are those of the series' loads, closed before open; without any series, closed.
func kinds(all []series) []result.LoadKind {
	return slices.DeleteFunc(slices.Clone(result.LoadKinds()), func(kind result.LoadKind) bool {
		return !slices.ContainsFunc(all, func(s series) bool { return s.kind == kind }) && (len(all) > 0 || kind != result.LoadClosed)
	})
}
