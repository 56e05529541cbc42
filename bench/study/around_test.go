package study

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// A transaction each 100 ms that takes 50 ms, but 200 ms while an organisation joins, which takes 2 s.
func TestAround(t *testing.T) {
	a := &aftermath{
		disturbance: &disturbance{}, hold: 10 * time.Second, span: 10 * time.Millisecond, warm: time.Second, ends: map[outcomeAt][]uint32{},
		before: newBlockLog(time.Second, 10*time.Second),
	}
	a.commits = make([]float64, a.spans())
	a.waits = waits{make([]time.Duration, a.spans()), make([]uint64, a.spans())}
	for i := range 100 {
		at := time.Duration(i) * 100 * time.Millisecond
		took := 50 * time.Millisecond
		if at >= 4*time.Second && at < 6*time.Second {
			took *= 4
		}
		a.add(&result.Record{Intended: at, Committed: at + took, Outcome: result.Valid}, uint64(i))
		a.add(&result.Record{Intended: at, Committed: result.NotReached, Outcome: result.EndorseTimeout}, uint64(i))
	}
	join := result.Event{Kind: result.EventJoin, At: 4, Took: 2, Steps: []result.Step{{Name: result.StepUpdate, Seconds: 2}}}
	late, kill := join, result.Event{Kind: result.EventKill, At: 5, Took: 1}
	late.At = 9
	given := []result.Event{join, kill, late}
	got := a.around(given, 10*time.Second)
	want := []result.Event{join, kill, late}
	want[0].Around = &result.Around{
		Before: result.Stretch{Length: 3, Throughput: 10, N: 30, Mean: 0.05},
		During: result.Stretch{Length: 2, Throughput: 9, N: 20, Mean: 0.2}, // the last two are committed behind it
		After:  result.Stretch{Length: 4, Throughput: 10.5, N: 40, Mean: 0.05},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if given[0].Around != nil {
		t.Error("what other phases share was changed")
	}
	if all := (*aftermath)(nil).around(given, time.Second); len(all) != 3 {
		t.Errorf("without a disturbance: %v", all)
	}
}
