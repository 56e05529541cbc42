package worker

import (
	"meterbench/bench"
	"meterbench/bench/scenario"
	"meterbench/internal/random"
)

// planOf returns a plan as it goes over the wire.
func planOf(p bench.Plan) plan {
	return plan{
		Start: p.Start, Think: p.Think, Spread: p.Spread, Hold: p.Hold, Drain: p.Drain, Timeout: p.Timeout,
		Clients: p.Clients, Slots: p.Slots, Outstanding: p.Outstanding, Wait: p.Wait, Driver: p.Driver, Site: p.Site, Failover: p.Failover,
		First: p.First, Spare: p.Spare, Random: p.Random, Share: p.Share,
	}
}

// plan is the inverse of planOf, without the arrivals.
func (p plan) plan() bench.Plan {
	return bench.Plan{
		Start: p.Start, Think: p.Think, Spread: p.Spread, Hold: p.Hold, Drain: p.Drain, Timeout: p.Timeout,
		Clients: p.Clients, Slots: p.Slots, Outstanding: p.Outstanding, Wait: p.Wait, Driver: p.Driver, Site: p.Site, Failover: p.Failover,
		First: p.First, Spare: p.Spare, Random: p.Random, Share: p.Share,
	}
}

// stream is a random.Stream.
type stream = random.Stream

// CheckSplit refuses a scenario that so many workers cannot share: one of its levels has fewer clients, or slots, than there are
// workers. The error has its place in the scenario.
func CheckSplit(s scenario.Scenario, workers int) error {
	few := func(one scenario.Series, path, what string, n int) error {
		if n >= workers {
			return nil
		}
		return s.Refuse(one, path, "give at least as many, or start fewer workers", "%d %s for %d workers: each needs one", n, what, workers)
	}
	for _, one := range s.Series {
		if one.Load.Slots > 0 {
			if err := few(one, "load.slots", "slots", one.Load.Slots); err != nil {
				return err
			}
			continue
		}
		for _, clients := range one.Load.Clients {
			if err := few(one, "load.clients", "clients", clients); err != nil {
				return err
			}
		}
		if search := one.Load.Search; search != nil {
			if err := few(one, "load.search.from", "clients", int(search.From)); err != nil {
				return err
			}
		}
	}
	return nil
}
