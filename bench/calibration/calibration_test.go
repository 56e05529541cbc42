package calibration

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/alarm"
)

// In virtual time nobody is late, and the harness is without error.
func TestVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var steps []string
		begin := time.Now()
		c, err := Run(t.Context(), Config{
			Load: alarm.Timers{}, Reference: alarm.Timers{}, Versions: map[string]string{"meterbench": "v1"},
			Step: func(text string, left time.Duration) { steps = append(steps, text) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took < Time() || took > Time()+10*time.Second || took.Seconds() != c.Took || took > 75*time.Second {
			t.Errorf("took %v and says %v s, announced were %v", took, c.Took, Time())
		}
		if len(steps) != len(exercises()) || len(c.Timers) != 2 {
			t.Errorf("%d steps of %d", len(steps), len(exercises()))
		}
		for _, d := range c.Latency {
			if d.Error() != 0 || *d.Low != 0 || *d.High != 0 || d.True < 10e-3 {
				t.Errorf("%+v", d)
			}
		}
		for _, d := range c.Counts {
			if d.Error() != 0 {
				t.Errorf("%+v", d)
			}
		}
		for _, d := range c.Capacity {
			if e := d.Error() / d.True; e < -0.002 || e > 0.002 {
				t.Errorf("%+v", d)
			}
		}
		for _, p := range c.Lag {
			if p.Max != 0 || p.Dropped != 0 || !p.Within() && p.P99 <= p.Limit {
				t.Errorf("%+v", p)
			}
		}
		for _, l := range c.Timers {
			if l.Max != 0 || l.N < 100 {
				t.Errorf("%+v", l)
			}
		}
		if len(c.Latency) != 9 || len(c.Capacity) != 2 || len(c.Counts) != 14 || len(c.Lag) != 3 {
			t.Errorf("%d quantiles, %d throughputs, %d counts, %d lags", len(c.Latency), len(c.Capacity), len(c.Counts), len(c.Lag))
		}
		i := c.Instrument
		if !i.Within || i.LatencyError != 0 || i.CapacityError > 0.002 || i.LagP99 != 0 || i.Meterbench != "v1" || !i.Calibrated.Equal(begin) {
			t.Errorf("%+v", i)
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
			t.Errorf("%+v", p)
		}
		for _, d := range c.results.Latency {
			if d.Error() < 0.5*late.Seconds() || d.Error() > 1.5*late.Seconds() || d.Within() || *d.Low > d.Error() || *d.High < d.Error() {
				t.Errorf("%+v, %g to %g", d, *d.Low, *d.High)
			}
		}
		if i := c.instrument(); i.Within || i.LatencyError < 0.5*late.Seconds() || i.LagP99 != late.Seconds() {
			t.Errorf("%+v", i)
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
				t.Errorf("%+v", d)
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
			t.Errorf("%+v, %v", c, err)
		}
	})
}

func TestDeviation(t *testing.T) {
	var truth, measured []float64
	for i := range 1000 {
		truth = append(truth, float64(i*7919%1000))
		measured = append(measured, float64(i*7919%1000)+3)
	}
	d := deviation(truth, measured, 95)
	if d.True != 949 || d.Measured != 952 || d.Error() != 3 || *d.Low != 3 || *d.High != 3 {
		t.Errorf("%+v", d)
	}
	if d := deviation(nil, nil, 95); d != (result.Deviation{}) {
		t.Errorf("%+v", d)
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
