package live

import (
	"math"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/study"
)

// Steps to which figures are rounded, per unit.
const (
	cents  = 1e2
	millis = 1e3
	micros = 1e6
)

// round rounds a figure to a step of so many per unit. What is no number becomes 0, which JSON can hold.
func round(x, perUnit float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return math.Round(x*perUnit) / perUnit
}

func seconds(d time.Duration) float64 { return round(d.Seconds(), micros) }

// known returns seconds, nil for a time that there is none of.
func known(d time.Duration) *float64 {
	if d <= 0 {
		return nil
	}
	s := seconds(d)
	return &s
}

// passed returns what has passed since the state of the level before.
func passed(l study.Live, before bench.Live) Passed {
	now := l.Now
	s := Second{
		At: seconds(now.Elapsed), Offered: round(now.Offered, cents), Valid: round(now.Valid, cents), Answered: round(now.Answers, cents),
		Outcomes: map[string]float64{}, InFlight: now.InFlight, P50: known(now.P50), P99: known(now.P99), CPU: map[string]float64{},
		Phases: l.Underway, RunsOut: now.Elapsed > now.Hold,
	}
	if now.Lag != nil {
		lag := seconds(*now.Lag)
		s.Lag = &lag
	}
	if span := (now.Elapsed - before.Elapsed).Seconds(); span > 0 {
		for o, n := range now.Counts {
			if more := n - before.Counts[o]; more > 0 {
				s.Outcomes[result.Outcome(o).String()] = round(float64(more)/span, cents)
			}
		}
	}
	for name, cores := range l.CPU {
		s.CPU[name] = round(cores, millis)
	}
	s.block(l)
	return Passed{
		Second: s,
		Progress: Progress{
			Level: l.Level, Levels: l.Levels, Remaining: round(l.Remaining.Seconds(), millis), Whole: round(l.Whole.Seconds(), millis), AtMost: l.AtMost,
		},
		Totals: Totals{Scheduled: now.InFlight + now.Counts.Total(), Ended: now.Counts.Map()},
	}
}

// block adds the blocks of the level that have become known.
func (s *Second) block(l study.Live) {
	for _, b := range l.Blocks {
		at := b.At.Sub(l.Begun)
		if at < 0 {
			continue // of what was sent before
		}
		if s.Cuts == nil {
			s.Cuts = map[string]int{}
		}
		s.Cuts[b.Reason.String()]++
		s.Packed += b.Transactions
		one := Block{At: seconds(at), Channel: b.Channel, Number: b.Number, Transactions: b.Transactions}
		if b.Reason != result.CutUnknown {
			one.Cut = b.Reason.String()
		}
		s.Blocks = append(s.Blocks, one)
	}
	s.Blocks = s.Blocks[max(0, len(s.Blocks)-mostInSecond):]
}

// pointOf returns what the page shows of a point.
func pointOf(p *result.Point) Point {
	took := p.Latency[p.Conditions.Whole().String()]
	q := Point{
		Series: p.Series, Load: p.Load, Words: p.Load.String(), Repetition: p.Repetition,
		Rate: p.Rate(), Answers: !p.Conditions.Commits(), P50: took.P50, P99: took.P99,
		Scheduled: p.Scheduled, Succeeded: p.Succeeded(), Valid: p.Valid,
	}
	if len(p.Reasons) > 0 {
		q.Reasons = append(q.Reasons, p.Reasons...)
	}
	if i, ok := p.Intervals[p.RateKey()]; ok {
		q.Interval = &i
	}
	return q
}

// saturationsOf returns what the page shows of saturations.
func saturationsOf(all []result.Saturation) []Saturation {
	shown := make([]Saturation, len(all))
	for i, s := range all {
		shown[i] = Saturation{
			Series: s.Series, Reached: s.Reached, Load: s.Load().Amount(), Open: s.Offered > 0, Rate: s.Throughput, Answers: s.Answers,
		}
	}
	return shown
}
