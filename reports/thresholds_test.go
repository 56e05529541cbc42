package reports

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// Thresholds of unlike units stand in one table, each in its own, with how they were decided.
func TestThresholds(t *testing.T) {
	number := func(v float64) *float64 { return &v }
	closed := result.Load{Kind: result.LoadClosed, Clients: 8}
	all := []result.Threshold{
		{Expression: "commit.p99 < 2s", Series: "plain", Load: closed, Value: number(1.5), Low: number(1.4), High: number(1.6), Limit: number(2), Unit: "s",
			Verdict: result.ThresholdMet, Met: true},
		{Expression: "client.cpu_per_commit < 10 sig", Series: "plain", Load: closed, Value: number(12), Limit: number(10), Unit: "sig", Verdict: result.ThresholdMissed},
		{Expression: "series a / series b > 0.5", Series: "a", Load: closed, Value: number(0.51), Low: number(0.48), High: number(0.55), Limit: number(0.5),
			Verdict: result.ThresholdUndecided, Met: true},
		{Expression: "throughput > 100/s strict", Strict: true, Series: "a", Load: closed, Value: number(110), Low: number(90), High: number(130), Limit: number(100),
			Unit: "tx/s", Verdict: result.ThresholdUndecided},
		{Expression: "valid.share > 99 % strict", Strict: true, Series: "a", Load: closed, Value: number(1), Limit: number(0.99), Unit: "share",
			Verdict: result.ThresholdUndecided, Reason: result.ThresholdNoInterval},
		{Expression: "throughput > 1/s", Series: "searched", Limit: number(1), Unit: "tx/s", Verdict: result.ThresholdMissed, Reason: result.ThresholdNotMeasured},
	}
	r := Build(result.Run{}, result.Summary{Thresholds: all})
	var got [][]string
	for _, table := range r.Tables() {
		if table.ID != "thresholds" {
			continue
		}
		for _, row := range table.Rows {
			var cells []string
			for i, c := range table.Columns {
				if !c.CSVOnly && c.Key != "expression" {
					cells = append(cells, row[i].Text)
				}
			}
			got = append(got, cells)
		}
	}
	want := [][]string{
		{"plain", "8 clients", "1.50 s (1.40 to 1.60)", "2.00 s", "met"},
		{"plain", "8 clients", "12.0 sig", "10.0 sig", "missed"},
		{"a", "8 clients", "0.510 (0.480 to 0.550)", "0.500", "met: likely"},
		{"a", "8 clients", "110 tx/s (90.0 to 130)", "100 tx/s", "missed: undecided, strict"},
		{"a", "8 clients", "100 %", "99.0 %", "missed: no interval, strict"},
		{"searched", "", "", "1.00 tx/s", "missed: not measured"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	finding := r.Findings[0]
	if finding.Subject != "Thresholds" || finding.Value != "2 of 6 met" || finding.Verdict != Bad {
		t.Errorf("%+v", finding)
	}
	if r := Build(result.Run{}, result.Summary{}); r.Findings[0].Subject == "Thresholds" {
		t.Error("a finding about nothing")
	}
}
