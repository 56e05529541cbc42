package metroind2020

import (
	"fmt"
	"math"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// The reasons for cells that are absent.
const (
	whyNotMeasured = "not measured in this run"
	whyBatch       = "the meters of a batch wait for each other"
	whyInterval    = "too few windows or transactions for an interval"
)

// cells returns those of a figure and its interval.
func cells(x claims.Estimate) []any {
	absent := math.IsNaN(x.Value)
	return []any{
		claims.Unless(absent, whyNotMeasured, x.Value),
		claims.Unless(absent || x.N == 0, whyInterval, stats.Interval{Low: x.Low, High: x.High}),
	}
}

// columns returns those of a figure and its interval.
func columns(key, title string, unit reports.Unit, rank int) []reports.Column {
	return []reports.Column{{Key: key, Title: title, Unit: unit}, {Key: key + "_interval", Title: "95 % interval", Unit: unit, Interval: true, Rank: rank}}
}

// systemName names a system in a table.
func systemName(s result.System) string {
	if s == result.SystemCA {
		return "CA"
	}
	return "ledger"
}

// sideTable has a row for each operation that the run measured: what one of them costs.
func sideTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "side-by-side", Title: "One operation on the ledger and at a certification authority", Columns: []reports.Column{
		{Key: "system", Title: "system"}, {Key: "operation", Title: "operation"},
		{Key: "clients", Title: "clients", Unit: reports.Count, CSVOnly: true}, {Key: "rate_per_s", Title: "highest rate", Unit: reports.Rate, CSVOnly: true},
	}, Notes: []string{
		"Measured in this run, in turn on the same machine. Time: the mean of one transaction alone, from its intended start to its commit or answer. The rest is " +
			"for one meter or reading, at the load that went fastest, of all processes that take part: peers, contract, orderers or CA and responder, and the client, " +
			"which plays meter and verifier.",
		"Bytes on the wire: of TCP's payload, encrypted, between all processes. Bytes stored: the growth on all disks, copies included, without the log of the " +
			"orderers' consensus, which is cut off again; the interval holds what it comes to once databases have sorted and compressed theirs. Calls: requests that " +
			"the client sends. Ordered operations are those of clients that wait for the commit.",
	}}
	for i, c := range currencies() {
		both := columns(c.key, c.name, c.unit, i+1)
		both[1].CSVOnly = c.unit == reports.Plain // calls are known without doubt, or nearly so
		t.Columns = append(t.Columns, both...)
	}
	t.Columns = append(t.Columns,
		reports.Column{Key: "cpu_client_s", Title: "CPU time, client", Unit: reports.Seconds, CSVOnly: true},
		reports.Column{Key: "cpu_servers_s", Title: "CPU time, servers", Unit: reports.Seconds, CSVOnly: true})
	for _, o := range operations() {
		m, ok := o.find(e)
		if !ok {
			continue
		}
		row := []any{systemName(m.system), operationName(m), m.loaded.Load.Clients, m.loaded.Throughput().Value * m.perTransaction()}
		for _, c := range currencies() {
			if c.isTime && m.perTransaction() > 1 {
				row = append(row, claims.Unless(true, whyBatch, ""), claims.Unless(true, whyBatch, ""))
				continue
			}
			row = append(row, cells(c.of(m))...)
		}
		row = append(row, cells(m.cpuOfClient())[0], cells(m.cpuOfServers())[0])
		t.Rows = append(t.Rows, claims.Row(row...))
	}
	return t
}

// operationName names an operation, with the keys of a transaction where there are several.
func operationName(m measured) string {
	if n := m.perTransaction(); n > 1 {
		return fmt.Sprintf("register keys, %g in a transaction", n)
	}
	return m.name
}

// publishedTable sets the publication's own contract and client beside ours.
func publishedTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "published-form", Title: "The published contract and client", Detail: true, Columns: []reports.Column{
		{Key: "contract", Title: "contract"}, {Key: "operation", Title: "operation"}, {Key: "topology", Title: "topology"},
		{Key: "batch", Title: "batch"}, {Key: "clients", Title: "clients", Unit: reports.Count}, {Key: "think_s", Title: "think time", Unit: reports.Seconds},
	}, Notes: []string{"blockmeter has the shape of the publication's contract, and its client's threads are these clients: each has meters of its own, thinks " +
		"between transactions, and takes the acknowledgement for the latency. Published figures: " + notAvailable + "."}}
	t.Columns = append(t.Columns, columns("throughput_per_s", "throughput", reports.PerSecond, 2)...)
	t.Columns = append(t.Columns, columns("acknowledge_s", "acknowledgement", reports.Seconds, 1)...)
	t.Columns = append(t.Columns, columns("commit_s", "commit", reports.Seconds, 3)...)
	for _, s := range e.Question(publishedQuestion) {
		for _, l := range s.Levels {
			c := s.Conditions
			batch := fmt.Sprintf("%d / %s", c.BatchMessages, reports.Seconds.Tick(c.BatchTimeout))
			row := []any{c.Contract, string(c.Operation), c.Topology, batch, l.Load.Clients, l.Load.Think}
			for _, x := range []claims.Estimate{known(l.Throughput()), latency(l, result.PartAcknowledge), latency(l, result.PartCommit)} {
				row = append(row, cells(x)...)
			}
			t.Rows = append(t.Rows, claims.Row(row...))
		}
	}
	return t
}

// floorTable shows how near verification by query comes to what it cannot do without.
func floorTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "verify-floor", Title: "Verification by query against its floor", Detail: true, Columns: []reports.Column{
		{Key: "clients", Title: "clients", Unit: reports.Count}, {Key: "verify_per_s", Title: "verified", Unit: reports.Rate},
		{Key: "evaluate_per_s", Title: "looked up", Unit: reports.Rate}, {Key: "p256_s", Title: "verify and sign", Unit: reports.Seconds},
		{Key: "allowed_per_s", Title: "allowed", Unit: reports.Rate},
	}, Notes: []string{fmt.Sprintf("Allowed: 1 / (1/R + (V + S) / min(N, C)), where R is the rate of lookups, which are the same call without the "+
		"verification, V and S the times of one P-256 verification and of the meter's signature alone, N the clients and C the cores. What is asked for is at "+
		"least %g of it.", floorShare)}}
	t.Columns = append(t.Columns, columns("share", "of it reached", reports.Share, 1)...)
	t.Columns = append(t.Columns, reports.Column{Key: "verdict", Title: "verdict"})
	for _, f := range floors(e) {
		row := []any{f.clients, f.rate.Value, f.evaluate.Value, f.added, f.allowed.Value}
		row = append(append(row, cells(f.share)...), string(claims.AtLeast(floorShare).Standing(f.share)))
		t.Rows = append(t.Rows, claims.Row(row...))
	}
	return t
}
