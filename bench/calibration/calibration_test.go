package calibration

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/internal/alarm"
	"meterbench/internal/race"
)

// In virtual time nobody is late, and the harness is without error.
func TestVirtualTime(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	synctest.Test(t, func(t *testing.T) {
		var steps []string
		begin := time.Now()
		cfg := Config{
			Load: alarm.Timers{}, Reference: alarm.Timers{}, Versions: map[string]string{"meterbench": "v1"},
			Step: func(text string, left time.Duration) { steps = append(steps, text) },
			Burn: func() (func(), error) { return func() {}, nil },
		}
		c, err := Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(begin)
		if took.Seconds() != c.Took {
			t.Errorf("took %v, and says %v s", took, c.Took)
		}
		if most := cfg.time() + 10*time.Second; took < cfg.time() || took > most {
			t.Errorf("took %v, want %v to %v", took, cfg.time(), most)
		}
		sizes := []int{len(steps), len(c.Timers), len(c.Latency), len(c.Capacity), len(c.Counts), len(c.Lag)}
		if diff := cmp.Diff([]int{len(cfg.exercises()), 2, 24, 2, 16, 3}, sizes); diff != "" {
			t.Errorf("steps, timers, quantiles, throughputs, counts and lags (-want +got):\n%s", diff)
		}
		for _, d := range c.Latency {
			if diff := cmp.Diff([]float64{0, 0, 0}, []float64{d.Error(), *d.Low, *d.High}); diff != "" {
				t.Errorf("%s: error and its interval (-want +got):\n%s", d.What, diff)
			}
			if d.True < 5e-3 {
				t.Errorf("%s: the true latency is %v s", d.What, d.True)
			}
		}
		for _, d := range c.Counts {
			if d.Error() != 0 {
				t.Errorf("%s: %v, want %v", d.What, d.Measured, d.True)
			}
		}
		for _, d := range c.Capacity {
			if e := d.Error() / d.True; e < -0.002 || e > 0.002 {
				t.Errorf("%s: %v/s, want %v/s", d.What, d.Measured, d.True)
			}
		}
		for _, p := range c.Lag {
			if p.Max != 0 || p.Dropped != 0 {
				t.Errorf("%v/s: late by %v s, %d dropped", p.Rate, p.Max, p.Dropped)
			}
			if !p.Within() && p.P99 <= p.Limit {
				t.Errorf("%v/s: beyond its limits with a p99 of %v s, at most %v s, and %v cores", p.Rate, p.P99, p.Limit, p.Cores)
			}
		}
		for _, l := range c.Timers {
			if l.Max != 0 || l.N < 100 {
				t.Errorf("%s: late by %v s in %d cases", l.Clock, l.Max, l.N)
			}
		}
		if c.Instrument.CapacityError > 0.002 {
			t.Errorf("capacity error %v", c.Instrument.CapacityError)
		}
		want := result.Instrument{Calibrated: begin.UTC(), Meterbench: "v1", CapacityError: c.Instrument.CapacityError, Within: true}
		for _, condition := range []result.Condition{result.OpenIdle, result.ClosedIdle, result.Endorsed, result.Overload, result.BusyHost} {
			want.Conditions = append(want.Conditions, result.Uncertainty{Condition: condition})
		}
		if diff := cmp.Diff(want, c.Instrument); diff != "" {
			t.Errorf("instrument (-want +got):\n%s", diff)
		}
	})
}

// lazy is a clock that oversleeps.
type lazy time.Duration

func (l lazy) Sleep(stop <-chan struct{}, d time.Duration) bool {
	return alarm.Timers{}.Sleep(stop, d+time.Duration(l))
}

// A harness that wakes late is found out, by as much as it is late.
func TestLateHarness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const late = 7100 * time.Microsecond
		c := &calibrator{Config: Config{Load: lazy(late), Reference: alarm.Timers{}}}
		if err := errors.Join(c.lag(t.Context(), tellingRate, 1e-3), c.quantiles(t.Context(), 0.3)); err != nil {
			t.Fatal(err)
		}
		if p := c.results.Lag[0]; p.Max != late.Seconds() || p.Within() {
			t.Errorf("late by %v s, within its limits: %v", p.Max, p.Within())
		}
		for _, d := range c.results.Latency {
			if e := d.Error() / late.Seconds(); e < 0.5 || e > 1.5 {
				t.Errorf("%s: an error of %v s", d.What, d.Error())
			}
			if *d.Low > d.Error() || *d.High < d.Error() {
				t.Errorf("%s: the error of %v s is not within %v to %v s", d.What, d.Error(), *d.Low, *d.High)
			}
			if d.Within() {
				t.Errorf("%s: within its limits", d.What)
			}
		}
		if i := c.instrument(); i.Within || i.LatencyError < 0.5*late.Seconds() || i.LagP99 != late.Seconds() {
			t.Errorf("within %v, latency error %v s, lag %v s", i.Within, i.LatencyError, i.LagP99)
		}
	})
}

// A reference that the client sees late is found out as well.
func TestLateReference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const late = 5100 * time.Microsecond
		c := &calibrator{Config: Config{Load: alarm.Timers{}, Reference: lazy(late)}}
		if err := c.quantiles(t.Context(), 0.3); err != nil {
			t.Fatal(err)
		}
		for _, d := range c.results.Latency {
			if e := d.Error() - late.Seconds(); e < -1e-9 || e > 1e-9 || d.Within() {
				t.Errorf("%s: an error of %v s, within its limits: %v", d.What, d.Error(), d.Within())
			}
		}
	})
}

func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		c, err := Run(ctx, Config{Load: alarm.Timers{}, Reference: alarm.Timers{}, Step: func(string, time.Duration) {}})
		if !errors.Is(err, context.DeadlineExceeded) || c.Schema != 0 {
			t.Errorf("schema %d, %v", c.Schema, err)
		}
	})
}

func TestDeviation(t *testing.T) {
	var truth, measured []float64
	for i := range 1000 {
		truth = append(truth, float64(i*7919%1000))
		measured = append(measured, float64(i*7919%1000)+3)
	}
	three := 3.
	if diff := cmp.Diff(result.Deviation{True: 949, Measured: 952, Low: &three, High: &three}, Compare(truth, measured, 95)); diff != "" {
		t.Errorf("deviation (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(result.Deviation{}, Compare(nil, nil, 95)); diff != "" {
		t.Errorf("of no values (-want +got):\n%s", diff)
	}
}

// A process that is busier than it may be is beyond its limits, however
// punctual its load.
func TestBusyProcess(t *testing.T) {
	for cores, within := range map[float64]bool{coresLimit - 0.01: true, coresLimit: false} {
		c := &calibrator{}
		c.results.Lag = []result.Punctuality{{Rate: 10_000, Limit: 5e-3, Cores: cores, CoresLimit: coresLimit}}
		if got := c.instrument().Within; got != within {
			t.Errorf("%g cores: %v", cores, got)
		}
	}
}
