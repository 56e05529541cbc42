package reports

import (
	"fmt"
	"slices"
	"time"

	"meterbench/bench/result"
)

// Calibration reports on a calibration of the harness.
func Calibration(c result.Calibration) Report {
	i := c.Instrument
	return Report{
		Scenario: "Calibration of the harness on this machine, with a simulated ledger of known service times",
		Complete: true, Started: c.Calibrated, Ended: c.Calibrated.Add(time.Duration(c.Took * float64(time.Second))),
		Findings: calibrationFindings(c),
		Sections: []Section{{
			ID: "calibration", Title: "Calibration",
			Tables: []Table{
				deviationTable("latency", "Latency", "quantile", "_s", Seconds, c.Latency),
				conditionTable(i.Conditions),
				deviationTable("capacity", "Throughput under overload", "load, service", "_per_s", PerSecond, c.Capacity),
				deviationTable("counts", "A stall of 1 s at 100/s, and outcomes", "transactions", "", Count, c.Counts),
				lagTable(c.Lag), timerTable(c.Timers),
			},
		}},
	}
}

// calibrationFindings are a verdict on every part.
func calibrationFindings(c result.Calibration) []Finding {
	i := c.Instrument
	verdict := map[bool]Verdict{true: Good, false: Bad}
	exact := map[bool]string{true: "exact", false: "not exact"}[allWithin(c.Counts)]
	fs := []Finding{
		{Subject: "Latency", Value: "off by " + Seconds.Format(i.LatencyError) + " at most",
			Text: "Open load on an idle host: latency from the intended start, compared with the ledger's own log of the same transactions. " +
				"What holds under other conditions is in the table.",
			Verdict: verdict[allWithin(c.Latency)]},
		{Subject: "Capacity", Value: "off by " + Share.Format(i.CapacityError) + " at most",
			Text:    "Throughput of an overloaded ledger, compared with what its service times allow or its log shows; the tolerance is 3 %.",
			Verdict: verdict[allWithin(c.Capacity)]},
		{Subject: "Counts", Value: exact, Verdict: verdict[allWithin(c.Counts)],
			Text: "A stall shows in every transaction that was due during it, and outcomes match the ledger's own log."},
		{Subject: "Schedule", Value: "p99 " + Seconds.Format(i.LagP99) + " late at 1,000/s", Verdict: verdict[allWithin(c.Lag)],
			Text: "Schedule lag of a constant load on a ledger that answers at once; the limits are in the table."},
	}
	if !allWithin(c.Lag) || !allWithin(c.Latency) {
		fs = append(fs, Finding{Subject: "Advice", Value: "calibrate again on an idle machine", Verdict: Caution,
			Text: fmt.Sprintf("During the calibration other processes used %s and the hypervisor took %s. "+
				"That delays the harness like everything else, and measurements taken now would be off by as much.",
				Cores.Format(c.Other), Cores.Format(c.Steal))})
	}
	return fs
}

func allWithin[T interface{ Within() bool }](all []T) bool {
	return !slices.ContainsFunc(all, func(one T) bool { return !one.Within() })
}

// within is the column of verdicts.
func within[T interface{ Within() bool }]() field[T] {
	return field[T]{Column{Key: "verdict", Title: "verdict"}, func(one T) Cell {
		return text(map[bool]string{true: "within", false: "OUTSIDE"}[one.Within()])
	}}
}

// deviationTable compares measured with true values.
func deviationTable(id, title, what, suffix string, unit Unit, all []result.Deviation) Table {
	var condition []field[result.Deviation]
	if slices.ContainsFunc(all, func(d result.Deviation) bool { return d.Condition != "" }) {
		condition = append(condition, field[result.Deviation]{
			Column{Key: "condition", Title: "condition"}, func(d result.Deviation) Cell { return text(string(d.Condition)) },
		})
	}
	return tabulate(Table{ID: "calibration-" + id, Title: title}, all, append(condition, []field[result.Deviation]{
		{Column{Key: "what", Title: what}, func(d result.Deviation) Cell { return text(d.What) }},
		{Column{Key: "true" + suffix, Title: "true", Unit: unit}, func(d result.Deviation) Cell { return number(d.True) }},
		{Column{Key: "measured" + suffix, Title: "measured", Unit: unit}, func(d result.Deviation) Cell { return number(d.Measured) }},
		{Column{Key: "error" + suffix, Title: "error", Unit: unit}, func(d result.Deviation) Cell { return number(d.Error()) }},
		{Column{Key: "error" + suffix + "_interval", Title: "95 % interval", Unit: unit, Interval: true, Rank: 1},
			func(d result.Deviation) Cell { return interval(between(d.Low, d.High, 0), "") }},
		{Column{Key: "limit" + suffix, Title: "limit", Unit: unit}, func(d result.Deviation) Cell { return number(d.Limit) }},
		within[result.Deviation](),
	}...))
}

// conditionTable says under which condition the error of a quantile is how large.
func conditionTable(all []result.Uncertainty) Table {
	return tabulate(Table{ID: "calibration-conditions", Title: "Uncertainty of a latency quantile by condition"}, all, []field[result.Uncertainty]{
		{Column{Key: "condition", Title: "condition"}, func(u result.Uncertainty) Cell { return text(string(u.Condition)) }},
		{Column{Key: "largest_error_s", Title: "largest error", Unit: Seconds}, func(u result.Uncertainty) Cell { return number(u.LatencyError) }},
	})
}

func lagTable(all []result.Punctuality) Table {
	return tabulate(Table{ID: "calibration-lag", Title: "Schedule lag"}, all, []field[result.Punctuality]{
		{Column{Key: "offered_per_s", Title: "constant load", Unit: PerSecond}, func(p result.Punctuality) Cell { return number(p.Rate) }},
		{Column{Key: "p50_s", Title: "p50", Unit: Seconds}, func(p result.Punctuality) Cell { return number(p.P50) }},
		{Column{Key: "p99_s", Title: "p99", Unit: Seconds}, func(p result.Punctuality) Cell { return number(p.P99) }},
		{Column{Key: "max_s", Title: "max", Unit: Seconds}, func(p result.Punctuality) Cell { return number(p.Max) }},
		{Column{Key: "dropped", Title: "dropped", Unit: Count}, func(p result.Punctuality) Cell { return count(p.Dropped) }},
		{Column{Key: "cpu_cores", Title: "CPU, reference included", Unit: Cores, Rank: 1}, func(p result.Punctuality) Cell { return number(p.Cores) }},
		{Column{Key: "limit_s", Title: "limit of p99", Unit: Seconds}, func(p result.Punctuality) Cell { return number(p.Limit) }},
		{Column{Key: "cpu_cores_limit", Title: "limit of CPU", Unit: Cores, Rank: 1}, func(p result.Punctuality) Cell { return positive(p.CoresLimit) }},
		within[result.Punctuality](),
	})
}

func timerTable(all []result.Lateness) Table {
	return tabulate(Table{ID: "calibration-timers", Title: "Lateness of wake-ups at random times up to 5 ms"}, all, []field[result.Lateness]{
		{Column{Key: "clock", Title: "woken by"}, func(l result.Lateness) Cell { return text(l.Clock) }},
		{Column{Key: "p50_s", Title: "p50", Unit: Seconds}, func(l result.Lateness) Cell { return number(l.P50) }},
		{Column{Key: "p99_s", Title: "p99", Unit: Seconds}, func(l result.Lateness) Cell { return number(l.P99) }},
		{Column{Key: "max_s", Title: "max", Unit: Seconds}, func(l result.Lateness) Cell { return number(l.Max) }},
		{Column{Key: "n", Title: "n", Unit: Count}, func(l result.Lateness) Cell { return count(l.N) }},
	})
}
