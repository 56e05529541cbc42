package study

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/race"
)

// noisy draws readings of a machine's pace whose logarithms follow an AR(1)
// process: each depends on the one before by the share, and all scatter as a
// signature timed for 30 ms did, by 29 %.
func noisy(random *rand.Rand, n int, share float64) (readings []float64) {
	const scatter = 0.29
	x := random.NormFloat64()
	for range n {
		x = share*x + math.Sqrt(1-share*share)*random.NormFloat64()
		readings = append(readings, 30e-6*math.Exp(scatter*x))
	}
	return readings
}

// The value of a session of 24 levels scatters by less than a third of what one
// reading does, and its interval covers the machine's pace as often as it says,
// also where readings depend on each other as they do 15 s apart on a host whose
// pace wanders within 10 s (exp(-1.5) = 0.22).
func TestYardstick(t *testing.T) {
	if race.Enabled {
		t.Skip("it only calculates")
	}
	trials := 4000
	if testing.Short() {
		trials = 1000
	}
	for _, c := range []struct {
		name     string
		n        int
		share    float64
		most     float64 // that the values may vary
		coverage float64 // at least
	}{
		{"independent, 24 levels", 25, 0, 0.08, 0.94},
		{"independent, the fewest", 6, 0, 0.16, 0.95},
		{"dependent, 24 levels", 25, 0.22, 0.1, 0.88},
		{"dependent, 8 levels", 9, 0.22, 0.15, 0.9},
	} {
		t.Run(c.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, uint64(c.n)))
			var values []float64
			covered := 0
			for range trials {
				y := yardstickOf(noisy(random, c.n, c.share))
				values = append(values, y.Value)
				if y.Low <= 30e-6 && 30e-6 <= y.High {
					covered++
				}
			}
			mean, deviation := stat.MeanStdDev(values, nil)
			if variation := deviation / mean; variation > c.most {
				t.Errorf("values vary by %.3g, more than %.3g", variation, c.most)
			}
			if got := float64(covered) / float64(trials); got < c.coverage {
				t.Errorf("the interval covers the pace in %.1f %%, want %.1f %%", 100*got, 100*c.coverage)
			}
		})
	}
	if y := yardstickOf([]float64{1, 3, 2}); *y != (result.Yardstick{Value: 2, N: 3}) {
		t.Errorf("of three readings: %+v", *y)
	}
	if yardstickOf(nil) != nil {
		t.Error("a value of no readings")
	}
}

// All points of a session have its one value, whatever the reading right before
// each, also where the run was interrupted.
func TestYardstickOfASession(t *testing.T) {
	for name, interrupted := range map[string]time.Duration{"complete": 0, "interrupted": 25 * time.Second} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, 7))
			var readings []float64
			at := newSite()
			at.pace = func() float64 {
				if at.underway.Load() > 0 {
					t.Error("a reading was taken while a level was running")
				}
				readings = append(readings, noisy(random, 1, 0)[0])
				return readings[len(readings)-1]
			}
			s := series(closed("a", 4*time.Second, 1, 2, 3, 4, 5, 6, 7, 8))
			o := conduct(t, s, at, func(interrupt context.CancelFunc) {
				if interrupted > 0 {
					time.AfterFunc(interrupted, interrupt)
				}
			})
			want := stats.Median(readings)
			if len(readings) < 6 || interrupted > 0 == o.summary.Complete {
				t.Fatalf("%d readings, complete: %v", len(readings), o.summary.Complete)
			}
			for _, p := range o.summary.Points {
				if p.Sign != want || p.ClientCPUInSignatures != p.ClientCPU/want {
					t.Errorf("%s: a signature takes %v s, want %v s; the client %v s, in signatures %v", p.Load, p.Sign, want, p.ClientCPU, p.ClientCPUInSignatures)
				}
				if i := p.Intervals["p256_sign_s"]; !(i.Low < want && want < i.High) || i.N != len(readings) {
					t.Errorf("%s: interval %+v around %v", p.Load, i, want)
				}
			}
			if y := o.run.Host.Yardstick; y == nil || y.Value != want || y.N != len(readings) || o.run.Host.Sign != want {
				t.Errorf("the run's yardstick is %+v, a signature takes %v s; want %v", y, o.run.Host.Sign, want)
			}
		})
	}
}

// Each session has a value of its own, and the run one of all.
func TestYardstickOfSessions(t *testing.T) {
	at := newSite()
	n := 0.0
	at.pace = func() float64 { n++; return n }
	s := series(closed("a", 2*time.Second, 1, 2))
	s.Repeat, s.Fresh = 2, true
	o := conduct(t, s, at, nil)
	var values []float64
	for _, one := range o.run.Sessions {
		values = append(values, one.Yardstick.Value)
	}
	equal(t, "of sessions", []float64{2, 5}, values) // of 1, 2, 3 and 4, 5, 6
	equal(t, "of the run", result.Yardstick{Value: 3.5, Low: 1, High: 6, N: 6}, *o.run.Host.Yardstick)
	for _, p := range o.summary.Points {
		equal(t, "of a point", values[p.Repetition-1], p.Sign)
	}
}

// The real reading takes about what a signature takes.
func TestPace(t *testing.T) {
	got, err := pace()
	if err != nil || got < 1e-6 || got > 0.1 {
		t.Errorf("a signature takes %v s, %v", got, err)
	}
}
