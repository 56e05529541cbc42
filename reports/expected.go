package reports

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/expect"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/group"
)

// siteFactor is the key of the factor by which series differ whose clients stand at different sites.
const siteFactor = "site"

// tolerance is by how much a measured latency may differ from what was expected, as a share.
const tolerance = 0.1

// expectedParts are the words of what distance adds, and how it is drawn.
var expectedParts = []struct {
	expect.Part
	name    string
	hue     int
	variant int
}{
	{expect.Endorse, "endorse: to the farthest endorser and back", huePeer, 0},
	{expect.Submit, "submit: to an orderer", hueChaincode, 0},
	{expect.Forward, "forward: to the leader", hueChaincode, 1},
	{expect.Turn, "turn: until the block before is agreed on", hueOrderer, 2},
	{expect.Agree, "agree: the orderers on the block", hueOrderer, 0},
	{expect.Deliver, "deliver: to the peer that shows it", hueEncrypt, 0},
}

// expectedRows are the points of which something was expected.
func expectedRows(all []series) []pointRow {
	return rowsWhere(all, func(r pointRow) bool { return r.Expected != nil })
}

// ofExpected makes cells of what was expected.
func ofExpected(of func(*result.Expected) Cell) func(pointRow) Cell {
	return func(r pointRow) Cell { return of(r.Expected) }
}

// expectedTable sets what was expected beside what was measured, nil where nothing was.
func expectedTable(all []series) []Table {
	rows := expectedRows(all)
	if len(rows) == 0 {
		return nil
	}
	ratio := func(v *float64) Cell {
		if v == nil {
			return Cell{Why: whyNoBaseline}
		}
		return number(*v)
	}
	fields := append(levelFields(all), []field[pointRow]{
		{Column{Key: "expected_s", Title: "expected", Unit: Seconds}, ofExpected(func(e *result.Expected) Cell {
			if e.Baseline == nil {
				return Cell{Why: whyNoBaseline}
			}
			return number(e.Total)
		})},
		{Column{Key: "measured_s", Title: "measured", Unit: Seconds}, ofExpected(func(e *result.Expected) Cell { return positive(e.Measured) })},
		{Column{Key: "measured_s_interval", Title: "95 % interval", Unit: Seconds, Interval: true, Rank: 2},
			ofExpected(func(e *result.Expected) Cell { return interval(e.MeasuredInterval, whyInterval) })},
		{Column{Key: "ratio", Title: "measured / expected", Unit: Times}, ofExpected(func(e *result.Expected) Cell { return ratio(e.Ratio) })},
		{Column{Key: "ratio_interval", Title: "95 % interval", Unit: Times, Interval: true, Rank: 2}, ofExpected(func(e *result.Expected) Cell {
			if e.Ratio == nil {
				return Cell{Why: whyNoBaseline}
			}
			return interval(e.RatioInterval, whyInterval)
		})},
		{Column{Key: "baseline_s", Title: "at distance 0", Unit: Seconds, Rank: 1}, ofExpected(func(e *result.Expected) Cell {
			if e.Baseline == nil {
				return Cell{Why: whyNoBaseline}
			}
			return number(e.Baseline.Mean)
		})},
		{Column{Key: "baseline_s_interval", Title: "its 95 % interval", Unit: Seconds, Interval: true, CSVOnly: true}, ofExpected(func(e *result.Expected) Cell {
			if e.Baseline == nil {
				return Cell{}
			}
			return interval(e.Baseline.Interval, whyInterval)
		})},
		{Column{Key: "baseline_series", Title: "its series", CSVOnly: true}, ofExpected(func(e *result.Expected) Cell {
			if e.Baseline == nil {
				return Cell{}
			}
			return text(e.Baseline.Series)
		})},
		{Column{Key: "distance_s", Title: "distance adds", Unit: Seconds, Rank: 1}, ofExpected(func(e *result.Expected) Cell { return number(e.Distance) })},
		{Column{Key: "distance_low_s", Title: "at least", Unit: Seconds, Rank: 4}, ofExpected(func(e *result.Expected) Cell { return number(e.Low) })},
		{Column{Key: "distance_high_s", Title: "at most", Unit: Seconds, Rank: 4}, ofExpected(func(e *result.Expected) Cell { return number(e.High) })},
	}...)
	for _, part := range expectedParts {
		key := part.String()
		fields = append(fields, field[pointRow]{Column{Key: key + "_s", Title: key, Unit: Seconds, Rank: 3},
			ofExpected(func(e *result.Expected) Cell { return number(e.Parts[key]) })})
	}
	fields = append(fields, []field[pointRow]{
		{Column{Key: "seen_ratio", Title: "measured / expected from round trips seen", Unit: Times, Rank: 4}, ofExpected(func(e *result.Expected) Cell {
			if e.Seen == nil {
				return Cell{}
			}
			return ratio(e.Seen.Ratio)
		})},
		{Column{Key: "unknown_sources", Title: "pull blocks from unknown orderers", Rank: 4},
			ofExpected(func(e *result.Expected) Cell { return text(strings.Join(e.Unknown, ", ")) })},
	}...)
	t := Table{ID: "expected", Title: "Mean commit latency, expected and measured", Notes: notes("expected")}
	if slices.ContainsFunc(rows, func(r pointRow) bool { return len(r.Expected.Unknown) > 0 }) {
		t.Notes = append(t.Notes, notes("expected with unknown sources")...)
	}
	return []Table{tabulate(t, rows, fields)}
}

const whyNoBaseline = "the same load was not measured at distance 0, or does not arrive at random, or was not a low one"

// An expectedSiteRow is what was expected for the clients at one site.
type expectedSiteRow struct {
	pointRow
	result.ExpectedSite
}

// expectedSiteTable says the same by the clients' site, nil where they are all at one.
func expectedSiteTable(all []series) []Table {
	var rows []expectedSiteRow
	for _, r := range expectedRows(all) {
		for _, s := range r.Expected.Sites {
			if len(r.Expected.Sites) > 1 {
				rows = append(rows, expectedSiteRow{r, s})
			}
		}
	}
	if rows == nil {
		return nil
	}
	measured := func(r expectedSiteRow) (result.SitePoint, bool) {
		i := slices.IndexFunc(r.Sites, func(s result.SitePoint) bool { return s.Site == r.Site && s.Latency.N > 0 })
		if i < 0 {
			return result.SitePoint{}, false
		}
		return r.Sites[i], true
	}
	var fields []field[expectedSiteRow]
	for _, f := range levelFields(all) {
		fields = append(fields, field[expectedSiteRow]{f.Column, func(r expectedSiteRow) Cell { return f.Cell(r.pointRow) }})
	}
	t := Table{ID: "expected-sites", Title: "Mean commit latency by the clients' site, expected and measured", Detail: true, Notes: notes("expected-sites")}
	return []Table{tabulate(t, rows, append(fields, []field[expectedSiteRow]{
		{Column{Key: "site", Title: "clients at"}, func(r expectedSiteRow) Cell { return text(r.Site) }},
		{Column{Key: "distance_s", Title: "distance adds", Unit: Seconds}, func(r expectedSiteRow) Cell { return number(r.Distance) }},
		{Column{Key: "expected_s", Title: "expected", Unit: Seconds}, func(r expectedSiteRow) Cell {
			if r.Expected.Baseline == nil {
				return Cell{Why: whyNoBaseline}
			}
			return number(r.Total)
		}},
		{Column{Key: "measured_s", Title: "measured", Unit: Seconds}, func(r expectedSiteRow) Cell {
			s, ok := measured(r)
			return optional(s.Latency.Mean, ok)
		}},
		{Column{Key: "ratio", Title: "measured / expected", Unit: Times}, func(r expectedSiteRow) Cell {
			s, ok := measured(r)
			return optional(s.Latency.Mean/r.Total, ok && r.Total > 0)
		}},
	}...))}
}

// expectedFigures draw what was expected of each series as a bar of its parts, and the measured mean beside it.
func expectedFigures(all []series) []Figure {
	f := Figure{
		ID: "expected", Title: "Mean commit latency, expected and measured", Kind: Stacked, X: Axis{Label: "series, by what they differ in"},
		Y: Axis{Label: "mean commit latency", Unit: Seconds}, Notes: notes("figures of what was expected"),
	}
	const most = 6 // bars of a panel
	expecting := slices.DeleteFunc(slices.Clone(all), func(s series) bool { return s.expected() == nil })
	if len(expecting) == 0 {
		return nil
	}
	var panels []Panel
	for _, group := range group.By(evenly(expecting, most*mostPanels), series.base) {
		parts := slices.Collect(slices.Chunk(group, most))
		for i, part := range parts {
			p := expectedPanel(part)
			if p.Title = group[0].base(); len(parts) > 1 {
				p.Title += fmt.Sprintf(" (%d of %d)", i+1, len(parts))
			}
			panels = append(panels, p)
		}
	}
	figures := f.split(panels, noPoints)
	for i := range figures {
		figures[i].Notes = append(figures[i].Notes, markNotes(figures[i], false)...)
	}
	return figures
}

// expected returns the point of the series whose expectation is drawn: at its highest throughput, nil where there is none.
func (s series) expected() *result.Point {
	peak := s.peak()
	if peak == nil {
		return nil
	}
	if p := peak.drawn(); p.Expected != nil {
		return &p
	}
	return nil
}

// expectedPanel has a bar for each series of one base, named by what they differ in.
func expectedPanel(group []series) (p Panel) {
	by := varied(group)
	bars := []Series{{Name: "the same load at distance 0", Hue: hueIdle}}
	for _, part := range expectedParts {
		bars = append(bars, Series{Name: part.name, Hue: part.hue, Variant: part.variant})
	}
	measured := Series{Name: "measured", Hue: 1, Beside: true}
	for x, s := range group {
		point := s.expected()
		e := point.Expected
		p.Categories = append(p.Categories, s.differing(by))
		if b := e.Baseline; b != nil {
			bars[0].Points = append(bars[0].Points, Point{X: float64(x), Y: b.Mean, Invalid: !point.Valid})
		}
		for i, part := range expectedParts {
			bars[i+1].Points = append(bars[i+1].Points, Point{X: float64(x), Y: e.Parts[part.String()], Invalid: !point.Valid})
		}
		if e.Measured > 0 {
			measured.Points = append(measured.Points, Point{X: float64(x), Y: e.Measured, Interval: interval(e.MeasuredInterval, "").Interval})
		}
	}
	for _, s := range bars {
		if slices.ContainsFunc(s.Points, func(p Point) bool { return p.Y > 0 }) {
			p.Series = append(p.Series, s)
		}
	}
	p.Series = append(p.Series, measured)
	return p
}

// differing names the series by its levels of factors, or else by its whole name.
func (s series) differing(by []factor) string {
	var words []string
	for _, f := range by {
		if word := s.label(f); word != "" {
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return s.name
	}
	return strings.Join(words, ", ")
}

// expectedFinding says how near what was measured is to what was expected, nil where nothing can be compared.
func expectedFinding(all []series) []Finding {
	var ratios []float64
	inside, outside := 0, 0
	for _, r := range expectedRows(all) {
		e := r.Expected
		if e.Ratio == nil {
			continue
		}
		ratios = append(ratios, *e.Ratio)
		around := e.RatioInterval
		if around == nil {
			around = &stats.Interval{Low: *e.Ratio, High: *e.Ratio}
		}
		switch {
		case around.Low >= 1-tolerance && around.High <= 1+tolerance:
			inside++
		case around.Low > 1+tolerance, around.High < 1-tolerance:
			outside++
		}
	}
	if len(ratios) == 0 {
		return nil
	}
	f := Finding{
		Subject: "Latency over distances", Value: Times.Range(slices.Min(ratios), slices.Max(ratios), Scale{Factor: 1}) + " times what was expected",
		Verdict: Good, To: "table-expected",
		Text: fmt.Sprintf("The mean commit latency, to what follows from the round trips and from the same load at distance 0 (n = %d). "+
			"The 95 %% intervals of %d lie within 10 %% of it, of %d beyond; the others cross that.", len(ratios), inside, outside),
	}
	if len(ratios) == 1 {
		f.Value = Times.Format(ratios[0]) + " what was expected"
	}
	if inside < len(ratios) {
		f.Verdict = Caution
	}
	return []Finding{f}
}

// distanceFinding says whether the emulated round trips are as asked for, nil where there are none.
func distanceFinding(all []result.Distance) []Finding {
	if len(all) == 0 {
		return nil
	}
	all = slices.DeleteFunc(slices.Clone(all), func(d result.Distance) bool { return d.Sent == 0 })
	if len(all) == 0 {
		return []Finding{{Subject: "Round trips between sites", Value: "not measured", Verdict: Caution, To: "table-distances",
			Text: "The sites of the network, which another process holds, could not be entered."}}
	}
	most, off, lost := 0.0, 0, 0
	for _, d := range all {
		most = max(most, d.P50-d.Asked, d.Asked-d.P50)
		lost += d.Lost
		if d.Fault() != "" {
			off++
		}
	}
	f := Finding{Subject: "Round trips between sites", Value: "off by " + Seconds.Format(most) + " at most", Verdict: Good, To: "table-distances",
		Text: fmt.Sprintf("The median of the round trips seen before the load, against those asked for, over %d pairs; %d packets were lost.", len(all), lost)}
	if off > 0 {
		f.Verdict = Caution
		f.Text += fmt.Sprintf(" %d pairs are not as asked: off by more than %s and %s, jitter apart, or with more packets lost.",
			off, Seconds.Format(result.MostDistanceOff), Share.Format(result.MostDistanceOffShare))
	}
	return []Finding{f}
}
