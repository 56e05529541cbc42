package study

import (
	"slices"
	"time"

	"meterbench/bench/result"
)

// waits adds up the latencies of a level's transactions by the span in which they were intended.
type waits struct {
	sum   []time.Duration
	count []uint64
}

// around returns the events, each that consists of steps with what the level gave before it, during it and after it.
func (a *aftermath) around(events []result.Event, held time.Duration) []result.Event {
	if a == nil {
		return events
	}
	all := slices.Clone(events) // phases share them
	for i, e := range all {
		at, done, end := seconds(e.At), seconds(e.At+e.Took), min(a.hold, held)
		if e.Steps != nil && at > a.warm && done < end {
			all[i].Around = &result.Around{Before: a.stretch(a.warm, at), During: a.stretch(at, done), After: a.stretch(done, end)}
		}
	}
	return all
}

// stretch sums over the spans from one instant to another.
func (a *aftermath) stretch(from, to time.Duration) (s result.Stretch) {
	first, last := int(from/a.span), min(int(to/a.span), a.spans())
	s.Length = (time.Duration(last-first) * a.span).Seconds()
	var commits float64
	var waited time.Duration
	for i := first; i < last; i++ {
		commits += a.commits[i]
		s.N += a.waits.count[i]
		waited += a.waits.sum[i]
	}
	if s.Length > 0 {
		s.Throughput = commits / s.Length
	}
	if s.N > 0 {
		s.Mean = waited.Seconds() / float64(s.N)
	}
	return s
}
