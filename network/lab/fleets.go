package lab

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/workloads"
)

// Series implements study.Site.
func (s *fabricSite) Series(ctx context.Context, series scenario.Series, need study.Need, working func(string)) (workload bench.Workload, made result.Preparation, err error) {
	workload, made, err = s.fleets.series(ctx, series, need, working)
	if err == nil {
		s.setUp, err = s.clients.Heights(ctx)
	}
	return workload, made, err
}

// commit takes a transaction of the set-up to its commit. It may be called for
// several channels at once.
func (s *fabricSite) commit(ctx context.Context, tx bench.Transaction) error {
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := s.clients[tx.Channel].Invoke(ctx, tx.Function, tx.Args...); err != nil {
		return fmt.Errorf("set up channel %s: %w", s.channels[tx.Channel].Name, err)
	}
	s.committed.Do(func() { s.firstCommit = time.Since(s.begin) })
	return nil
}

// fleets makes the workloads of one site.
type fleets struct {
	seed     uint64
	channels int // over which meters are spread
	commit   func(ctx context.Context, tx bench.Transaction) error
	device   workloads.Device // makes readings and bills; nil: they are made here
	ledger   workloads.Ledger // where readings are read; nil: nowhere
	tables   *fe.Tables       // of discrete logarithms

	// Until now.
	known     []*meter.Fleet // registered
	encrypted []*workloads.Readings
	stocked   uint64 // readings that bills are about, put on the ledger before the load
}

// series makes the workload of a series ready.
func (f *fleets) series(ctx context.Context, series scenario.Series, need study.Need, working func(string)) (bench.Workload, result.Preparation, error) {
	if series.Mix != nil {
		return f.mix(ctx, series, need, working)
	}
	config := workloads.Config{First: need.First}
	if trace := series.Load.Arrivals.Trace; trace != nil {
		config.Source = newRecorded(trace, need.Rows, series.Workload.Interval)
	}
	return f.component(ctx, series.Workload, series.Prefix, config, need.Planned, working)
}

// mix makes the parts of a mix ready, each with meters of its own.
func (f *fleets) mix(ctx context.Context, series scenario.Series, need study.Need, working func(string)) (bench.Workload, result.Preparation, error) {
	var parts []workloads.Part
	var all result.Preparation
	for i, w := range series.Mix {
		part, made, err := f.component(ctx, w, fmt.Sprintf("%s.%d", series.Prefix, i+1), workloads.Config{}, 0, working)
		if err != nil {
			return nil, all, err
		}
		parts = append(parts, workloads.Part{Weight: w.Weight, Workload: part})
		if made.Ciphertexts > 0 {
			all = result.Preparation{Ciphertexts: all.Ciphertexts + made.Ciphertexts, Total: all.Total + made.Total, Encrypt: made.Encrypt}
		}
	}
	workload, err := workloads.NewMix(f.seed, need.First, parts)
	return workload, all, err
}

// component makes one workload ready: puts on the ledger what has to be there
// before, and makes the ciphertexts that are wanted before the load. The meters
// are named after prefix; what else config lacks follows from w.
func (f *fleets) component(ctx context.Context, w scenario.Workload, prefix string, config workloads.Config, planned int, working func(string)) (workloads.Component, result.Preparation, error) {
	none := result.Preparation{}
	fleet, err := fleetOf(f.seed, w, prefix)
	if err != nil {
		return nil, none, err
	}
	var made component
	if w.Kind == "billing" {
		made, err = f.billing(ctx, w, fleet, config.First)
	} else {
		given := config
		config = readingsOf(w, fleet, f.channels)
		config.First, config.Source, config.Device = given.First, given.Source, f.device
		made, err = workloads.NewReadings(ctx, config)
	}
	if err != nil {
		return nil, none, err
	}
	if err := f.enrol(ctx, made, working); err != nil {
		return nil, none, err
	}
	f.known = append(f.known, fleet)
	prepared, err := made.Prepare(ctx, planned, func(done, total int) {
		working(fmt.Sprintf("%d of %d ciphertexts", done, total))
	})
	switch made := made.(type) {
	case *workloads.Readings:
		if w.Kind == "encrypted" {
			f.encrypted = append(f.encrypted, made)
		}
	case *workloads.Billing:
		if err == nil {
			err = f.stock(ctx, made, working)
		}
	}
	return made, prepared, err
}

// A component is a workload that has something to prepare.
type component interface {
	workloads.Component
	SetUp(channel int) ([]bench.Transaction, error)
	Prepare(ctx context.Context, planned int, progress func(done, total int)) (result.Preparation, error)
}

// enrol sets a workload up on all channels at once.
func (f *fleets) enrol(ctx context.Context, made component, working func(string)) error {
	group, ctx := errgroup.WithContext(ctx)
	for channel := range f.channels {
		group.Go(func() error {
			all, err := made.SetUp(channel)
			for err == nil && len(all) > 0 { // what goes to another function may build on what went before
				next := 1
				for next < len(all) && all[next].Function == all[0].Function {
					next++
				}
				some := all[:next]
				all = all[next:]
				err = f.commitAll(ctx, func(yield func(bench.Transaction, error) bool) {
					for _, tx := range some {
						if !yield(tx, nil) {
							return
						}
					}
				}, func(n int) {
					working(fmt.Sprintf("%d of %d transactions of %s", n, len(some), some[0].Function))
				})
			}
			return err
		})
	}
	return group.Wait()
}

// atOnce is how many transactions of the set-up are under way on a channel: they
// share blocks, and a block often waits for the batch timer.
const atOnce = 16

// commitAll takes transactions that do not build on each other to their
// commits. committed is called after each, by one goroutine at a time.
func (f *fleets) commitAll(ctx context.Context, all iter.Seq2[bench.Transaction, error], committed func(n int)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
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
			if err := f.commit(ctx, tx); err != nil {
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
