package reference_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
)

type workload func(seq uint64) bench.Transaction

func (w workload) Transaction(_ context.Context, seq uint64) (bench.Transaction, error) {
	return w(seq), nil
}

func empty(uint64) bench.Transaction { return bench.Transaction{} }

func stage(servers int, kind reference.Kind, mean time.Duration) *reference.Stage {
	return &reference.Stage{Servers: servers, Service: reference.Distribution{Kind: kind, Mean: mean}}
}

func commit(servers int, kind reference.Kind, mean time.Duration) *reference.Commit {
	return &reference.Commit{Stage: *stage(servers, kind, mean)}
}

func perBlock(servers int, kind reference.Kind, mean time.Duration) *reference.Commit {
	return &reference.Commit{Stage: *stage(servers, kind, mean), Per: reference.PerBlock}
}

// A trial is one load level against a reference, with both accounts of it.
type trial struct {
	result.Counts
	epoch   time.Time
	mu      sync.Mutex
	records []result.Record // by sequence number
	log     map[[32]byte]reference.True
}

func (tr *trial) Record(r result.Record) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.records = append(tr.records, r)
}

// run runs a level in virtual time.
func run(t testing.TB, ctx context.Context, c reference.Config, p bench.Plan, w workload) *trial {
	t.Helper()
	return runOn(t, ctx, alarm.Timers{}, c, p, w)
}

// runReal runs a level in real time.
func runReal(t testing.TB, c reference.Config, p bench.Plan) *trial {
	t.Helper()
	clock, err := alarm.New()
	if err != nil {
		t.Fatal(err)
	}
	defer clock.Close()
	return runOn(t, t.Context(), clock, c, p, empty)
}

// runOn runs a level whose plan and configuration are right.
func runOn(t testing.TB, ctx context.Context, clock alarm.Clock, c reference.Config, p bench.Plan, w workload) *trial {
	t.Helper()
	tr := &trial{log: make(map[[32]byte]reference.True)}
	target, err := reference.New(c, clock, func(x reference.True) {
		if _, twice := tr.log[x.TxID]; twice {
			t.Errorf("transaction %x is logged twice", x.TxID)
		}
		tr.log[x.TxID] = x
	})
	if err != nil {
		t.Fatal(err)
	}
	res, err := bench.Run(ctx, clock, p, w, target, tr, nil)
	if err != nil {
		t.Fatal(err)
	}
	target.Close()
	tr.records = slices.DeleteFunc(tr.records, func(r result.Record) bool { // what the run-out sent
		if r.Intended < p.Start+p.Hold {
			return false
		}
		delete(tr.log, r.TxID)
		return true
	})
	slices.SortFunc(tr.records, func(a, b result.Record) int { return int(a.Seq) - int(b.Seq) })
	if res.Scheduled != res.Counts.Total() || int(res.Scheduled) != len(tr.records) {
		t.Errorf("%d scheduled, %d counted, %d recorded", res.Scheduled, res.Counts.Total(), len(tr.records))
	}
	if int(res.Scheduled-res.Counts[result.Dropped]) != len(tr.log) {
		t.Errorf("%d scheduled, %d dropped, %d in the log", res.Scheduled, res.Counts[result.Dropped], len(tr.log))
	}
	tr.Counts, tr.epoch = res.Counts, res.Epoch
	return tr
}

// slow returns how many were committed at least d after they were intended.
func (tr *trial) slow(d time.Duration) (n int) {
	for _, r := range tr.records {
		if latency, ok := r.Span(result.PartCommit); ok && latency >= d {
			n++
		}
	}
	return n
}

// agree returns an error where a record differs from the log.
func (tr *trial) agree(r result.Record) error {
	x, ok := tr.log[r.TxID]
	if !ok {
		return errors.New("is not in the log")
	}
	for _, at := range []struct {
		name  string
		seen  time.Duration
		truth time.Time
	}{{"arrived", r.Prepared, x.Arrived}, {"endorsed", r.Endorsed, x.Endorsed}, {"acknowledged", r.Submitted, x.Acknowledged}, {"committed", r.Committed, x.Committed}} {
		if (at.seen == result.NotReached) != at.truth.IsZero() || at.seen != result.NotReached && !tr.epoch.Add(at.seen).Equal(at.truth) {
			return fmt.Errorf("%s at %v, the log has %v", at.name, at.seen, at.truth.Sub(tr.epoch))
		}
	}
	if r.Outcome != x.Outcome || r.Block != x.Block {
		return fmt.Errorf("%v in block %d, the log has %v in block %d", r.Outcome, r.Block, x.Outcome, x.Block)
	}
	return nil
}
