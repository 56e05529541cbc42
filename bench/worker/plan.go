package worker

import (
	"meterbench/bench"
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
