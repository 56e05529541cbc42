package reports

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// percentName is the name of a quantile: p99.9.
func percentName(percent float64) string { return "p" + strconv.FormatFloat(percent, 'g', -1, 64) }

// percentileFields are the percentiles of a whole latency: the standard ones, and the others that any row has.
func percentileFields(rows []pointRow, whole result.Part) (fields []field[pointRow]) {
	percents := stats.Standard()
	for _, r := range rows {
		for _, q := range r.Latency[whole.String()].More {
			if q.Value != nil {
				percents = append(percents, q.Percent)
			}
		}
	}
	slices.Sort(percents)
	for _, percent := range slices.Compact(percents) {
		name, rank := percentName(percent), 2 // the median and p99 stay where there is little room
		switch percent {
		case 50, 99:
			rank = 0
		case 95:
			rank = 1
		}
		fields = append(fields, field[pointRow]{Column{Key: whole.String() + "_" + name + "_s", Title: whole.String() + " " + name, Unit: Seconds, Rank: rank},
			stated(whole, func(q stats.Quantiles) *float64 { return q.At(percent) })})
	}
	return fields
}

// allTable shows the quantiles over all that was scheduled beside those of the valid transactions, nil where everything
// was committed or the run does not say.
func allTable(all []series) []Table {
	rows := rowsWhere(all, func(r pointRow) bool { return r.LatencyAll.Lost() > 0 })
	if len(rows) == 0 {
		return nil
	}
	title := map[bool]string{true: "not committed", false: "not answered"}[slices.Contains(wholes(all), result.PartCommit)]
	fields := append(levelFields(all), []field[pointRow]{
		{Column{Key: "scheduled", Title: "scheduled", Unit: Count}, func(r pointRow) Cell { return count(r.LatencyAll.N) }},
		{Column{Key: "missing_share", Title: title, Unit: Share},
			func(r pointRow) Cell { return number(float64(r.LatencyAll.Lost()) / float64(r.LatencyAll.N)) }},
		{Column{Key: "missing", Title: "of which"}, func(r pointRow) Cell { return text(missing(r.LatencyAll)) }},
		{Column{Key: "valid_p99_s", Title: "p99 of valid ones", Unit: Seconds}, func(r pointRow) Cell {
			part, _ := r.of.headline()
			return quantile(r.Latency[part.String()].P99)
		}},
	}...)
	var percents []float64
	for _, r := range rows {
		for _, q := range r.LatencyAll.Quantiles {
			percents = append(percents, q.Percent)
		}
	}
	slices.Sort(percents)
	for _, percent := range slices.Compact(percents) {
		fields = append(fields, field[pointRow]{Column{Key: "all_" + percentName(percent) + "_s", Title: percentName(percent) + " of all", Unit: Seconds},
			func(r pointRow) Cell { return quantileOverAll(r.LatencyAll, percent) }})
	}
	return []Table{tabulate(Table{ID: "latency-all", Title: "Latency over all scheduled transactions", Notes: notes("latency-all")}, rows, fields)}
}

// missing says how many of all did not commit, by outcome, most of them first.
func missing(a *result.AllLatency) string {
	outcomes := slices.SortedFunc(maps.Keys(a.Missing), func(x, y string) int {
		return cmp.Or(cmp.Compare(a.Missing[y], a.Missing[x]), strings.Compare(x, y))
	})
	return strings.Join(each(outcomes, func(o string) string {
		return fmt.Sprintf("%s %s", Share.Format(float64(a.Missing[o])/float64(a.N)), o)
	}), ", ")
}

// quantileOverAll makes a cell of a quantile that may be a transaction's that never committed.
func quantileOverAll(a *result.AllLatency, percent float64) Cell {
	switch v, beyond, ok := a.At(percent); {
	case !ok:
		return quantile(nil)
	case !beyond:
		return number(v)
	case math.IsInf(v, 1):
		return text("never")
	default:
		return text("beyond " + Seconds.Format(v))
	}
}

// outcomeLatencyTable shows how long transactions took by how they ended, nil where all ended well or the run does not say.
func outcomeLatencyTable(all []series) []Table {
	rows := processRows(all, func(r pointRow) (outcomes []string) {
		bad := false
		for _, o := range result.Outcomes() {
			if _, ok := r.LatencyByOutcome[o.String()]; ok {
				outcomes = append(outcomes, o.String())
				bad = bad || o.Class() != result.Succeeded
			}
		}
		if !bad {
			return nil
		}
		return outcomes
	})
	if len(rows) == 0 {
		return nil
	}
	return []Table{tabulate(Table{ID: "latency-by-outcome", Title: "Latency by outcome", Detail: true, Notes: notes("latency-by-outcome")}, rows,
		append(processFields(all, "outcome"), quantileFields(func(r processRow) stats.Quantiles { return r.LatencyByOutcome[r.process] })...))}
}

// lastPeer stands in the table of peers for the last one to commit.
const lastPeer = "the last of all"

// peerTable shows when each of several peers committed, nil where the run does not say.
func peerTable(all []series) []Table {
	rows := processRows(all, func(r pointRow) []string {
		at := r.CommitAtPeers
		if at == nil || len(at.Peers) < 2 {
			return nil
		}
		peers := slices.Sorted(maps.Keys(at.Peers))
		if at.All != nil {
			peers = append(peers, lastPeer)
		}
		return peers
	})
	if len(rows) == 0 {
		return nil
	}
	return []Table{tabulate(Table{ID: "commit-at-peers", Title: "Commit latency by peer", Detail: true, Notes: notes("commit-at-peers")}, rows,
		append(processFields(all, "peer"), quantileFields(func(r processRow) stats.Quantiles {
			if r.process == lastPeer && r.CommitAtPeers.All != nil {
				return *r.CommitAtPeers.All
			}
			return r.CommitAtPeers.Peers[r.process]
		})...))}
}

// quantileFields are the columns of a distribution of latencies.
func quantileFields(of func(processRow) stats.Quantiles) []field[processRow] {
	column := func(key, title string, unit Unit, cell func(stats.Quantiles) Cell) field[processRow] {
		return field[processRow]{Column{Key: key, Title: title, Unit: unit}, func(r processRow) Cell { return cell(of(r)) }}
	}
	fields := []field[processRow]{column("n", "n", Count, func(q stats.Quantiles) Cell { return count(q.N) })}
	for _, q := range quantiles {
		fields = append(fields, column("latency_"+q.name+"_s", q.name, Seconds, func(of stats.Quantiles) Cell { return quantile(q.pick(of)) }))
	}
	return append(fields,
		column("latency_mean_s", "mean", Seconds, func(q stats.Quantiles) Cell { return number(q.Mean) }),
		column("latency_max_s", "max", Seconds, func(q stats.Quantiles) Cell { return number(q.Max) }))
}

// objectiveTable shows which share of all transactions kept to the objective, nil where none has one.
func objectiveTable(all []series) []Table {
	rows := rowsWhere(all, func(r pointRow) bool { return r.Satisfaction != nil })
	if len(rows) == 0 {
		return nil
	}
	fields := append(levelFields(all), []field[pointRow]{
		{Column{Key: "objective_s", Title: "objective", Unit: Seconds}, func(r pointRow) Cell { return number(r.Satisfaction.Objective) }},
		{Column{Key: "satisfied_share", Title: "satisfied", Unit: Share}, func(r pointRow) Cell { return number(r.Satisfaction.Satisfied) }},
		{Column{Key: "satisfied_share_interval", Title: "95 % interval", Unit: Share, Interval: true}, func(r pointRow) Cell {
			if i, ok := r.Intervals[result.SatisfiedShare]; ok {
				return interval(&i, "")
			}
			return interval(nil, whyInterval)
		}},
		{Column{Key: "tolerating_share", Title: "tolerating", Unit: Share}, func(r pointRow) Cell { return number(r.Satisfaction.Tolerating) }},
		{Column{Key: "apdex", Title: "Apdex", Unit: Plain}, func(r pointRow) Cell { return number(r.Satisfaction.Apdex) }},
	}...)
	return []Table{tabulate(Table{ID: "objective", Title: "Transactions within their objective", Notes: notes("objective")}, rows, fields)}
}
