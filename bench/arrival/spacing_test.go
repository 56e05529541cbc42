package arrival_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/arrival"
)

// The time from row to row of a meter is known where the calendar's times say it, and only then.
func TestTraceInterval(t *testing.T) {
	const half = 30 * time.Minute
	at := func(minutes ...float64) (rows string) {
		for i, m := range minutes {
			rows += fmt.Sprintf("%s,a,%d\n", time.Date(2026, 1, 5, 0, 0, 0, int(m*60e9), time.UTC).Format(time.RFC3339Nano), 10*i)
		}
		return rows
	}
	tests := []struct {
		name, rows string
		kind       arrival.Values
		want       time.Duration
	}{
		{"half hours", at(0, 30, 60), arrival.Interval, half},
		{"half hours of registers", at(0, 30, 60), arrival.Register, half},
		{"seconds since 1970", "1767139200,a,1\n1767141000,a,2\n1767142800,a,1\n", arrival.Interval, half},
		{"the hour that comes twice", "2026-10-25T02:00:00+02:00,a,1\n2026-10-25T02:30:00+02:00,a,1\n2026-10-25T02:00:00+01:00,a,1\n", arrival.Interval, half},
		{"the hour that is left out", "2026-03-29T01:30:00+01:00,a,1\n2026-03-29T03:00:00+02:00,a,1\n", arrival.Interval, half},
		{"meters apart from each other", "2026-01-05T00:00:00Z,a,1\n2026-01-05T00:00:07Z,b,1\n2026-01-05T00:30:00Z,a,1\n2026-01-05T00:30:07Z,b,1\n", arrival.Interval, half},
		{"a missing row", at(0, 30, 90, 120), arrival.Interval, half},
		{"a missing row at the start", at(0, 60, 90, 120), arrival.Interval, half},
		{"a missing row of a register", at(0, 30, 90, 120), arrival.Register, 0},
		{"more rows missing than present", at(0, 30, 90, 150, 210), arrival.Interval, 0},
		{"uneven", at(0, 30, 45, 70), arrival.Interval, 0},
		{"uneven, the least last", at(0, 30, 50), arrival.Interval, 0},
		{"two meters of different spacing", "2026-01-05T00:00:00Z,a,1\n2026-01-05T00:00:00Z,b,1\n2026-01-05T00:15:00Z,b,1\n2026-01-05T00:20:00Z,a,1\n", arrival.Interval, 0},
		{"months", "2026-01-01T00:00:00Z,a,1\n2026-02-01T00:00:00Z,a,1\n2026-03-01T00:00:00Z,a,1\n", arrival.Interval, 0},
		{"parts of a second", at(0, 0.0125, 0.025), arrival.Interval, 0},
		{"one row", at(0), arrival.Interval, 0},
		{"one row of each meter", "2026-01-05T00:00:00Z,a,1\n2026-01-05T00:30:00Z,b,1\n", arrival.Interval, 0},
		{"instants of a load", "0,a,1\n1,a,2\n2,a,1\n", arrival.Interval, 0},
		{"several at one time, in seconds", "1767139200,a,1\n1767139200,a,2\n1767141000,a,2\n", arrival.Interval, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			trace, err := arrival.ReadTrace(t.Context(), "t.csv", strings.NewReader("time,meter,value\n"+tt.rows), arrival.Form{Values: tt.kind})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, trace.Interval()); diff != "" {
				t.Errorf("interval (-want +got):\n%s", diff)
			}
		})
	}
}
