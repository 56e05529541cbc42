package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// latencySection shows how long a transaction takes and where the time goes.
func latencySection(all []series, more details) Section {
	s := Section{ID: "latency", Title: "Latency",
		Intro: introOf(all, intro("section latency"), intro("section latency of answers"))}
	for _, kind := range kinds(all) {
		s.Figures = slices.Concat(s.Figures, percentileFigures(all, kind), spectrumFigures(all, kind, more.latencies))
	}
	for _, kind := range kinds(all) {
		s.Figures = append(s.Figures, partsFigures(all, kind)...)
	}
	s.Tables = slices.Concat(allTable(all), objectiveTable(all), outcomeLatencyTable(all),
		[]Table{partsTable(all)}, peerTable(all), blockTable(all), spectrumTable(all, more.latencies))
	return s
}

// percentileFigures draw p50, p95, p99 and what else was asked for beyond it of each series against load.
func percentileFigures(all []series, kind result.LoadKind) []Figure {
	f := Figure{
		ID: "latency" + ofLoad(kind), Title: "Percentiles of latency" + againstLoad(kind),
		X: loadAxis(all, kind), Y: Axis{Label: headlinesOf(all), Unit: Seconds},
		Notes: overAllNotes(all),
	}
	percents := drawnPercents(all)
	figures := perSeries(f, all, kind, "No data: no load level has enough transactions for a percentile.", func(s series) (p Panel) {
		for i, percent := range percents {
			line := s.line(s.overAll(percent), s.overAllInterval(percent))
			line.Name, line.Hue, line.Variant = percentName(percent), i, i
			p.Series = append(p.Series, line)
		}
		return p
	})
	for i := range figures {
		figures[i].Notes = append(figures[i].Notes, markNotes(figures[i], repeated(all))...)
	}
	return figures
}

// drawnPercents are the percentiles that figures draw: p50, p95, p99 and what was asked for beyond it.
func drawnPercents(all []series) []float64 {
	percents := []float64{50, 95, 99}
	for _, r := range rowsOf(all) {
		for _, q := range r.Latency[r.Conditions.Whole().String()].More {
			if q.Percent > 99 && q.Value != nil {
				percents = append(percents, q.Percent)
			}
		}
	}
	slices.Sort(percents)
	return slices.Compact(percents)
}

// overAll measures a quantile of the latency by which the series is judged, over all that was scheduled or, where the run
// does not say, over what succeeded. It has none where the quantile is a transaction's that never got there.
func (s series) overAll(percent float64) measure {
	part, _ := s.headline()
	return func(p result.Point) (float64, bool) {
		if p.LatencyAll != nil {
			v, beyond, ok := p.LatencyAll.At(percent)
			return v, ok && !beyond
		}
		if v := p.Latency[part.String()].At(percent); v != nil {
			return *v, true
		}
		return 0, false
	}
}

// lost measures how many transactions a quantile over all that was scheduled has beyond those that succeeded.
func lost(p result.Point) (float64, bool) { return float64(p.LatencyAll.Lost()), p.LatencyAll != nil }

// overAllInterval is the interval of overAll within a window, which is stored for what succeeded: nil where that was not all.
func (s series) overAllInterval(percent float64) func(result.Point) *stats.Interval {
	part, _ := s.headline()
	key := fmt.Sprintf("%s_%s_s", part, percentName(percent))
	return func(p result.Point) *stats.Interval {
		if i, stored := p.Intervals[key]; stored && p.LatencyAll.Lost() == 0 {
			return &i
		}
		return nil
	}
}

// overAllNotes say over which transactions the quantiles are.
func overAllNotes(all []series) []string {
	if len(rowsWhere(all, func(r pointRow) bool { return r.LatencyAll != nil })) > 0 {
		return notes("figures of latency")
	}
	return notes("figures of latency of valid ones")
}

// headlinesOf names the latencies by which the series are judged.
func headlinesOf(all []series) string {
	switch parts := wholes(all); {
	case len(parts) > 1:
		return "commit latency, of queries that of answers"
	case parts[0] == result.PartAnswer:
		return "latency of answers"
	}
	return "commit latency"
}

// headline is the latency by which the series is judged: from the intended start to the commit, or to the answer where
// nothing is to be committed.
func (s series) headline() (result.Part, string) {
	return s.conditions.Whole(), headlinesOf([]series{s})
}

func p50(q stats.Quantiles) *float64 { return q.P50 }
func p95(q stats.Quantiles) *float64 { return q.P95 }
func p99(q stats.Quantiles) *float64 { return q.P99 }

func largest(q stats.Quantiles) *float64 { return &q.Max }
func mean(q stats.Quantiles) *float64    { return &q.Mean }

// A quantileRow is a quantile that figures draw.
type quantileRow struct {
	name string
	pick func(stats.Quantiles) *float64
}

var quantiles = [...]quantileRow{{"p50", p50}, {"p95", p95}, {"p99", p99}}

// A part is one part of a bar, and a column of the table beside it.
type part struct {
	key, name string
	detail    string // what the legend adds to the name
	hue       int
	variant   int // a lighter shade of the hue
	of        measure
}

// bars draws for each load level of the series a bar of the parts that any level has.
func (s series) bars(parts []part) (p Panel) {
	unit := map[bool]Unit{true: PerSecond, false: Count}[s.kind == result.LoadOpen]
	for _, l := range s.levels {
		p.Categories = append(p.Categories, unit.Tick(l.load.Amount()))
	}
	for _, part := range parts {
		stack := Series{Name: part.name, Hue: part.hue, Variant: part.variant}
		if part.detail != "" {
			stack.Name += ": " + part.detail
		}
		measured := false
		for x, l := range s.levels {
			v, ok := l.median(part.of)
			measured = measured || ok
			stack.Points = append(stack.Points, Point{X: float64(x), Y: v, Invalid: !l.valid()})
		}
		if measured {
			p.Series = append(p.Series, stack)
		}
	}
	return p
}

// barFigures draw for each series of a kind of load a panel of bars against load.
func barFigures(f Figure, all []series, kind result.LoadKind, why string, parts func(series) []part) []Figure {
	f.Kind, f.ID, f.Title = Stacked, f.ID+ofLoad(kind), f.Title+againstLoad(kind)
	f.X = Axis{Label: "clients", Unit: Count}
	if kind == result.LoadOpen {
		f.X = Axis{Label: "offered load", Unit: PerSecond}
	}
	figures := perSeries(f, all, kind, why, func(s series) Panel { return s.bars(parts(s)) })
	for i := range figures {
		if figures[i].HasInvalid() {
			figures[i].Notes = append(figures[i].Notes, notes("figures with invalid bars")...)
		}
	}
	return figures
}

// latencyParts are disjoint and, with orderCommit or its blockParts, add up to the commit latency.
var latencyParts = []part{
	{"lag", "lag", "intended to actual start", hueIdle, 0, meanOf(result.PartLag)},
	{"encrypt", "encrypt", "", hueEncrypt, 0, encryptMean},
	{"prepare", "prepare", "sign and encode", hueClient, 0, func(p result.Point) (float64, bool) {
		prepare, ok := meanOf(result.PartPrepare)(p)
		encrypt, _ := encryptMean(p)
		return max(0, prepare-encrypt), ok
	}},
	{"endorse", "endorse", "", huePeer, 0, meanOf(result.PartEndorse)},
	{"submit", "submit", "to the orderer's acknowledgement", hueChaincode, 0, meanOf(result.PartSubmit)},
}

// orderCommit is drawn where its parts are not known.
var orderCommit = part{"order_commit", "order + commit", "", hueOrderer, 0, func(p result.Point) (float64, bool) {
	if split(p) {
		return 0, false
	}
	return meanOf(result.PartOrderCommit)(p)
}}

// blockParts split "order + commit" where the nodes report about every block.
var blockParts = []part{
	{"wait_cut", "wait for the block to be cut", "", hueOrderer, 0, meanOf(result.PartWaitCut)},
	{"deliver", "deliver", "until the peer starts on the block", hueOrderer, 1, meanOf(result.PartDeliver)},
	{"validate", "validate", "signatures and policies", huePeer, 1, meanOf(result.PartValidate)},
	{"state_commit", "commit", "block and state", huePeer, 2, meanOf(result.PartStateCommit)},
	{"notify", "notify", "to the client", hueClient, 2, meanOf(result.PartNotify)},
}

// split reports whether the nodes' logs split the point's order + commit.
func split(p result.Point) bool {
	_, ok := meanOf(result.PartWaitCut)(p)
	return ok
}

// encryptMean spreads the encryption over all transactions that were prepared: only those that encrypted
// something have a span of it.
func encryptMean(p result.Point) (float64, bool) {
	encrypt, prepare := p.Latency[result.PartEncrypt.String()], p.Latency[result.PartPrepare.String()]
	if encrypt.N == 0 || prepare.N == 0 {
		return 0, false
	}
	return encrypt.Mean * float64(encrypt.N) / float64(prepare.N), true
}

// partsFigures draw where the time goes.
func partsFigures(all []series, kind result.LoadKind) []Figure {
	f := Figure{ID: "phases", Title: "Mean latency by part", Y: Axis{Label: "mean time per transaction", Unit: Seconds}, Notes: notes("figures of parts")}
	return barFigures(f, all, kind, "No data: no transaction completed any part.", func(series) []part {
		return slices.Concat(latencyParts, []part{orderCommit}, blockParts)
	})
}

// partsTable is the split of the mean latency.
func partsTable(all []series) Table {
	columns := append(slices.Clone(latencyParts), part{key: orderCommit.key, name: orderCommit.name, of: meanOf(result.PartOrderCommit)})
	anySplit := len(rowsWhere(all, func(r pointRow) bool { return split(r.Point) })) > 0
	if anySplit {
		for _, part := range blockParts {
			part.name = "of which " + part.name
			columns = append(columns, part)
		}
	}
	for _, whole := range wholes(all) {
		columns = append(columns, part{key: whole.String(), name: whole.String(), of: meanOf(whole)})
	}
	fields := levelFields(all)
	for _, part := range columns {
		fields = append(fields, field[pointRow]{Column{Key: part.key + "_mean_s", Title: part.name, Unit: Seconds},
			func(r pointRow) Cell { return optional(part.of(r.Point)) }})
	}
	t := Table{ID: "phases", Title: "Mean latency by part", Detail: true, Notes: notes("phases")}
	if slices.ContainsFunc(all, bills) {
		t.Notes = append(t.Notes, notes("phases with bills")...)
	}
	if anySplit {
		t.Notes = append(t.Notes, notes("phases with blocks")...)
	}
	return tabulate(t, rowsOf(all), fields)
}
