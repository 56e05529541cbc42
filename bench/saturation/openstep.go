package saturation

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"meterbench/bench/stats"
)

// A fault is the kind of rule by which a step under open load failed.
type fault uint8

const (
	passes     fault = iota
	instrument       // the client, and not the target
	latency          // the objective was not met, or there were too few transactions to tell
	failures         // too many transactions were not valid
	overload         // more was offered than was taken
)

const (
	// sentTolerance bounds the error of the rate sent, beside sentScatter deviations of a Poisson count.
	sentTolerance = 0.02
	sentScatter   = 4
	// growthShare is the least growth of the backlog, as a share of the rate sent, that a step fails at. It also
	// has to be significant: larger than significance times its standard error, which growth that is none
	// is in one step of 20.
	growthShare  = 0.005
	significance = 1.645
	// lateShare is the share of the transactions that may take longer than the objective for the p99.
	lateShare = 0.01
)

// enoughNoneLate is the least number of transactions for which none late out of all shows, at 95 %, that fewer than 1 %
// are: 0.99^n < 0.05.
const enoughNoneLate = 299

// rules are the limits that depend on the search.
type rules struct {
	objective    float64 // of the latency, in seconds; 0 for none
	significance float64 // standard errors that the growth of the backlog must be above
}

// check returns the step under the rules for open load: those of the Distributed Ledger Performance Scan
// (Sedlmeir et al., The DLPS: A New Framework for Benchmarking Blockchains, HICSS 2021) and the slope of the
// backlog, which finds an overload of a percent where throughput does not.
func (s Step) check(by rules) Trial {
	t := Trial{Step: s}
	fail := func(kind fault, format string, args ...any) Trial {
		t.kind, t.Client, t.Fault = kind, kind == instrument, fmt.Sprintf(format, args...)
		return t
	}
	ratio := s.Received / s.Sent
	switch {
	case s.Invalid != "":
		return fail(instrument, "%s", s.Invalid)
	case !(math.Abs(s.Sent/s.Load-1) <= sentTolerance+sentScatter/math.Sqrt(float64(s.Due))):
		return fail(instrument, "%.4g/s were sent instead of %.4g/s", s.Sent, s.Load)
	}
	if by.objective > 0 {
		switch met, known := s.meets(); {
		case !known:
			return fail(instrument, "%d transactions are too few for a p99, %d of them late; hold longer", s.Due, s.Late)
		case !met:
			return fail(latency, "p99 was more than %.3g s: %.2g %% of the transactions took longer or never committed",
				by.objective, 100*float64(s.Late)/float64(s.Due))
		}
	}
	switch {
	case s.Dropped > 0:
		return fail(overload, "%d transactions were dropped", s.Dropped)
	case !(s.Success >= successShare):
		return fail(failures, "%.1f %% of the transactions were valid", 100*s.Success)
	case ratio < plateauShare-block(s.Blocks):
		return fail(overload, "throughput was %.1f %% of the rate sent", 100*ratio)
	case !(ratio <= 2-plateauShare+block(s.Blocks)):
		return fail(failures, "throughput was %.1f %% of the rate sent", 100*ratio)
	case s.Backlog.PerSecond >= growthShare*s.Sent && s.Backlog.PerSecond >= by.significance*s.growthError():
		return fail(overload, "the backlog grew by %.2g %% of the rate sent", 100*s.Backlog.PerSecond/s.Sent)
	}
	return t
}

// meets reports whether the share of late transactions is at most 1 %, and whether there are enough to know. With
// fewer than a p99 takes that is so where none of them is late, or so many that the share is above 1 % at 97.5 %
// (Clopper and Pearson, The Use of Confidence or Fiducial Limits, Biometrika 26, 1934).
func (s Step) meets() (met, known bool) {
	switch {
	case s.Due >= stats.SamplesFor(99):
		return float64(s.Late) <= lateShare*float64(s.Due), true
	case s.Late == 0:
		return true, s.Due >= enoughNoneLate
	}
	return false, distuv.Binomial{N: float64(s.Due), P: lateShare}.CDF(float64(s.Late)-1) >= 0.975
}

// growthError is the standard error of the slope of the backlog: from its own deviations from a line, and from how the
// arrivals scatter, which near saturation move it as a whole.
func (s Step) growthError() float64 { return math.Hypot(s.Backlog.Error, s.Scatter) }

// smallestOverload is the smallest overload that the step would have failed for nine times in ten, as a share of its load.
func (s Step) smallestOverload() float64 {
	const power = 1.282 // quantile of the normal distribution at 90 %
	return max(growthShare, (significance+power)*s.growthError()/s.Sent)
}

// pool returns tries at one load as one step as long as all of them.
func pool(a, b Step) Step {
	due := float64(a.Due + b.Due)
	u, v := float64(a.Due)/due, float64(b.Due)/due
	p := Step{
		Load: a.Load, Sent: u*a.Sent + v*b.Sent, Due: a.Due + b.Due, Late: a.Late + b.Late, Dropped: a.Dropped + b.Dropped,
		Received: u*a.Received + v*b.Received, Served: u*a.Served + v*b.Served, Blocks: (a.Blocks + b.Blocks) / 2,
		Success: u*a.Success + v*b.Success, Scatter: math.Hypot(u*a.Scatter, v*b.Scatter),
		Backlog: stats.Slope{PerSecond: u*a.Backlog.PerSecond + v*b.Backlog.PerSecond, Error: math.Hypot(u*a.Backlog.Error, v*b.Backlog.Error)},
	}
	if a.Pace > 0 && b.Pace > 0 {
		p.Pace = (a.Pace + b.Pace) / 2
	}
	return p
}

// differ reports whether two tries at one load differ by more than luck, as where the target was disturbed once.
func differ(a, b Step) bool {
	const most, share = 4, 0.05
	apart := func(x, y uint64) bool { return math.Abs(float64(x)-float64(y)) > share*float64(a.Due+b.Due) }
	return math.Abs(a.Backlog.PerSecond-b.Backlog.PerSecond) > most*math.Hypot(a.growthError(), b.growthError()) ||
		math.Abs(a.Success-b.Success) > 1-successShare || math.Abs(a.Received-b.Received) > share*(a.Sent+b.Sent) ||
		apart(a.Late, b.Late) || apart(a.Dropped, b.Dropped)
}

// taken is the rate at which the target committed.
func (s Step) taken() float64 {
	if s.Served > 0 {
		return s.Served
	}
	return s.Received
}
