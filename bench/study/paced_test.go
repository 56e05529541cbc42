package study

import (
	"testing"
	"time"
)

// What was timed outside of the window does not count.
func TestPaceOfWindow(t *testing.T) {
	begin := time.Now()
	at := func(s int) time.Time { return begin.Add(time.Duration(s) * time.Second) }
	p := paces{
		at:  []time.Time{at(0), at(1), at(2), at(3)},
		cpu: []time.Duration{90 * time.Microsecond, 20 * time.Microsecond, 40 * time.Microsecond, 90 * time.Microsecond},
	}
	equal(t, "within", 30e-6, p.mean(at(1), at(3)))
	equal(t, "without a signature", 0, p.mean(at(4), at(5)))
}

// The time of a signature is about that of one alone, though others keep all processors busy, since its thread's clock
// counts no waiting.
func TestTimedPaces(t *testing.T) {
	alone, err := pace()
	if err != nil {
		t.Fatal(err)
	}
	stop := timePaces()
	from := time.Now()
	time.Sleep(5 * paceEvery / 2)
	p := stop()
	mean := p.mean(from, time.Now())
	if len(p.at) < 1 || mean < alone/10 || mean > alone*10 {
		t.Errorf("%d signatures of %.1f us in the mean, alone one takes %.1f", len(p.at), 1e6*mean, 1e6*alone)
	}
}

// Every point of a level says at which pace it was measured.
func TestPointHasPace(t *testing.T) {
	o := conduct(t, series(closed("a", 3*time.Second, 1, 2)), newSite(), nil)
	for _, p := range o.summary.Points {
		between(t, p.Load.String(), p.Pace, 29.9e-6, 30.1e-6)
	}
	equal(t, "points", 2, len(o.summary.Points))
}
