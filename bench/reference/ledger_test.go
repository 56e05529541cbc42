package reference_test

import (
	"bytes"
	"context"
	"maps"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/internal/random"
)

// In virtual time, where nobody wakes late, the harness's account is the
// reference's own: every instant of every transaction, and the outcomes.
func TestEveryTransactionAgreesWithTheLog(t *testing.T) {
	full := reference.Config{
		Endorse: stage(8, reference.Exponential, 19*time.Millisecond),
		Order:   stage(2, reference.Constant, 1300*time.Microsecond),
		Batch:   &reference.Batch{Timeout: 210 * time.Millisecond, Messages: 50, Bytes: 4000},
		Commit: &reference.Commit{Stage: reference.Stage{
			Servers: 1, Service: reference.Distribution{Kind: reference.Lognormal, Mean: 1700 * time.Microsecond, CV: 0.6},
		}},
		GiveUp: 3 * time.Second,
		Stalls: []reference.Stall{{At: 2 * time.Second, For: 700 * time.Millisecond}, {At: 5 * time.Second, For: time.Second}},
		Seed:   11,
	}
	for _, o := range result.Outcomes() {
		switch o {
		case result.Valid, result.Dropped, result.PrepareError, result.Answered, result.Interrupted, result.CARefused, result.CATimeout, result.CAUnreachable,
			result.Confirmed:
		default:
			full.Failures = append(full.Failures, reference.Failure{Outcome: o, Share: 0.03})
		}
	}
	blocks := full
	blocks.Commit = &reference.Commit{Stage: full.Commit.Stage, Per: reference.PerBlock}
	blocks.Endorse = nil
	open := bench.Plan{Arrivals: arrival.Poisson{PerSecond: 300}, Slots: 5000, Random: random.Stream{Seed: 4}, Hold: 10 * time.Second}
	for _, tt := range []struct {
		name   string
		config reference.Config
		plan   bench.Plan
	}{
		{"open", full, open},
		{"per block", blocks, open},
		{"closed", full, bench.Plan{Clients: 40, Hold: 10 * time.Second}},
		{"acknowledge", full, bench.Plan{Clients: 16, Wait: result.WaitAcknowledge, Outstanding: 500, Hold: 10 * time.Second}},
		{"endorse", full, bench.Plan{Clients: 40, Wait: result.WaitEndorse, Hold: 10 * time.Second}},
		{"at once", reference.Config{}, open},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := run(t, t.Context(), tt.config, tt.plan, func(seq uint64) bench.Transaction {
					return bench.Transaction{Function: "store", Args: [][]byte{make([]byte, seq%200)}}
				})
				var counts result.Counts
				for _, x := range tr.log {
					counts[x.Outcome]++
				}
				if counts[result.Dropped] = tr.Counts[result.Dropped]; counts != tr.Counts {
					t.Errorf("outcomes %v, the log has %v", tr.Counts.Map(), counts.Map())
				}
				for _, f := range tt.config.Failures { // four standard deviations
					n, share := float64(len(tr.log)), float64(counts[f.Outcome])/float64(len(tr.log))
					if last := slices.Contains([]result.Outcome{result.Limited, result.EndorseRefused, result.EndorseMismatch, result.EndorseTimeout}, f.Outcome); !last && tt.plan.Wait == result.WaitEndorse {
						continue
					}
					if math.Abs(share-f.Share) > 4*math.Sqrt(f.Share*(1-f.Share)/n) {
						t.Errorf("%v: a share of %g, want %g", f.Outcome, share, f.Share)
					}
				}
				for _, r := range tr.records {
					if r.Outcome == result.Dropped {
						continue
					}
					if err := tr.agree(r); err != nil {
						t.Fatalf("transaction %d: %v", r.Seq, err)
					}
				}
				t.Logf("%v", tr.Counts.Map())
			})
		})
	}
}

func TestStall(t *testing.T) {
	for _, tt := range []struct {
		name                             string
		slots                            int
		slowLow, slowHigh, dropLow, drop int
	}{
		{"servers in excess", 1000, 48, 52, 0, 0},
		{"one slot", 1, 1, 1, 98, 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := reference.Config{
					Commit: commit(1000, reference.Constant, 3700*time.Microsecond),
					Stalls: []reference.Stall{{At: 2 * time.Second, For: time.Second}},
				}
				tr := run(t, t.Context(), c, bench.Plan{Arrivals: arrival.Constant{PerSecond: 100}, Slots: tt.slots, Hold: 5 * time.Second}, empty)
				slow, dropped := tr.slow(500*time.Millisecond), int(tr.Counts[result.Dropped])
				t.Logf("%d slow, %d dropped", slow, dropped)
				if slow < tt.slowLow || slow > tt.slowHigh {
					t.Errorf("want %d to %d slow", tt.slowLow, tt.slowHigh)
				}
				if dropped < tt.dropLow || dropped > tt.drop {
					t.Errorf("want %d to %d dropped", tt.dropLow, tt.drop)
				}
			})
		})
	}
}

// Clients that keep every server busy get what the reference can do.
func TestSaturation(t *testing.T) {
	const hold, capacity = 40 * time.Second, 500
	for _, c := range []reference.Config{
		{Endorse: stage(60, reference.Exponential, 20*time.Millisecond), Commit: commit(1, reference.Exponential, 2*time.Millisecond), Seed: 1},
		{Commit: commit(4, reference.Constant, 8*time.Millisecond)},
		{Batch: &reference.Batch{Timeout: 2 * time.Second, Messages: 50}, Commit: perBlock(1, reference.Constant, 100*time.Millisecond)},
	} {
		t.Run(c.Describe(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := run(t, t.Context(), c, bench.Plan{Clients: 200, Hold: hold}, empty)
				n := 0
				for _, r := range tr.records {
					if r.Committed < hold {
						n++
					}
				}
				got := float64(n) / hold.Seconds()
				t.Logf("%.1f per second", got)
				if c.Capacity() != capacity || math.Abs(got/capacity-1) > 0.02 {
					t.Errorf("%g per second of a capacity of %g, want %d", got, c.Capacity(), capacity)
				}
			})
		})
	}
}

// Four clients that wait for their commits never fill a block of ten: every
// one takes the timer's two seconds, whatever the ledger could do.
func TestClosedLoadOnALongTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := reference.Config{Batch: &reference.Batch{Timeout: 2 * time.Second, Messages: 10}}
		tr := run(t, t.Context(), c, bench.Plan{Clients: 4, Hold: time.Minute}, empty)
		for _, r := range tr.records {
			if latency, _ := r.Span(result.PartCommit); latency != 2*time.Second {
				t.Fatalf("transaction %d took %v", r.Seq, latency)
			}
		}
		if got := float64(tr.Counts[result.Valid]) / 60; got != 2 {
			t.Errorf("%g transactions per second, want 2", got)
		}
	})
}

func TestCuts(t *testing.T) {
	const commit = 7 * time.Millisecond
	sized := func(sizes ...int) workload {
		return func(seq uint64) bench.Transaction {
			return bench.Transaction{Args: [][]byte{make([]byte, sizes[seq%uint64(len(sizes))])}}
		}
	}
	tests := []struct {
		name  string
		batch reference.Batch
		w     workload
		cuts  []int // ms after the start at which transactions 0, 1, … were ordered; they come every 10 ms
		block []uint64
	}{
		{"count", reference.Batch{Timeout: time.Second, Messages: 3}, empty, []int{20, 20, 20, 50, 50, 50}, []uint64{1, 1, 1, 2, 2, 2}},
		{"timer", reference.Batch{Timeout: 25 * time.Millisecond, Messages: 100}, empty, []int{25, 25, 25, 55, 55, 55}, []uint64{1, 1, 1, 2, 2, 2}},
		{"bytes", reference.Batch{Timeout: time.Second, Messages: 100, Bytes: 250}, sized(125), []int{20, 20, 40, 40, 1040, 1040}, []uint64{1, 1, 2, 2, 3, 3}},
		{"too large", reference.Batch{Timeout: time.Second, Messages: 100, Bytes: 250}, sized(100, 300, 100), []int{10, 10, 40, 40, 40, 1050}, []uint64{1, 2, 3, 3, 4, 5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := reference.Config{Batch: &tt.batch, Commit: perBlock(9, reference.Constant, commit)}
				p := bench.Plan{Arrivals: arrival.Steps{{PerSecond: 100, For: 60 * time.Millisecond}}, Slots: 100, Hold: 60 * time.Millisecond}
				tr := run(t, t.Context(), c, p, tt.w)
				for i, r := range tr.records {
					cut := tr.log[r.TxID].Ordered.Sub(tr.epoch)
					if want := time.Duration(tt.cuts[i]) * time.Millisecond; cut != want || r.Committed != want+commit || r.Block != tt.block[i] {
						t.Errorf("transaction %d: cut at %v in block %d and committed at %v, want %v in block %d", i, cut, r.Block, r.Committed, want, tt.block[i])
					}
				}
			})
		})
	}
}

// Clients that are cut off leave their transactions to the ledger, which
// commits and logs them all the same.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(1010*time.Millisecond, stop)
		c := reference.Config{
			Endorse: stage(1, reference.Constant, 150*time.Millisecond), Order: stage(1, reference.Constant, 151*time.Millisecond),
			Batch: &reference.Batch{Timeout: 5 * time.Second, Messages: 3}, Commit: commit(1, reference.Constant, 700*time.Millisecond),
		}
		tr := run(t, ctx, c, bench.Plan{Arrivals: arrival.Constant{PerSecond: 50}, Slots: 100, Hold: time.Minute}, empty)
		if tr.Counts[result.Interrupted] == 0 || tr.Counts[result.Valid] == 0 || tr.Counts.Total() != 51 {
			t.Errorf("%v", tr.Counts.Map())
		}
		for id, x := range tr.log {
			if x.Outcome != result.Valid || x.Committed.IsZero() || bytes.Equal(id[:], make([]byte, 32)) {
				t.Errorf("transaction %x: %v at %v", id, x.Outcome, x.Committed)
			}
		}
	})
}

// In real time everybody wakes late, by how much nobody knows. But no instant
// is seen before it is there, and outcomes, blocks and the log are the same.
func TestRealTime(t *testing.T) {
	c := reference.Config{
		Endorse: stage(4, reference.Exponential, 2*time.Millisecond), Order: stage(2, reference.Constant, time.Millisecond),
		Batch: &reference.Batch{Timeout: 11 * time.Millisecond, Messages: 10}, Commit: perBlock(1, reference.Constant, time.Millisecond),
		Failures: []reference.Failure{{Outcome: result.EndorseRefused, Share: 0.1}, {Outcome: result.MVCCConflict, Share: 0.1}},
		Stalls:   []reference.Stall{{At: 100 * time.Millisecond, For: 50 * time.Millisecond}},
	}
	tr := runReal(t, c, bench.Plan{Arrivals: arrival.Poisson{PerSecond: 1000}, Slots: 1000, Hold: 300 * time.Millisecond})
	for _, r := range tr.records {
		x := tr.log[r.TxID]
		if r.Outcome != x.Outcome || r.Block != x.Block {
			t.Fatalf("transaction %d: %v in block %d, the log has %v in block %d", r.Seq, r.Outcome, r.Block, x.Outcome, x.Block)
		}
		for _, at := range []struct {
			name  string
			seen  time.Duration
			truth time.Time
		}{{"endorsed", r.Endorsed, x.Endorsed}, {"acknowledged", r.Submitted, x.Acknowledged}, {"committed", r.Committed, x.Committed}} {
			if (at.seen == result.NotReached) != at.truth.IsZero() || at.seen != result.NotReached && tr.epoch.Add(at.seen).Before(at.truth) {
				t.Fatalf("transaction %d is %s at %v, the log has %v", r.Seq, at.name, at.seen, at.truth.Sub(tr.epoch))
			}
		}
	}
}

// The same seed gives the same account.
func TestSeed(t *testing.T) {
	account := func(seed uint64) (commits []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			c := reference.Config{
				Endorse: stage(4, reference.Exponential, 11*time.Millisecond), Commit: commit(1, reference.Exponential, 3*time.Millisecond),
				Failures: []reference.Failure{{Outcome: result.MVCCConflict, Share: 0.1}}, Seed: seed,
			}
			tr := run(t, t.Context(), c, bench.Plan{Arrivals: arrival.Poisson{PerSecond: 200}, Slots: 1000, Random: random.Stream{Seed: 9}, Hold: 5 * time.Second}, empty)
			for _, id := range slices.SortedFunc(maps.Keys(tr.log), func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) }) {
				commits = append(commits, tr.log[id].Committed.Sub(tr.epoch), time.Duration(tr.log[id].Outcome))
			}
		})
		return commits
	}
	if first := account(1); !slices.Equal(first, account(1)) || slices.Equal(first, account(2)) {
		t.Error("the seed does not decide the account")
	}
}
