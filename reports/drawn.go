package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
)

// mostDrawn is the number of series of a kind of load that figures draw: a reader compares no more, and each takes its time
// and memory. Tables have all.
const mostDrawn = 4 * mostPanels

// drawn returns the series that figures draw: all of each kind of load, or mostDrawn of them evenly over their order.
func drawn(all []series) (kept []series) {
	for _, kind := range kinds(all) {
		kept = append(kept, evenly(ofKind(all, kind), mostDrawn)...)
	}
	return kept
}

// evenly returns all items, or so many of them evenly over their order, the first and the last among them.
func evenly[T any](items []T, most int) []T {
	if len(items) <= most {
		return items
	}
	kept := make([]T, most)
	for i := range kept {
		kept[i] = items[i*(len(items)-1)/(most-1)]
	}
	return kept
}

// omission says which series of a kind of load the figures omit, nil where they draw all.
func omission(all []series, kind result.LoadKind) []string {
	n := len(ofKind(all, kind))
	if n <= mostDrawn {
		return nil
	}
	return []string{fmt.Sprintf("Drawn are %d of %d series, evenly over their order; the tables have all.", mostDrawn, n)}
}

// omissions says the same of all kinds of load.
func omissions(all []series) (said []string) {
	for _, kind := range kinds(all) {
		said = append(said, omission(all, kind)...)
	}
	return slices.Compact(said)
}
