package reports

import (
	"fmt"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// Calibration reports on a calibration of the harness.
func Calibration(c result.Calibration) Report {
	return Report{
		Scenario: "Calibration of this machine's harness on a simulated ledger of known service times",
		Complete: true, Started: c.Calibrated, Ended: c.Calibrated.Add(time.Duration(c.Took * float64(time.Second))),
		Findings: calibrationFindings(c),
		Sections: []Section{{
			ID: "calibration", Title: "Calibration",
			Tables: []Table{
				deviationTable("latency", "Commit latency, Poisson load", "quantile", "_s", Seconds, c.Latency),
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
	verdict := func(within bool) Verdict {
		if within {
			return Good
		}
		return Bad
	}
	fs := []Finding{
		{"Latency", "off by " + Seconds.Format(i.LatencyError) + " at most", "Measured from the intended start against the ledger's own log of the same transactions; tolerated are 1 % or 1 ms, whichever is more.", verdict(allWithin(c.Latency))},
		{"Capacity", "off by " + Share.Format(i.CapacityError) + " at most", "Throughput of an overloaded ledger against what its service times allow, or its log has; tolerated are 3 %.", verdict(allWithin(c.Capacity))},
		{"Counts", "exact", "A stall shows in all transactions that were due in it, and outcomes are those of the ledger's own log.", verdict(allWithin(c.Counts))},
		{"Schedule", "p99 " + Seconds.Format(i.LagP99) + " late at 1,000/s", "Schedule lag of a constant load on a ledger that takes no time; limits are in the table.", Good},
	}
	if !allWithin(c.Counts) {
		fs[2].Value = "not as they must be"
	}
	for _, p := range c.Lag {
		if !p.Within() {
			fs[3].Verdict = Bad
		}
	}
	if fs[3].Verdict == Bad || fs[0].Verdict == Bad {
		fs = append(fs, Finding{"Advice", "calibrate again on an idle machine",
			fmt.Sprintf("Meanwhile other processes used %s and the hypervisor took %s: that delays the harness as it delays everybody, and measurements taken now would be off as much.",
				Cores.Format(c.Other), Cores.Format(c.Steal)), Caution})
	}
	return fs
}

func allWithin(all []result.Deviation) bool {
	for _, d := range all {
		if !d.Within() {
			return false
		}
	}
	return true
}

// deviationTable sets what was measured against what is true.
func deviationTable(id, title, what, suffix string, unit Unit, all []result.Deviation) Table {
	t := Table{ID: "calibration-" + id, Title: title, Columns: []Column{
		{Key: "what", Title: what},
		{Key: "true" + suffix, Title: "true", Unit: unit},
		{Key: "measured" + suffix, Title: "measured", Unit: unit},
		{Key: "error" + suffix, Title: "error", Unit: unit},
		{Key: "error" + suffix + "_interval", Title: "95 % interval", Unit: unit, Interval: true, Rank: 1},
		{Key: "limit" + suffix, Title: "limit", Unit: unit},
		{Key: "verdict", Title: "verdict"},
	}}
	for _, d := range all {
		interval := Cell{}
		if d.Low != nil && d.High != nil {
			interval.Interval = &stats.Interval{Low: *d.Low, High: *d.High}
		}
		t.Rows = append(t.Rows, []Cell{text(d.What), number(d.True), number(d.Measured), number(d.Error()), interval, number(d.Limit), text(withinText(d.Within()))})
	}
	return t
}

func lagTable(all []result.Punctuality) Table {
	t := Table{ID: "calibration-lag", Title: "Schedule lag", Columns: []Column{
		{Key: "offered_per_s", Title: "constant load", Unit: PerSecond},
		{Key: "p50_s", Title: "p50", Unit: Seconds},
		{Key: "p99_s", Title: "p99", Unit: Seconds},
		{Key: "max_s", Title: "max", Unit: Seconds},
		{Key: "dropped", Title: "dropped", Unit: Count},
		{Key: "cpu_cores", Title: "CPU, reference included", Unit: Cores, Rank: 1},
		{Key: "limit_s", Title: "limit of p99", Unit: Seconds},
		{Key: "cpu_cores_limit", Title: "limit of CPU", Unit: Cores, Rank: 1},
		{Key: "verdict", Title: "verdict"},
	}}
	for _, p := range all {
		cores := Cell{} // there is no limit
		if p.CoresLimit > 0 {
			cores = number(p.CoresLimit)
		}
		t.Rows = append(t.Rows, []Cell{number(p.Rate), number(p.P50), number(p.P99), number(p.Max), count(p.Dropped), number(p.Cores), number(p.Limit), cores, text(withinText(p.Within()))})
	}
	return t
}

func timerTable(all []result.Lateness) Table {
	t := Table{ID: "calibration-timers", Title: "Wake-ups at random times up to 5 ms: how late", Columns: []Column{
		{Key: "clock", Title: "woken by"},
		{Key: "p50_s", Title: "p50", Unit: Seconds},
		{Key: "p99_s", Title: "p99", Unit: Seconds},
		{Key: "max_s", Title: "max", Unit: Seconds},
		{Key: "n", Title: "n", Unit: Count},
	}}
	for _, l := range all {
		t.Rows = append(t.Rows, []Cell{text(l.Clock), number(l.P50), number(l.P99), number(l.Max), count(l.N)})
	}
	return t
}

func withinText(within bool) string {
	if within {
		return "within"
	}
	return "BEYOND"
}
