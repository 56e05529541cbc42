package study

import (
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// uncertainties states the uncertainty of the headline figures: of every series the rate, the median and the p99 of the
// whole latency, and the client's CPU time per commit in signatures, where the series saturates, or else at its
// highest load.
func (s *study) uncertainties() {
	for _, series := range s.Scenario.Series {
		if p := s.headline(series.Name); p != nil {
			s.summary.Uncertainty = append(s.summary.Uncertainty, s.budgets(p)...)
		}
	}
}

// headline returns the point of a series whose figures are quoted, nil where it has no valid one.
func (s *study) headline(series string) *result.Point {
	var most float64
	if at := slices.IndexFunc(s.summary.Saturation, func(sat result.Saturation) bool { return sat.Series == series }); at >= 0 {
		load := s.summary.Saturation[at].Load()
		most = load.Amount()
	}
	var headline *result.Point
	for i := range s.summary.Points {
		p := &s.summary.Points[i]
		if p.Series != series || !p.Valid || p.Disturbed() || p.Rate() == 0 || most > 0 && p.Load.Amount() > most {
			continue
		}
		if headline == nil || p.Load.Amount() >= headline.Load.Amount() {
			headline = p
		}
	}
	return headline
}

// budgets returns the uncertainties of a point's figures.
func (s *study) budgets(p *result.Point) []result.Budget {
	instrument := s.manifest.Instrument
	begin := func(figure string, value float64) result.Budget {
		b := result.Budget{Figure: figure, Series: p.Series, Load: p.Load, Value: value}
		if i, ok := p.Intervals[figure]; ok {
			b.Add(result.SourceScatter, standard(i))
		} else {
			b.Missing = append(b.Missing, result.SourceScatter)
		}
		return b
	}

	rate := begin(p.RateKey(), p.Rate())
	if n := float64(p.Blocks); n > 0 {
		rate.AddBounds(result.SourceEndEffects, rate.Value/n)
	} else if p.Window > 0 { // answers come one by one
		rate.AddBounds(result.SourceEndEffects, 1/p.Window)
	}
	if instrument != nil {
		rate.AddBounds(result.SourceInstrument, instrument.CapacityError*rate.Value)
	} else {
		rate.Missing = append(rate.Missing, result.SourceInstrument)
	}
	all := []result.Budget{rate}

	whole := p.Conditions.Whole()
	took := p.Latency[whole.String()]
	for _, one := range []struct {
		figure string
		value  *float64
		of     func(stats.Quantiles) *float64
	}{
		{whole.String() + "_p50_s", took.P50, func(q stats.Quantiles) *float64 { return q.P50 }},
		{whole.String() + "_p99_s", took.P99, func(q stats.Quantiles) *float64 { return q.P99 }},
	} {
		if one.value == nil {
			continue
		}
		b := begin(one.figure, *one.value)
		if e, ok := s.latencyError(p); ok {
			b.AddBounds(result.SourceInstrument, e)
		} else {
			b.Missing = append(b.Missing, result.SourceInstrument)
		}
		if spread, ok := peerSpread(p, one.of); ok {
			b.AddBounds(result.SourceObserver, spread)
		}
		all = append(all, b)
	}
	if p.ClientCPUInSignatures > 0 {
		all = append(all, s.cpuBudget(p))
	}
	return all
}

// standard returns the standard uncertainty that an interval of Student's t rests on; that of order statistics is taken
// as one.
func standard(i stats.Interval) float64 {
	freedom := float64(max(1, i.N-1))
	return (i.High - i.Low) / 2 / distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile((1+stats.Level)/2)
}

// latencyError returns the largest error of a quantile that the calibration found under the conditions of a point.
func (s *study) latencyError(p *result.Point) (seconds float64, ok bool) {
	if s.manifest.Instrument == nil {
		return 0, false
	}
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
	for _, u := range s.manifest.Instrument.Conditions {
		if slices.Contains(conditions, u.Condition) {
			seconds, ok = max(seconds, u.LatencyError), true
		}
	}
	if !ok { // an older calibration knows one condition
		seconds, ok = s.manifest.Instrument.LatencyError, true
	}
	return seconds, ok
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

// cpuBudget returns the uncertainty of the client's CPU time per commit in signatures.
func (s *study) cpuBudget(p *result.Point) result.Budget {
	b := result.Budget{Figure: "client_cpu_per_commit_signatures", Series: p.Series, Load: p.Load, Value: p.ClientCPUInSignatures}
	if i, ok := p.Intervals[p.RateKey()]; ok { // of which it is a share
		b.Add(result.SourceScatter, standard(i)/p.Rate()*b.Value)
	} else {
		b.Missing = append(b.Missing, result.SourceScatter)
	}
	if used := p.CPU[string(result.RoleClient)] * p.Window; used > 0 {
		b.AddBounds(result.SourceEndEffects, 2*clockTick/used*b.Value)
	}
	if i, ok := p.Intervals["p256_sign_s"]; ok && p.Sign > 0 {
		b.Add(result.SourceYardstick, standard(i)/p.Sign*b.Value)
	} else {
		b.Missing = append(b.Missing, result.SourceYardstick)
	}
	return b
}
