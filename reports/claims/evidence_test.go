package claims

import (
	"testing"

	"meterbench/bench/result"
)

// The metering interval is the run's own; runs that do not store it are judged as before.
func TestInterval(t *testing.T) {
	of := func(intervals ...float64) *Evidence {
		e := &Evidence{}
		for _, i := range intervals {
			e.Summary.Points = append(e.Summary.Points, result.Point{Conditions: result.Conditions{Interval: i}})
		}
		return e
	}
	for _, c := range []struct {
		name string
		e    *Evidence
		want float64
	}{
		{"no points", of(), 900},
		{"an older version", of(0, 0), 900},
		{"stored", of(0, 60, 60), 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.e.Interval(); got != c.want {
				t.Errorf("%g s, want %g s", got, c.want)
			}
		})
	}
}
