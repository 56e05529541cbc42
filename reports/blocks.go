package reports

import (
	"maps"
	"slices"

	"meterbench/bench/result"
)

// blockTable lists the blocks of every peer, nil where no node reported any.
func blockTable(all []series) []Table {
	if len(rowsWhere(all, func(r pointRow) bool { return r.BlockCut != nil })) == 0 {
		return nil
	}
	cuts := func(n func(result.BlockCut) uint64) func(processRow) Cell {
		return func(r processRow) Cell {
			if r.BlockCut == nil {
				return Cell{}
			}
			return count(n(*r.BlockCut))
		}
	}
	mean := func(of func(result.BlockTimes) float64) func(processRow) Cell {
		return func(r processRow) Cell { return number(of(r.BlockTimes[r.process])) }
	}
	fields := append(processFields(all, "peer"), []field[processRow]{
		{Column{Key: "peer_blocks", Title: "committed", Unit: Count}, func(r processRow) Cell { return count(r.BlockTimes[r.process].Blocks) }},
		{Column{Key: "busy_share", Title: "busy", Unit: Share}, mean(func(b result.BlockTimes) float64 { return b.Busy })},
		{Column{Key: "validate_s", Title: "validate", Unit: Seconds}, mean(func(b result.BlockTimes) float64 { return b.Validate })},
		{Column{Key: "block_commit_s", Title: "commit", Unit: Seconds}, mean(func(b result.BlockTimes) float64 { return b.Commit })},
		{Column{Key: "versions_s", Title: "of which versions", Unit: Seconds}, mean(func(b result.BlockTimes) float64 { return b.Versions })},
		{Column{Key: "store_s", Title: "block store", Unit: Seconds}, mean(func(b result.BlockTimes) float64 { return b.Store })},
		{Column{Key: "state_s", Title: "state", Unit: Seconds}, mean(func(b result.BlockTimes) float64 { return b.State })},
	}...)
	fields = slices.Insert(fields, len(levelFields(all)), []field[processRow]{
		{Column{Key: "cut_count", Title: "cut: full", Unit: Count}, cuts(func(c result.BlockCut) uint64 { return c.Count })},
		{Column{Key: "cut_bytes", Title: "cut: bytes", Unit: Count}, cuts(func(c result.BlockCut) uint64 { return c.Bytes })},
		{Column{Key: "cut_timer", Title: "cut: timer", Unit: Count}, cuts(func(c result.BlockCut) uint64 { return c.Timer })},
		{Column{Key: "cut_config", Title: "cut: configuration", Unit: Count, CSVOnly: true}, cuts(func(c result.BlockCut) uint64 { return c.Config })},
		{Column{Key: "cut_unknown", Title: "cut: unknown", Unit: Count, CSVOnly: true}, cuts(func(c result.BlockCut) uint64 { return c.Unknown })},
	}...)
	rows := processRows(all, func(r pointRow) []string { return slices.Sorted(maps.Keys(r.BlockTimes)) })
	return []Table{tabulate(Table{ID: "blocks", Title: "Blocks", Detail: true, Notes: notes("blocks")}, rows, fields)}
}

// limitTable says what limited each point, nil where the run stored no limits.
func limitTable(all []series) []Table {
	rows := rowsWhere(all, func(r pointRow) bool { return r.Limit.Kind != "" })
	if len(rows) == 0 {
		return nil
	}
	return []Table{tabulate(Table{ID: "limits", Title: "What limited throughput", Detail: true}, rows, append(levelFields(all), []field[pointRow]{
		{Column{Key: "limited_by", Title: "limited by"}, func(r pointRow) Cell { return text(r.Limit.String()) }},
		{Column{Key: "limited_because", Title: "evidence"}, func(r pointRow) Cell { return text(r.LimitedBecause) }},
	}...))}
}
