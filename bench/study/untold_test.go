package study

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// withCrew runs two levels by workers 3 and 4.
func withCrew(t *testing.T, require scenario.Require, crew crewSite) (*crewSite, outcome) {
	t.Helper()
	at := newSite()
	at.mixed = true
	at.as = func(s *site) Site {
		crew.site, crew.workers, crew.workloads = s, 2, map[string]bench.Workload{}
		return &crew
	}
	of := series(open("a", 4*time.Second, 50, 49.999))
	of.Require = require
	return &crew, conduct(t, of, at, nil)
}

// kill has worker 4 be lost in the middle of its first level.
func kill() func(*WorkerLevel) {
	levels := 0
	return func(w *WorkerLevel) {
		if levels++; levels == 1 {
			w.Lost = &Loss{Why: "it ended: signal: killed", Until: 2 * time.Second, Scheduled: 50, Received: 40}
		}
	}
}

// What a worker had sent when it was lost, and not told of, is told from all else that is on the ledger and on no record.
func TestUntold(t *testing.T) {
	const killed, other, stranger = 4, 3, 9
	entries := func(outcome result.Outcome, rank int, numbers ...int) (all []bench.Entry) {
		for _, n := range numbers {
			all = append(all, bench.Entry{TxID: id(1<<40 + n), Outcome: outcome, Mark: markOf(rank)})
		}
		return all
	}
	untold := func(rank int, n uint64) result.WorkerCounts {
		return result.WorkerCounts{{Worker: rank, Transactions: n}}
	}
	for _, tt := range []struct {
		name  string
		crew  crewSite
		want  result.Audit // beside what was recorded
		wrong string       // what the error has
	}{
		{"nobody lost, nothing else", crewSite{}, result.Audit{}, ""},
		{"lost with nothing to tell", crewSite{tell: kill()}, result.Audit{}, ""},
		{"lost", crewSite{tell: kill(), extra: entries(result.Valid, killed, 1, 2, 3)}, result.Audit{Untold: untold(killed, 3)}, ""},
		{"lost, and counted by the contract", crewSite{tell: kill(), extra: entries(result.Valid, killed, 1, 2, 3), stored: 3},
			result.Audit{Untold: untold(killed, 3), Stored: 3}, ""},
		{"the contract counts more", crewSite{tell: kill(), extra: entries(result.Valid, killed, 1, 2, 3), stored: 4},
			result.Audit{Untold: untold(killed, 3), Stored: 4}, "the contract stores"},
		{"invalid", crewSite{tell: kill(), extra: entries(result.MVCCConflict, killed, 1)}, result.Audit{}, ""},
		{"twice", crewSite{tell: kill(), extra: entries(result.Valid, killed, 1, 2, 1)},
			result.Audit{Untold: untold(killed, 2), Duplicated: 1}, "1 are on the ledger twice"},
		{"of one that was not lost", crewSite{tell: kill(), extra: entries(result.Valid, other, 1, 2)},
			result.Audit{Foreign: 2, Unrecorded: untold(other, 2)}, "2 not from this run or not on record (2 of worker 3, not lost)"},
		{"nobody lost", crewSite{extra: entries(result.Valid, killed, 1)},
			result.Audit{Foreign: 1, Unrecorded: untold(killed, 1)}, "1 not from this run or not on record (1 of worker 4, not lost)"},
		{"of a stranger", crewSite{tell: kill(), extra: entries(result.Valid, stranger, 1, 2)}, result.Audit{Foreign: 2}, "2 not from this run;"},
		{"of all, where others may be", crewSite{tell: kill(), shared: true, extra: append(entries(result.Valid, stranger, 1, 2), entries(result.Valid, killed, 3)...)},
			result.Audit{Others: 2, Untold: untold(killed, 1)}, ""},
		{"of one that was not lost, where others may be",
			crewSite{tell: kill(), shared: true, extra: append(entries(result.Valid, stranger, 1, 2), entries(result.Valid, other, 3)...)},
			result.Audit{Others: 2, Foreign: 1, Unrecorded: untold(other, 1)}, "1 not from this run or not on record (1 of worker 3, not lost)"},
		{"no marks, nothing else", crewSite{tell: kill(), filtered: true}, result.Audit{}, ""},
		{"no marks, nobody lost", crewSite{filtered: true, shared: true, extra: entries(result.Valid, stranger, 1)}, result.Audit{Others: 1}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			crew, o := withCrew(t, scenario.Require{}, tt.crew)
			ours := 400 + uint64(o.runOut)
			want := tt.want
			want.Expected, want.Found, want.Stored = ours, ours, want.Stored+ours
			want.Verdict = result.AuditPass
			if tt.wrong != "" {
				want.Verdict = result.AuditFail
			}
			equal(t, "audit", &want, o.summary.Audit)
			if said := fmt.Sprint(o.err); tt.wrong == "" && o.err != nil || !strings.Contains(said, tt.wrong) {
				t.Errorf("error %s, want one with %q", said, tt.wrong)
			}
			lost := tt.crew.tell != nil
			equal(t, "complete", !lost, o.summary.Complete)
			equal(t, "points", 2, len(o.summary.Points))
			equal(t, "the second one's validity", true, o.summary.Points[1].Valid)
			quiet := time.Duration(0)
			if lost {
				quiet = 100*time.Millisecond + quietMore
			}
			equal(t, "quiet before the ledger was read", quiet, crew.quiet)
		})
	}
}

// Where the ledger shows no marks, others' transactions cannot be told from those of a worker that was lost, which is said.
func TestUntoldCannotBeTold(t *testing.T) {
	_, o := withCrew(t, scenario.Require{}, crewSite{tell: kill(), shared: true, filtered: true, extra: []bench.Entry{{TxID: id(1 << 40), Outcome: result.Valid}}})
	equal(t, "audit", nil, o.summary.Audit)
	equal(t, "error", "audit: 1 transactions on the ledger are not on record, of others or of a worker that was lost: filtered blocks do not say which; "+
		"use an identity that may read whole ones", fmt.Sprint(o.err))
}

// A level that lost a worker is not valid, which a scenario may require it to be.
func TestRequireValidOfLost(t *testing.T) {
	for name, held := range map[string]time.Duration{"run out": 4 * time.Second, "cut short": 3 * time.Second} {
		t.Run(name, func(t *testing.T) {
			lose := kill()
			_, o := withCrew(t, scenario.Require{Valid: true, ValidShare: 1}, crewSite{tell: func(w *WorkerLevel) {
				if lose(w); w.Lost != nil {
					w.Results[0].Held, w.Results[0].Partial = held, held < 4*time.Second
				}
			}})
			invalid, ok := errors.AsType[*NotValidError](o.err)
			if !ok || len(invalid.Points) != 1 || invalid.Failed != nil || invalid.Below != nil {
				t.Errorf("error %v", o.err)
			}
		})
	}
}

// An attempt may have come before its worker was lost, and the record that would have claimed its transaction not.
func TestAttemptWithoutRecord(t *testing.T) {
	for _, lost := range []bool{true, false} {
		t.Run(fmt.Sprint("lost ", lost), func(t *testing.T) {
			l := ledgers{valid: []ledgerEntry{{shorten(id(1)), senderOf(0)}}}
			want := result.Audit{Contradicted: 1}
			if lost {
				l.lose(0)
				want = result.Audit{Untold: result.WorkerCounts{{Worker: 0, Transactions: 1}}}
			}
			got, err := l.compare(func(func(result.Row, error) bool) {}, func(yield func(result.AttemptRow, error) bool) {
				yield(result.AttemptRow{Attempt: result.Attempt{Number: 1, Outcome: result.Valid, TxID: id(1)}}, nil)
			})
			equal(t, "error", nil, err)
			equal(t, "audit", want, got)
		})
	}
}
