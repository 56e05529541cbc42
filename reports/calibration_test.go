package reports

import (
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
)

// The manifest states the instrument's uncertainty, or that there is none.
func TestInstrument(t *testing.T) {
	at := time.Date(2026, 1, 15, 8, 0, 0, 0, time.UTC)
	good := result.Instrument{Calibrated: at, Age: 5400, Meterbench: "v1", LatencyError: 4.2e-4, CapacityError: 0.0012, LagP99: 3.1e-4, Within: true}
	bad := good
	bad.Within = false
	for _, tt := range []struct {
		run  result.Run
		want string
	}{
		{result.Run{}, "not calibrated: run meterbench calibrate"},
		{result.Run{Uncalibrated: "never calibrated"}, "not calibrated (never calibrated): run meterbench calibrate"},
		{result.Run{Instrument: &good}, "latency quantiles 420 µs, throughput 0.120 %, schedule lag p99 310 µs at 1,000/s; within its limits|2026-01-15 08:00:00 UTC, 1h30m0s before the run, meterbench v1"},
		{result.Run{Instrument: &bad}, "latency quantiles 420 µs, throughput 0.120 %, schedule lag p99 310 µs at 1,000/s; OUTSIDE its limits|2026-01-15 08:00:00 UTC, 1h30m0s before the run, meterbench v1"},
	} {
		var got []string
		for _, row := range manifest(tt.run, result.Summary{}).Rows {
			if row[0].Text == "instrument's stated uncertainty" || row[0].Text == "calibrated on" {
				got = append(got, row[1].Text)
			}
		}
		if text := strings.Join(got, "|"); text != tt.want {
			t.Errorf("got  %s\nwant %s", text, tt.want)
		}
	}
}

func TestCalibrationVerdicts(t *testing.T) {
	c := result.Calibration{
		Latency:  []result.Deviation{{True: 1, Measured: 1.001, Limit: 0.01}},
		Capacity: []result.Deviation{{True: 500, Measured: 500, Limit: 15}},
		Counts:   []result.Deviation{{True: 50, Measured: 51, Limit: 2}},
		Lag:      []result.Punctuality{{Rate: 1000, P99: 1e-3, Limit: 1.5e-3}},
	}
	verdicts := func() (text string) {
		for _, f := range Calibration(c).Findings {
			text += f.Subject + " " + f.Verdict.String() + ", "
		}
		return text
	}
	if got, want := verdicts(), "Latency good, Capacity good, Counts good, Schedule good, "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	c.Latency[0].Measured, c.Counts[0].Measured, c.Lag[0].Dropped = 1.02, 53, 1
	if got, want := verdicts(), "Latency bad, Capacity good, Counts bad, Schedule bad, Advice caution, "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
