package arrival

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// Ramp is the Process whose rate changes evenly from one value to another and stays there. Arrival k comes
// when the integral of the rate reaches k.
type Ramp struct {
	From float64       `yaml:"from,rate"` // at the start, from 0/s to 1e9/s
	To   float64       `yaml:"to,rate"`   // after the change, from 0/s to 1e9/s; not both are 0/s
	Over time.Duration `yaml:"over"`      // how long the change takes, above 0s
}

// Validate returns an error that names the first field that makes no sense.
func (r Ramp) Validate() error {
	for _, rate := range []float64{r.From, r.To} {
		if err := checkRate("ramp of arrivals", rate, true); err != nil {
			return err
		}
	}
	switch {
	case r.From == 0 && r.To == 0:
		return errors.New("ramp of arrivals: from 0 to 0 per second; give a rate above 0")
	case r.Over <= 0:
		return fmt.Errorf("ramp of arrivals: over %v; give a time above 0", r.Over)
	}
	return nil
}

// Offsets is in closed form for each arrival: errors do not add up. It ends with the ramp where To is 0.
func (r Ramp) Offsets(*rand.Rand) iter.Seq[time.Duration] {
	return follow(segment{r.From, r.To, r.Over}, segment{r.To, r.To, math.MaxInt64 - r.Over})
}

// Rate returns the rate at t.
func (r Ramp) Rate(t time.Duration) float64 {
	share := min(max(0, t.Seconds()/r.Over.Seconds()), 1)
	return (1-share)*r.From + share*r.To
}

// Steps is the Process of one constant rate after the other. Arrival k comes when the integral of the rate
// reaches k, so that no step begins with an arrival of its own. There are no arrivals after the last step.
type Steps []Step

// Step is one rate and how long it lasts.
type Step struct {
	PerSecond float64       `yaml:"rate,rate"` // from 0/s, for a pause, to 1e9/s
	For       time.Duration `yaml:"hold"`      // how long the step lasts, above 0s
}

// Validate returns an error that names the first step, counted from 1, that makes no sense.
func (s Steps) Validate() error {
	var total time.Duration
	rest := true
	for i, step := range s {
		if err := checkRate(fmt.Sprintf("steps of arrivals: step %d", i+1), step.PerSecond, true); err != nil {
			return err
		}
		switch {
		case step.For <= 0:
			return fmt.Errorf("steps of arrivals: step %d: for %v; give a time above 0", i+1, step.For)
		case total > math.MaxInt64-step.For:
			return fmt.Errorf("steps of arrivals: step %d ends after more than 292 years", i+1)
		}
		total += step.For
		rest = rest && step.PerSecond == 0
	}
	if rest {
		return errors.New("steps of arrivals: there is no step with a rate above 0")
	}
	return nil
}

// Offsets is computed in closed form for each arrival, so that errors do not add up.
func (s Steps) Offsets(*rand.Rand) iter.Seq[time.Duration] {
	segments := make([]segment, len(s))
	for i, step := range s {
		segments[i] = segment{step.PerSecond, step.PerSecond, step.For}
	}
	return follow(segments...)
}

// Rate returns the rate of the step at t, and 0 before and after all steps.
func (s Steps) Rate(t time.Duration) float64 {
	if t < 0 {
		return 0
	}
	for _, step := range s {
		if t < step.For {
			return step.PerSecond
		}
		t -= step.For
	}
	return 0
}

// A segment is a time during which the rate changes evenly.
type segment struct {
	from, to float64 // arrivals per second
	lasts    time.Duration
}

// arrivals returns the integral of the rate over the segment.
func (s segment) arrivals() float64 { return (s.from + s.to) / 2 * s.lasts.Seconds() }

// reaches returns how many seconds into the segment the integral of the rate reaches n. That is the t of
//
//	n = from t + slope t^2 / 2,   slope = (to - from) / lasts,
//
// solved as t = 2n / (from + sqrt(from^2 + 2 slope n)), which loses no digits where the rate rises.
func (s segment) reaches(n float64) float64 {
	if n <= 0 {
		return 0
	}
	slope := (s.to - s.from) / s.lasts.Seconds()
	return 2 * n / (s.from + math.Sqrt(max(0, s.from*s.from+2*slope*n)))
}

// follow returns the instants, rounded to the nanosecond, at which the integral of the rate reaches 0, 1, 2 …
func follow(segments ...segment) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		k, before := 0.0, 0.0 // arrivals so far; the integral up to the segment
		var start time.Duration
		for _, s := range segments {
			for s.from > 0 || s.to > 0 {
				ns := math.Round(1e9 * s.reaches(k-before))
				if !(ns < float64(s.lasts)) {
					break // the arrival is of the next segment
				}
				if !yield(start + time.Duration(ns)) {
					return
				}
				k++
			}
			before += s.arrivals()
			start += s.lasts
		}
	}
}
