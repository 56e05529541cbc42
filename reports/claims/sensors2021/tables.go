package sensors2021

import (
	"fmt"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// policyName names an endorsement policy, without the members of the claim where it is of all of them.
func policyName(policy string) string {
	if n, of, ok := strings.Cut(policy, " of ["); ok && strings.Count(of, ",")+1 == len(institutes()) {
		return "any " + n
	}
	return policy
}

// setting names what a question varies.
func setting(question string, c result.Conditions) string {
	switch question {
	case siteQuestion:
		return "clients at " + c.Site
	case leaderQuestion:
		return c.Leader + " leads"
	case policyQuestion:
		return policyName(c.Policy)
	case batchQuestion:
		return fmt.Sprintf("%d / %s", c.BatchMessages, reports.Seconds.Tick(c.BatchTimeout))
	case keysQuestion:
		return string(c.Operation)
	}
	return c.Topology
}

// latencyTable has a row for each point under a low open load: what was measured beside what was expected.
func latencyTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "latency-by-question", Title: "Commit latency at low load, by question", Columns: []reports.Column{
		{Key: "question", Title: "question"}, {Key: "setting", Title: "setting"}, {Key: "distance", Title: "distance", Unit: reports.Plain},
		{Key: "offered_per_s", Title: "offered", Unit: reports.Rate, CSVOnly: true}, {Key: "mean_s", Title: "mean", Unit: reports.Seconds},
		{Key: "mean_interval", Title: "95 % interval", Unit: reports.Seconds, Interval: true, Rank: 3},
		{Key: "max_s", Title: "slowest", Unit: reports.Seconds, Rank: 1},
		{Key: "expected_s", Title: "expected", Unit: reports.Seconds}, {Key: "ratio", Title: "measured / expected", Unit: reports.Times},
		{Key: "ratio_interval", Title: "95 % interval", Unit: reports.Times, Interval: true, Rank: 2},
	}, Notes: []string{"Distance is the factor on all round trips between the institutes. Expected: what their distances add, computed before the load, " +
		"and the mean of the same load at distance 0. What lies between a client and its own peer, and between peers and chaincodes, is no distance."}}
	for _, question := range low() {
		for _, p := range open(e, question) {
			part := p.Conditions.Whole()
			q := p.Latency[part.String()]
			if q.N == 0 {
				continue
			}
			x, ok := p.Expected, p.Expected != nil && p.Expected.Total > 0
			if !ok {
				x = &result.Expected{}
			}
			t.Rows = append(t.Rows, claims.Row(question, setting(question, p.Conditions), p.Conditions.Distance, p.Load.Offered, q.Mean,
				intervalCell(p.Intervals, part.String()+"_s"), q.Max, claims.Unless(!ok, whyNotExpected, x.Total),
				claims.Unless(x.Ratio == nil, whyNotExpected, valueOf(x.Ratio)), claims.Unless(x.RatioInterval == nil, whyNotExpected, intervalOf(x.RatioInterval))))
		}
	}
	return t
}

// The reasons for cells that are absent.
const (
	whyNotExpected = "of distance 0, or of a load that was not measured there, nothing is computed"
	whyInterval    = "too few windows or transactions for an interval"
)

func intervalCell(all map[string]stats.Interval, key string) any {
	i, ok := all[key]
	return claims.Unless(!ok, whyInterval, i)
}

func valueOf(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

func intervalOf(i *stats.Interval) stats.Interval {
	if i == nil {
		return stats.Interval{}
	}
	return *i
}

// capacityTable has what the networks carry: throughput under many clients, and for how many meters that is enough.
func capacityTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "capacity", Title: "What the networks carry", Columns: []reports.Column{
		{Key: "topology", Title: "topology"}, {Key: "distance", Title: "distance", Unit: reports.Plain}, {Key: "clients", Title: "clients", Unit: reports.Count},
		{Key: "throughput_per_s", Title: "throughput", Unit: reports.PerSecond},
		{Key: "throughput_interval", Title: "95 % interval", Unit: reports.PerSecond, Interval: true},
		{Key: "mean_s", Title: "mean latency", Unit: reports.Seconds}, {Key: "meters", Title: "meters", Unit: reports.Count},
	}, Notes: []string{fmt.Sprintf("All nodes share the processors of one machine: five institutes with machines of their own carry more. Meters: as "+
		"many as send a reading every %g minutes at that throughput.", interval/60)}}
	for _, s := range e.Question(consensusQuestion) {
		for _, l := range s.Levels {
			x := l.Throughput()
			if l.Load.Kind != result.LoadClosed || x.Value == 0 {
				continue
			}
			mean, _ := l.Mean(result.PartCommit)
			t.Rows = append(t.Rows, claims.Row(s.Conditions.Topology, s.Conditions.Distance, l.Load.Clients, x.Value,
				claims.Unless(x.N == 0, whyInterval, x.Interval), mean, x.Value*interval))
		}
	}
	return t
}
