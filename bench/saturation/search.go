package saturation

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// Stage is the purpose of a step of a search.
type Stage string

// The stages, in the order in which a search passes through them.
const (
	Climb   Stage = "climb"   // raise the load in large steps until it fails or gains nothing
	Locate  Stage = "locate"  // open load only: climb again, in small steps
	Exceed  Stage = "exceed"  // open load only: offer a little more than is taken, and see how much is
	Confirm Stage = "confirm" // open load only: try a load again that contradicts what is taken under overload
	Refine  Stage = "refine"  // open load only: look for where the latency objective is just met
	Bisect  Stage = "bisect"  // halve the gap between a load that passed and one that failed
	Sharpen Stage = "sharpen" // closed load only: measure again what may be the knee
	Repeat  Stage = "repeat"  // closed load only: measure again what was found
)

// search is the common part of both searches: the load to measure next, and what was measured so far.
type search struct {
	stage  Stage
	load   float64 // to measure next
	failed int     // of them at load
	reason string  // why the search is over, empty while it is not
	trials []Trial
}

const (
	// tries is the number of steps that must fail for a load to fail, invalid ones counting half.
	tries = 2
	// resolution is the width of the last gap as a share of the load, never below one client.
	resolution = 0.01
)

// newSearch returns a search that begins at a load.
func newSearch(load float64, repetitions int) (search, error) {
	if repetitions < 1 {
		return search{}, fmt.Errorf("saturation search: %d repetitions; give at least 1", repetitions)
	}
	return search{stage: Climb, load: load}, nil
}

// Next returns the load to measure next, in transactions per second or clients, and whether there is one. It
// stays the same until a Step is observed.
func (s *search) Next() (load float64, more bool) { return s.load, s.reason == "" }

// add adds what was measured at the load that Next returned, and reports whether that load has passed, or
// failed for good. It panics if the load is another one, or there is none to measure.
func (s *search) add(t Trial) (decided bool) {
	s.keep(t)
	most := tries
	if t.Invalid != "" {
		most *= 2 // the instrument spoilt it, which says nothing about the target: it counts half
	}
	if t.Fault != "" && s.failed+1 < most {
		s.failed++
		return false
	}
	s.failed = 0
	return true
}

// keep adds a step to those taken. It panics as add does.
func (s *search) keep(t Trial) {
	if s.reason != "" || t.Load != s.load {
		panic(fmt.Sprintf("saturation: no step at a load of %g was asked for", t.Load))
	}
	t.Stage = s.stage
	s.trials = append(s.trials, t)
}

// Result is the outcome of a search. Where it was not Reached, Load and Throughput are lower bounds. Low and
// High, OfferedLow and OfferedHigh are over the repetitions, 0 where there are fewer than six; a closed
// search repeats the load that it found, so that it has no interval of that.
type Result struct {
	result.Saturation         // without the name of its series
	Load              float64 // offered transactions per second, or clients; 0 where even the lowest failed
	Reason            string  // why the search ended there
	Trials            []Trial // every step taken, in order
	Warnings          []stats.Warning
}

// summarise returns a Result with the rates of the repetitions.
func (s *search) summarise(rates []float64) Result {
	r := Result{Reason: cmp.Or(s.reason, "the search was not finished"), Trials: slices.Clone(s.trials)}
	r.Method = fmt.Sprintf("search of %d steps: %s", len(r.Trials), r.Reason)
	r.Throughput = stats.Median(rates)
	if i := stats.MedianInterval(rates); i != nil {
		r.Low, r.High, r.N = i.Low, i.High, i.N
		r.Method += "; interval: " + i.Method
	}
	return r
}

// spread fills in how far apart the results of the repetitions are. A machine that is slower by a tenth finds
// a tenth less and takes a tenth longer to sign, so that a result times the time of a signature does not
// depend on the machine's pace. A pace that scatters itself would only add to the spread: where it does, and without two
// results, or with an unknown pace, the normalised spread stays 0.
func (r *Result) spread(results, paces []float64) {
	if len(results) < 2 {
		return
	}
	r.Spread, r.Repetitions = variation(results), len(results)
	if slices.Contains(paces, 0) {
		return
	}
	if normalised := variation(floats.MulTo(make([]float64, len(results)), results, paces)); normalised < r.Spread {
		r.SpreadNormalised = normalised
	}
}

// variation returns the coefficient of variation: the sample standard deviation over the mean.
func variation(values []float64) float64 {
	mean, deviation := stat.MeanStdDev(values, nil)
	if mean == 0 {
		return 0
	}
	return deviation / mean
}

// conclude fills in the plateau and the warnings. unit formats a load; repeated names what is repeated.
func (r *Result) conclude(unit, repeated string, repetitions int) {
	var low []Trial // failed far below the load that was found
	for _, t := range r.Trials {
		if t.Client {
			continue
		}
		r.Plateau = max(r.Plateau, t.Received)
		if t.Fault != "" && t.Load < farBelow*r.Load {
			low = append(low, t)
		}
	}
	warn := func(code stats.Code, format string, args ...any) {
		r.Warnings = append(r.Warnings, stats.Warn(code, format, args...))
	}
	switch {
	case r.Reached:
	case r.Load == 0:
		warn(NotConfirmed, "no load was found to be kept up with: %s", r.Reason)
	default:
		warn(NotConfirmed, "capacity was not reached, at least "+unit+": %s", r.Load, r.Reason)
	}
	if low != nil {
		warn(NotMonotonic, "%d steps failed far below the load that was found, the first at "+unit+": %s", len(low), low[0].Load, low[0].Fault)
	}
	if r.N == 0 {
		warn(stats.FewRepetitions, "how much %s differ is not known: that takes 6 repetitions, there are %d", repeated, repetitions)
	}
}

// Step holds the measurements at one load of a search, after the warm-up. Rates are per second.
type Step struct {
	Load     float64 // offered transactions per second, or clients
	Sent     float64 // rate of the transactions that were due in the window; open load only
	Due      uint64  // their number; open load only
	Received float64 // throughput
	Blocks   uint64  // that the throughput came in; 0 where it did not come in blocks
	Success  float64 // share of valid transactions among those that were due, 0 to 1
	Dropped  uint64  // due without a free slot
	Pace     float64 // time of one P-256 signature on the machine right before, in seconds; 0 where not known
	Backlog  stats.Slope
	// Late is the number of those due that took longer than the latency objective, or never committed; Served is
	// the rate of commits from the window's first block to its last, free of what the window's ends cut off, 0
	// where there are not two; Scatter is the standard error of the backlog's slope that comes from how the
	// arrivals scatter. All three are of a Tally, for open load only.
	Late    uint64
	Served  float64
	Scatter float64
	// Invalid says why the instrument, and not the target, limits the step, for example that the client was
	// late. It is empty where the step is valid. Dropped transactions alone do not make a step invalid.
	Invalid string
}

// Trial is a Step and how a search judged it.
type Trial struct {
	Step
	Stage  Stage
	Fault  string // why the step failed; empty if it passed
	Client bool   // the instrument failed, so that the target may well take more

	kind fault
}

// farBelow is the share of the load found below which no step should fail.
const farBelow = 0.9

// block returns the share of a throughput of so many blocks that is one of them: the window's ends cut off up
// to that much, whatever the load. It is 0 where the throughput did not come in blocks.
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
