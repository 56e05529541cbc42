package reports

import (
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// eachPoint visits every point by series, load level and repetition.
func eachPoint(all []series, visit func(series, level, result.Point)) {
	for _, s := range all {
		for _, l := range s.levels {
			for _, p := range l.points {
				visit(s, l, p)
			}
		}
	}
}

// levelColumns are the columns that say which point a row is about. Clients
// and offered load stand apart, each only where a series has it.
func levelColumns(all []series) []Column {
	columns := []Column{{Key: "series", Title: "series"}}
	closed, open := kinds(all)
	if closed {
		columns = append(columns, Column{Key: "clients", Title: "clients", Unit: Count})
	}
	if open {
		columns = append(columns, Column{Key: "offered_per_s", Title: "offered", Unit: PerSecond})
	}
	if repeated(all) {
		columns = append(columns, Column{Key: "repetition", Title: "repetition", Unit: Count})
	}
	return columns
}

// levelCells are the cells of levelColumns.
func levelCells(all []series, s series, p result.Point) []Cell {
	cells := []Cell{text(s.name)}
	closed, open := kinds(all)
	if closed {
		cell := Cell{}
		if p.Load.Kind != "open" {
			cell = count(p.Load.Clients)
		}
		cells = append(cells, cell)
	}
	if open {
		cell := Cell{}
		if p.Load.Kind == "open" {
			cell = number(p.Load.Offered)
		}
		cells = append(cells, cell)
	}
	if repeated(all) {
		cells = append(cells, count(p.Repetition))
	}
	return cells
}

func kinds(all []series) (closed, open bool) {
	for _, s := range all {
		if s.kind == "open" {
			open = true
		} else {
			closed = true
		}
	}
	return closed || !open, open
}

// levelTable is the main table: what was measured at each load level.
func levelTable(all []series) Table {
	t := Table{ID: "levels", Title: "Load levels"}
	judged := anyPoint(all, func(p result.Point) bool { return p.Steady != "" })
	t.Columns = append(levelColumns(all),
		Column{Key: "throughput_per_s", Title: "throughput", Unit: PerSecond},
		Column{Key: "throughput_per_s_interval", Title: "95 % interval", Unit: PerSecond, Interval: true, Rank: 3},
		Column{Key: "valid_share", Title: "success", Unit: Share},
		Column{Key: "commit_p50_s", Title: "commit p50", Unit: Seconds},
		Column{Key: "commit_p95_s", Title: "commit p95", Unit: Seconds, Rank: 1},
		Column{Key: "commit_p99_s", Title: "commit p99", Unit: Seconds},
		Column{Key: "commit_max_s", Title: "commit max", Unit: Seconds, CSVOnly: true},
		Column{Key: "commit_mean_s", Title: "commit mean", Unit: Seconds, CSVOnly: true},
		Column{Key: "commit_n", Title: "commit n", Unit: Count, CSVOnly: true},
		Column{Key: "acknowledge_p50_s", Title: "ack. p50", Unit: Seconds, Rank: 2},
		Column{Key: "acknowledge_p99_s", Title: "ack. p99", Unit: Seconds, Rank: 4},
		Column{Key: "window_s", Title: "window", Unit: Seconds, CSVOnly: true},
		Column{Key: "scheduled", Title: "scheduled", Unit: Count, CSVOnly: true},
		Column{Key: "blocks", Title: "blocks", Unit: Count, CSVOnly: true},
		Column{Key: "interval_method", Title: "interval method", CSVOnly: true},
		Column{Key: "point", Title: "point"},
		Column{Key: "remarks", Title: "remarks", CSVOnly: true})
	if judged {
		t.Columns = append(t.Columns, Column{Key: "steady", Title: "state", Rank: 1})
	}
	eachPoint(all, func(s series, l level, p result.Point) {
		commit := p.Latency[result.PartCommit.String()]
		acknowledge := p.Latency[result.PartAcknowledge.String()]
		interval := Cell{Why: whyInterval}
		if i := throughputInterval(p); i != nil && finite(i.Low) && finite(i.High) {
			interval = Cell{Interval: i}
		}
		row := append(levelCells(all, s, p),
			number(p.Throughput), interval, share(p),
			stated(commit, commit.P50), stated(commit, commit.P95), stated(commit, commit.P99),
			stated(commit, &commit.Max), stated(commit, &commit.Mean), count(commit.N),
			stated(acknowledge, acknowledge.P50), stated(acknowledge, acknowledge.P99),
			number(p.Window), count(p.Scheduled), count(p.Blocks),
			text(p.Intervals["throughput_per_s"].Method), text(validity(p)), text(strings.Join(slices.Concat(p.Reasons, p.Warnings), "; ")))
		if judged {
			row = append(row, text(p.Steady))
		}
		t.Rows = append(t.Rows, row)
	})
	t.Notes = []string{
		"throughput: valid commits per second of the window. success: share of the transactions scheduled in the window that committed as valid.",
		"commit: latency from the intended start to the commit seen at the peer. ack.: acknowledgement latency, endorse + submit, not yet committed.",
		"point: \"invalid\" means that the instrument did not do its part there, for example because the client was late; \"flagged\" that it did, with a reservation. The warnings say why.",
	}
	if judged {
		t.Notes = append(t.Notes, "state: whether the window was in a steady state, by its latencies and the backlog of transactions under way: steady, drifting, overloaded, or too short to tell (fewer than 1,000 transactions).")
	}
	return t
}

// stated is a cell of a distribution's number: empty where nothing passed the phase.
func stated(q stats.Quantiles, v *float64) Cell {
	if q.N == 0 {
		return Cell{}
	}
	return quantile(v)
}

// share is the part of what was scheduled that ended well: committed as valid,
// or answered where nothing is to be committed.
func share(p result.Point) Cell {
	if p.Scheduled == 0 {
		return Cell{}
	}
	good := p.Outcomes[result.Valid.String()]
	if p.Conditions.Wait == "endorse" {
		good = p.Outcomes[result.Answered.String()]
	}
	return number(float64(good) / float64(p.Scheduled))
}

func validity(p result.Point) string {
	switch {
	case !p.Valid:
		return "invalid"
	case len(p.Warnings) > 0:
		return "flagged"
	}
	return "valid"
}

// seriesTable says what was measured.
func seriesTable(all []series) Table {
	t := Table{ID: "series", Title: "What was measured", Detail: true, Columns: []Column{
		{Key: "series", Title: "series"},
		{Key: "workload", Title: "transaction"},
		{Key: "topology", Title: "topology"},
		{Key: "fabric", Title: "Fabric"},
		{Key: "batch_timeout_s", Title: "batch timeout", Unit: Seconds},
		{Key: "batch_messages", Title: "batch size", Unit: Count},
		{Key: "wait", Title: "client waits for"},
		{Key: "meters", Title: "meters", Unit: Count},
		{Key: "verify", Title: "chaincode verifies signatures"},
	}}
	for _, s := range all {
		c := s.conditions
		verify := "no"
		if c.Verify {
			verify = "yes"
		}
		t.Rows = append(t.Rows, []Cell{text(s.name), text(s.workload()), text(c.Topology), text(c.Fabric),
			number(c.BatchTimeout), count(c.BatchMessages), text(c.Wait), count(c.Meters), text(verify)})
	}
	return t
}

// phaseTable is the split of the mean latency.
func phaseTable(all []series) Table {
	t := Table{ID: "phases", Title: "Mean latency by phase", Detail: true, Columns: levelColumns(all)}
	columns := slices.Clone(parts[:])
	columns = append(columns, part{key: orderCommit.key, name: orderCommit.name, mean: phaseMean(result.PartOrderCommit)})
	split := anyPoint(all, func(p result.Point) bool { _, ok := blockMean(result.PartWaitCut)(p); return ok })
	if split {
		for _, part := range blockParts {
			part.name = "of it, " + part.name
			columns = append(columns, part)
		}
	}
	for _, part := range columns {
		t.Columns = append(t.Columns, Column{Key: part.key + "_mean_s", Title: part.short(), Unit: Seconds})
	}
	t.Columns = append(t.Columns, Column{Key: "commit_mean_s", Title: "commit", Unit: Seconds})
	eachPoint(all, func(s series, l level, p result.Point) {
		row := levelCells(all, s, p)
		for _, part := range columns {
			row = append(row, optional(part.mean(p)))
		}
		t.Rows = append(t.Rows, append(row, optional(phaseMean(result.PartCommit)(p))))
	})
	t.Notes = []string{"Means over the valid transactions of the window; the phases add up to commit. lag: intended to actual start. prepare: without encryption, mostly the meter's signature."}
	if slices.ContainsFunc(all, bills) {
		t.Notes = append(t.Notes, "encrypt: of a bill, the evaluation of its readings.")
	}
	if split {
		t.Notes = append(t.Notes, "What stands behind order + commit is that time split by the nodes' logs. It begins with the acknowledgement: a transaction whose acknowledgement was on the way while its block was cut did not wait for the cut. The nodes' instants are read off the wall clock of the same machine; a point whose level saw that clock move by more than 1 ms says so.")
	}
	return t
}

func optional(v float64, ok bool) Cell {
	if !ok {
		return Cell{}
	}
	return number(v)
}
