package reference_test

import (
	"testing"
	"testing/synctest"
	"time"

	"meterbench/bench"
	"meterbench/bench/reference"
	"meterbench/bench/result"
)

// A query ends with its endorsement, in no block, also where everything else waits for its commit.
func TestQueriesAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := reference.Config{
			Endorse: stage(8, reference.Constant, 10*time.Millisecond), Batch: &reference.Batch{Timeout: time.Second, Messages: 10}, Seed: 3,
		}
		tr := run(t, t.Context(), config, bench.Plan{Clients: 4, Hold: 10 * time.Second}, func(seq uint64) bench.Transaction {
			return bench.Transaction{Function: "ask", Query: seq%2 == 0}
		})
		for _, x := range tr.log {
			if query := x.Outcome == result.Answered; query != x.Acknowledged.IsZero() || query != (x.Block == 0) {
				t.Fatalf("%v, acknowledged %v, block %d", x.Outcome, x.Acknowledged, x.Block)
			}
		}
		if tr.Counts[result.Answered] == 0 || tr.Counts[result.Valid] == 0 || tr.Counts[result.Answered]+tr.Counts[result.Valid] != tr.Counts.Total() {
			t.Errorf("outcomes %v", tr.Counts.Map())
		}
	})
}
