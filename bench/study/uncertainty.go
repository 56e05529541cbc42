package study

import (
	"slices"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// uncertainties states the uncertainty of the headline figures: of every series the rate, the median and the p99 of the
// whole latency, and the client's CPU time per commit in signatures, where the series saturates, or else at its
// highest load.
func (s *study) uncertainties() {
	for _, series := range s.Scenario.Series {
		if l, ok := s.headline(series.Name); ok {
			s.summary.Uncertainty = append(s.summary.Uncertainty, s.budgets(l)...)
		}
	}
}

// headline returns the level of a series whose figures are quoted with its valid repetitions, false where it has none.
func (s *study) headline(series string) (headline metric.Level, ok bool) {
	var most float64
	if at := slices.IndexFunc(s.summary.Saturation, func(sat result.Saturation) bool { return sat.Series == series }); at >= 0 {
		load := s.summary.Saturation[at].Load()
		most = load.Amount()
	}
	for _, l := range metric.Levels(&s.summary) {
		l.Points = slices.DeleteFunc(l.Points, func(p *result.Point) bool { return !p.Valid || p.Disturbed() || p.Rate() == 0 })
		if l.Series != series || len(l.Points) == 0 || most > 0 && l.Load.Amount() > most {
			continue
		}
		if !ok || l.Load.Amount() >= headline.Load.Amount() {
			headline, ok = l, true
		}
	}
	return headline, ok
}

// budgets returns the uncertainties of a level's figures: means over its repetitions, as bench/metric has them.
func (s *study) budgets(l metric.Level) (all []result.Budget) {
	for _, h := range metric.HeadlinesOf(l.Points[0]) {
		of := l
		of.Points = slices.DeleteFunc(slices.Clone(l.Points), func(p *result.Point) bool { _, ok := h.Of(p); return !ok })
		if len(of.Points) == 0 {
			continue
		}
		b := result.Budget{Figure: h.Key, Series: l.Series, Load: l.Load, Repetitions: len(of.Points)}
		scatter(&b, h, of)
		switch h.Unit {
		case metric.Seconds:
			s.latencyBounds(&b, of)
		case metric.Signatures:
			clientBounds(&b, of.Points)
		default:
			s.rateBounds(&b, of.Points)
		}
		all = append(all, b)
	}
	return all
}

// scatter fills in the value and adds how repetitions scatter, or within the window of the only one. The client's CPU time has
// no interval there, and takes that of the rate, of which it is a share.
func scatter(b *result.Budget, h metric.Headline, l metric.Level) {
	var values []float64
	for _, v := range h.Values(l) {
		values = append(values, v.Value)
	}
	b.Value = stats.Mean(values)
	p := l.Points[0]
	within, scale := p.Intervals[h.Key], 1.0
	if h.Unit == metric.Signatures {
		within, scale = p.Intervals[p.RateKey()], b.Value/p.Rate()
	}
	switch {
	case len(values) > 1:
		standard, freedom := stats.Scatter(values)
		b.Add(result.SourceScatter, standard, freedom)
	case within.N > 0:
		standard, freedom := within.Scatter()
		b.Add(result.SourceScatter, scale*standard, freedom)
	default:
		b.Missing = append(b.Missing, result.SourceScatter)
	}
}

// rateBounds adds a block more or less in the window, and what the calibration found.
func (s *study) rateBounds(b *result.Budget, points []*result.Point) {
	if ends, ok := average(points, func(p *result.Point) (float64, bool) {
		if n := float64(p.Blocks); n > 0 {
			return p.Rate() / n, true
		}
		return 1 / p.Window, p.Window > 0 // answers come one by one
	}); ok {
		b.AddBounds(result.SourceEndEffects, ends)
	}
	if i := s.manifest.Instrument; i != nil {
		b.AddBounds(result.SourceInstrument, i.CapacityError*b.Value)
	} else {
		b.Missing = append(b.Missing, result.SourceInstrument)
	}
}

// latencyBounds adds what the calibration found, and by how much peers differ.
func (s *study) latencyBounds(b *result.Budget, l metric.Level) {
	if s.manifest.Instrument != nil {
		var largest float64
		for _, p := range l.Points {
			largest = max(largest, s.latencyError(p))
		}
		b.AddBounds(result.SourceInstrument, largest)
	} else {
		b.Missing = append(b.Missing, result.SourceInstrument)
	}
	quantile := func(q stats.Quantiles) *float64 { return q.P50 }
	if b.Figure == l.Points[0].Conditions.Whole().String()+"_p99_s" {
		quantile = func(q stats.Quantiles) *float64 { return q.P99 }
	}
	if spread, ok := average(l.Points, func(p *result.Point) (float64, bool) { return peerSpread(p, quantile) }); ok {
		b.AddBounds(result.SourceObserver, spread)
	}
}

// average returns the mean over the points that have a figure, false where none has.
func average(points []*result.Point, of func(*result.Point) (float64, bool)) (float64, bool) {
	var values []float64
	for _, p := range points {
		if v, ok := of(p); ok {
			values = append(values, v)
		}
	}
	return stats.Mean(values), len(values) > 0
}

// latencyError returns the largest error of a quantile that the calibration, which there must be, found under the conditions
// of a point.
func (s *study) latencyError(p *result.Point) (seconds float64) {
	full := slices.ContainsFunc(p.Notices, func(w result.Warning) bool { return w.Code == result.HostFull })
	closed, fabric := p.Load.Kind == result.LoadClosed, s.summary.Target != result.TargetReference
	conditions := []result.Condition{result.OpenIdle}
	switch {
	case full:
		conditions = []result.Condition{result.BusyHost}
	case closed:
		conditions = []result.Condition{result.ClosedIdle}
	}
	switch {
	case fabric && closed:
		conditions = append(conditions, result.FabricFull)
	case fabric:
		conditions = append(conditions, result.FabricOpen)
	}
	found := false
	for _, u := range s.manifest.Instrument.Conditions {
		if slices.Contains(conditions, u.Condition) {
			seconds, found = max(seconds, u.LatencyError), true
		}
	}
	if !found { // an older calibration knows one condition
		return s.manifest.Instrument.LatencyError
	}
	return seconds
}

// peerSpread returns by how much a quantile differs at most between the peers at which a commit can be seen and the
// middle of them.
func peerSpread(p *result.Point, quantile func(stats.Quantiles) *float64) (half float64, ok bool) {
	if p.CommitAtPeers == nil {
		return 0, false
	}
	var at []float64
	for _, q := range p.CommitAtPeers.Peers {
		if v := quantile(q); v != nil {
			at = append(at, *v)
		}
	}
	if len(at) < 2 {
		return 0, false
	}
	return (slices.Max(at) - slices.Min(at)) / 2, true
}

// clockTick bounds the error of a process's CPU time at either end of the window: the kernel counts it in ticks, of which
// there are a hundred in a second.
const clockTick = 0.01

// clientBounds adds to the client's CPU time per commit in signatures the ticks at the ends of the window, and how well the
// time of a signature is known. Repetitions of one session share that.
func clientBounds(b *result.Budget, points []*result.Point) {
	if ticks, ok := average(points, func(p *result.Point) (float64, bool) {
		used := p.CPU[string(result.RoleClient)] * p.Window
		return 2 * clockTick / used, used > 0
	}); ok {
		b.AddBounds(result.SourceEndEffects, ticks*b.Value)
	}
	var share, freedom float64
	for _, p := range points {
		if i, ok := p.Intervals["p256_sign_s"]; ok && p.Sign > 0 {
			if standard, of := i.Scatter(); standard/p.Sign >= share {
				share, freedom = standard/p.Sign, of
			}
		}
	}
	if freedom > 0 {
		b.Add(result.SourceYardstick, share*b.Value, freedom)
	} else {
		b.Missing = append(b.Missing, result.SourceYardstick)
	}
}
