package reports

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/internal/storage"
)

// costed returns a point of a series whose transactions register so many keys each.
func costed(series string, repetition, keys int, scale float64) result.Point {
	return result.Point{
		Series: series, Repetition: repetition, Valid: true, Load: result.Load{Kind: result.LoadClosed, Clients: 8}, Throughput: 100,
		Conditions: result.Conditions{Workload: result.PKI, Batch: keys}, ClientCPU: 0.001 * scale,
		CPU: map[string]float64{"client": 0.1}, Roles: map[string]result.Role{"client": result.RoleClient},
		Costs: &result.Costs{
			CPU:   map[result.Role]float64{result.RoleClient: 0.001 * scale, result.RolePeer: 0.004 * scale, result.RoleOrderer: 0.001 * scale},
			Calls: map[result.Call]float64{result.CallEndorse: 1, result.CallSubmit: 1},
			Wire: []result.WireCost{
				{From: result.RoleClient, To: result.RolePeer, Bytes: 4000 * scale, Segments: 2},
				{From: result.RolePeer, To: result.RoleClient, Bytes: 3000 * scale, Segments: 1},
				{From: result.RoleOrderer, To: result.RolePeer, Bytes: 2900 * scale, Segments: 1},
			},
			WirePartial: true,
			Stored: []result.StoredCost{
				{Process: "orderer0", Role: result.RoleOrderer, Part: storage.Blocks, Bytes: 2900, Low: 2900, High: 2900},
				{Process: "orderer0", Role: result.RoleOrderer, Part: storage.Consensus, Bytes: 2900, Low: 2900, High: 2900},
				{Process: "peer0.ptb", Role: result.RolePeer, Part: storage.State, Bytes: 20_000, Low: 0, High: 20_000},
			},
			StoredOver: 1000,
		},
	}
}

// rowCells returns a row's cells by the keys of their columns: a number, the ends of an interval, or a text.
func rowCells(t Table, row int) map[string]any {
	all := map[string]any{}
	for i, c := range t.Columns {
		switch cell := t.Rows[row][i]; {
		case cell.Number != nil:
			all[c.Key] = *cell.Number
		case cell.Interval != nil:
			all[c.Key] = [2]float64{cell.Interval.Low, cell.Interval.High}
		case cell.Text != "":
			all[c.Key] = cell.Text
		}
	}
	return all
}

// What a transaction costs is a row for each level, per key where it is about several, with the parts in tables of their own.
func TestCosts(t *testing.T) {
	r := Build(result.Run{}, result.Summary{Target: result.TargetFabric, Points: []result.Point{
		costed("register", 1, 100, 0.5), costed("register", 2, 100, 1.5), costed("lookup", 1, 0, 1)}})
	costs := tableOf(t, r, "costs")
	if len(costs.Rows) != 2 {
		t.Fatalf("%d rows", len(costs.Rows))
	}
	got := rowCells(costs, 0)
	around, ok := got["wire_client_bytes_interval"].([2]float64)
	if !ok || around[0] >= 7000 || around[1] <= 7000 {
		t.Errorf("interval %v", got["wire_client_bytes_interval"])
	}
	for _, key := range []string{"cpu_client_s_interval", "cpu_nodes_s_interval", "wire_client_bytes_interval", "wire_nodes_bytes_interval", "stored_bytes_interval",
		"stored_key_bytes_interval"} {
		if got[key] == nil {
			t.Errorf("no %s", key)
		}
		delete(got, key)
	}
	want := map[string]any{
		"series": "register", "clients": 8.0, "cpu_client_s": 0.001, "cpu_nodes_s": 0.005, "cpu_peer_s": 0.004, "cpu_orderer_s": 0.001,
		"calls": 2.0, "calls_endorse": 1.0, "calls_submit": 1.0, "wire_client_bytes": 7000.0, "wire_nodes_bytes": 2900.0, "stored_bytes": 22_900.0,
		"keys": 100.0, "stored_key_bytes": 229.0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if i := slices.IndexFunc(costs.Columns, func(c Column) bool { return c.Key == "stored_bytes_interval" }); costs.Rows[1][i].Why != whyOnce {
		t.Errorf("measured once: %+v", costs.Rows[1][i])
	}
	if !slices.Contains(costs.Notes, notes("costs with missing connections")[0]) {
		t.Errorf("notes %q", costs.Notes)
	}

	stored := tableOf(t, r, "costs-stored")
	want = map[string]any{"series": "register", "clients": 8.0, "repetition": 1.0, "process": "peer0.ptb", "part": "state", "bytes": 20_000.0,
		"bytes_key": 200.0, "bytes_settled": [2]float64{0, 20_000}, "transactions": 1000.0}
	if diff := cmp.Diff(want, rowCells(stored, 2)); diff != "" {
		t.Error(diff)
	}
	wire := tableOf(t, r, "costs-wire")
	want = map[string]any{"series": "register", "clients": 8.0, "repetition": 1.0, "from": "client", "to": "peer", "bytes": 2000.0, "bytes_key": 20.0,
		"segments": 2.0}
	if diff := cmp.Diff(want, rowCells(wire, 0)); diff != "" {
		t.Error(diff)
	}
	// The client's CPU is shown once.
	of := tableOf(t, r, "client")
	if i := slices.IndexFunc(of.Columns, func(c Column) bool { return c.Key == "client_cpu_per_commit_s" }); !of.Columns[i].CSVOnly {
		t.Error("the client's CPU is shown twice")
	}
}

// A run that knows no costs, as one of an older version, says nothing of them.
func TestNoCosts(t *testing.T) {
	p := costed("register", 1, 0, 1)
	p.Costs = nil
	r := Build(result.Run{}, result.Summary{Target: result.TargetFabric, Points: []result.Point{p}})
	for _, s := range r.Sections {
		if s.ID == "costs" {
			t.Errorf("section %+v", s)
		}
	}
	of := tableOf(t, r, "client")
	if i := slices.IndexFunc(of.Columns, func(c Column) bool { return c.Key == "client_cpu_per_commit_s" }); of.Columns[i].CSVOnly {
		t.Error("the client's CPU is not shown")
	}
}
