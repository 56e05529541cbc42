package study

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/result"
)

// A doubtful is a site whose target tries a transaction again and again, each attempt with a chance of any end, and whose
// ledger is what became of them. Its blocks have the number of the millisecond in which they were committed; a third of them
// is in a peer's log, and another third the client has seen itself.
type doubtful struct {
	*site
	rng      *rand.Rand
	once     bool // a transaction of which an attempt is valid is refused
	entries  []bench.Entry
	settled  time.Duration // asked for
	settling error

	open                              map[result.Fate]uint64
	sights                            map[result.Sight]uint64
	confirmed, valid, twice, attempts uint64
	stored                            uint64
}

func (d *doubtful) Target() bench.Target { return d }

func (d *doubtful) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []bench.Attempt
	copies := uint64(0)
	for len(all) < 4 {
		a := bench.Attempt{Through: fmt.Sprintf("peer%d", len(all)), Started: time.Now()}
		d.attempts++
		binary.BigEndian.PutUint64(a.TxID[:], d.attempts)
		a.Outcome = d.end(&a, &copies)
		if a.Committed.IsZero() {
			a.Ended = time.Now()
		}
		all = append(all, a)
		if a.Outcome.Class() == result.Succeeded {
			break
		}
	}
	if copies > 1 {
		d.twice++
	}
	d.stored += copies
	last := all[len(all)-1]
	r := last.Receipt
	if last.Outcome.Class() != result.Succeeded {
		for _, a := range all { // what may be on the ledger has no definite end
			if a.Outcome == result.Unknown {
				r = a.Receipt
			}
		}
	}
	if len(all) > 1 {
		r.Attempts = all
	}
	if r.Outcome.Class() == result.Succeeded {
		return r, nil
	}
	return r, errors.New("no luck")
}

// end returns what the client learns of an attempt, and puts on the ledger what becomes of it.
func (d *doubtful) end(a *bench.Attempt, copies *uint64) result.Outcome {
	kind := d.rng.IntN(6)
	if kind == 0 {
		return result.EndorseUnreachable
	}
	if d.once && *copies > 0 {
		d.confirmed++
		return result.Confirmed
	}
	a.Endorsed = time.Now()
	block := uint64(time.Since(d.started)/time.Millisecond) + uint64(d.rng.IntN(3000))
	entry := bench.Entry{TxID: a.TxID, Block: block, Outcome: result.Valid}
	fate := result.FateCommitted
	switch kind {
	case 1: // seen
		a.Submitted, a.Committed, a.Block = time.Now(), time.Now(), block
		d.entries = append(d.entries, entry)
		*copies++
		d.valid++
		return result.Valid
	case 2, 3:
		*copies++
		d.entries = append(d.entries, entry)
	case 4:
		fate, entry.Outcome = result.FateInvalid, result.MVCCConflict
		d.entries = append(d.entries, entry)
	case 5:
		fate = result.FateNotCommitted
	}
	d.open[fate]++
	sight := []result.Sight{result.SightPeerLog, result.SightStream, result.SightAudit}[block%3]
	if fate == result.FateNotCommitted {
		sight = result.SightAudit
	}
	d.sights[sight]++
	return result.Unknown
}

func (d *doubtful) Ledger(context.Context, func(*result.BlockRow)) iter.Seq2[bench.Entry, error] {
	return func(yield func(bench.Entry, error) bool) {
		for _, e := range d.entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (d *doubtful) Stored(context.Context) (uint64, bool, error) { return d.stored, true, nil }

func (d *doubtful) at(block uint64) time.Time {
	return d.started.Add(time.Duration(block) * time.Millisecond)
}

func (d *doubtful) Counters(context.Context) Counters { return Counters{} }

func (d *doubtful) Blocks(time.Time) (all []result.Block, err error) {
	for _, e := range d.entries {
		if e.Block%3 == 0 {
			all = append(all, result.Block{Number: e.Block, Peers: []result.PeerBlock{
				{Peer: "slow", Committed: d.at(e.Block).Add(time.Second)}, {Peer: "fast", Committed: d.at(e.Block)},
			}})
		}
	}
	return all, nil
}

func (d *doubtful) Seen(channel uint16, block uint64) (time.Time, bool) {
	return d.at(block), channel == 0 && block%3 == 1
}

func (d *doubtful) Settle(_ context.Context, quiet time.Duration) ([]result.LedgerRead, error) {
	d.settled = quiet
	return []result.LedgerRead{{Channel: "metrology", Peer: "peer1", Height: 7, Behind: []string{"peer0"}, Silent: []string{"peer2"}}}, d.settling
}

func doubted(t *testing.T, seed uint64, once bool) (*doubtful, outcome) {
	t.Helper()
	at := newSite()
	d := &doubtful{site: at, rng: rand.New(rand.NewPCG(seed, 0)), once: once, open: map[result.Fate]uint64{}, sights: map[result.Sight]uint64{}}
	at.as = func(*site) Site { return d }
	return d, conduct(t, series(open("a", 4*time.Second, 50.01)), at, nil)
}

// Whatever becomes of attempts: the audit decides each that is in doubt, as the ledger has it, finds what was reported as valid or
// confirmed, and nothing twice.
func TestDoubtsAreDecided(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d, o := doubted(t, seed, true)
			a := o.summary.Audit
			if o.err != nil || a == nil || a.InDoubt == nil {
				t.Fatalf("error %v, audit %+v", o.err, a)
			}
			in := a.InDoubt
			want := result.InDoubt{
				Total:     d.open[result.FateCommitted] + d.open[result.FateInvalid] + d.open[result.FateNotCommitted],
				Committed: d.open[result.FateCommitted], Invalid: d.open[result.FateInvalid], NotCommitted: d.open[result.FateNotCommitted],
				For: in.For, Sights: d.sights,
			}
			if diff := cmp.Diff(want, *in); diff != "" {
				t.Errorf("in doubt (-want +got):\n%s", diff)
			}
			for fate, n := range d.open {
				if got := in.For[fate]; uint64(got.N) != n || n > 0 && !(got.Max > 0) {
					t.Errorf("%d were %s, the times are %+v", n, fate, got)
				}
			}
			equal(t, "expected", d.valid+d.confirmed, a.Expected)
			equal(t, "found", a.Expected, a.Found)
			equal(t, "unclaimed", d.open[result.FateCommitted]-d.confirmed, a.Unclaimed)
			equal(t, "contradicted", 0, a.Contradicted)
			equal(t, "foreign", 0, a.Foreign)
			equal(t, "verdict", result.AuditPass, a.Verdict)
			equal(t, "ledgers", []result.LedgerRead{{Session: 1, Channel: "metrology", Peer: "peer1", Height: 7, Behind: []string{"peer0"}, Silent: []string{"peer2"}}},
				a.Ledgers)
			equal(t, "asked to be quiet for", 2100*time.Millisecond, d.settled)
			p := o.summary.Points[0]
			var confirmed uint64
			rows := map[uint64]result.Row{}
			for _, row := range o.rows {
				rows[row.Seq] = row
				if row.Outcome == result.Confirmed {
					confirmed++
				}
			}
			equal(t, "confirmed rows", d.confirmed, confirmed)
			equal(t, "throughput counts what is valid alone", float64(p.Outcomes["valid"])/p.Window, p.Throughput)
			equal(t, "commit latencies", p.Outcomes["valid"], p.Latency["commit"].N)
			stored, err := result.Open(o.dir)
			if err != nil {
				t.Fatal(err)
			}
			var window uint64 // attempts in doubt
			numbers := map[uint64]int{}
			for a, err := range stored.Attempts() {
				if err != nil {
					t.Fatal(err)
				}
				numbers[a.Seq]++
				row := rows[a.Seq]
				if a.Number != numbers[a.Seq] || a.Intended != row.Intended {
					t.Errorf("attempt %d of transaction %d, intended at %v, stands where %d is due, intended at %v", a.Number, a.Seq, a.Intended,
						numbers[a.Seq], row.Intended)
				}
				if a.InDoubt() && inWindow(&row) {
					window++
				}
			}
			for seq, row := range rows {
				if want := numbers[seq]; int(row.Attempts) != want {
					t.Errorf("transaction %d has %d attempts, %d are stored", seq, row.Attempts, want)
				}
				if row.InDoubt() && inWindow(&row) {
					window++
				}
			}
			equal(t, "in doubt at the point", window, p.InDoubt.Total)
		})
	}
}

// inWindow reports whether a row of doubted is of the window.
func inWindow(row *result.Row) bool {
	return row.Intended >= time.Second && row.Intended < 4*time.Second
}

// Without a contract that refuses, two attempts are valid, and the audit fails.
func TestTwice(t *testing.T) {
	d, o := doubted(t, 3, false)
	a := o.summary.Audit
	if d.twice == 0 || a == nil || a.InDoubt == nil {
		t.Fatalf("%d twice, audit %+v", d.twice, a)
	}
	equal(t, "twice", d.twice, a.InDoubt.Twice)
	equal(t, "verdict", result.AuditFail, a.Verdict)
	if want := fmt.Sprintf("; of %d readings two attempts are valid", d.twice); o.err == nil || !strings.HasSuffix(o.err.Error(), want) {
		t.Errorf("error %v, want one that ends with %q", o.err, want)
	}
}

// A confirmation that the ledger does not bear out is a transaction that is missing.
func TestFalseConfirmation(t *testing.T) {
	rows := func(yield func(result.Row, error) bool) {
		yield(result.Row{Record: result.Record{Outcome: result.Confirmed, TxID: id(2), Attempts: 2}}, nil)
	}
	attempts := func(yield func(result.AttemptRow, error) bool) {
		_ = yield(result.AttemptRow{Attempt: result.Attempt{Number: 1, Outcome: result.Unknown, TxID: id(1)}}, nil) &&
			yield(result.AttemptRow{Attempt: result.Attempt{Number: 2, Outcome: result.Confirmed, TxID: id(2)}}, nil)
	}
	for _, tt := range []struct {
		name string
		on   []int
		want result.Audit
	}{
		{"nowhere", nil, result.Audit{Expected: 1, Missing: 1}},
		{"the first attempt", []int{1}, result.Audit{Expected: 1, Found: 1}},
		{"the one that was refused", []int{2}, result.Audit{Expected: 1, Missing: 1, Contradicted: 1}},
		{"both", []int{1, 2}, result.Audit{Expected: 1, Found: 1, Contradicted: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var l ledgers
			for _, n := range tt.on {
				l.valid = append(l.valid, ledgerEntry{id: shorten(id(n))})
			}
			got, err := l.compare(rows, attempts)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("error %v; audit (-want +got):\n%s", err, diff)
			}
		})
	}
}

// Ledgers of which none can be found to read are an audit that failed.
func TestNothingSettles(t *testing.T) {
	at := newSite()
	d := &doubtful{site: at, rng: rand.New(rand.NewPCG(1, 0)), once: true, open: map[result.Fate]uint64{}, sights: map[result.Sight]uint64{},
		settling: errors.New("no peer answers")}
	at.as = func(*site) Site { return d }
	o := conduct(t, series(open("a", 4*time.Second, 50)), at, nil)
	equal(t, "error", "audit: find the longest ledger: no peer answers", fmt.Sprint(o.err))
	equal(t, "audit", nil, o.summary.Audit)
	equal(t, "in doubt", nil, o.summary.Points[0].InDoubt)
}
