package study

import (
	"slices"
	"time"

	"meterbench/bench/expect"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
	"meterbench/bench/topology"
	"meterbench/internal/readjson"
)

// leastTaken is the least share of the scheduled transactions that succeed at a low load. How many are due in a window is left
// to chance.
const leastTaken = 0.95

// expect computes what distance adds to the commit latency of a point. Where it is not known how its
// transactions went, or may have changed within the level, nothing is expected.
func (s *session) expect(p *result.Point, report *nodeReport) {
	var t topology.Topology
	if readjson.Unmarshal(s.facts.TopologyJSON, &t) != nil || !t.Apart() {
		return
	}
	if len(report.led) != len(report.leaders) || !slices.EqualFunc(report.led, report.leaders, result.Leader.Same) {
		return
	}
	p.Expected = expected(t, p, seen(t.AllSites(), s.summary.Distances, s.networkName()))
}

// seen returns the one-way delays between sites by the round trips that were seen on a network, nil where one was not.
func seen(sites []topology.Site, distances []result.Distance, network string) [][]time.Duration {
	matrix := make([][]time.Duration, len(sites))
	for i, a := range sites {
		for j, b := range sites {
			at := slices.IndexFunc(distances, func(d result.Distance) bool {
				return d.Network == network && (d.Between == [2]string{a.Name, b.Name} || d.Between == [2]string{b.Name, a.Name})
			})
			switch {
			case i == j:
				matrix[i] = append(matrix[i], 0)
			case at < 0 || distances[at].Lost >= distances[at].Sent:
				return nil
			default:
				matrix[i] = append(matrix[i], time.Duration(distances[at].P50/2*float64(time.Second)))
			}
		}
	}
	return matrix
}

// expected returns what distance adds on the only channel of a topology, nil where that cannot be computed. seen are the
// one-way delays as they were seen, nil where that is not known.
func expected(t topology.Topology, p *result.Point, seen [][]time.Duration) *result.Expected {
	c := &p.Conditions
	owned := c.Operation == result.OpRotate || c.Operation == result.OpRevoke // endorsed as the key's state says
	if len(t.Channels) != 1 || c.Query || c.Workload == result.CA || c.Driver == result.DriverDirect || owned {
		return nil
	}
	channel := t.Channels[0]
	reported := expect.Reported{Sources: map[string]string{}}
	for _, l := range p.Leaders {
		if l.Channel == channel.Name {
			reported.Leader = l.Orderer
		}
	}
	for _, source := range p.BlockSources {
		if source.Channel == channel.Name && !source.Changed {
			reported.Sources[source.Peer] = source.Orderer
		}
	}
	net, gateways, err := expect.Of(t, channel, c.Policy, reported)
	if err != nil {
		return nil
	}
	if net.Rate = p.Throughput; p.Load.Kind == result.LoadOpen {
		net.Rate = p.Load.Offered
	}
	e := &result.Expected{Parts: map[string]float64{}, Measured: p.Latency[result.PartCommit.String()].Mean}
	if i, ok := p.Intervals[result.PartCommit.String()+"_s"]; ok {
		e.MeasuredInterval = &i
	}
	real := net
	real.OneWay = seen
	var cases, realCases []expect.Case
	for _, g := range gateways {
		if c.Site != "" && g.Site != c.Site {
			continue
		}
		of := net.Cases(g.Path)
		cases = append(cases, of...)
		if g.Source < 0 {
			e.Unknown = append(e.Unknown, g.Peer)
		}
		e.AddSite(g.Site, expect.Mean(of).Sum())
		if seen != nil {
			realCases = append(realCases, real.Cases(g.Path)...)
		}
	}
	if len(cases) == 0 {
		return nil
	}
	mean := expect.Mean(cases)
	for _, part := range expect.All() {
		e.Parts[part.String()] = mean[part]
	}
	e.Distance = mean.Sum()
	e.Low, e.High = expect.Range(cases)
	if seen != nil {
		e.Seen = &result.ExpectedSeen{Distance: expect.Mean(realCases).Sum()}
	}
	return e
}

// expectations sets beside what is expected what the same load took at distance zero. Nothing is expected of levels in which
// something was done to the network on purpose.
func (s *study) expectations() {
	for i := range s.summary.Points {
		p := &s.summary.Points[i]
		if p.Disturbed() {
			p.Expected = nil
		}
		if p.Expected == nil || !adds(p) {
			continue
		}
		if b := s.baseline(p); b != nil {
			p.Expected.Compare(b)
		}
	}
}

// adds reports whether what distance adds can be added to the latency of the load at distance zero: it arrives at random,
// since then it does so after any delay, and was low enough that no queue is the longer for it.
func adds(p *result.Point) bool {
	return p.Valid && p.Load.Kind == result.LoadOpen && p.Conditions.Arrivals == string(scenario.Poisson) && p.Phase == nil &&
		p.Steady != stats.Overloaded && p.Outcomes[result.Dropped.String()] == 0 && float64(p.Succeeded()) >= leastTaken*float64(p.Scheduled)
}

// baseline returns the mean commit latency of a point's load at distance zero: under the same conditions but for leader and
// site, which there are no matter; of the same repetition where there is one, as the pace of the machine drifts, and with the
// same leader and site.
func (s *study) baseline(p *result.Point) *result.Baseline {
	var best *result.Point
	likeness := func(b *result.Point) (n int) {
		for _, same := range []bool{b.Conditions.Leader == p.Conditions.Leader, b.Conditions.Site == p.Conditions.Site, b.Repetition == p.Repetition} {
			if n *= 2; same {
				n++
			}
		}
		return n
	}
	for i := range s.summary.Points {
		b := &s.summary.Points[i]
		if b.Conditions.Distance != 0 || b.Disturbed() || !adds(b) || b.Load.Offered != p.Load.Offered || anywhere(b) != anywhere(p) {
			continue
		}
		if best == nil || likeness(b) > likeness(best) {
			best = b
		}
	}
	if best == nil {
		return nil
	}
	baseline := &result.Baseline{Series: best.Series, Repetition: best.Repetition, Mean: best.Latency[result.PartCommit.String()].Mean}
	if i, ok := best.Intervals[result.PartCommit.String()+"_s"]; ok {
		baseline.Interval = &i
	}
	return baseline
}

// anywhere returns the conditions of a point without those of place.
func anywhere(p *result.Point) result.Conditions {
	c := p.Conditions
	c.Distance, c.Leader, c.Site = 0, "", ""
	return c
}
