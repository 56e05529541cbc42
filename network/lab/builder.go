package lab

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/network/client"
	"meterbench/workloads"
)

// fleetStart is when the simulated meters begin to measure: a Monday in winter. It is fixed so that readings
// repeat from the seed.
var fleetStart = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

// A builder makes the workloads of one site and puts on its ledger what they need.
type builder struct {
	site            workloads.Spec // what the workloads of the site have in common
	prefix          string         // of the ids of all meters
	commit          func(ctx context.Context, tx bench.Transaction) error
	query           func(ctx context.Context, contract string, channel int, function string, args ...[]byte) ([]byte, error)
	try             func(ctx context.Context, tx bench.Transaction) error // nil: nothing would refuse it
	owner           func(contract string, channel int) string             // MSP id of whoever commits; nil: there is no contract
	deployed        map[string]string                                     // names under which contracts are deployed, of those that have another there
	with            func(contract string) []int                           // numbers of the channels that have it; nil: all of the site have
	ledgerWorkloads []ledgerWorkload
	series          map[string][]workloads.Workload // that were made, by name, with the parts of a mix
	// refuse returns an error about a key of a series; nil where there is no contract that could refuse a call.
	refuse func(one scenario.Series, path, hint, format string, args ...any) error

	mu   sync.Mutex
	done map[[sha256.Size]byte]bool // transactions of the set-up, by their digest
}

// ledgerWorkload is a workload whose transactions are those of a contract.
type ledgerWorkload struct {
	workloads.Workload
	contract string
	deployed string // its name on the network
	channels []int  // numbers of those that have the contract; the workload counts them by itself
}

// Transaction implements bench.Workload: the transactions are the contract's.
func (b ledgerWorkload) Transaction(ctx context.Context, seq uint64) (bench.Transaction, error) {
	tx, err := b.Workload.Transaction(ctx, seq)
	tx = b.place(tx)
	tx.Contract = b.deployed
	return tx, err
}

// place gives a transaction its contract, and the channel the number that it has among all.
func (b ledgerWorkload) place(tx bench.Transaction) bench.Transaction {
	tx.Contract, tx.Channel = b.contract, b.channels[tx.Channel]
	return tx
}

// Reading implements study.Reporter.
func (b ledgerWorkload) Reading(seq uint64) (meter string, wh uint64) {
	if reporter, ok := b.Workload.(workloads.Reporter); ok {
		meter, wh = reporter.Reading(seq)
	}
	return meter, wh
}

// Recorded implements study.Reporter.
func (b ledgerWorkload) Recorded(seq uint64) (meter string) {
	if reporter, ok := b.Workload.(workloads.Reporter); ok {
		meter = reporter.Recorded(seq)
	}
	return meter
}

// build makes one workload ready: it puts on the ledger what must be there before, and makes the ciphertexts
// that are wanted before the load.
func (b *builder) build(ctx context.Context, at place, spec workloads.Spec, planned int, working func(string)) (workloads.Workload, result.Preparation, error) {
	if kind := workloads.KindOf(spec.Workload); kind.Contract(spec.Workload) == "" {
		return beside(ctx, kind, spec, planned, working)
	}
	w, err := b.make(ctx, spec)
	if err != nil {
		return nil, result.Preparation{}, err
	}
	workload := w.Workload
	if caller, ok := workload.(workloads.Caller); ok && b.refuse != nil {
		if err := b.checkCalls(ctx, at, w.contract, caller, b.asks(w.contract, w.channels)); err != nil {
			return nil, result.Preparation{}, err
		}
	}
	if err := b.setUp(ctx, w, working); err != nil {
		if _, ok := workload.(workloads.Caller); ok && client.Refused(err) {
			err = b.refuse(at.series, at.path+"before", "mend its function and args", "%v", err)
		}
		return nil, result.Preparation{}, err
	}
	b.ledgerWorkloads = append(b.ledgerWorkloads, w)
	preparation, err := w.Prepare(ctx, planned, func(done, total int) { working(fmt.Sprintf("%d of %d ciphertexts", done, total)) })
	if err != nil {
		return nil, preparation, err
	}
	for channel := range w.channels {
		err := b.commitAll(ctx, w, w.Preload(ctx, channel), func(n int) { working(fmt.Sprintf("%d transactions before the load", n)) })
		if err != nil {
			return nil, preparation, fmt.Errorf("put on the ledger what the load needs: %w", err)
		}
	}
	if prober, ok := workload.(workloads.Prober); ok && b.try != nil {
		if err := prober.Probe(ctx, func(ctx context.Context, tx bench.Transaction) error { return b.try(ctx, w.place(tx)) }); err != nil {
			if client.Refused(err) {
				err = b.refuse(at.series, at.path+"function", "mend it, or give the contract what it needs by before", "%v", err)
			}
			return nil, preparation, err
		}
	}
	return w, preparation, nil
}

// setUp sets a workload up on all channels at once. Transactions of one function do not build on each other;
// those of the next may build on them.
func (b *builder) setUp(ctx context.Context, w ledgerWorkload, working func(string)) error {
	group, ctx := errgroup.WithContext(ctx)
	for channel := range w.channels {
		group.Go(func() error {
			all, err := w.SetUp(channel)
			for err == nil && len(all) > 0 {
				n := 1
				for n < len(all) && all[n].Function == all[0].Function {
					n++
				}
				same := all[:n]
				all = all[n:]
				err = b.commitAll(ctx, w, yieldAll(same), func(n int) {
					working(fmt.Sprintf("%d of %d transactions of %s", n, len(same), same[0].Function))
				})
			}
			return err
		})
	}
	return group.Wait()
}

func yieldAll(all []bench.Transaction) iter.Seq2[bench.Transaction, error] {
	return func(yield func(bench.Transaction, error) bool) {
		for _, tx := range all {
			if !yield(tx, nil) {
				return
			}
		}
	}
}

// maxInFlight bounds the transactions of the set-up that are under way on a channel: they share blocks, and a
// block often waits for the batch timer.
const maxInFlight = 16

// channels returns the numbers of the channels that have a contract.
func (b *builder) channels(contract string) (numbers []int) {
	if b.with != nil {
		return b.with(contract)
	}
	for channel := range b.site.Channels {
		numbers = append(numbers, channel)
	}
	return numbers
}

// commitAll takes transactions of a workload that do not build on each other to their commits. committed is
// called after each, by one goroutine at a time.
func (b *builder) commitAll(ctx context.Context, w ledgerWorkload, all iter.Seq2[bench.Transaction, error], committed func(n int)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxInFlight)
	var mu sync.Mutex
	n := 0
	for tx, err := range all {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			group.Go(func() error { return err })
			break
		}
		group.Go(func() error {
			tx = w.place(tx)
			if b.repeated(tx) {
				return nil
			}
			if err := b.commit(ctx, tx); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			n++
			committed(n)
			return nil
		})
	}
	return group.Wait()
}

// repeated reports whether another workload of the site had the same transaction in its set-up.
func (b *builder) repeated(tx bench.Transaction) bool {
	hash := sha256.New()
	fmt.Fprintf(hash, "%d %q %q", tx.Channel, tx.Contract, tx.Function) // a hash takes everything, as below
	for _, arg := range tx.Args {
		fmt.Fprintf(hash, " %d ", len(arg))
		hash.Write(arg)
	}
	digest := [sha256.Size]byte(hash.Sum(nil))
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done == nil {
		b.done = map[[sha256.Size]byte]bool{}
	}
	again := b.done[digest]
	b.done[digest] = true
	return again
}

// sampled is the number of stored items of each workload that are checked after the load.
const sampled = 10

// evaluate compares items on the ledger with what their meters measured.
func (b *builder) evaluate(ctx context.Context) (compared uint64, err error) {
	for _, w := range b.ledgerWorkloads {
		checked, ok := w.Workload.(workloads.Checked)
		if !ok {
			continue
		}
		n, err := checked.Check(ctx, sampled)
		if compared += uint64(n); err != nil {
			return compared, err
		}
	}
	return compared, nil
}
