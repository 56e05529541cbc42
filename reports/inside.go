package reports

import (
	"maps"
	"slices"

	"meterbench/bench/result"
)

// orderCommit is drawn where nothing tells of its parts.
var orderCommit = part{"order_commit", "order + commit", hueOrderer, 0, unsplit}

// blockParts split "order + commit" where the nodes tell of it.
var blockParts = [...]part{
	{"wait_cut", "wait for the block's cut", hueOrderer, 0, blockMean(result.PartWaitCut)},
	{"deliver", "deliver: until the peer takes the block up", hueOrderer, 1, blockMean(result.PartDeliver)},
	{"validate", "validate: signatures and policies", huePeer, 1, blockMean(result.PartValidate)},
	{"state_commit", "commit: block and state", huePeer, 2, blockMean(result.PartStateCommit)},
	{"notify", "notify: to the client", hueClient, 2, blockMean(result.PartNotify)},
}

func blockMean(phase result.BlockPart) func(result.Point) (float64, bool) {
	return func(p result.Point) (float64, bool) {
		q := p.Latency[phase.String()]
		return q.Mean, q.N > 0
	}
}

// unsplit is the mean of "order + commit" where its parts are not known.
func unsplit(p result.Point) (float64, bool) {
	if _, split := blockMean(result.PartWaitCut)(p); split {
		return 0, false
	}
	return phaseMean(result.PartOrderCommit)(p)
}

// anyPoint reports whether a point of any series is like that.
func anyPoint(all []series, is func(result.Point) bool) (any bool) {
	eachPoint(all, func(_ series, _ level, p result.Point) { any = any || is(p) })
	return any
}

// blockTable tells of blocks by peer, nil where no node did.
func blockTable(all []series) []Table {
	if !anyPoint(all, func(p result.Point) bool { return p.BlockCut != nil }) {
		return nil
	}
	t := Table{ID: "blocks", Title: "Blocks", Detail: true}
	t.Columns = append(levelColumns(all),
		Column{Key: "cut_count", Title: "cut: full", Unit: Count},
		Column{Key: "cut_bytes", Title: "cut: bytes", Unit: Count},
		Column{Key: "cut_timer", Title: "cut: timer", Unit: Count},
		Column{Key: "cut_config", Title: "cut: configuration", Unit: Count, CSVOnly: true},
		Column{Key: "cut_unknown", Title: "cut: not told", Unit: Count, CSVOnly: true},
		Column{Key: "peer", Title: "peer"},
		Column{Key: "peer_blocks", Title: "committed", Unit: Count},
		Column{Key: "busy_share", Title: "busy", Unit: Share},
		Column{Key: "validate_s", Title: "validate", Unit: Seconds},
		Column{Key: "block_commit_s", Title: "commit", Unit: Seconds},
		Column{Key: "versions_s", Title: "of it: versions", Unit: Seconds},
		Column{Key: "store_s", Title: "block store", Unit: Seconds},
		Column{Key: "state_s", Title: "state", Unit: Seconds})
	eachPoint(all, func(s series, _ level, p result.Point) {
		cut := p.BlockCut
		for _, peer := range slices.Sorted(maps.Keys(p.BlockTimes)) {
			b := p.BlockTimes[peer]
			row := levelCells(all, s, p)
			if cut == nil {
				row = append(row, Cell{}, Cell{}, Cell{}, Cell{}, Cell{})
			} else {
				row = append(row, count(cut.Count), count(cut.Bytes), count(cut.Timer), count(cut.Config), count(cut.Unknown))
			}
			t.Rows = append(t.Rows, append(row, text(peer), count(b.Blocks), number(b.Busy),
				number(b.Validate), number(b.Commit), number(b.Versions), number(b.Store), number(b.State)))
		}
	})
	t.Notes = []string{
		"cut: how many blocks the orderer ended within the window because they held as many transactions as allowed, because the next one would have made them too large, or because the batch timer ran out.",
		"busy: share of the window in which the peer validated or committed a block, of its busiest channel where there are several: it takes those of a channel one by one. Times are means per block, from the nodes' logs. The parts of the commit are logged in whole milliseconds, rounded down.",
	}
	return []Table{t}
}

// limitTable says what limited each point, nil where nobody judged.
func limitTable(all []series) []Table {
	if !anyPoint(all, func(p result.Point) bool { return p.LimitedBy != "" }) {
		return nil
	}
	t := Table{ID: "limits", Title: "What limited throughput", Detail: true}
	t.Columns = append(levelColumns(all), Column{Key: "limited_by", Title: "limited by"}, Column{Key: "limited_because", Title: "evidence"})
	eachPoint(all, func(s series, _ level, p result.Point) {
		if p.LimitedBy != "" {
			t.Rows = append(t.Rows, append(levelCells(all, s, p), text(p.LimitedBy), text(p.LimitedBecause)))
		}
	})
	return []Table{t}
}
