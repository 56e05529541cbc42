package study

import (
	"sync"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// Who asks for records gets every transaction of every load within a second or two, with the window of its load, and none that
// only probes.
func TestRecords(t *testing.T) {
	overload := open("a", 10*time.Second, 500, 50) // of which the first leaves transactions behind, so that the second probes
	overload.Load.Slots = 10_000
	if probes, runOut := recordsOf(t, series(overload)); probes == 0 || runOut == 0 {
		t.Errorf("%d probes and %d transactions of run-outs, so that this says nothing of them", probes, runOut)
	}
	recordsOf(t, day()) // whose loads run at the same time
}

// recordsOf checks the records of a study and returns how many of its transactions were probes, and of run-outs.
func recordsOf(t *testing.T, s scenario.Scenario) (probes, runOut int) {
	t.Helper()
	type level struct {
		from, to time.Duration
		counts   result.Counts // of the window
	}
	var mu sync.Mutex // loads of a level run at the same time
	seen := map[string][]*level{}
	total := 0
	at := newSite()
	at.records = func(series string, from, to time.Duration) func(*result.Record) {
		mu.Lock()
		defer mu.Unlock()
		l := &level{from: from, to: to}
		seen[series] = append(seen[series], l)
		begun := time.Now()
		return func(r *result.Record) {
			mu.Lock()
			defer mu.Unlock()
			if late := time.Since(begun) - max(r.Committed, r.Ended); late > 2*time.Second {
				t.Errorf("series %s: transaction %d was seen %v after its end", series, r.Seq, late)
			}
			if total++; from <= r.Intended && r.Intended < to {
				l.counts[r.Outcome]++
			}
		}
	}
	o := conduct(t, s, at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	for _, row := range o.rows {
		if row.Repetition == 0 {
			probes++
		}
	}
	equal(t, "transactions", len(o.rows)-probes, total)
	for _, p := range o.summary.Points {
		if len(seen[p.Series]) == 0 {
			t.Errorf("series %s: fewer loads were seen than are in the summary", p.Series)
			continue
		}
		l := seen[p.Series][0]
		seen[p.Series] = seen[p.Series][1:]
		equal(t, p.Series, p.Outcomes, l.counts.Map())
		equal(t, "length of the window of "+p.Series, p.Window, (l.to - l.from).Seconds())
	}
	for name, more := range seen {
		if len(more) > 0 {
			t.Errorf("series %s: %d loads too many were seen", name, len(more))
		}
	}
	return probes, o.runOut
}
