package ledger_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/ledger"
	"meterbench/bench/result"
)

// sent returns the record of the nth transaction, which has every part but one.
func sent(n int) result.Record {
	r := result.Record{
		Outcome: result.Valid, Intended: time.Second, Started: time.Second + time.Microsecond, Prepared: time.Second + time.Millisecond,
		Endorsed: 2 * time.Second, Submitted: 2*time.Second + time.Duration(n), Committed: 3 * time.Second,
	}
	binary.BigEndian.PutUint64(r.TxID[:], uint64(n)+1)
	r.TxID[31] = 0xff
	return r
}

func idOf(r result.Record) string { return hex.EncodeToString(r.TxID[:]) }

// What is kept of a transaction is what its record says, until as many newer ones have come as there is room for.
func TestRecent(t *testing.T) {
	var recent ledger.Recent
	if parts, forgot := recent.Latency(idOf(sent(1))); parts != nil || forgot {
		t.Errorf("of none: %v, %t", parts, forgot)
	}
	check := func(n int, known, forgot bool) {
		t.Helper()
		r := sent(n)
		var want []ledger.LatencyPart
		if known {
			want = ledger.LatencyOf(&r)
		}
		got, gone := recent.Latency(idOf(r))
		if diff := cmp.Diff(want, got); diff != "" || gone != forgot {
			t.Errorf("transaction %d: forgot %t, -want +got:\n%s", n, gone, diff)
		}
	}
	unsent := result.Record{Outcome: result.Dropped}
	recent.Add(&unsent)
	half := ledger.MostRecent / 2
	for n := range ledger.MostRecent {
		r := sent(n)
		recent.Add(&r)
	}
	check(0, true, false)
	check(ledger.MostRecent-1, true, false)
	for n := range half {
		r := sent(ledger.MostRecent + n)
		recent.Add(&r)
	}
	check(half-1, false, true)
	check(half, true, false)
	check(ledger.MostRecent+half-1, true, false)
	for _, id := range []string{"", "12:0", strings.Repeat("0", 64), strings.Repeat("0", 66), "é"} {
		if parts, _ := recent.Latency(id); parts != nil {
			t.Errorf("%q: %v", id, parts)
		}
	}
}

// A transaction that was not committed has the parts that it got to.
func TestLatencyOf(t *testing.T) {
	r := result.Record{Outcome: result.EndorseRefused, Started: time.Millisecond, Prepared: 3 * time.Millisecond, Encrypt: time.Millisecond,
		Endorsed: result.NotReached, Submitted: result.NotReached, Committed: result.NotReached}
	want := []ledger.LatencyPart{{Part: "lag", Seconds: 0.001}, {Part: "prepare", Seconds: 0.002}, {Part: "encrypt", Seconds: 0.001}}
	if diff := cmp.Diff(want, ledger.LatencyOf(&r)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// silent is a Reader whose only transaction is one.
type silent struct {
	named
	id string
}

func (s silent) Transaction(context.Context, string, string) (ledger.Transaction, error) {
	return ledger.Transaction{Head: ledger.Head{ID: s.id}}, nil
}

// A Switch adds to what a network tells of a transaction where its latency went, and says where that is not known any more.
func TestSwitchKnowsLatency(t *testing.T) {
	s := ledger.Switch{Recent: new(ledger.Recent)}
	first := sent(0)
	s.Recent.Add(&first)
	s.Set(silent{id: idOf(first)})
	tx, err := s.Transaction(t.Context(), "ch", idOf(first))
	if diff := cmp.Diff(ledger.LatencyOf(&first), tx.Latency); diff != "" || err != nil || tx.Note != "" {
		t.Errorf("%v, note %q, -want +got:\n%s", err, tx.Note, diff)
	}
	for n := range ledger.MostRecent {
		r := sent(n + 1)
		s.Recent.Add(&r)
	}
	if tx, err = s.Transaction(t.Context(), "ch", idOf(first)); err != nil || tx.Latency != nil || !strings.Contains(tx.Note, "131072 newest") {
		t.Errorf("%+v, %v", tx, err)
	}
}

func BenchmarkRecentAdd(b *testing.B) {
	var recent ledger.Recent
	r := sent(7)
	for b.Loop() {
		recent.Add(&r)
	}
}
