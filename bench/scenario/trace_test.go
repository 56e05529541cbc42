package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"meterbench/bench/scenario"
)

// A reading says which time its value covers: that of the trace, and no other one is taken.
func TestTraceInterval(t *testing.T) {
	const (
		half   = "2025-10-12T00:30:00Z,M1,123\n2025-10-12T01:00:00Z,M1,402\n2025-10-12T01:30:00Z,M1,125\n"
		uneven = "2025-10-12T00:30:00Z,M1,123\n2025-10-12T01:00:00Z,M1,402\n2025-10-12T01:10:00Z,M1,125\n"
		years  = "2023-01-01T00:00:00Z,M1,123\n2024-01-01T00:00:00Z,M1,40\n"
		load   = "0,M1,123\n10,M1,402\n20,M1,125\n"
	)
	tests := []struct {
		name, workload, rows string
		want                 time.Duration
		err                  string
	}{
		{"none given", "kind: plain", half, 30 * time.Minute, ""},
		{"the same given", "kind: plain, interval: 30m", half, 30 * time.Minute, ""},
		{"another given", "kind: plain, interval: 15m", half, 0,
			"3:35: workload.interval: readings would say that a value covers 15m0s, and in t.csv the rows of a meter are 30m0s apart; leave it out, or give 30m0s"},
		{"longer than a value may cover", "kind: plain", years, 0, "3:11: workload.interval: must be whole seconds from 1s to 744h0m0s, got 8760h0m0s"},
		{"uneven, none given", "kind: plain", uneven, 15 * time.Minute, ""},
		{"uneven, given", "kind: plain, interval: 10m", uneven, 10 * time.Minute, ""},
		{"instants of a load", "kind: plain, interval: 1h", load, time.Hour, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "a.yaml")
			text := "name: a\ntopology: minimal\nworkload: {" + tt.workload + "}\nload: {kind: open, arrivals: {trace: t.csv, speed: 900}}\nwarmup: 0s\n"
			for name, text := range map[string]string{file: text, filepath.Join(dir, "t.csv"): "time,meter,value\n" + tt.rows} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s, err := read(file)
			if tt.err != "" || err != nil {
				equal(t, "error", fmt.Sprint(err), file+":"+tt.err)
				return
			}
			equal(t, "interval", s.Series[0].Workload.Traits().Interval, tt.want)
			_, timed := s.Series[0].Workload.Options.(scenario.Timed)
			equal(t, "timed", timed, true)
		})
	}
}
