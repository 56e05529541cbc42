package study

import (
	"math"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// A level is one load level of one series.
type level struct {
	series     scenario.Series
	load       result.Load
	repetition int // from 1
	number, of int
	after      time.Duration // load time of the levels after this one
}

// schedule returns the levels in the order in which they run: repetition by
// repetition, and within one the series alternate.
func schedule(s scenario.Scenario) []level {
	var plan []level
	for repetition := 1; repetition <= s.Repeat; repetition++ {
		for i, more := 0, true; more; i++ {
			more = false
			for _, series := range s.Series {
				if loads := loads(series.Load); i < len(loads) {
					plan = append(plan, level{series: series, load: loads[i], repetition: repetition})
					more = true
				}
			}
		}
	}
	return plan
}

// loads returns the levels of a load.
func loads(l scenario.Load) []result.Load {
	var all []result.Load
	for _, clients := range l.Clients {
		all = append(all, result.Load{Kind: "closed", Clients: clients, Think: l.Think.Seconds()})
	}
	for _, rate := range l.Rate {
		all = append(all, result.Load{Kind: "open", Offered: rate, Slots: l.Slots})
	}
	return all
}

// Levels returns the number of load levels that s runs.
func Levels(s scenario.Scenario) int { return len(schedule(s)) }

// LoadTime returns how long s applies load, without set-up and draining.
func LoadTime(s scenario.Scenario) time.Duration {
	var total time.Duration
	for _, l := range schedule(s) {
		total += l.series.Load.Hold
	}
	return total
}

// planned returns the number of transactions that an open load schedules over
// all levels and repetitions, 0 for a closed load.
func planned(s scenario.Scenario, series scenario.Series) int {
	n := 0
	for _, rate := range series.Load.Rate {
		n += int(math.Ceil(rate*series.Load.Hold.Seconds())) + 1
	}
	return n * s.Repeat
}
