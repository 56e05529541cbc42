package study

import (
	"testing"

	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/internal/storage"
)

// A database like LevelDB writes each transaction to a log, and turns the log into tables of a share of its size as soon as
// it is full. What a transaction takes in the end lies within the bounds of what stays, wherever in the log a level begins
// and however many logs it fills, and the figure is off by no more than they are.
func TestStays(t *testing.T) {
	const full = 4 << 20
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.Float64Range(0.1, 1).Draw(t, "share that tables take")
		each := rapid.IntRange(50, 60_000).Draw(t, "bytes that a transaction writes")
		n := rapid.IntRange(1, 5_000).Draw(t, "transactions")
		log := rapid.IntRange(0, full-1).Draw(t, "bytes in the log before")
		tables := rapid.IntRange(0, 1<<30).Draw(t, "bytes in tables before")
		size := func() storage.Size {
			return storage.Size{Bytes: uint64(tables + log), Unsettled: uint64(log)}
		}

		before := size()
		for range n {
			if log += each; log >= full {
				tables, log = tables+int(share*float64(log)), 0
			}
		}
		state := result.StoredCost{Part: storage.State}
		state.Bytes, state.Low, state.High = grown(before, size())
		for _, of := range []*float64{&state.Bytes, &state.Low, &state.High} {
			*of /= float64(n)
		}
		costs := result.Costs{Stored: []result.StoredCost{
			state, {Part: storage.Blocks, Bytes: 700, Low: 700, High: 700}, {Part: storage.Consensus, Bytes: 750, Low: 750, High: 750},
		}}
		bytes, low, high, ok := costs.Stays()

		const rounding = 1.0 // bytes of tables, of each log
		truth := 700 + share*float64(each)
		if !ok || truth < low-rounding || truth > high+rounding {
			t.Errorf("%v to %v stay, truth %v", low, high, truth)
		}
		if bytes < low || bytes > high {
			t.Errorf("%v stays, beside %v to %v", bytes, low, high)
		}
	})
}
