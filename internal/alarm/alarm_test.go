package alarm

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAlarm(t *testing.T) {
	a, err := New()
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i := range 300 { // in no order, and among others that are never due
		all.Go(func() {
			if a.Sleep(stop, time.Hour+time.Duration(i)) {
				t.Error("an hour has passed in no time")
			}
		})
		all.Go(func() {
			d, start := time.Duration(i*7919%300)*100*time.Microsecond, time.Now()
			if !a.Sleep(nil, d) {
				t.Errorf("was not woken after %v", d)
			}
			if slept := time.Since(start); slept < d {
				t.Errorf("slept %v of %v", slept, d)
			}
		})
	}
	for d := 10 * time.Millisecond; d > 0; d -= time.Millisecond { // the alarm is set for later already
		a.Sleep(nil, d)
	}
	close(stop)
	stopped := make(chan struct{})
	close(stopped)
	if a.Sleep(stopped, time.Hour) {
		t.Error("was woken, but should have been stopped")
	}
	all.Wait()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if !(Timers{}).Sleep(nil, time.Hour) || time.Since(start) != time.Hour {
			t.Errorf("slept %v of an hour", time.Since(start))
		}
		stop := make(chan struct{})
		time.AfterFunc(time.Minute, func() { close(stop) })
		if (Timers{}).Sleep(stop, time.Hour) || time.Since(start) != time.Hour+time.Minute {
			t.Errorf("was stopped after %v", time.Since(start))
		}
	})
}

// BenchmarkLate measures how late a goroutine wakes that waits alone.
func BenchmarkLate(b *testing.B) {
	a, err := New()
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	for _, bb := range []struct {
		name  string
		clock Clock
	}{{"timers", Timers{}}, {"alarm", a}} {
		for _, d := range []time.Duration{100 * time.Microsecond, time.Millisecond, 10 * time.Millisecond} {
			b.Run(bb.name+"/"+d.String(), func(b *testing.B) {
				late := make([]float64, 0, b.N) // µs
				for b.Loop() {
					start := time.Now()
					bb.clock.Sleep(nil, d)
					late = append(late, 1e6*(time.Since(start)-d).Seconds())
				}
				slices.Sort(late)
				b.ReportMetric(late[len(late)/2], "late-p50-us")
				b.ReportMetric(late[len(late)*99/100], "late-p99-us")
			})
		}
	}
}
