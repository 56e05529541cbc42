package reports

import (
	"fmt"
	"strings"
	"testing"
)

func TestSpreadOfSearches(t *testing.T) {
	run, sum := fixture(t)
	sum.Saturation[0].Spread, sum.Saturation[0].SpreadNormalised, sum.Saturation[0].Repetitions = 0.083, 0.021, 6
	r := Build(run, sum)
	if rows := printed(tableOf(t, r, "saturation")); !strings.Contains(rows, "spread_share=0.083 spread_normalised_share=0.021 repetitions=6 \n") {
		t.Errorf("%s", rows)
	}
	f, _ := finding(r, "Saturation, "+sum.Saturation[0].Series)
	if want := "Repeated measurements there differ by 8.30 % (coefficient of variation), or by 2.10 % with the machine's own speed factored out."; !strings.Contains(f.Text, want) {
		t.Errorf("%q", f.Text)
	}
	if rows := printed(tableOf(t, Build(fixture(t)), "saturation")); strings.Contains(rows, "spread") {
		t.Errorf("a run without repeated searches: %s", rows)
	}
}

func TestSmallestOverload(t *testing.T) {
	run, sum := fixture(t)
	sum.Saturation[0].SmallestOverload = 0.016
	f, _ := finding(Build(run, sum), "Saturation, "+sum.Saturation[0].Series)
	if want := "One load's tries show an overload from 1.60 % on."; !strings.Contains(f.Text, want) {
		t.Errorf("%q", f.Text)
	}
}

// printed is a table's cells in words, a row per line.
func printed(t Table) string {
	var b strings.Builder
	for _, row := range t.Rows {
		for i, cell := range row {
			switch {
			case cell.Number != nil:
				fmt.Fprintf(&b, "%s=%.4g ", t.Columns[i].Key, *cell.Number)
			case cell.Text != "":
				fmt.Fprintf(&b, "%s=%s ", t.Columns[i].Key, cell.Text)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
