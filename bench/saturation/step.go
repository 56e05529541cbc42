package saturation

import (
	"fmt"
	"math"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// A Step is what was measured at one load that a search asked for, after the
// warm-up. Rates are per second.
type Step struct {
	Load     float64  // offered transactions per second, or clients
	Sent     float64  // rate of the transactions that were due in the window; open load only
	Due      uint64   // their number; open load only
	Received float64  // throughput
	Blocks   uint64   // that the throughput came in; 0 where it did not come in blocks
	Success  float64  // share of valid transactions among those that were due, 0 to 1
	Dropped  uint64   // due without a free slot
	P99      *float64 // of the commit latency in seconds; nil where there are too few samples
	Pace     float64  // time of one P-256 signature on the machine right before, in seconds; 0 where not known
	Backlog  stats.Slope
	// Invalid says why the instrument, and not the target, limits the step, for
	// example that the client was late. It is empty where the step is valid.
	// Dropped transactions alone do not make a step invalid.
	Invalid string
}

// A Trial is a Step and what a search made of it.
type Trial struct {
	Step
	Stage  string // climb | locate | bisect | repeat
	Fault  string // why the step failed; empty if it passed
	Client bool   // the instrument failed, so that the target may well take more
}

const (
	// sentTolerance is how far the rate sent may be from the load asked for,
	// beside sentScatter standard deviations of a Poisson count.
	sentTolerance = 0.02
	sentScatter   = 4
	// growthShare is the growth of the backlog, as a share of the rate sent,
	// that a step fails at; growthP, two-sided, the significance that it needs.
	growthShare = 0.005
	growthP     = 0.1
	// farBelow is the share of what was found below which no step should fail.
	farBelow = 0.9
)

// check returns the step under the rules for open load: those of the
// Distributed Ledger Performance Scan (Sedlmeir et al., The DLPS: A New
// Framework for Benchmarking Blockchains, HICSS 2021) and the slope of the
// backlog, which finds an overload of a percent where throughput does not.
// maxP99 is in seconds, 0 for none.
func (s Step) check(stage string, maxP99 float64) Trial {
	t := Trial{Step: s, Stage: stage}
	switch ratio := s.Received / s.Sent; {
	case s.Invalid != "":
		t.Fault, t.Client = s.Invalid, true
	case !(math.Abs(s.Sent/s.Load-1) <= sentTolerance+sentScatter/math.Sqrt(float64(s.Due))):
		t.Fault, t.Client = fmt.Sprintf("%.4g/s were sent instead of %.4g/s", s.Sent, s.Load), true
	case s.Dropped > 0:
		t.Fault = fmt.Sprintf("%d transactions were dropped", s.Dropped)
	case !(s.Success >= successShare):
		t.Fault = fmt.Sprintf("%.1f %% of the transactions were valid", 100*s.Success)
	case !(math.Abs(ratio-1) <= 1-plateauShare+block(s.Blocks)):
		t.Fault = fmt.Sprintf("throughput was %.1f %% of the rate sent", 100*ratio)
	case maxP99 > 0 && s.P99 == nil:
		t.Fault, t.Client = "there are too few latencies for a p99; hold longer", true
	case maxP99 > 0 && !(*s.P99 <= maxP99):
		t.Fault = fmt.Sprintf("p99 was %.3g s, more than %.3g s", *s.P99, maxP99)
	case s.Backlog.PerSecond >= growthShare*s.Sent && s.Backlog.P < growthP:
		t.Fault = fmt.Sprintf("the backlog grew by %.2g %% of the rate sent", 100*s.Backlog.PerSecond/s.Sent)
	}
	return t
}

// block returns the share of a throughput of so many blocks that is one of them:
// the window's ends cut off up to that much, whatever the load. It is 0 where the
// throughput did not come in blocks.
func block(blocks uint64) float64 {
	if blocks == 0 {
		return 0
	}
	return 1 / float64(blocks)
}

// allowed returns how many tries a load has that fails with this step. One that
// the instrument spoilt says nothing about the target: it counts half.
func (s Step) allowed(tries int) int {
	if s.Invalid != "" {
		return 2 * tries
	}
	return tries
}

// checkClosed returns the step under the rules for closed load.
func (s Step) checkClosed(stage string) Trial {
	t := Trial{Step: s, Stage: stage}
	switch {
	case s.Invalid != "":
		t.Fault, t.Client = s.Invalid, true
	case !(s.Success >= successShare):
		t.Fault = fmt.Sprintf("%.1f %% of the transactions were valid", 100*s.Success)
	case !(s.Received >= 0) || math.IsInf(s.Received, 0):
		t.Fault = fmt.Sprintf("throughput was %g/s", s.Received)
	}
	return t
}

// A Found is what a search came to.
type Found struct {
	Kind       string  // open | closed
	Load       float64 // offered transactions per second, or clients; 0 where even the lowest failed
	Throughput float64 // at Load
	// Reached is false where Load and Throughput are lower bounds, "at least".
	Reached bool
	Reason  string  // why the search ended there
	Plateau float64 // highest throughput of any valid step
	// LoadInterval and ThroughputInterval are over the repetitions, nil where
	// there are fewer than six. A closed search repeats the load that it found,
	// so that it has no LoadInterval.
	LoadInterval       *stats.Interval
	ThroughputInterval *stats.Interval
	// Spread is the coefficient of variation of what the repetitions found,
	// SpreadNormalised that of each finding times the machine's pace then. Both
	// are 0 where fewer than two found something, SpreadNormalised also where a
	// pace is not known.
	Spread           float64
	SpreadNormalised float64
	Repetitions      int     // that Spread is over
	Trials           []Trial // every step taken, in order
	Warnings         []stats.Warning
}

// conclude fills in the plateau and the warnings. Unit formats a load.
func (f *Found) conclude(unit string, repetitions int) {
	low, first := 0, Trial{}
	for _, t := range f.Trials {
		if !t.Client {
			f.Plateau = max(f.Plateau, t.Received)
		}
		if t.Fault != "" && !t.Client && t.Load < farBelow*f.Load {
			if low++; low == 1 {
				first = t
			}
		}
	}
	warn := func(code stats.Code, format string, args ...any) {
		f.Warnings = append(f.Warnings, stats.Warn(code, format, args...))
	}
	if !f.Reached {
		warn(NotConfirmed, "capacity was not reached, at least "+unit+": %s", f.Load, f.Reason)
	}
	if low > 0 {
		warn(NotMonotonic, "%d steps failed far below the load that was found, the first at "+unit+": %s", low, first.Load, first.Fault)
	}
	if f.ThroughputInterval == nil {
		warn(stats.FewRepetitions, "how much %s differ is not known: that takes 6 repetitions, there are %d", map[bool]string{true: "searches", false: "measurements of what was found"}[f.Kind == "open"], repetitions)
	}
}

// Saturation returns what was found as it is stored, under the given name of
// the series.
func (f Found) Saturation(series string) result.Saturation {
	s := result.Saturation{
		Series: series, Reached: f.Reached, Throughput: f.Throughput, Plateau: f.Plateau,
		Spread: f.Spread, SpreadNormalised: f.SpreadNormalised, Repetitions: f.Repetitions,
	}
	if f.Kind == "open" {
		s.Offered = f.Load
	} else {
		s.Clients = int(f.Load)
	}
	s.Method = fmt.Sprintf("search of %d steps: %s", len(f.Trials), f.Reason)
	if i := f.LoadInterval; i != nil && f.Kind == "open" {
		s.OfferedLow, s.OfferedHigh = i.Low, i.High
	}
	if i := f.ThroughputInterval; i != nil {
		s.Low, s.High, s.N = i.Low, i.High, i.N
		s.Method += "; interval: " + i.Method
	}
	return s
}
