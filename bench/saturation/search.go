package saturation

import (
	"cmp"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/stat"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// Stage is what a search does with a step.
type Stage string

// The stages, in the order in which a search passes through them.
const (
	Climb  Stage = "climb"  // raise the load in large steps until it fails or gains nothing
	Locate Stage = "locate" // open load only: climb again, in small steps
	Bisect Stage = "bisect" // halve the gap between a load that passed and one that failed
	Repeat Stage = "repeat" // closed load only: measure again what was found
)

// search is what an OpenSearch and a ClosedSearch have in common: the load to measure next, and
// what was measured so far.
type search struct {
	stage  Stage
	load   float64 // to measure next
	tries  int     // that must fail for a load to fail
	failed int     // of them at load
	reason string  // why the search is over, empty while it is not
	trials []Trial
}

// newSearch returns a search that begins at a load. The error names the setting that makes no
// sense.
func newSearch(load float64, tries, repetitions int, resolution, finest float64) (search, error) {
	switch {
	case tries < 1 || repetitions < 1:
		return search{}, fmt.Errorf("saturation search: %d tries, %d repetitions; give at least 1 of each", tries, repetitions)
	case !(resolution >= finest && resolution < 1):
		return search{}, fmt.Errorf("saturation search: resolution %g; give a share from %g to below 1", resolution, finest)
	}
	return search{stage: Climb, load: load, tries: tries}, nil
}

// Next returns the load to measure next, in transactions per second or clients, and whether there
// is one. It stays the same until a Step is observed.
func (s *search) Next() (load float64, more bool) { return s.load, s.reason == "" }

// add adds what was measured at the load that Next returned, and reports whether that load has
// passed, or failed for good. It panics if the load is another one, or there is none to measure.
func (s *search) add(t Trial) (decided bool) {
	if s.reason != "" || t.Load != s.load {
		panic(fmt.Sprintf("saturation: no step at a load of %g was asked for", t.Load))
	}
	t.Stage = s.stage
	s.trials = append(s.trials, t)
	tries := s.tries
	if t.Invalid != "" {
		tries *= 2 // the instrument spoilt it, which says nothing about the target: it counts half
	}
	if t.Fault != "" && s.failed+1 < tries {
		s.failed++
		return false
	}
	s.failed = 0
	return true
}

// Result is the outcome of a search. Where it was not Reached, Load and Throughput are lower
// bounds. Low and High, OfferedLow and OfferedHigh are over the repetitions, 0 where there are
// fewer than six; a closed search repeats the load that it found, so that it has no interval of
// that.
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

// spread fills in how far apart the results of the repetitions are. A machine that is slower by a
// tenth finds a tenth less and takes a tenth longer to sign, so that a result times the time of a
// signature does not depend on the machine's pace. Without two results, or with an unknown pace, it
// stays 0.
func (r *Result) spread(results, paces []float64) {
	if len(results) < 2 {
		return
	}
	r.Spread, r.Repetitions = variation(results), len(results)
	if slices.Contains(paces, 0) {
		return
	}
	normalised := make([]float64, len(results))
	for i := range results {
		normalised[i] = results[i] * paces[i]
	}
	r.SpreadNormalised = variation(normalised)
}

// variation returns the coefficient of variation: the sample standard deviation over the mean.
func variation(values []float64) float64 {
	mean, deviation := stat.MeanStdDev(values, nil)
	if mean == 0 {
		return 0
	}
	return deviation / mean
}

// conclude fills in the plateau and the warnings. unit formats a load; repeated names what the
// repetitions repeat.
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
	if !r.Reached {
		warn(NotConfirmed, "capacity was not reached, at least "+unit+": %s", r.Load, r.Reason)
	}
	if low != nil {
		warn(NotMonotonic, "%d steps failed far below the load that was found, the first at "+unit+": %s", len(low), low[0].Load, low[0].Fault)
	}
	if r.N == 0 {
		warn(stats.FewRepetitions, "how much %s differ is not known: that takes 6 repetitions, there are %d", repeated, repetitions)
	}
}
