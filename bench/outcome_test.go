package bench_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
)

// chaos is a workload and a target that do anything the contract allows, and
// panic. What happens to a transaction depends on the seed and its number.
type chaos struct {
	seed    uint64
	running atomic.Int64
	most    atomic.Int64
}

func (c *chaos) Transaction(ctx context.Context, seq uint64) (bench.Transaction, error) {
	rng := rand.New(rand.NewPCG(c.seed, seq))
	time.Sleep(time.Duration(rng.IntN(5)) * time.Millisecond)
	switch rng.IntN(10) {
	case 0:
		return bench.Transaction{}, errors.New("cannot be made")
	case 1:
		panic("workload")
	}
	return bench.Transaction{Args: [][]byte{{byte(rng.IntN(256)), byte(rng.IntN(256))}}}, nil
}

func (c *chaos) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	c.most.Store(max(c.most.Load(), c.running.Add(1)))
	defer c.running.Add(-1)
	rng := rand.New(rand.NewPCG(uint64(tx.Args[0][0]), uint64(tx.Args[0][1])))
	step := func() error { return pause(ctx, time.Duration(rng.ExpFloat64()*float64(30*time.Millisecond))) }
	var r bench.Receipt
	if err := step(); err != nil || rng.IntN(8) == 0 {
		r.Outcome = result.EndorseRefused
		return r, errors.New("refused")
	}
	r.Endorsed = time.Now()
	if rng.IntN(8) == 0 {
		panic("target")
	}
	if err := step(); err != nil || rng.IntN(8) == 0 {
		r.Outcome = result.SubmitRefused
		return r, errors.New("not taken")
	}
	r.Submitted = time.Now()
	if tx.Acknowledged != nil && rng.IntN(10) > 0 {
		tx.Acknowledged(r.Submitted)
	}
	if rng.IntN(50) == 0 {
		<-ctx.Done()
		return r, ctx.Err()
	}
	if err := step(); err != nil {
		return r, err
	}
	r.Committed = time.Now()
	r.Outcome = result.Outcome(rng.IntN(23)) // also classes that do not exist
	return r, nil
}

// Whatever workload and target do and whenever the run is interrupted, every
// scheduled transaction has one record with one outcome, and no bound is passed.
func TestEveryTransactionEndsOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		milliseconds := func(low, high int, label string) time.Duration {
			return time.Duration(rapid.IntRange(low, high).Draw(r, label+" in ms")) * time.Millisecond
		}
		p := bench.Plan{
			Hold:  milliseconds(1, 3000, "hold"),
			Drain: milliseconds(1, 3000, "drain"),
			Wait:  rapid.SampledFrom(result.Waits()).Draw(r, "wait"),
			First: rapid.Uint64Range(0, 1<<40).Draw(r, "first"),
		}
		bound := 0
		if rapid.Bool().Draw(r, "closed") {
			p.Clients = rapid.IntRange(1, 20).Draw(r, "clients")
			p.Think = milliseconds(0, 100, "think")
			bound = p.Clients
		} else {
			p.Arrivals = arrival.Constant{PerSecond: rapid.Float64Range(1, 500).Draw(r, "rate")}
			p.Slots = rapid.IntRange(1, 50).Draw(r, "slots")
			bound = p.Slots
		}
		if p.Wait == result.WaitAcknowledge {
			p.Outstanding = rapid.IntRange(1, 100).Draw(r, "outstanding")
			bound = p.Outstanding
		}
		interrupt := milliseconds(0, 8000, "interrupt")
		seed := rapid.Uint64().Draw(r, "seed")
		var err error
		synctest.Test(t, func(t *testing.T) { err = everyTransactionEndsOnce(p, bound, interrupt, seed) })
		if err != nil {
			r.Fatal(err)
		}
	})
}

func everyTransactionEndsOnce(p bench.Plan, bound int, interrupt time.Duration, seed uint64) error {
	ctx, cancel := context.WithTimeout(context.Background(), interrupt)
	defer cancel()
	chaos, sink := &chaos{seed: seed}, &records{}
	var last bench.Live
	res, err := bench.Run(ctx, alarm.Timers{}, p, chaos, chaos, sink, func(l bench.Live) { last = l })
	if err != nil {
		return err
	}
	all := res.Counts
	for o, n := range res.RunOut {
		all[o] += n
	}
	if res.Scheduled != res.Counts.Total() || res.Next != p.First+all.Total() {
		return fmt.Errorf("%d scheduled, numbers from %d to %d, %d ended, %d in the run-out", res.Scheduled, p.First, res.Next, res.Counts.Total(), res.RunOut.Total())
	}
	if last.Counts != all || last.InFlight != 0 {
		return fmt.Errorf("%v ended; the last state says %v, and %d under way", all.Map(), last.Counts.Map(), last.InFlight)
	}
	if n := chaos.most.Load(); n > int64(bound) || chaos.running.Load() != 0 {
		return fmt.Errorf("%d at a time where the bound is %d; %d left over", n, bound, chaos.running.Load())
	}
	var counts, runOut result.Counts
	for k, rec := range sink.sorted() {
		if rec.Intended < p.Hold {
			counts[rec.Outcome]++
		} else {
			runOut[rec.Outcome]++
		}
		if rec.Seq != p.First+uint64(k) {
			return fmt.Errorf("record %d has number %d, want %d", k, rec.Seq, p.First+uint64(k))
		}
		switch {
		case rec.Intended > res.Held && res.Held < p.Hold:
			return fmt.Errorf("record %d is intended at %v, after the interrupt at %v", k, rec.Intended, res.Held)
		case rec.Intended > p.Hold+p.Drain:
			return fmt.Errorf("record %d is intended at %v, after the run-out", k, rec.Intended)
		case rec.Committed == result.NotReached && rec.Outcome != result.Answered && rec.Ended < rec.Intended:
			return fmt.Errorf("record %d ended at %v, committed at %v", k, rec.Ended, rec.Committed)
		}
		reached, previous := true, rec.Intended
		instants := []time.Duration{rec.Started, rec.Prepared, rec.Endorsed, rec.Submitted, rec.Committed}
		for _, at := range instants {
			switch {
			case at == result.NotReached:
				reached = false
			case !reached, at < previous:
				return fmt.Errorf("record %d, intended at %v: instants out of order: %v", k, rec.Intended, instants)
			default:
				previous = at
			}
		}
	}
	if counts != res.Counts || runOut != res.RunOut {
		return fmt.Errorf("recorded %v and %v, counted %v and %v", counts, runOut, res.Counts, res.RunOut)
	}
	return nil
}
