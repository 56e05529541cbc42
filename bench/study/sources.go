package study

import (
	"slices"

	"meterbench/bench/result"
)

// sourcesOver returns where peers pulled blocks at the begin of a level, and which of them pulled from others at its end.
func sourcesOver(begin, end []result.BlockSource) (all []result.BlockSource) {
	for _, s := range begin {
		s.Changed = !slices.Contains(end, s)
		all = append(all, s)
	}
	return all
}
