package study

import (
	"math"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
)

// saturation stores where the throughput of a series stops growing: what its search determined, or what
// several levels show. A level that was cut short does not count: a few blocks make no plateau. Neither does one with events.
func (s *study) saturation(series scenario.Series) {
	var points []result.Point
	for i, p := range s.summary.Points {
		if p.Series == series.Name && !p.Disturbed() && !slices.Contains(s.cutShort, i) && !noted(&p, result.Exhausted) {
			points = append(points, p)
		}
	}
	var stored result.Saturation
	var warnings []stats.Warning
	var err error
	at := slices.IndexFunc(s.searches, func(one search) bool { return one.series.Name == series.Name })
	switch {
	case at >= 0:
		all := s.searches[at].seeker.Result()
		if len(all.Trials) == 0 {
			return
		}
		stored, warnings = all.Saturation, all.Warnings
		stored.Series = series.Name
		if p99 := series.Load.Search.P99; p99 > 0 {
			stored.Objective = &result.Objective{Quantile: 0.99, Latency: p99.Seconds()}
		}
		within(&stored, points)
	case len(points) == 0 || !saturates(series.Load):
		return
	case series.Load.Kind == result.LoadOpen:
		stored, warnings, err = saturation.Open(points)
	default:
		stored, warnings, err = saturation.Closed(points)
	}
	for _, w := range warnings {
		s.note("series "+series.Name, w.Code, w.Text)
	}
	if err != nil {
		s.warn(result.NoSaturation, "%v", err)
		return
	}
	stored.Answers = series.Load.Wait == result.WaitEndorse
	s.onPlateau(&stored, points)
	limit(&stored, points)
	if series.Load.Kind == result.LoadClosed {
		scale(&stored, points)
	}
	s.summary.Saturation = append(s.summary.Saturation, stored)
}

// noted reports whether a point has a warning of some kind.
func noted(p *result.Point, code stats.Code) bool {
	return slices.ContainsFunc(p.Notices, func(w result.Warning) bool { return w.Code == code })
}

// saturates reports whether a load's levels can show a saturation point: a plateau of a closed load takes a
// level and two more that confirm it, an open load one that was kept up with and one that was not.
func saturates(l scenario.Load) bool {
	return len(l.Clients) > 2 || len(l.Rate) > 1
}

// within gives a saturation that has no interval over repetitions that of the throughput within one measurement: its
// last, or, as an open search may find a load between those that it measured, the last at the load nearest to it.
func within(sat *result.Saturation, points []result.Point) {
	if sat.High > 0 || sat.Throughput == 0 {
		return
	}
	var at *result.Point
	for i := range points {
		p := &points[i]
		off := math.Abs(p.Load.Amount() - sat.Load().Amount())
		if _, ok := p.Intervals[p.RateKey()]; ok && p.Valid && (at == nil || off <= math.Abs(at.Load.Amount()-sat.Load().Amount())) {
			at = p
		}
	}
	if at == nil || sat.Clients > 0 && (at.Load.Clients != sat.Clients || at.Rate() != sat.Throughput) {
		return
	}
	i, off := at.Intervals[at.RateKey()], sat.Throughput-at.Rate()
	sat.Low, sat.High, sat.N = i.Low+off, i.High+off, i.N
	sat.Method += "; interval: within one measurement: " + i.Method
}

// limit gives a saturation point the verdict of its load: of the first valid one, from there on upwards, that
// something limited.
func limit(sat *result.Saturation, points []result.Point) {
	least := sat.Load().Amount()
	var at *result.Point
	for i := range points {
		p := &points[i]
		if !p.Valid || p.Load.Amount() < least {
			continue
		}
		if at == nil || at.Limit.Open() && !p.Limit.Open() || at.Limit.Open() == p.Limit.Open() && p.Load.Amount() < at.Load.Amount() {
			at = p
		}
	}
	if at != nil {
		sat.Limit, sat.LimitedBecause = at.Limit, at.LimitedBecause
	}
}

// scale fits the scalability law to the points of a closed load, and where it does not apply, says why.
// Points that are not valid, or at which many transactions failed, say nothing about work done.
func scale(sat *result.Saturation, points []result.Point) {
	var of []saturation.Scaling
	for i := range points {
		p := &points[i]
		timerLimited := p.Limit.Kind == result.LimitBatchTimer || p.BlockCut != nil && 2*p.BlockCut.Timer > p.BlockCut.Total()
		if p.Valid && p.Rate() > 0 && float64(p.Succeeded()) >= workedShare*float64(p.Scheduled) {
			of = append(of, saturation.Scaling{Clients: float64(p.Load.Clients), Throughput: p.Rate(), TimerLimited: timerLimited})
		}
	}
	fitted, err := saturation.FitUSL(of)
	if err != nil {
		sat.USLReason = err.Error()
		return
	}
	sat.USL = &fitted
}

// workedShare is the least share of transactions that ended well of a point that counts.
const workedShare = 0.99
