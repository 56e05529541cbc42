package workloads

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/simulators/reading"
)

// Limits of a transaction of the set-up.
const (
	maxBatch      = 200       // meters, functions, public keys or readings
	maxBatchBytes = 512 << 10 // after which a list takes no further entry
)

// SetUp returns the transactions that must be on the ledger of a channel before any other, each committed
// before the next: of an encrypted workload the public keys, then the registrations of the channel's meters.
func (r *Readings) SetUp(channel int) ([]bench.Transaction, error) {
	var all []bench.Transaction
	if r.kind == reading.Encrypted {
		all = lists(reading.FnSetParameters, channel, r.cipher.publics(channel))
	}
	fleet := r.config.Fleet
	meters := fleet.Config().Meters
	var registrations []reading.Registration
	for m := channel; m < meters; m += r.config.Channels {
		one, err := fleet.Registration(m)
		if err != nil {
			return nil, err
		}
		one.Verify, one.Gateway = r.config.Verify, r.gateway
		if r.kind == reading.Encrypted {
			one.Parameters = r.cipher.parameters(m)
		}
		registrations = append(registrations, one)
	}
	for batch := range slices.Chunk(registrations, maxBatch) {
		arg, err := reading.MarshalRegistrations(batch)
		if err != nil {
			return nil, err
		}
		all = append(all, bench.Transaction{Function: reading.FnRegister, Args: [][]byte{arg}, Channel: channel})
	}
	return all, nil
}

// lists returns the transactions that hand entries to a function of the contract that takes a list.
func lists(function string, channel int, entries [][]byte) (all []bench.Transaction) {
	size, first := 0, 0
	for i, entry := range entries {
		if size += len(entry); size >= maxBatchBytes || i+1-first == maxBatch || i+1 == len(entries) {
			all = append(all, bench.Transaction{Function: function, Args: [][]byte{reading.MarshalList(entries[first : i+1])}, Channel: channel})
			size, first = 0, i+1
		}
	}
	return all
}

// maxReady is the most memory that ciphertexts made before the load may take, in bytes.
const maxReady = 1 << 30

// Prepare makes the ciphertexts that are wanted before the load, on all cores: the bank, or with encryption ahead those
// of the n transactions from First on. Every other workload needs none. Entry i is the ciphertext of the values of
// transaction First+i. Of several processes each makes those ahead that it sends, and every one that sends any the whole bank.
//
// progress, which may be nil, is called after each ciphertext, by one goroutine at a time. The times reported are of
// single encryptions while all cores encrypt. Where ctx ends, so does Prepare, with its error and nothing made.
func (r *Readings) Prepare(ctx context.Context, n int, progress func(done, total int)) (result.Preparation, error) {
	if r.kind != reading.Encrypted || r.config.Encryption.Mode == result.EncryptInline {
		return result.Preparation{}, nil
	}
	if r.config.Encryption.Mode == result.EncryptBank {
		n = r.config.Encryption.Bank
	}
	if n < 1 {
		return result.Preparation{}, errors.New("encryption ahead needs to know the number of transactions; use an open load, or a bank")
	}
	if err := r.config.checkReady(n); err != nil {
		return result.Preparation{}, err
	}
	start := time.Now()
	seconds, err := r.encrypt(ctx, n, progress)
	if err != nil {
		return result.Preparation{}, fmt.Errorf("make %d ciphertexts: %w", n, err)
	}
	if len(seconds) == 0 {
		return result.Preparation{}, nil // other processes make them
	}
	return result.Preparation{Ciphertexts: len(seconds), Encrypt: medianCost(seconds), Total: time.Since(start).Seconds()}, nil
}

// encrypt makes those of the first n ciphertexts ready that the process needs, and returns how long each took.
func (r *Readings) encrypt(ctx context.Context, n int, progress func(done, total int)) (seconds []float64, err error) {
	ready := make([][]byte, n)
	needed := r.needed(n)
	seconds = make([]float64, len(needed))
	var mu sync.Mutex
	done := 0
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for at, i := range needed {
		work.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			meter, number, reported := r.reading(uint64(i))
			ciphertext, spent, err := r.sensors.Payload(meter, number, reported)
			if err != nil {
				return err
			}
			ready[i], seconds[at] = ciphertext, spent.Seconds()
			mu.Lock()
			defer mu.Unlock()
			done++
			if progress != nil {
				progress(done, len(needed))
			}
			return nil
		})
	}
	if err = work.Wait(); err == nil {
		r.ready = ready
	}
	return seconds, err
}

// needed returns which of n ciphertexts the process needs, by their positions.
func (r *Readings) needed(n int) (all []int) {
	duty := r.config.Duty
	for i := range n {
		if duty.None || r.config.Encryption.Mode == result.EncryptAhead && !duty.sends(i) {
			continue
		}
		all = append(all, i)
	}
	return all
}
