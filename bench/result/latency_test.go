package result

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"

	"meterbench/bench/stats"
)

// lost is a transaction that ended with the outcome, without a commit, after a time.
func lost(seq uint64, after time.Duration, o Outcome) Record {
	r := stopped(seq, time.Duration(seq)*time.Millisecond, o)
	if o == Dropped {
		r.Started = NotReached
	}
	r.Ended = r.Intended + after
	return r
}

// Of 2000 transactions the first ones are missing, all others take 100 ms, and 1 ms more one after the other.
func TestLatencyOverAllScheduled(t *testing.T) {
	const n = 2000
	percents := []float64{50, 95, 99, 99.9}
	value := func(rank int) *float64 { v := 0.1 + float64(rank-1)*1e-3; return &v }
	beyond := func(d time.Duration) *float64 { v := d.Seconds(); return &v }
	// whole is all of a window of n with so many values: a quantile's rank counts the missing ones.
	for _, tt := range []struct {
		name    string
		missing []Record
		want    AllLatency
	}{
		{"nothing is missing", nil, AllLatency{Quantiles: []AllQuantile{
			{Percent: 50, Value: value(1000)}, {Percent: 95, Value: value(1900)}, {Percent: 99, Value: value(1980)}, {Percent: 99.9},
		}}},
		{"a percent is unknown", repeated(20, 3*second, Unknown), AllLatency{Missing: map[string]uint64{"unknown": 20}, Quantiles: []AllQuantile{
			{Percent: 50, Value: value(1000)}, {Percent: 95, Value: value(1900)}, {Percent: 99, Value: value(1980)}, {Percent: 99.9},
		}}},
		{"two percent are unknown, one waited for less long", append(repeated(39, 3*second, Unknown), lost(39, 2*second, Unknown)),
			AllLatency{Missing: map[string]uint64{"unknown": 40}, Quantiles: []AllQuantile{
				{Percent: 50, Value: value(1000)}, {Percent: 95, Value: value(1900)}, {Percent: 99, Beyond: beyond(2 * second)}, {Percent: 99.9},
			}}},
		{"six percent were refused at once", repeated(120, second/100, EndorseRefused), AllLatency{Missing: map[string]uint64{"endorse_refused": 120}, Quantiles: []AllQuantile{
			{Percent: 50, Value: value(1000)}, {Percent: 95, Never: true}, {Percent: 99, Never: true}, {Percent: 99.9},
		}}},
		{"some were dropped, some are unknown", append(repeated(1100, 0, Dropped), repeated(100, 3*second, Unknown)...),
			AllLatency{Missing: map[string]uint64{"dropped": 1100, "unknown": 100}, Quantiles: []AllQuantile{
				{Percent: 50, Beyond: beyond(3 * second)}, {Percent: 95, Beyond: beyond(3 * second)}, {Percent: 99, Beyond: beyond(3 * second)}, {Percent: 99.9},
			}}},
		{"all are dropped", repeated(n, 0, Dropped), AllLatency{Missing: map[string]uint64{"dropped": n}, Quantiles: []AllQuantile{
			{Percent: 50, Never: true}, {Percent: 95, Never: true}, {Percent: 99, Never: true}, {Percent: 99.9},
		}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWindow(0, 10*second)
			for i, r := range tt.missing {
				r.Seq = uint64(i)
				w.add(&r)
			}
			for i := range n - len(tt.missing) {
				r := committed(uint64(i), 0)
				r.Committed = time.Duration(100+i) * time.Millisecond
				w.add(&r)
			}
			got, want := w.All(percents), tt.want
			want.N = n
			if diff := cmp.Diff(&want, got, cmpopts.EquateApprox(1e-3, 0), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n := got.Lost(); n != uint64(len(tt.missing)) {
				t.Errorf("%d lost, want %d", n, len(tt.missing))
			}
		})
	}
}

func repeated(n int, after time.Duration, o Outcome) []Record {
	all := make([]Record, n)
	for i := range all {
		all[i] = lost(uint64(i), after, o)
	}
	return all
}

func TestAllLatencyAt(t *testing.T) {
	f := func(v float64) *float64 { return &v }
	all := &AllLatency{Quantiles: []AllQuantile{{Percent: 50, Value: f(0.2)}, {Percent: 95, Beyond: f(3)}, {Percent: 99, Never: true}, {Percent: 99.9}}}
	for _, tt := range []struct {
		all        *AllLatency
		percent    float64
		value      float64
		beyond, ok bool
	}{
		{all, 50, 0.2, false, true}, {all, 95, 3, true, true}, {all, 99, math.Inf(1), true, true}, {all, 99.9, 0, false, false}, {all, 10, 0, false, false},
		{nil, 50, 0, false, false},
	} {
		if value, beyond, ok := tt.all.At(tt.percent); value != tt.value || beyond != tt.beyond || ok != tt.ok {
			t.Errorf("p%g: %g, %v, %v", tt.percent, value, beyond, ok)
		}
	}
}

func TestLatencyByOutcome(t *testing.T) {
	w := newWindow(second, 10*second)
	answered := committed(3, 2*second)
	answered.Outcome, answered.Submitted, answered.Committed = Answered, NotReached, NotReached
	invalid := committed(4, 2*second)
	invalid.Outcome = MVCCConflict
	late := committed(5, 2*second)
	late.Committed = late.Submitted - 5*time.Millisecond // seen before the acknowledgement came
	old := committed(6, 2*second)                        // of an older version, without its end
	old.Outcome, old.Committed = Unknown, NotReached
	for _, r := range []Record{
		committed(1, 2*second), committed(2, 0), answered, invalid, late, old, // the second one is of the warm-up
		lost(3000, 3*second, Unknown), lost(3001, 4*time.Millisecond, Limited), lost(3002, 0, Dropped),
	} {
		w.add(&r)
	}
	type row struct{ N, Mean, Max float64 }
	got := map[string]row{}
	for outcome, q := range w.ByOutcome(nil) {
		got[outcome] = row{float64(q.N), q.Mean, q.Max}
	}
	want := map[string]row{
		"valid": {2, 0.0575, 0.1}, "answered": {1, 0.013, 0.013}, "mvcc_conflict": {1, 0.1, 0.1},
		"unknown": {2, 1.51, 3}, "limited": {1, 0.004, 0.004},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-3, 0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if q := w.ByOutcome([]float64{90})["valid"]; cmp.Diff([]stats.Quantile{{Percent: 90}}, q.More) != "" {
		t.Errorf("more: %v", q.More)
	}
}

// Rows of older versions say nothing of when transactions ended that were not committed.
func TestTransactionsWithoutTheirEnd(t *testing.T) {
	type older struct { // in another order too
		Outcome   string   `parquet:"outcome,dict"`
		Series    string   `parquet:"series,dict"`
		Load      string   `parquet:"load,dict"`
		Offered   float64  `parquet:"offered_per_s,dict"`
		Seq       int64    `parquet:"seq,delta"`
		Intended  int64    `parquet:"intended_ns,delta"`
		Started   int64    `parquet:"started_ns,delta"`
		Prepared  int64    `parquet:"prepared_ns,delta"`
		Endorsed  int64    `parquet:"endorsed_ns,delta"`
		Submitted int64    `parquet:"submitted_ns,delta"`
		Committed int64    `parquet:"committed_ns,delta"`
		TxID      [32]byte `parquet:"tx_id"`
	}
	var file bytes.Buffer
	row := older{Outcome: "unknown", Series: "plain", Load: "open", Offered: 5, Seq: 7, Intended: 1e9, Started: 1e9, Prepared: 2e9, Endorsed: 3e9, Submitted: 4e9, Committed: -1}
	if err := parquet.Write(&file, []older{row}); err != nil {
		t.Fatal(err)
	}
	var print fingerprint
	if _, err := print.Write(file.Bytes()); err != nil {
		t.Fatal(err)
	}
	opened, err := openTable(bytes.NewReader(file.Bytes()), File(print))
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range readTransactions(opened) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Ended != 0 || row.Lasted() != 3*second || row.Seq != 7 || row.Committed != NotReached {
			t.Errorf("%+v lasted %v", row, row.Lasted())
		}
	}
}

func TestLatencyOverAllThatContradicts(t *testing.T) {
	for _, all := range []AllLatency{{N: 2}, {N: 3, Missing: map[string]uint64{"unknown": 4}}} {
		sum := Summary{Points: []Point{{Scheduled: 3, Outcomes: map[string]uint64{"valid": 3}, LatencyAll: &all}}}
		if err := sum.check(); err == nil {
			t.Errorf("%+v is not refused", all)
		}
	}
}
