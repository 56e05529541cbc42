package reports

import (
	"slices"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

func TestPhasesTogether(t *testing.T) {
	phase := func(name string, start, hold float64, load result.Load, throughput float64) result.Point {
		p50 := 0.1
		return result.Point{
			Series: "day/" + name, Repetition: 1, Valid: true, Load: load, Phase: &result.LoadPhase{Group: "day", Start: start, From: start + 2, Hold: hold, Bin: 2, Rates: []float64{throughput - 1, throughput + 1}},
			Window: hold - 2, Throughput: throughput, Scheduled: 100, Outcomes: map[string]uint64{"valid": 98, "dropped": 2},
			Conditions: result.Conditions{Workload: "plain", Length: 1, Wait: "commit"},
			Latency:    map[string]stats.Quantiles{"commit": {P50: &p50, Mean: 0.1, N: 98}},
		}
	}
	sum := result.Summary{Complete: true, Points: []result.Point{
		{Series: "alone", Repetition: 1, Valid: true, Load: result.Load{Kind: result.LoadClosed, Clients: 1}},
		phase("burst", 10, 12, result.Load{Kind: result.LoadClosed, Clients: 8}, 40),
		phase("base", 0, 30, result.Load{Kind: result.LoadOpen, Offered: 10}, 9.8),
	}}
	r := Build(result.Run{}, sum)
	if got, want := printed(tableOf(t, r, "phases-together")),
		"level=day phase=day/base start_s=0 hold_s=30 load=10/s transaction=plain, 1 values throughput_per_s=9.8 valid_share=0.98 latency_p50_s=0.1 \n"+
			"level=day phase=day/burst start_s=10 hold_s=12 load=8 clients transaction=plain, 1 values throughput_per_s=40 valid_share=0.98 latency_p50_s=0.1 \n"; got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	f := figure(t, r, "timeline-day")
	if len(f.Series) != 2 || f.Alt == "" {
		t.Fatalf("%d lines, described as %q", len(f.Series), f.Alt)
	}
	// From the end of the warm-up on, in the middle of each span.
	for i, want := range [][]Point{{{X: 3, Y: 8.8}, {X: 5, Y: 10.8}}, {{X: 13, Y: 39}, {X: 15, Y: 41}}} {
		if !slices.Equal(f.Series[i].Points, want) {
			t.Errorf("%s: %v, want %v", f.Series[i].Name, f.Series[i].Points, want)
		}
	}
	if alone := Build(result.Run{}, result.Summary{Points: sum.Points[:1]}); slices.ContainsFunc(alone.Tables(), func(t Table) bool { return t.ID == "phases-together" }) {
		t.Error("a run without phases has a table of them")
	}
}
