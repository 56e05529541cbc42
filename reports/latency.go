package reports

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// latencySection says how long a transaction takes and where the time goes.
func latencySection(all []series) Section {
	s := Section{
		ID:    "latency",
		Title: "Latency",
		Intro: "Commit latency runs from the instant at which the load plan wanted the transaction to start to the instant at which the observing peer showed its commit, so it includes any delay of the client. " +
			"Acknowledgement latency runs from the prepared transaction to the orderer's acknowledgement (endorse + submit); the transaction is not committed yet.",
	}
	for _, one := range all {
		s.Figures = append(s.Figures, percentileFigure(one, all))
	}
	for _, one := range all {
		s.Figures = append(s.Figures, phaseFigure(one))
	}
	if len(all) == 0 {
		s.Figures = []Figure{
			Figure{ID: "latency", Title: "Latency against clients"}.Settle(noPoints),
			Figure{ID: "phases", Title: "Latency by phase", Kind: Stacked}.Settle(noPoints),
		}
	}
	s.Tables = append([]Table{phaseTable(all)}, blockTable(all)...)
	return s
}

// percentileFigure draws p50, p95 and p99 of one series' commit latency. The
// Y axis reaches as far as that of every other series, so that they compare.
func percentileFigure(s series, all []series) Figure {
	phase, what := headlinePhase(s)
	f := Figure{
		ID:    "latency-" + s.slug,
		Title: fmt.Sprintf("Percentiles of %s: %s", what, s.name),
		Kind:  Lines,
		X:     loadAxis([]series{s}, s.kind),
		Y:     Axis{Label: what, Unit: Seconds},
	}
	for _, one := range all {
		phase, _ := headlinePhase(one)
		for _, l := range one.levels {
			if v, ok := l.median(largestQuantile(phase)); ok {
				f.Y.Max = max(f.Y.Max, v)
			}
		}
	}
	for i, q := range quantiles {
		line := Series{Name: q.name, Hue: s.hue, Variant: i}
		for _, l := range s.levels {
			if p, singles, ok := l.mark(q.of(phase)); ok {
				line.Points = append(line.Points, p)
				line.Singles = append(line.Singles, singles...)
			}
		}
		f.Series = append(f.Series, line)
	}
	f = f.Settle("No data: no load level of this series has enough transactions for a percentile.")
	f.Notes = append(f.Notes, "Valid transactions of the window only.")
	if phase == result.PartCommit {
		f.Notes[0] = "Commit latency counts from the intended start. " + f.Notes[0]
	}
	if missing(s, phase) {
		f.Notes = append(f.Notes, "A percentile with fewer than 10 samples beyond it is not drawn.")
	}
	f.Notes = append(f.Notes, markNotes(f, repeated([]series{s}))...)
	f.Alt = fmt.Sprintf("Median, 95th and 99th percentile of %s of %s at each load level.", what, s.name)
	return f
}

// headlinePhase is the latency by which a series is judged: commit, unless its
// transactions are only endorsed.
func headlinePhase(s series) (result.Part, string) {
	if s.conditions.Wait == "endorse" {
		return result.PartEndorse, "endorsement latency"
	}
	return result.PartCommit, "commit latency"
}

// A namedQuantile reads one quantile of a phase out of a point.
type namedQuantile struct {
	name string
	get  func(stats.Quantiles) *float64
}

var quantiles = [...]namedQuantile{
	{"p50", func(q stats.Quantiles) *float64 { return q.P50 }},
	{"p95", func(q stats.Quantiles) *float64 { return q.P95 }},
	{"p99", func(q stats.Quantiles) *float64 { return q.P99 }},
}

func (q namedQuantile) of(phase result.Part) func(result.Point) (float64, bool) {
	return func(p result.Point) (float64, bool) {
		v := q.get(p.Latency[phase.String()])
		if v == nil {
			return 0, false
		}
		return *v, true
	}
}

func largestQuantile(phase result.Part) func(result.Point) (float64, bool) {
	return func(p result.Point) (float64, bool) {
		for _, q := range slices.Backward(quantiles[:]) {
			if v, ok := q.of(phase)(p); ok {
				return v, true
			}
		}
		return 0, false
	}
}

func missing(s series, phase result.Part) bool {
	for _, l := range s.levels {
		for _, q := range quantiles {
			if _, ok := l.median(q.of(phase)); !ok {
				return true
			}
		}
	}
	return false
}

// A part is one phase of the split, as it is drawn and tabulated. The parts
// are disjoint and, with orderCommit or its blockParts, add up to the commit
// latency.
type part struct {
	key, name string
	hue       int
	variant   int                                // a lighter shade of the hue
	mean      func(result.Point) (float64, bool) // mean time per transaction, in seconds
}

var parts = [...]part{
	{"lag", "lag: intended to actual start", hueIdle, 0, phaseMean(result.PartLag)},
	{"encrypt", "encrypt", hueEncrypt, 0, encryptMean},
	{"prepare", "prepare: sign and encode", hueClient, 0, func(p result.Point) (float64, bool) {
		prepare, ok := phaseMean(result.PartPrepare)(p)
		encrypt, _ := encryptMean(p)
		return max(0, prepare-encrypt), ok
	}},
	{"endorse", "endorse", huePeer, 0, phaseMean(result.PartEndorse)},
	{"submit", "submit: to the orderer's acknowledgement", hueChaincode, 0, phaseMean(result.PartSubmit)},
}

// short is the name without its explanation.
func (p part) short() string {
	short, _, _ := strings.Cut(p.name, ":")
	return short
}

func phaseMean(phase result.Part) func(result.Point) (float64, bool) {
	return func(p result.Point) (float64, bool) {
		q := p.Latency[phase.String()]
		return q.Mean, q.N > 0
	}
}

// encryptMean spreads the encryption over all transactions that were prepared:
// only those that encrypted something have a span of it.
func encryptMean(p result.Point) (float64, bool) {
	encrypt, prepare := p.Latency[result.PartEncrypt.String()], p.Latency[result.PartPrepare.String()]
	if encrypt.N == 0 || prepare.N == 0 {
		return 0, false
	}
	return encrypt.Mean * float64(encrypt.N) / float64(prepare.N), true
}

func phaseFigure(s series) Figure {
	f := Figure{
		ID:    "phases-" + s.slug,
		Title: "Mean latency by phase: " + s.name,
		Kind:  Stacked,
		X:     categories(s),
		Y:     Axis{Label: "mean time per transaction", Unit: Seconds},
		Notes: []string{"Means, because the means of the phases add up to the mean commit latency and percentiles do not."},
	}
	for _, part := range slices.Concat(parts[:], []part{orderCommit}, blockParts[:]) {
		stack := Series{Name: part.name, Hue: part.hue, Variant: part.variant}
		seen := false
		for x, l := range s.levels {
			v, ok := l.median(part.mean)
			seen = seen || ok
			stack.Points = append(stack.Points, Point{X: float64(x), Y: v, Invalid: invalid(l)})
		}
		if seen {
			f.Series = append(f.Series, stack)
		}
	}
	f = f.Settle("No data: no transaction of this series passed a whole phase.")
	f.Notes = append(f.Notes, barNotes(f)...)
	f.Alt = fmt.Sprintf("For each load level of %s, a bar of the mean time spent in %s.", s.name, listed(names(f.Series)))
	return f
}

func barNotes(f Figure) []string {
	if f.HasInvalid() {
		return []string{"Bars marked * are not valid measurements of the network; the warnings say why."}
	}
	return nil
}

func invalid(l level) bool {
	return !slices.ContainsFunc(l.points, func(p result.Point) bool { return p.Valid })
}

// categories is the X axis of bars: one per load level.
func categories(s series) Axis {
	axis := Axis{Label: "clients", Unit: Count}
	if s.kind == "open" {
		axis = Axis{Label: "offered load", Unit: PerSecond}
	}
	for _, l := range s.levels {
		axis.Categories = append(axis.Categories, axis.Unit.Tick(amount(l.load)))
	}
	return axis
}
