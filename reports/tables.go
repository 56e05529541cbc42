package reports

import (
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// levelTable is the main table: what was measured at each load level.
func levelTable(all []series) Table {
	fields := append(levelFields(all), []field[pointRow]{
		{Column{Key: "throughput_per_s", Title: "throughput", Unit: PerSecond}, func(r pointRow) Cell { return number(r.Throughput) }},
		{Column{Key: "throughput_per_s_interval", Title: "95 % interval", Unit: PerSecond, Interval: true, Rank: 3},
			func(r pointRow) Cell { return interval(throughputInterval(r.Point), whyInterval) }},
		{Column{Key: "valid_share", Title: "success", Unit: Share}, func(r pointRow) Cell { return optional(success(r.Point)) }},
		{Column{Key: "commit_p50_s", Title: "commit p50", Unit: Seconds}, stated(result.PartCommit, p50)},
		{Column{Key: "commit_p95_s", Title: "commit p95", Unit: Seconds, Rank: 1}, stated(result.PartCommit, p95)},
		{Column{Key: "commit_p99_s", Title: "commit p99", Unit: Seconds}, stated(result.PartCommit, p99)},
		{Column{Key: "commit_max_s", Title: "commit max", Unit: Seconds, CSVOnly: true}, stated(result.PartCommit, largest)},
		{Column{Key: "commit_mean_s", Title: "commit mean", Unit: Seconds, CSVOnly: true}, stated(result.PartCommit, mean)},
		{Column{Key: "commit_n", Title: "commit n", Unit: Count, CSVOnly: true},
			func(r pointRow) Cell { return count(r.Latency[result.PartCommit.String()].N) }},
		{Column{Key: "acknowledge_p50_s", Title: "ack. p50", Unit: Seconds, Rank: 2}, stated(result.PartAcknowledge, p50)},
		{Column{Key: "acknowledge_p99_s", Title: "ack. p99", Unit: Seconds, Rank: 4}, stated(result.PartAcknowledge, p99)},
		{Column{Key: "window_s", Title: "window", Unit: Seconds, CSVOnly: true}, func(r pointRow) Cell { return number(r.Window) }},
		{Column{Key: "scheduled", Title: "scheduled", Unit: Count, CSVOnly: true}, func(r pointRow) Cell { return count(r.Scheduled) }},
		{Column{Key: "blocks", Title: "blocks", Unit: Count, CSVOnly: true}, func(r pointRow) Cell { return count(r.Blocks) }},
		{Column{Key: "interval_method", Title: "interval method", CSVOnly: true},
			func(r pointRow) Cell { return text(r.Intervals["throughput_per_s"].Method) }},
		{Column{Key: "point", Title: "point"}, func(r pointRow) Cell { return text(validity(r.Point)) }},
		{Column{Key: "remarks", Title: "remarks", CSVOnly: true}, func(r pointRow) Cell { return text(remarks(r.Point)) }},
	}...)
	t := Table{ID: "levels", Title: "Load levels", Notes: notes("levels")}
	if len(rowsWhere(all, func(r pointRow) bool { return r.Steady != "" })) > 0 {
		fields = append(fields, field[pointRow]{Column{Key: "steady", Title: "state", Rank: 1}, func(r pointRow) Cell { return text(string(r.Steady)) }})
		t.Notes = append(t.Notes, notes("levels with states")...)
	}
	return tabulate(t, rowsOf(all), fields)
}

// stated makes cells of a quantile of a part: empty where nothing passed the part.
func stated(part result.Part, pick func(stats.Quantiles) *float64) func(pointRow) Cell {
	return func(r pointRow) Cell {
		q := r.Latency[part.String()]
		if q.N == 0 {
			return Cell{}
		}
		return quantile(pick(q))
	}
}

// success measures which share of what was scheduled ended well: committed as valid, or answered
// where nothing is to be committed.
func success(p result.Point) (float64, bool) {
	good := p.Outcomes[result.Valid.String()]
	if p.Conditions.Wait == result.WaitEndorse {
		good = p.Outcomes[result.Answered.String()]
	}
	return float64(good) / float64(p.Scheduled), p.Scheduled > 0
}

func throughputInterval(p result.Point) *stats.Interval {
	i, stored := p.Intervals["throughput_per_s"]
	if !stored {
		return nil
	}
	return &i
}

func validity(p result.Point) string {
	switch {
	case !p.Valid:
		return "invalid"
	case len(p.Notices) > 0:
		return "flagged"
	}
	return "valid"
}

// remarks are the reasons why a point is invalid, and its warnings.
func remarks(p result.Point) string {
	all := slices.Clone(p.Reasons)
	for _, w := range p.Notices {
		all = append(all, w.String())
	}
	return strings.Join(all, "; ")
}

// seriesTable says what was measured.
func seriesTable(all []series) Table {
	return tabulate(Table{ID: "series", Title: "What was measured", Detail: true}, all, []field[series]{
		{Column{Key: "series", Title: "series"}, func(s series) Cell { return text(s.name) }},
		{Column{Key: "workload", Title: "transaction"}, func(s series) Cell { return text(s.workload()) }},
		{Column{Key: "topology", Title: "topology"}, func(s series) Cell { return text(s.conditions.Topology) }},
		{Column{Key: "fabric", Title: "Fabric"}, func(s series) Cell { return text(s.conditions.Fabric) }},
		{Column{Key: "batch_timeout_s", Title: "batch timeout", Unit: Seconds}, func(s series) Cell { return number(s.conditions.BatchTimeout) }},
		{Column{Key: "batch_messages", Title: "batch size", Unit: Count}, func(s series) Cell { return count(s.conditions.BatchMessages) }},
		{Column{Key: "wait", Title: "client waits for"}, func(s series) Cell { return text(string(s.conditions.Wait)) }},
		{Column{Key: "meters", Title: "meters", Unit: Count}, func(s series) Cell { return count(s.conditions.Meters) }},
		{Column{Key: "verify", Title: "chaincode verifies signatures"}, func(s series) Cell { return yesNo(s.conditions.Verify) }},
	})
}
