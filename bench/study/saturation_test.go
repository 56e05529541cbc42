package study

import (
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
)

// One server with a delay before it: no law is its own, but one bends as it does. Six levels do not show that kappa is
// above 0, so that it is Amdahl's, whose interval holds the throughput of one client.
func TestScale(t *testing.T) {
	o := conduct(t, series(closed("a", 21*time.Second, 1, 2, 3, 4, 8, 16)), newSite(), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	got := o.summary.Saturation[0]
	if got.USL == nil || got.USLReason != "" {
		t.Fatalf("no scaling law: %q", got.USLReason)
	}
	if got.USL.Sigma <= 0 {
		t.Errorf("sigma is %g", got.USL.Sigma)
	}
	equal(t, "law", result.Amdahl, got.USL.Law)
	equal(t, "residuals", 6, len(got.USL.Residuals))
	between(t, "the throughput of one client", 1/0.0237, got.USL.LambdaInterval.Low, got.USL.LambdaInterval.High)
}

func TestScaleIsNotApplicable(t *testing.T) {
	law := func(change func(i int, p *result.Point)) result.Saturation {
		var points []result.Point
		for i, n := range []int{1, 2, 4, 8, 16, 32} {
			p := result.Point{Valid: true, Load: result.Load{Kind: "closed", Clients: n}, Scheduled: 100, Outcomes: map[string]uint64{"valid": 99},
				Throughput: 100 * float64(n) / (1 + 0.05*float64(n-1) + 0.001*float64(n*(n-1)))}
			change(i, &p)
			points = append(points, p)
		}
		var found result.Saturation
		scale(&found, points)
		return found
	}
	found := law(func(int, *result.Point) {})
	if found.USL == nil {
		t.Fatalf("no scaling law: %s", found.USLReason)
	}
	between(t, "sigma", found.USL.Sigma, 0.05-1e-6, 0.05+1e-6)
	between(t, "kappa", found.USL.Kappa, 0.001-1e-6, 0.001+1e-6)
	tests := map[string]struct {
		change func(i int, p *result.Point)
		want   string
	}{
		"not valid": {func(i int, p *result.Point) { p.Valid = i > 1 }, "4 numbers of clients"},
		"failures":  {func(i int, p *result.Point) { p.Outcomes = map[string]uint64{"valid": 98} }, "0 numbers of clients"},
		"nothing":   {func(i int, p *result.Point) { p.Throughput = 0 }, "0 numbers of clients"},
		"timer": {func(i int, p *result.Point) {
			if i < 2 {
				p.Limit.Kind = result.LimitBatchTimer
			}
		}, "4 numbers of clients are not limited by the batch timer"},
		"cut by the timer": {func(i int, p *result.Point) { p.BlockCut = &result.BlockCut{Timer: uint64(6 - i), Count: 4} }, "4 numbers of clients"},
		"linear and more":  {func(i int, p *result.Point) { p.Throughput = float64(p.Load.Clients * p.Load.Clients) }, "negative"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if found := law(tt.change); found.USL != nil || !strings.Contains(found.USLReason, tt.want) {
				t.Errorf("a scaling law: %t, reason %q, want %q", found.USL != nil, found.USLReason, tt.want)
			}
		})
	}
}
