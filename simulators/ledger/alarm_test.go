package ledger

import (
	"sync"
	"testing"
	"time"
)

func TestAlarm(t *testing.T) {
	a, err := newAlarm()
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i := range 300 { // in no order, and among others that are never due
		all.Go(func() {
			if a.sleep(stop, time.Hour+time.Duration(i)) {
				t.Error("an hour has passed in no time")
			}
		})
		all.Go(func() {
			d, start := time.Duration(i*7919%300)*100*time.Microsecond, time.Now()
			if !a.sleep(nil, d) {
				t.Errorf("was not woken after %v", d)
			}
			if slept := time.Since(start); slept < d {
				t.Errorf("slept %v of %v", slept, d)
			}
		})
	}
	for d := 10 * time.Millisecond; d > 0; d -= time.Millisecond { // the alarm is set for later already
		a.sleep(nil, d)
	}
	close(stop)
	stopped := make(chan struct{})
	close(stopped)
	if a.sleep(stopped, time.Hour) {
		t.Error("was woken, but should have been stopped")
	}
	all.Wait()
	if err := a.close(); err != nil {
		t.Error(err)
	}
}
