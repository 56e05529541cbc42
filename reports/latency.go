package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// latencySection shows how long a transaction takes and where the time goes.
func latencySection(all []series) Section {
	s := Section{ID: "latency", Title: "Latency", Intro: intro("section latency")}
	for _, one := range all {
		s.Figures = append(s.Figures, percentileFigure(one, all))
	}
	for _, one := range all {
		s.Figures = append(s.Figures, partsFigure(one))
	}
	if len(all) == 0 {
		s.Figures = []Figure{
			Figure{ID: "latency", Title: "Latency against clients"}.Settle(noPoints),
			Figure{ID: "phases", Title: "Latency by part", Kind: Stacked}.Settle(noPoints),
		}
	}
	s.Tables = append([]Table{partsTable(all)}, blockTable(all)...)
	return s
}

// percentileFigure draws p50, p95 and p99 of one series' commit latency. The Y axis reaches as far as that of
// every other series, so that they compare.
func percentileFigure(s series, all []series) Figure {
	part, what := s.headline()
	f := Figure{
		ID: "latency-" + s.slug, Title: fmt.Sprintf("Percentiles of %s: %s", what, s.name),
		X: loadAxis([]series{s}, s.kind), Y: Axis{Label: what, Unit: Seconds},
	}
	for _, one := range all {
		part, _ := one.headline()
		for _, l := range one.levels {
			for _, q := range quantiles {
				if v, ok := l.median(quantileOf(part, q.pick)); ok {
					f.Y.Max = max(f.Y.Max, v)
				}
			}
		}
	}
	missing := false
	for i, q := range quantiles {
		line := s.line(quantileOf(part, q.pick), noInterval)
		line.Name, line.Hue, line.Variant = q.name, s.hue, i
		f.Series = append(f.Series, line)
		missing = missing || len(line.Points) < len(s.levels)
	}
	f = f.Settle("No data: no load level of this series has enough transactions for a percentile.")
	f.Notes = []string{"Valid transactions of the window only."}
	if part == result.PartCommit {
		f.Notes[0] = "Commit latency counts from the intended start. " + f.Notes[0]
	}
	if missing {
		f.Notes = append(f.Notes, "A percentile with fewer than 10 samples beyond it is not drawn.")
	}
	f.Notes = append(f.Notes, markNotes(f, repeated([]series{s}))...)
	f.Alt = fmt.Sprintf("Median, 95th and 99th percentile of %s of %s at each load level.", what, s.name)
	return f
}

// headline is the latency by which the series is judged: commit, unless its transactions are only endorsed.
func (s series) headline() (result.Part, string) {
	if s.conditions.Wait == result.WaitEndorse {
		return result.PartEndorse, "endorsement latency"
	}
	return result.PartCommit, "commit latency"
}

func p50(q stats.Quantiles) *float64 { return q.P50 }
func p95(q stats.Quantiles) *float64 { return q.P95 }
func p99(q stats.Quantiles) *float64 { return q.P99 }

func largest(q stats.Quantiles) *float64 { return &q.Max }
func mean(q stats.Quantiles) *float64    { return &q.Mean }

var quantiles = [...]struct {
	name string
	pick func(stats.Quantiles) *float64
}{{"p50", p50}, {"p95", p95}, {"p99", p99}}

// A part is one part of a bar, and a column of the table beside it.
type part struct {
	key, name string
	detail    string // what the legend adds to the name
	hue       int
	variant   int // a lighter shade of the hue
	of        measure
}

// bars draws for each load level of the series a bar of the parts that any level has.
func (f Figure) bars(s series, parts []part, why string) Figure {
	f.Kind = Stacked
	f.X = Axis{Label: "clients", Unit: Count}
	if s.kind == result.LoadOpen {
		f.X = Axis{Label: "offered load", Unit: PerSecond}
	}
	for _, l := range s.levels {
		f.X.Categories = append(f.X.Categories, f.X.Unit.Tick(l.load.Amount()))
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
			f.Series = append(f.Series, stack)
		}
	}
	f = f.Settle(why)
	if f.HasInvalid() {
		f.Notes = append(f.Notes, notes("figures with invalid bars")...)
	}
	return f
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

func partsFigure(s series) Figure {
	f := Figure{
		ID: "phases-" + s.slug, Title: "Mean latency by part: " + s.name,
		Y:     Axis{Label: "mean time per transaction", Unit: Seconds},
		Notes: []string{"Means rather than percentiles, because only means add up to the mean commit latency."},
	}
	f = f.bars(s, slices.Concat(latencyParts, []part{orderCommit}, blockParts), "No data: no transaction of this series completed any part.")
	f.Alt = fmt.Sprintf("For each load level of %s, a bar of the mean time spent in %s.", s.name, listed(names(f.Series)))
	return f
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
	columns = append(columns, part{key: "commit", name: "commit", of: meanOf(result.PartCommit)})
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
