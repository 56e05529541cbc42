package closer2020

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/bench/topology"
	"meterbench/reports/claims"
)

// What a capped device did is told for each kind of work that took long enough to
// be known.
func TestCapped(t *testing.T) {
	point := func(series string, c result.Conditions, took float64) result.Point {
		p := result.Point{Series: series, Repetition: 1, Valid: true, Conditions: c, Load: result.Load{Kind: "closed", Clients: 1}, Latency: map[string]stats.Quantiles{}}
		p.Latency[result.PartEncrypt.String()] = stats.Quantiles{Mean: took, N: 9}
		return p
	}
	held := topology.Caps{Device: topology.Cap{CPUs: 0.1}}
	encrypted := result.Conditions{Caps: held, Workload: "encrypted", Scheme: "ddh", Bits: 2048, Length: 24}
	bill := result.Conditions{Caps: held, Workload: "billing", Form: "encrypted", Scheme: "ddh", Bits: 2048, Length: 24, Readings: 30}
	free := encrypted
	free.Caps = topology.Caps{}
	few := point("device-few", result.Conditions{Caps: held, Workload: "encrypted", Scheme: "ecddh", Bits: 256, Length: 1}, 1)
	few.Latency[result.PartEncrypt.String()] = stats.Quantiles{Mean: 1, N: 4}
	row := func(setting string, took float64) result.ClaimRow {
		return result.ClaimRow{Setting: setting, Quantity: timeOnDevice, Unit: result.UnitSeconds, Value: &took, Standing: result.Context}
	}
	for _, c := range []struct {
		name   string
		points []result.Point
		want   []result.ClaimRow
	}{
		{"too few, or not capped", []result.Point{few, point("device", free, 0.1)}, nil},
		{"an encryption and a bill", []result.Point{point("device", encrypted, 0.9), point("device-bills", bill, 1.2)}, []result.ClaimRow{
			row("ddh at 2048 bits, 24 values, measured at 0.1 core", 0.9),
			row("bill of 30 readings, ddh at 2048 bits, 24 values, measured at 0.1 core", 1.2),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := capped(&claims.Evidence{Summary: result.Summary{Points: c.points}})
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
