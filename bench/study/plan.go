package study

import (
	"math"
	"slices"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/random"
)

// A level is one load level of one series, or one phase of a level.
type level struct {
	series     scenario.Series
	load       result.Load
	repetition int // from 1
}

// String names the level in messages.
func (l level) String() string { return place(l.series.Name, l.load) }

// end is when its hold is over, since the start of its turn.
func (l level) end() time.Duration { return l.series.Start + l.series.Load.Hold }

// A turn is one load level, or the phases of one, which run at one time.
type turn struct {
	levels     []level
	watch      func(*result.Record) // called with every transaction, nil for none
	lower      bool                 // its load is below that of the turn before, and is to be met by an idle target
	number, of int
	bound      bool          // of and after are the most that it can be
	after      time.Duration // what comes after it: load, and networks to bring up
}

// hold is the time for which the turn schedules transactions.
func (t turn) hold() (d time.Duration) {
	for _, l := range t.levels {
		d = max(d, l.end())
	}
	return d
}

// planTurns returns one repetition of the load levels of some series in the order in which they run: the series
// alternate, so that drift of the machine meets all of them alike.
func planTurns(all []scenario.Series, repetition int) []turn {
	var plan []turn
	running := groups(all)
	levels := make([][][]result.Load, len(running))
	for i, together := range running {
		for _, series := range together {
			levels[i] = append(levels[i], loads(series))
		}
	}
	for i, more := 0, true; more; i++ {
		more = false
		for g, together := range running {
			var t turn
			for j, series := range together {
				if loads := levels[g][j]; i < len(loads) {
					t.levels = append(t.levels, level{series.At(loads[i].Clients), loads[i], repetition})
				}
			}
			if t.levels != nil {
				plan, more = append(plan, t), true
			}
		}
	}
	return plan
}

// groups returns the series by what runs together, in order of their first.
func groups(all []scenario.Series) (by [][]scenario.Series) {
	for _, series := range all {
		i := slices.IndexFunc(by, func(g []scenario.Series) bool { return series.Group != "" && g[0].Group == series.Group })
		if i < 0 {
			i, by = len(by), append(by, nil)
		}
		by[i] = append(by[i], series)
	}
	return by
}

// loads returns the levels of a series' load. Arrivals with a rate of their own make one level of their mean rate.
func loads(series scenario.Series) (all []result.Load) {
	l := series.Load
	for _, clients := range l.Clients {
		all = append(all, loadOf(series, float64(clients)))
	}
	for _, rate := range l.Rate {
		all = append(all, loadOf(series, rate))
	}
	if l.Kind == result.LoadOpen && all == nil && l.Search == nil {
		all = append(all, loadOf(series, mean(series)))
	}
	return all
}

// loadOf returns the load of a series whose Amount is given.
func loadOf(series scenario.Series, amount float64) result.Load {
	l := series.Load
	if l.Kind == result.LoadOpen {
		return result.Load{Kind: l.Kind, Offered: amount, Slots: l.Slots}
	}
	return result.Load{Kind: result.LoadClosed, Clients: int(amount), Think: l.Think.Seconds()}
}

// mean returns the mean rate of arrivals that have their own.
func mean(series scenario.Series) float64 {
	process := series.Process(0)
	if p, ok := process.(arrival.Periodic); ok {
		return p.Rate(0)
	}
	hold := series.Load.Hold
	return float64(due(bench.Plan{Arrivals: process, Hold: hold}, math.MaxInt)) / hold.Seconds()
}

// plan turns a level into what the engine runs.
func plan(seed uint64, l level, first uint64) bench.Plan {
	p := bench.Plan{
		Start: l.series.Start, Hold: l.series.Load.Hold, Wait: l.series.Load.Wait, Driver: l.series.Load.Driver, Timeout: l.series.Load.Timeout,
		Failover: l.series.Load.Failover, First: first,
		Random: random.Stream{Seed: seed, Purpose: random.Arrivals, Series: l.series.Name, Level: l.load.String(), Repetition: l.repetition},
	}
	if l.load.Kind == result.LoadClosed {
		p.Clients, p.Think = l.load.Clients, l.series.Load.Think
	} else {
		p.Arrivals, p.Slots = l.series.Process(l.load.Offered), l.load.Slots
	}
	return p
}

// plan turns a level of the session into what the engine runs next.
func (s *session) plan(l level) bench.Plan {
	p := plan(s.Scenario.Seed, l, s.next[l.series.Name])
	p.Spare, p.Site = s.spare[l.series.Name], s.siteNumber(l.series)
	if p.Clients > 0 {
		// Clients that begin in step would stay in step. The spread over a block is over with the warm-up; a client that
		// has not begun for its think time is one that thinks.
		p.Spread = min(p.Think+min(s.batchTimeout(), s.Scenario.WarmupOf(l.series)), p.Hold)
	}
	return p
}

// batchTimeout returns the batch timer of the session's network.
func (s *session) batchTimeout() time.Duration { return seconds(s.facts.Conditions.BatchTimeout) }

// planned returns how many transactions the turns schedule for a series with an open load whose ciphertexts
// are all made before it, 0 for others.
func planned(seed uint64, of []turn, series scenario.Series) (n int) {
	for _, one := range plannedLevels(seed, of, series) {
		n += one
	}
	return n
}

// plannedLevels is planned, level by level.
func plannedLevels(seed uint64, of []turn, series scenario.Series) (levels []int) {
	if !series.Workload.Traits().Ahead {
		return nil
	}
	for i := range of {
		if n := scheduled(seed, of[i:i+1], series.Name, math.MaxInt); n > 0 {
			levels = append(levels, n)
		}
	}
	return levels
}

// scheduled returns how many transactions the turns schedule for a series with an open load, counting just beyond most.
func scheduled(seed uint64, of []turn, series string, most int) (n int) {
	for _, t := range of {
		for _, l := range t.levels {
			if l.series.Name == series && n <= most {
				n += due(plan(seed, l, 0), most-n)
			}
		}
	}
	return n
}

// TooMany returns the first series with an open load for which one of the run's networks is due more
// transactions than most says, by the names of series; ok is false where there is none. A search is not
// looked at: how much it sends is not known beforehand.
func TooMany(s scenario.Scenario, most map[string]int) (series scenario.Series, ok bool) {
	for _, one := range sessions(s) {
		for _, series := range one.series {
			limit, limited := most[series.Name]
			if limited && series.Load.Kind == result.LoadOpen && scheduled(s.Seed, one.turns, series.Name, limit) > limit {
				return series, true
			}
		}
	}
	return scenario.Series{}, false
}

// due returns how many transactions an open load schedules, counting just beyond most.
func due(p bench.Plan, most int) (n int) {
	for at := range p.Arrivals.Offsets(p.Random.Rand()) {
		if at >= p.Hold || n > most {
			break
		}
		n++
	}
	return n
}
