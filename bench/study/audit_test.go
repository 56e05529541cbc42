package study

import (
	"context"
	"errors"
	"fmt"

	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench/result"
)

func TestAudit(t *testing.T) {
	tests := []struct {
		name  string
		fault func(f *fate) // of the 150th of 400 transactions
		audit result.Audit
		wrong bool
	}{
		{"clean", func(*fate) {},
			result.Audit{Expected: 400, Found: 400, Stored: 400}, false},
		{"missing", func(f *fate) { f.copies = 0 },
			result.Audit{Expected: 400, Found: 399, Missing: 1, Stored: 400}, true},
		{"missing and not stored", func(f *fate) { f.copies, f.stored = 0, 0 },
			result.Audit{Expected: 400, Found: 399, Missing: 1, Stored: 399}, true},
		{"duplicated", func(f *fate) { f.copies = 3 },
			result.Audit{Expected: 400, Found: 400, Duplicated: 2, Stored: 400}, true},
		{"foreign", func(f *fate) { f.foreign = 2 },
			result.Audit{Expected: 400, Found: 400, Foreign: 2, Stored: 400}, true},
		{"contradicted", func(f *fate) { f.told, f.err = result.MVCCConflict, errors.New("MVCC_READ_CONFLICT") },
			result.Audit{Expected: 399, Found: 399, Contradicted: 1, Stored: 400}, true},
		{"refused, and rightly so", func(f *fate) { *f = fate{told: result.EndorseRefused, err: errors.New("no")} },
			result.Audit{Expected: 399, Found: 399, Stored: 399}, false},
		{"stored less", func(f *fate) { f.stored = 0 },
			result.Audit{Expected: 400, Found: 400, Stored: 399}, true},
		{"stored more", func(f *fate) { f.stored = 2 },
			result.Audit{Expected: 400, Found: 400, Stored: 401}, true},
		// With one lost, a probe before the next level is the 401st.
		{"unclaimed", func(f *fate) { f.lost = true },
			result.Audit{Expected: 400, Found: 400, Unclaimed: 1, Stored: 401, InDoubt: &result.InDoubt{Total: 1, Committed: 1}}, false},
		{"unclaimed twice", func(f *fate) { f.lost, f.copies = true, 2 },
			result.Audit{Expected: 400, Found: 400, Unclaimed: 1, Duplicated: 1, Stored: 401, InDoubt: &result.InDoubt{Total: 1, Committed: 1}}, true},
		{"committed after the contract was asked", func(f *fate) { f.lost, f.stored = true, 0 },
			result.Audit{Expected: 400, Found: 400, Unclaimed: 1, Stored: 400, InDoubt: &result.InDoubt{Total: 1, Committed: 1}}, false},
		{"lost for good", func(f *fate) { *f = fate{lost: true} },
			result.Audit{Expected: 400, Found: 400, Stored: 400, InDoubt: &result.InDoubt{Total: 1, NotCommitted: 1}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := newSite()
			at.fault = func(n int, f *fate) {
				if n == 150 {
					tt.fault(f)
				}
			}
			o := conduct(t, series(open("a", 4*time.Second, 50, 49.999)), at, nil)
			a := tt.audit // and what the levels ran out with, all of it well
			a.Expected, a.Found, a.Stored = a.Expected+uint64(o.runOut), a.Found+uint64(o.runOut), a.Stored+uint64(o.runOut)
			a.Verdict = result.AuditPass
			if tt.wrong {
				a.Verdict = result.AuditFail
			}
			if in := o.summary.Audit.InDoubt; in != nil && tt.audit.InDoubt != nil {
				in.For, in.Sights = nil, nil
			}
			equal(t, "audit", &a, o.summary.Audit)
			equal(t, "complete", true, o.summary.Complete)
			equal(t, "points", 2, len(o.summary.Points))
			want := "<nil>"
			if tt.wrong {
				want = fmt.Sprintf("the ledger does not match the client's record: of %d valid transactions %d are missing; %d are on the ledger twice, "+
					"%d against the client's record, %d not from this run; the contract stores %d readings, %d were committed",
					a.Expected, a.Missing, a.Duplicated, a.Contradicted, a.Foreign, a.Stored, a.Found+a.Unclaimed)
				o.warned(t, want)
			}
			equal(t, "error", want, fmt.Sprint(o.err))
		})
	}
}

func TestAuditFails(t *testing.T) {
	broken := errors.New("no peer answers")
	for name, fail := range map[string]func(*site){
		"read the ledger":                  func(s *site) { s.ledgerErr = broken },
		"count the readings on the ledger": func(s *site) { s.storedErr = broken },
	} {
		t.Run(name, func(t *testing.T) {
			at := newSite()
			fail(at)
			o := conduct(t, series(open("a", 4*time.Second, 50)), at, nil)
			want := fmt.Sprintf("%s: no peer answers", name)
			is(t, o.err, broken)
			equal(t, "error", "audit: "+want, fmt.Sprint(o.err))
			equal(t, "audit", nil, o.summary.Audit)
			equal(t, "points", 1, len(o.summary.Points))
			o.warned(t, "the audit failed: "+want)
		})
	}
}

// The comparison gives what counting every transaction id in a map gives.
func TestCompareCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOf(rapid.IntRange(1, 12))
		by := func(n int) sender { return sender(n % 4) } // of nobody, and of three workers
		var l ledgers
		for _, rank := range rapid.SliceOf(rapid.IntRange(0, 2)).Draw(t, "lost") {
			l.lose(rank)
		}
		copies := map[int]uint64{}
		for _, n := range ids.Draw(t, "ledger") {
			l.valid = append(l.valid, ledgerEntry{shorten(id(n)), by(n)})
			copies[n]++
		}
		var want result.Audit
		var rows []result.Row
		for _, n := range ids.Draw(t, "rows") {
			outcome := rapid.SampledFrom([]result.Outcome{result.Valid, result.Unknown, result.Dropped, result.MVCCConflict}).Draw(t, "outcome")
			row := result.Row{Record: result.Record{Outcome: outcome, TxID: id(n)}}
			if outcome == result.Dropped {
				row.TxID = [32]byte{}
			}
			rows = append(rows, row)
			if outcome == result.Valid {
				want.Expected++
			}
			if outcome == result.Dropped || copies[n] == 0 {
				continue
			}
			want.Duplicated += copies[n] - 1
			copies[n] = 0
			switch outcome {
			case result.Valid:
				want.Found++
			case result.Unknown:
				want.Unclaimed++
			default:
				want.Contradicted++
			}
		}
		want.Missing = want.Expected - want.Found
		var unclaimed [4]uint64
		for n, all := range copies {
			switch {
			case all == 0:
			case l.lost[by(n)]:
				unclaimed[by(n)]++
				want.Duplicated += all - 1
			default:
				unclaimed[by(n)] += all
				want.Foreign += all
			}
		}
		for rank, n := range unclaimed[1:] {
			one := result.WorkerCount{Worker: rank, Transactions: n}
			switch {
			case n == 0:
			case l.lost[senderOf(rank)]:
				want.Untold = append(want.Untold, one)
			default:
				want.Unrecorded = append(want.Unrecorded, one)
			}
		}
		got, err := l.compare(func(yield func(result.Row, error) bool) {
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		}, func(func(result.AttemptRow, error) bool) {})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("error %v; counts (-want +got):\n%s", err, diff)
		}
	})
}

// An evaluable site says how many ciphertexts on its ledger are right.
type evaluable struct {
	*site
	compared uint64
	err      error
}

func (e evaluable) Evaluate(context.Context) (uint64, error) { return e.compared, e.err }

func TestEvaluate(t *testing.T) {
	at := newSite()
	at.as = func(s *site) Site { return evaluable{site: s, compared: 7} }
	scenario := series(open("a", 4*time.Second, 50))
	scenario.Repeat, scenario.Fresh = 2, true // two ledgers
	o := conduct(t, scenario, at, nil)
	if o.err != nil || o.summary.Audit == nil {
		t.Fatalf("error %v, audited: %t", o.err, o.summary.Audit != nil)
	}
	equal(t, "evaluated", 14, o.summary.Audit.Evaluated)
	wrong := errors.New("reading 3 evaluates to 5 Wh, 7 were measured")
	at = newSite()
	at.as = func(s *site) Site { return evaluable{site: s, err: wrong} }
	o = conduct(t, series(open("a", 4*time.Second, 50)), at, nil)
	is(t, o.err, wrong)
	equal(t, "error", "audit: compare the ledger with the meters: reading 3 evaluates to 5 Wh, 7 were measured", fmt.Sprint(o.err))
	equal(t, "audit", nil, o.summary.Audit)
}
