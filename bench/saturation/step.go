package saturation

import (
	"fmt"
	"math"

	"meterbench/bench/stats"
)

// Step is what was measured at one load of a search, after the warm-up. Rates are per second.
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
	// Invalid says why the instrument, and not the target, limits the step, for example that the
	// client was late. It is empty where the step is valid. Dropped transactions alone do not make
	// a step invalid.
	Invalid string
}

// Trial is a Step and how a search judged it.
type Trial struct {
	Step
	Stage  Stage
	Fault  string // why the step failed; empty if it passed
	Client bool   // the instrument failed, so that the target may well take more
}

const (
	// sentTolerance is how far the rate sent may be from the load, beside sentScatter standard
	// deviations of a Poisson count.
	sentTolerance = 0.02
	sentScatter   = 4
	// growthShare is the growth of the backlog, as a share of the rate sent, that a step fails at;
	// growthP, two-sided, the significance that it needs.
	growthShare = 0.005
	growthP     = 0.1
	// farBelow is the share of the load found below which no step should fail.
	farBelow = 0.9
)

// check returns the step under the rules for open load: those of the Distributed Ledger Performance
// Scan (Sedlmeir et al., The DLPS: A New Framework for Benchmarking Blockchains, HICSS 2021) and
// the slope of the backlog, which finds an overload of a percent where throughput does not. maxP99
// is in seconds, 0 for none.
func (s Step) check(maxP99 float64) Trial {
	t := Trial{Step: s}
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

// block returns the share of a throughput of so many blocks that is one of them: the window's ends
// cut off up to that much, whatever the load. It is 0 where the throughput did not come in blocks.
func block(blocks uint64) float64 {
	if blocks == 0 {
		return 0
	}
	return 1 / float64(blocks)
}

// checkClosed returns the step under the rules for closed load.
func (s Step) checkClosed() Trial {
	t := Trial{Step: s}
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
