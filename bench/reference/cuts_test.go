package reference_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
)

// Blocks are told of as they are cut, with the reason that the ledger itself had.
func TestWatchCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := reference.New(reference.Config{Batch: &reference.Batch{Timeout: time.Second, Messages: 3, Bytes: 100}}, alarm.Timers{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var sending sync.WaitGroup
		send := func(sizes ...int) {
			for _, size := range sizes {
				sending.Go(func() {
					if _, err := l.Submit(context.Background(), bench.Transaction{Args: [][]byte{make([]byte, size)}}); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
			}
		}
		send(1, 1, 1) // nobody watches yet
		began := time.Now()
		type cut struct {
			Number, Transactions int
			After                time.Duration
			Reason               result.CutReason
		}
		var seen []cut
		l.WatchCuts(func(c reference.Cut) {
			seen = append(seen, cut{int(c.Number), c.Transactions, c.At.Sub(began), c.Reason})
		})
		send(1, 1, 1)
		send(60, 60) // the second one finds no room
		time.Sleep(1500 * time.Millisecond)
		send(200) // larger than a block is to be
		sending.Wait()
		l.Close()
		want := []cut{
			{2, 3, 0, result.CutCount}, {3, 1, 0, result.CutBytes}, {4, 1, time.Second, result.CutTimer}, {5, 1, 1500 * time.Millisecond, result.CutBytes},
		}
		if d := cmp.Diff(want, seen); d != "" {
			t.Errorf("blocks (-want +told):\n%s", d)
		}
	})
}
