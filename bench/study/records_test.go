package study

import (
	"testing"
	"time"

	"meterbench/bench/result"
)

// Who asks for records gets every transaction of every load within a second or two, with the window of its load, and none that
// only probes.
func TestRecords(t *testing.T) {
	type level struct {
		from, to time.Duration
		counts   result.Counts // of the window
	}
	seen := map[string][]*level{}
	total := 0
	at := newSite()
	at.records = func(series string, from, to time.Duration) func(*result.Record) {
		l := &level{from: from, to: to}
		seen[series] = append(seen[series], l)
		begun := time.Now()
		return func(r *result.Record) {
			if late := time.Since(begun) - max(r.Committed, r.Ended); late > 2*time.Second {
				t.Errorf("series %s: transaction %d was seen %v after its end", series, r.Seq, late)
			}
			if total++; from <= r.Intended && r.Intended < to {
				l.counts[r.Outcome]++
			}
		}
	}
	s := day()
	o := conduct(t, s, at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	probes := 0
	for _, row := range o.rows {
		if row.Repetition == 0 {
			probes++
		}
	}
	if probes == 0 {
		t.Error("nothing was probed, so that this says nothing of probes")
	}
	equal(t, "transactions", len(o.rows)-probes, total)
	if o.runOut == 0 {
		t.Error("no load ran out, so that this says nothing of run-outs")
	}
	for _, p := range o.summary.Points {
		if len(seen[p.Series]) != 1 {
			t.Errorf("series %s: %d loads were seen", p.Series, len(seen[p.Series]))
			continue
		}
		l := seen[p.Series][0]
		equal(t, p.Series, p.Outcomes, l.counts.Map())
		equal(t, "length of the window of "+p.Series, p.Window, (l.to - l.from).Seconds())
	}
}
