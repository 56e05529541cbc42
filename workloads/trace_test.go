package workloads

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench/arrival"
	"meterbench/simulators/meter"
)

// A trace that every load level begins anew goes on counting: no number of a
// meter comes twice, and its register never falls.
func TestTraceSource(t *testing.T) {
	trace, err := arrival.ReadTrace(t.Context(), "t.csv", strings.NewReader("time,meter,value\n0,a,5\n1,b,3\n1,a,0\n2,a,7\n3,b,1\n"), arrival.Form{})
	if err != nil {
		t.Fatal(err)
	}
	r := newTraceSource(trace, 4, time.Hour)
	var got []string
	for at := range uint64(9) {
		meter, number, values := r.Reading(at)
		got = append(got, fmt.Sprintf("%s%d %d/%d", trace.Meter(meter), number, values.Wh[0], values.Register))
		if len(values.Wh) != 1 || values.Interval != time.Hour {
			t.Errorf("%d values over %v", len(values.Wh), values.Interval)
		}
	}
	want := []string{"a0 5/5", "b0 3/3", "a1 0/5", "a2 7/12", "a3 5/17", "b1 3/6", "a4 0/17", "a5 7/24", "a6 5/29"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What simulated meters report does not look like registers, so that what a run records can be followed as it is.
func TestSimulatedMetersAreNotAskedAbout(t *testing.T) {
	tests := []struct {
		meters, rows int
		most         float64
	}{{1, 4, 0.05}, {1, 24, 0.01}, {3, 4, 0.02}, {10, 8, 0.01}, {100, 3, 0.01}}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%d meters, %d rows", test.meters, test.rows), func(t *testing.T) {
			const fleets = 200
			asked := 0
			for seed := range uint64(fleets) {
				fleet, err := meter.NewFleet(meter.Config{
					Seed: seed, Meters: test.meters, Prefix: "a", Interval: 15 * time.Minute, Start: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), Length: 1, Bound: 10_000,
				})
				if err != nil {
					t.Fatal(err)
				}
				var text strings.Builder
				text.WriteString("time,meter,value\n")
				for row := range test.rows {
					for m := range test.meters {
						fmt.Fprintf(&text, "%d,%s,%d\n", row, fleet.ID(m), fleet.Values(m, uint64(row)).Wh[0])
					}
				}
				if _, err := arrival.ReadTrace(t.Context(), "t.csv", strings.NewReader(text.String()), arrival.Form{}); err != nil {
					asked++
				}
			}
			if share := float64(asked) / fleets; share > test.most {
				t.Errorf("%g of %d fleets are asked about, want %g at most", share, fleets, test.most)
			}
		})
	}
}
