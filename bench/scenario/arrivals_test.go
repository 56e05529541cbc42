package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"meterbench/bench/arrival"
	"meterbench/bench/scenario"
)

const arriving = `name: a
topology: minimal
workload: {kind: plain, meters: 7}
load: {kind: open, arrivals: X, hold: 3s}
`

func TestArrivals(t *testing.T) {
	tests := []struct {
		load, text string
		hold       time.Duration
		want       arrival.Process // at 9/s
	}{
		{"rate: 9/s, hold: 3s", "constant", 3 * time.Second, arrival.Constant{PerSecond: 9}},
		{"rate: 9/s, hold: 3s, arrivals: constant", "constant", 3 * time.Second, arrival.Constant{PerSecond: 9}},
		{"rate: 9/s, hold: 3s, arrivals: poisson", "poisson", 3 * time.Second, arrival.Poisson{PerSecond: 9}},
		{"hold: 3s, arrivals: {periodic: {interval: 10s, jitter: 0.1}}", "periodic, every 10s, jitter 0.1", 3 * time.Second,
			arrival.Periodic{Meters: 7, Interval: 10 * time.Second, Jitter: 0.1}},
		{"hold: 3s, arrivals: {ramp: {from: 60/min, to: 100/s, over: 2s}}", "ramp from 1/s to 100/s over 2s", 3 * time.Second,
			arrival.Ramp{From: 1, To: 100, Over: 2 * time.Second}},
		{"arrivals: {steps: [{rate: 10/s, hold: 2s}, {rate: 0/s, hold: 1s}, {rate: 5/s, hold: 4s}]}", "steps of 10/s for 2s, 0/s for 1s, 5/s for 4s", 7 * time.Second,
			arrival.Steps{{PerSecond: 10, For: 2 * time.Second}, {For: time.Second}, {PerSecond: 5, For: 4 * time.Second}}},
		{"hold: 1s, arrivals: {steps: [{rate: 10/s, hold: 2s}]}", "steps of 10/s for 2s", time.Second,
			arrival.Steps{{PerSecond: 10, For: 2 * time.Second}}},
	}
	for _, test := range tests {
		t.Run(test.load, func(t *testing.T) {
			s, err := parse(strings.Replace(arriving, "arrivals: X, hold: 3s", test.load, 1))
			if err != nil {
				t.Errorf("%s: %v", test.load, err)
				return
			}
			one := s.Series[0]
			equal(t, "process", one.Process(9), test.want)
			equal(t, "hold", one.Load.Hold, test.hold)
			equal(t, "description", one.Load.Arrivals.String(), test.text)
		})
	}
	if s, err := parse(single); err != nil || s.Series[0].Load.Arrivals.String() != "" {
		t.Errorf("a closed load has arrivals %v, %v", s.Series[0].Load.Arrivals, err)
	}
}

func TestArrivalErrors(t *testing.T) {
	tests := []struct{ arrivals, want string }{
		{"often", `a.yaml:4:30: load.arrivals: there is no "often"; known are constant, poisson, periodic, ramp, steps, trace`},
		{"poison, rate: 1/s", `a.yaml:4:30: load.arrivals: there is no "poison"; did you mean poisson?`},
		{"periodic", "a.yaml:4:30: load.arrivals: the interval of the meters' reports is missing; for example {periodic: {interval: 10s}}"},
		{"ramp", "a.yaml:4:30: load.arrivals: the rates of the ramp are missing; for example {ramp: {from: 10/s, to: 100/s, over: 60s}}"},
		{"steps", "a.yaml:4:30: load.arrivals: the steps are missing; for example {steps: [{rate: 10/s, hold: 20s}, {rate: 50/s, hold: 20s}]}"},
		{"trace", "a.yaml:4:30: load.arrivals: the file of the trace is missing; for example {trace: readings.csv}"},
		{"poisson", "a.yaml:4:7: load.rate: an open load needs its rates; for example rate: 100/s"},
		{"{}", "a.yaml:4:30: load.arrivals: give one of periodic, ramp, steps, trace"},
		{"{ramp: {from: 1/s, to: 2/s, over: 1s}, trace: x}", "a.yaml:4:30: load.arrivals: give one of periodic, ramp, steps, trace"},
		{"{rampe: {from: 1/s}}", "a.yaml:4:31: unknown key load.arrivals.rampe; did you mean ramp?"},
		{"{ramp: {from: 1/s, to: 2/s, over: 1s}, speed: 2}", "a.yaml:4:76: load.arrivals.speed: only a trace has a speed"},
		{"{ramp: {from: 1/s, to: 2/s, over: 1s}}, rate: 4/s", "a.yaml:4:76: load.rate: the rate of ramp arrivals follows from themselves; leave it out"},
		{"{ramp: {from: 1/s, to: 2/s}}", "a.yaml:4:30: load.arrivals: ramp of arrivals: over 0s; give a time above 0"},
		{"{ramp: {from: 1/s, to: 2000000/s, over: 1s}}", "a.yaml:4:30: load.arrivals: must not come to more than 1000000/s, got 2e+06/s"},
		{"{ramp: {from: -1/s, to: 2/s, over: 1s}}", "a.yaml:4:30: load.arrivals: ramp of arrivals: rate is -1 per second; give 0 or more"},
		{"{periodic: {interval: 0s}}", "a.yaml:4:30: load.arrivals: periodic arrivals: interval of 0s; give a time above 0"},
		{"{periodic: {interval: 1s, jitter: 2}}", "a.yaml:4:30: load.arrivals: periodic arrivals: jitter is 2 of the interval; give a share from 0 to 1"},
		{"{periodic: {interval: 1us}}", "a.yaml:4:30: load.arrivals: must not come to more than 1000000/s, got 7e+06/s"},
		{"{steps: []}", "a.yaml:4:30: load.arrivals: steps of arrivals: there is no step with a rate above 0"},
		{"{steps: [{rate: 5/s, hold: 1s}, {rate: 5/s}]}", "a.yaml:4:30: load.arrivals: steps of arrivals: step 2: for 0s; give a time above 0"},
		{"{steps: [{rate: 5/s, hold: 1s}, {rate: 5/s, for: 1s}]}", "a.yaml:4:74: unknown key load.arrivals.steps[1].for; known are rate, hold"},
		{"{trace: ''}", "a.yaml:4:38: load.arrivals.trace: want a text, got an empty one; give one, or leave the key out"},
		{"{trace: x, speed: 0}", "a.yaml:4:48: load.arrivals.speed: must be above 0 and at most 1000000, got 0"},
	}
	for _, test := range tests {
		t.Run(test.arrivals, func(t *testing.T) {
			src := strings.Replace(arriving, "X", test.arrivals, 1)
			_, err := parse(src)
			if fmt.Sprint(err) != test.want {
				t.Errorf("%s\ngot  %v\nwant %s", test.arrivals, err, test.want)
			}
		})
	}
	for _, test := range []struct{ old, new, want string }{
		{"kind: open, arrivals: X", "kind: closed, clients: 1, arrivals: poisson", "a.yaml:4:44: load.arrivals: a closed load's transactions are due when its clients are free; use kind: open"},
		{"meters: 7}", "meters: 7, length: 2}", "a.yaml:4:38: load.arrivals.trace: a row of a trace has one value, the workload's readings have 2; give length: 1"},
	} {
		t.Run(test.new, func(t *testing.T) {
			src := strings.Replace(strings.Replace(arriving, test.old, test.new, 1), "X", "{trace: x}", 1)
			if _, err := parse(src); fmt.Sprint(err) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestTrace(t *testing.T) {
	dir := t.TempDir()
	file, data := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "t.csv")
	follow := func(load, rows string) (scenario.Scenario, error) {
		t.Helper()
		text := strings.NewReplacer("arrivals: X, hold: 3s", load, ", meters: 7", "").Replace(arriving) + "warmup: 1s\n"
		for name, text := range map[string]string{file: text, data: "time,meter,value\n" + rows} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return read(file)
	}

	s, err := follow("arrivals: {trace: t.csv, speed: 2}", "10,m1,4\n10.5,m2,9999\n21,m1,0\n")
	if err != nil {
		t.Fatal(err)
	}
	one := s.Series[0]
	replay, ok := one.Process(0).(arrival.Replay)
	if !ok {
		t.Fatalf("arrivals are a %T", one.Process(0))
	}
	equal(t, "speed", replay.Speed, 2.0)
	equal(t, "rows", replay.Trace.Len(), 3)
	equal(t, "meters", one.Workload.Meters, 2)
	equal(t, "hold", one.Load.Hold, 6*time.Second)
	if s, err := follow("hold: 2s, arrivals: {trace: t.csv}", "10,m1,4\n11.5,m1,4\n19,m1,4\n"); err != nil || s.Series[0].Load.Hold != 2*time.Second {
		t.Errorf("a hold of %v, %v", s.Series[0].Load.Hold, err)
	}

	s, err = follow("arrivals: {trace: {file: t.csv, unit: kWh, kind: register}}", "0,m1,4021.5\n0,m2,7\n900,m1,4022\n902,m2,7.001\n")
	if err != nil {
		t.Fatal(err)
	}
	follows := s.Series[0].Load.Arrivals
	equal(t, "readings of registers", []arrival.Row{follows.Trace.Row(0), follows.Trace.Row(1)}, []arrival.Row{{Meter: 0, Wh: 500}, {At: 2 * time.Second, Meter: 1, Wh: 1}})
	equal(t, "arrivals", follows.String(), "trace t.csv in kWh, register at speed 1")

	tests := []struct{ load, rows, want string }{
		{"arrivals: {trace: nope.csv}", "", file + ":4:38: load.arrivals.trace: there is no file " + filepath.Join(dir, "nope.csv")},
		{"arrivals: {trace: t.csv}", "1,m,2\n0,m,2\n", data + ":3:1: the time is before that of the row above; sort the rows by time"},
		{"arrivals: {trace: t.csv}", "1,m,much\n", data + `:2:5: the value "much" is not a decimal number`},
		{"arrivals: {trace: t.csv}", "0,m,2\n1,m,10000\n", data + ":3:5: the trace's largest value, 10000 Wh, is not below the workload's bound, 10000; give workload: {bound: 10001} or more"},
		{"arrivals: {trace: t.csv}", "0,m,-1\n5,m,1\n", data + `:2:5: the value "-1" is negative: a reading is energy in one direction; give what is fed in to a meter of its own, without the sign`},
		{"arrivals: {trace: {file: t.csv, unit: kwh}}", "", file + `:4:58: load.arrivals.trace.unit: there is no "kwh"; did you mean kWh?`},
		{"arrivals: {trace: {file: t.csv, unit: kW}}", "", file + `:4:58: load.arrivals.trace.unit: there is no "kW"; known are Wh, kWh, MWh`},
		{"arrivals: {trace: {file: t.csv, kind: registers}}", "", file + `:4:58: load.arrivals.trace.kind: there is no "registers"; did you mean register?`},
		{"arrivals: {trace: {unit: kWh}}", "", file + ":4:38: load.arrivals.trace: the name of a file is needed"},
		{"arrivals: {trace: ''}", "", file + ":4:38: load.arrivals.trace: want a text, got an empty one; give one, or leave the key out"},
		{"arrivals: {trace: {file: t.csv, uint: kWh}}", "", file + ":4:52: unknown key load.arrivals.trace.uint; did you mean unit?"},
		{"arrivals: {trace: {file: t.csv, unit: kWh}}", "0,m,9.999\n1,m,12.5\n", data + ":3:5: the trace's largest value, 12500 Wh, is not below the workload's bound, 10000; give workload: {bound: 12501} or more"},
		{"arrivals: {trace: {file: t.csv, unit: MWh}}", "0,m,0.001\n1,m,4021\n", data + ":3:5: the trace's largest value, 4021000000 Wh, is not below the workload's bound, 10000; a bound is at most 2147483648: is the unit right?"},
		{"arrivals: {trace: t.csv}", "2025-10-12T00:30:00Z,M1,0.123\n", data + `:2:25: the value "0.123" is no whole number of Wh, as readings have it; if the file is in kWh, give trace: {file: t.csv, unit: kWh}`},
		{"arrivals: {trace: t.csv, speed: 900}", "0,M1,4021\n900,M1,4077\n1800,M1,4130\n2700,M1,4199\n",
			data + `:2:6: the values of meter "M1" never fall in 4 rows, from 4021 to 4199 Wh: they look like those of a register; give trace: {file: t.csv, kind: register}, or {file: t.csv, kind: interval} if each is the energy since the row before`},
		{"arrivals: {trace: t.csv}}\nquantiles: [50]\n#", "0,m,1\n1,m,1\n2,m,1\n",
			file + ":5:13: quantiles[0]: p50 needs 20 transactions in a window, and series plain has about 2; leave it out: no hold would do"},
		{"hold: 2s, arrivals: {trace: t.csv}", "10,m1,4\n", file + ":4:40: load.arrivals: nothing is due between the warm-up of 1s and the end of the hold of 2s; hold longer"},
		{"arrivals: {trace: t.csv, speed: 1e-6}", "0,m1,4\n9000000000,m1,4\n", file + ":4:7: load.hold: must be at most 744h0m0s, got 2500000h0m0s"},
		{"arrivals: {trace: t.csv}", "0,m,1\n", file + ":4:7: load.hold: must be longer than the warm-up of 1s, which it includes; got 1s; give a shorter warm-up"},
	}
	for _, test := range tests {
		t.Run(test.load, func(t *testing.T) {
			if _, err := follow(test.load, test.rows); fmt.Sprint(err) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
