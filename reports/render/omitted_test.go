package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/reports"
)

// Omitted columns of one title, as the intervals of several, are named once.
func TestOmitted(t *testing.T) {
	table := reports.Table{Columns: []reports.Column{
		{Key: "throughput", Title: "throughput"}, {Key: "ratio_interval", Title: "95 % interval", Rank: 2}, {Key: "cpu", Title: "orderers' CPU", Rank: 1},
		{Key: "cpu_interval", Title: "95 % interval", Rank: 2},
	}, Rows: [][]reports.Cell{{{Text: "a"}, {Text: "b"}, {Text: "c"}, {Text: "d"}}}}
	got := omitted(table, func(c reports.Column) bool { return c.Rank == 0 })
	if diff := cmp.Diff([]string{"95 % interval (2 columns)", "orderers' CPU"}, got); diff != "" {
		t.Error(diff)
	}
}
