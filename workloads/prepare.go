package workloads

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"meterbench/bench/result"
	"meterbench/simulators/reading"
)

// maxReady is the most memory that ciphertexts made before the load may take, in bytes.
const maxReady = 1 << 30

// Prepare makes the ciphertexts that are wanted before the load, on all cores:
// the bank, or with encryption ahead those of the n transactions from First
// on. Every other workload needs none. Entry i is the ciphertext of the values
// of transaction First+i.
//
// progress, which may be nil, is called after each ciphertext, by one goroutine
// at a time. The times reported are of single encryptions while all cores
// encrypt. Where ctx ends, so does Prepare, with its error and nothing made.
func (r *Readings) Prepare(ctx context.Context, n int, progress func(done, total int)) (result.Preparation, error) {
	if r.kind != reading.Encrypted || r.config.Encryption == result.EncryptInline {
		return result.Preparation{}, nil
	}
	if r.config.Encryption == result.EncryptBank {
		n = r.config.Bank
	}
	if n < 1 {
		return result.Preparation{}, errors.New("encryption ahead needs to know the number of transactions; use an open load, or a bank")
	}
	if err := r.config.checkReady(n); err != nil {
		return result.Preparation{}, err
	}
	start := time.Now()
	ready, seconds, err := r.encrypt(ctx, n, progress)
	if err != nil {
		return result.Preparation{}, fmt.Errorf("make %d ciphertexts: %w", n, err)
	}
	r.ready = ready
	return result.Preparation{Ciphertexts: n, Encrypt: medianCost(seconds), Total: time.Since(start).Seconds()}, nil
}

// encrypt makes the first n ciphertexts and tells how long each took.
func (r *Readings) encrypt(ctx context.Context, n int, progress func(done, total int)) ([][]byte, []float64, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	made, seconds := make([][]byte, n), make([]float64, n)
	var (
		mu         sync.Mutex
		next, done int
		workers    sync.WaitGroup
	)
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1
	}
	finish := func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		if progress != nil {
			progress(done, n)
		}
	}
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := take(); i < n && ctx.Err() == nil; i = take() {
				meter, number := r.reading(uint64(i))
				ciphertext, spent, err := r.sensors.Payload(meter, number, r.reported(uint64(i)))
				if err != nil {
					stop(err)
					return
				}
				made[i], seconds[i] = ciphertext, spent.Seconds()
				finish()
			}
		})
	}
	workers.Wait()
	if done < n {
		return nil, nil, context.Cause(ctx)
	}
	return made, seconds, nil
}
