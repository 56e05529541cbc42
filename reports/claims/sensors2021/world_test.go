package sensors2021

import (
	"math"
	"math/rand/v2"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// A world makes summaries of studies whose truth is known.
type world struct {
	latency map[string]float64 // mean, by site of the clients, in seconds; on every network at distance 1
	luck    *rand.Rand         // of every figure; nil: there is no noise
	noise   float64            // coefficient of variation of a latency from one window to the next
}

// likely is about what five institutes see.
func likely() map[string]float64 {
	return map[string]float64{"ptb": 0.6, "cmi": 0.7, "inmetro": 0.9, "nmij": 0.9, "nmim": 0.8}
}

const (
	anyTwo = "2 of [ptb, cmi, inmetro, nmij, nmim]"
	zero   = 0.15 // mean latency at distance 0, in seconds
	sent   = 250  // transactions of a low level
)

// conditions are those of the study's readings.
func conditions(network string, change func(*result.Conditions)) result.Conditions {
	c := result.Conditions{
		Topology: network, BatchTimeout: 0.2, BatchMessages: 100, Policy: "majority", Distance: 1, Leader: "ptb", Workload: result.Plain,
		Wait: result.WaitCommit, Arrivals: "poisson",
	}
	change(&c)
	return c
}

// summary returns what the study gives in this world.
func (w world) summary() (result.Run, result.Summary) {
	sum := result.Summary{
		Scenario: "sensors2021", Target: result.TargetFabric, Complete: true,
		Audit: &result.Audit{Expected: 20000, Found: 20000, Stored: 20010, Unclaimed: 10, InDoubt: &result.InDoubt{Total: 30, Committed: 10, NotCommitted: 20}},
	}
	add := func(series, network string, change func(*result.Conditions)) {
		for _, distance := range []float64{1, 0} {
			sum.Points = append(sum.Points, w.low(series, conditions(network, func(c *result.Conditions) {
				change(c)
				c.Distance = distance
			})))
		}
	}
	for _, site := range institutes() {
		add(siteQuestion, "inter-nmi", func(c *result.Conditions) { c.Site = site })
	}
	for _, leader := range []string{"ptb", "inmetro", "nmij"} {
		add(leaderQuestion, "inter-nmi", func(c *result.Conditions) { c.Leader = leader })
	}
	for _, policy := range []string{"any", anyTwo, "majority", "all"} {
		add(policyQuestion, "inter-nmi", func(c *result.Conditions) { c.Policy = policy })
	}
	for _, network := range networks() {
		add(consensusQuestion, network, func(*result.Conditions) {})
		sum.Points = append(sum.Points, w.full(network))
	}
	add(batchQuestion, "inter-nmi", func(c *result.Conditions) { c.BatchTimeout, c.BatchMessages = 2, 10 })
	add(keysQuestion, "inter-nmi", func(c *result.Conditions) {
		c.Workload, c.Operation, c.Contract = result.PKI, result.OpRegister, "pki"
	})
	for _, network := range networks() {
		sum.Points = append(sum.Points, w.lost(network, 20, "inmetro"), w.lost(network, 20, "inmetro", "nmij"))
	}
	sum.Points = append(sum.Points, w.lost("inter-nmi", 20, "ptb"))
	for _, from := range result.JoinFroms() {
		sum.Points = append(sum.Points, w.joined(from))
	}
	return result.Run{}, sum
}

func (w world) noisy(v float64) float64 {
	if w.luck == nil {
		return v
	}
	return v * math.Exp(w.noise*w.luck.NormFloat64())
}

// within is the interval of a mean within a window.
func within(v float64) stats.Interval {
	return stats.Interval{Low: 0.9 * v, High: 1.1 * v, N: 10, Method: "Student's t over 10 batch means"}
}

// low is a level under a low open load.
func (w world) low(series string, c result.Conditions) result.Point {
	p := result.Point{
		Series: series, Repetition: 1, Valid: true, Conditions: c, Load: result.Load{Kind: result.LoadOpen, Offered: 25}, Window: 10,
		Outcomes: map[string]uint64{}, Latency: map[string]stats.Quantiles{}, Intervals: map[string]stats.Interval{},
	}
	sum := 0.0
	for _, site := range institutes() {
		if c.Site != "" && c.Site != site {
			continue
		}
		mean := zero
		if c.Distance > 0 {
			mean = w.noisy(w.latency[site])
		}
		n := uint64(sent)
		p.Sites = append(p.Sites, result.SitePoint{
			Site: site, Scheduled: n, Outcomes: map[string]uint64{result.Valid.String(): n},
			Latency: stats.Quantiles{Mean: mean, Max: 2 * mean, N: n}, Intervals: map[string]stats.Interval{"mean": within(mean)},
		})
		p.Scheduled += n
		sum += mean * float64(n)
	}
	mean := sum / float64(p.Scheduled)
	p.Outcomes[result.Valid.String()] = p.Scheduled
	p.Latency[result.PartCommit.String()] = stats.Quantiles{Mean: mean, Max: 2 * mean, N: p.Scheduled}
	p.Intervals["commit_s"] = within(mean)
	if c.Distance > 0 {
		ratio, i := 1.02, stats.Interval{Low: 0.95, High: 1.08, N: 10}
		p.Expected = &result.Expected{Distance: mean/ratio - zero, Total: mean / ratio, Measured: mean, Ratio: &ratio, RatioInterval: &i}
	}
	return p
}

// full is a level of many clients.
func (w world) full(network string) result.Point {
	p := w.low(consensusQuestion+"-full", conditions(network, func(c *result.Conditions) { c.Arrivals = "" }))
	p.Load = result.Load{Kind: result.LoadClosed, Clients: 64}
	p.Throughput = w.noisy(60)
	p.Intervals["throughput_per_s"] = within(p.Throughput)
	return p
}

// lost is a level of a network that is as it should be: sites are cut off from second 5 on and back after some seconds.
func (w world) lost(network string, back float64, cut ...string) result.Point {
	p := w.low(lossQuestion, conditions(network, func(*result.Conditions) {}))
	p.InDoubt = &result.InDoubt{Total: 5, Committed: 2, NotCommitted: 3}
	for _, site := range cut {
		p.Events = append(p.Events, result.Event{Kind: result.EventCut, Asked: site, Sites: []string{site}, Planned: 5, At: 5})
	}
	l := loss{cut: cut, quorum: network != "inter-nmi-bft" && len(cut) == 2 || len(cut) == 1}
	if network == "inter-nmi" && len(cut) == 2 {
		l.quorum = false
	}
	next := w.noisy(1)
	if !l.quorum {
		next = back + w.noisy(5)
	}
	full := back + w.noisy(8)
	r := result.Recovery{Event: len(cut) - 1, NextCommit: &next, FullRate: &full, Observed: 40}
	for _, site := range institutes() {
		s := result.SiteRecovery{Site: site}
		if !slices.Contains(cut, site) {
			s.NextCommit = &next
		}
		r.Sites = append(r.Sites, s)
	}
	p.Recoveries = append(p.Recoveries, r)
	for _, site := range cut {
		p.Events = append(p.Events, result.Event{Kind: result.EventHeal, Asked: site, Sites: []string{site}, Planned: 5 + back, At: 5 + back})
	}
	return p
}

// joined is a level in which an institute joins.
func (w world) joined(from result.JoinFrom) result.Point {
	p := w.low(joinQuestion, conditions("inter-nmi", func(*result.Conditions) {}))
	e := result.Event{Kind: result.EventJoin, Asked: "nim", At: 8, Planned: 8}
	for _, step := range steps() {
		if step == result.StepSnapshot && from != result.FromSnapshot {
			continue
		}
		s := result.Step{Name: step, Seconds: w.noisy(0.7)}
		if step == result.StepSnapshot || step == result.StepCatchUp {
			s.Bytes = 50000
		}
		e.Steps, e.Took = append(e.Steps, s), e.Took+s.Seconds
	}
	e.Around = &result.Around{
		Before: result.Stretch{Length: 7, Throughput: 50, N: 350, Mean: 0.8}, During: result.Stretch{Length: e.Took, Throughput: 48, N: 170, Mean: 0.9},
		After: result.Stretch{Length: 10, Throughput: 50, N: 500, Mean: 0.8},
	}
	p.Events = []result.Event{e}
	return p
}
