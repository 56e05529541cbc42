package reports

import (
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// A series of which even the lowest load failed has no load to name.
func TestNoLoadKeptUpWith(t *testing.T) {
	s := series{name: "a", determined: true, saturation: result.Saturation{Series: "a", Method: "no offered load was kept up with"}}
	if f := saturationFinding(s); f.Value != "below all loads" || f.Verdict != Caution {
		t.Errorf("finding %v", f)
	}
}

// That a figure has no interval is shown in its place, and is no reservation about the point.
func TestMissingIntervalsAreNoReservation(t *testing.T) {
	p := result.Point{Valid: true, Notices: []result.Warning{{Code: stats.FewBatches}, {Code: stats.Correlated}, {Code: stats.TooWide}}}
	if got := validity(p); got != "valid" {
		t.Errorf("without intervals: %s", got)
	}
	p.Notices = append(p.Notices, result.Warning{Code: result.FewBlocks})
	if got := validity(p); got != "flagged" {
		t.Errorf("with few blocks: %s", got)
	}
}
