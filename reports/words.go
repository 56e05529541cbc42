package reports

import (
	"fmt"
	"slices"
	"strings"
)

// names are those of the series of a figure.
func names(series []Series) []string {
	var all []string
	for _, s := range series {
		all = append(all, s.Name)
	}
	return all
}

// fewOf keeps the first few items and counts the others.
func fewOf(items []string) []string {
	const few = 6
	if len(items) <= few+1 {
		return items
	}
	return append(slices.Clone(items[:few]), fmt.Sprintf("%d more", len(items)-few))
}

// listed writes items as a list in a sentence.
func listed(items []string) string {
	switch last := len(items) - 1; last {
	case -1:
		return "no series"
	case 0:
		return items[0]
	default:
		return strings.Join(items[:last], ", ") + " and " + items[last]
	}
}
