package reports

import (
	"maps"
	"math"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// costsSection says what a transaction took, nil where no point knows.
func costsSection(all []series) []Section {
	if len(rowsWhere(all, func(r pointRow) bool { return r.Costs != nil })) == 0 {
		return nil
	}
	return []Section{{
		ID: "costs", Title: "What a transaction costs", Intro: intro("section costs"),
		Tables: []Table{costTable(all), wireTable(all), storedTable(all)},
	}}
}

// A costRow is a level as a row of a table of costs.
type costRow struct {
	of    series
	level level
}

// keyed reports whether any transaction is about several keys.
func keyed(all []series) bool {
	return slices.ContainsFunc(all, func(s series) bool { return s.conditions.KeysEach() > 1 })
}

// costTable has a row for each load level, with the means over its repetitions.
func costTable(all []series) Table {
	var rows []costRow
	for _, s := range all {
		for _, l := range s.levels {
			if slices.ContainsFunc(l.points, func(p result.Point) bool { return p.Costs != nil }) {
				rows = append(rows, costRow{s, l})
			}
		}
	}
	fields := []field[costRow]{{Column{Key: "series", Title: "series"}, func(r costRow) Cell { return text(r.of.name) }}}
	for _, f := range []struct {
		kind result.LoadKind
		field[costRow]
	}{
		{result.LoadClosed, field[costRow]{Column{Key: "clients", Title: "clients", Unit: Count},
			func(r costRow) Cell {
				return optional(float64(r.level.load.Clients), r.level.load.Kind != result.LoadOpen)
			}}},
		{result.LoadOpen, field[costRow]{Column{Key: "offered_per_s", Title: "offered", Unit: PerSecond},
			func(r costRow) Cell { return optional(r.level.load.Offered, r.level.load.Kind == result.LoadOpen) }}},
	} {
		if slices.Contains(kinds(all), f.kind) {
			fields = append(fields, f.field)
		}
	}
	add := func(c Column, of measure) {
		fields = append(fields, field[costRow]{c, func(r costRow) Cell {
			values := r.level.values(of)
			return optional(stats.Mean(values), len(values) > 0)
		}})
		if c.Rank > 0 || !repeated(all) {
			return
		}
		c.Key, c.Title, c.Interval, c.Rank = c.Key+"_interval", "95 % interval", true, 3
		fields = append(fields, field[costRow]{c, func(r costRow) Cell {
			return interval(stats.MeanInterval(r.level.values(of)).Within(0, math.Inf(1)), whyOnce)
		}})
	}
	add(Column{Key: "cpu_client_s", Title: "CPU: client", Unit: Seconds}, cpuOfRoles(client))
	add(Column{Key: "cpu_nodes_s", Title: "CPU: nodes", Unit: Seconds}, cpuOfRoles(node))
	for _, one := range roles {
		if node(one.Role) {
			add(Column{Key: "cpu_" + string(one.Role) + "_s", Title: "CPU: " + one.name, Unit: Seconds, Rank: 4},
				cpuOfRoles(func(r result.Role) bool { return r == one.Role }))
		}
	}
	add(Column{Key: "calls", Title: "client's calls", Unit: Plain, Rank: 1}, allCalls)
	for _, call := range result.Calls() {
		add(Column{Key: "calls_" + string(call), Title: string(call), Unit: Plain, Rank: 5, CSVOnly: true}, callsOf(call))
	}
	add(Column{Key: "wire_client_bytes", Title: "wire: client", Unit: Bytes}, wireOf(func(w result.WireCost) bool { return client(w.From) || client(w.To) }))
	add(Column{Key: "wire_nodes_bytes", Title: "wire: among nodes", Unit: Bytes}, wireOf(func(w result.WireCost) bool { return node(w.From) && node(w.To) }))
	add(Column{Key: "stored_bytes", Title: "stored", Unit: Bytes}, storedBytes)
	t := Table{ID: "costs", Title: "What a transaction costs", Notes: notes("costs")}
	if keyed(all) {
		fields = append(fields, field[costRow]{Column{Key: "keys", Title: "keys", Unit: Count, Rank: 2},
			func(r costRow) Cell { return count(r.of.conditions.KeysEach()) }})
		add(Column{Key: "stored_key_bytes", Title: "stored per key", Unit: Bytes}, func(p result.Point) (float64, bool) {
			v, ok := storedBytes(p)
			return v / float64(p.Conditions.KeysEach()), ok
		})
	}
	if len(rowsWhere(all, func(r pointRow) bool { return r.Costs != nil && r.Costs.WirePartial })) > 0 {
		t.Notes = append(t.Notes, notes("costs with missing connections")...)
	}
	return tabulate(t, rows, fields)
}

// whyOnce is why a mean over repetitions has no interval.
const whyOnce = "measured once: repeat for an interval"

func client(r result.Role) bool { return r == result.RoleClient }

// node reports whether a role is that of processes that answer the client. The device makes readings for it.
func node(r result.Role) bool {
	return !client(r) && r != result.RoleOther && r != result.RoleSteal
}

// cpuOfRoles measures the processors' time of some roles together.
func cpuOfRoles(in func(result.Role) bool) measure {
	return func(p result.Point) (sum float64, ok bool) {
		if p.Costs == nil {
			return 0, false
		}
		for _, role := range slices.Sorted(maps.Keys(p.Costs.CPU)) {
			if in(role) {
				sum, ok = sum+p.Costs.CPU[role], true
			}
		}
		return sum, ok
	}
}

func callsOf(call result.Call) measure {
	return func(p result.Point) (float64, bool) {
		if p.Costs == nil {
			return 0, false
		}
		n, ok := p.Costs.Calls[call]
		return n, ok
	}
}

func allCalls(p result.Point) (sum float64, ok bool) {
	for _, call := range result.Calls() {
		n, made := callsOf(call)(p)
		sum, ok = sum+n, ok || made
	}
	return sum, ok
}

// wireOf measures the bytes of some ways together.
func wireOf(in func(result.WireCost) bool) measure {
	return func(p result.Point) (sum float64, ok bool) {
		if p.Costs == nil {
			return 0, false
		}
		for _, w := range p.Costs.Wire {
			if in(w) {
				sum, ok = sum+w.Bytes, true
			}
		}
		return sum, ok
	}
}

// storedBytes measures the growth of all that stays.
func storedBytes(p result.Point) (sum float64, ok bool) {
	if p.Costs == nil {
		return 0, false
	}
	sum, _, _, ok = p.Costs.Stays()
	return sum, ok
}

// A detailRow is one of several costs of a point as a row of a table.
type detailRow[T any] struct {
	pointRow
	cost T
}

// detailTable has a row for each of several costs of the points, with what they are per key where transactions are about
// several.
func detailTable[T any](all []series, t Table, of func(result.Costs) []T, bytes func(T) float64, fields, more []field[detailRow[T]]) Table {
	var rows []detailRow[T]
	for _, r := range rowsWhere(all, func(r pointRow) bool { return r.Costs != nil }) {
		for _, c := range of(*r.Costs) {
			rows = append(rows, detailRow[T]{r, c})
		}
	}
	var first []field[detailRow[T]]
	for _, f := range levelFields(all) {
		first = append(first, field[detailRow[T]]{f.Column, func(r detailRow[T]) Cell { return f.Cell(r.pointRow) }})
	}
	fields = append(fields, field[detailRow[T]]{Column{Key: "bytes", Title: "bytes", Unit: Bytes}, func(r detailRow[T]) Cell { return number(bytes(r.cost)) }})
	if keyed(all) {
		fields = append(fields, field[detailRow[T]]{Column{Key: "bytes_key", Title: "per key", Unit: Bytes},
			func(r detailRow[T]) Cell { return number(bytes(r.cost) / float64(r.Conditions.KeysEach())) }})
	}
	t.Detail = true
	return tabulate(t, rows, slices.Concat(first, fields, more))
}

// wireTable has a row for each way between processes of two roles.
func wireTable(all []series) Table {
	t := Table{ID: "costs-wire", Title: "Bytes on the wire per transaction", Notes: notes("costs on the wire")}
	return detailTable(all, t, func(c result.Costs) []result.WireCost { return c.Wire }, func(w result.WireCost) float64 { return w.Bytes },
		[]field[detailRow[result.WireCost]]{
			{Column{Key: "from", Title: "from"}, func(r detailRow[result.WireCost]) Cell { return text(string(r.cost.From)) }},
			{Column{Key: "to", Title: "to"}, func(r detailRow[result.WireCost]) Cell { return text(string(r.cost.To)) }},
		}, []field[detailRow[result.WireCost]]{
			{Column{Key: "segments", Title: "segments", Unit: Plain}, func(r detailRow[result.WireCost]) Cell { return number(r.cost.Segments) }},
		})
}

// storedTable has a row for each part of what a process keeps.
func storedTable(all []series) Table {
	t := Table{ID: "costs-stored", Title: "Bytes stored per transaction", Notes: notes("costs on the disk")}
	return detailTable(all, t, func(c result.Costs) []result.StoredCost { return c.Stored }, func(s result.StoredCost) float64 { return s.Bytes },
		[]field[detailRow[result.StoredCost]]{
			{Column{Key: "process", Title: "process"}, func(r detailRow[result.StoredCost]) Cell { return text(r.cost.Process) }},
			{Column{Key: "part", Title: "part"}, func(r detailRow[result.StoredCost]) Cell { return text(string(r.cost.Part)) }},
		}, []field[detailRow[result.StoredCost]]{
			{Column{Key: "bytes_settled", Title: "once settled", Unit: Bytes, Interval: true}, func(r detailRow[result.StoredCost]) Cell {
				if r.cost.Low == r.cost.High {
					return Cell{}
				}
				return Cell{Interval: &stats.Interval{Low: r.cost.Low, High: r.cost.High}}
			}},
			{Column{Key: "transactions", Title: "transactions", Unit: Count}, func(r detailRow[result.StoredCost]) Cell { return count(r.Costs.StoredOver) }},
		})
}
