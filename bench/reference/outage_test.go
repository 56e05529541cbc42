package reference_test

import (
	"testing"
	"testing/synctest"
	"time"

	"meterbench/bench"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
)

// A ledger that was killed turns away what arrives, ends what it has taken, and is as before once it is restarted.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []reference.True
		l, err := reference.New(reference.Config{Endorse: stage(1, reference.Constant, time.Second)}, alarm.Timers{}, func(x reference.True) { log = append(log, x) })
		if err != nil {
			t.Fatal(err)
		}
		want := func(what string, begun time.Time, took time.Duration, outcome result.Outcome) {
			t.Helper()
			r, err := l.Submit(t.Context(), bench.Transaction{})
			if r.Outcome != outcome || (err == nil) != (outcome == result.Valid) || time.Since(begun) != took {
				t.Errorf("%s: %v, %v after %v, want %v after %v", what, r.Outcome, err, time.Since(begun), outcome, took)
			}
		}
		if l.Restart() == nil {
			t.Error("it was restarted though it ran")
		}
		done := make(chan struct{})
		go func() {
			want("under way", time.Now(), time.Second, result.Valid)
			close(done)
		}()
		time.Sleep(500 * time.Millisecond)
		if l.Kill() != nil || l.Kill() == nil {
			t.Error("it was not killed, or twice")
		}
		want("down", time.Now(), 0, result.EndorseUnreachable)
		<-done
		if err := l.Restart(); err != nil {
			t.Error(err)
		}
		want("back", time.Now(), time.Second, result.Valid)
		l.Close()
		outcomes := map[result.Outcome]int{}
		for _, x := range log {
			outcomes[x.Outcome]++
		}
		if len(log) != 3 || outcomes[result.Valid] != 2 || outcomes[result.EndorseUnreachable] != 1 {
			t.Errorf("the log has %v", outcomes)
		}
	})
}
