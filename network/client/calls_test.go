package client

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// What each driver sends of a transaction, and of a query, is counted, and the stream of blocks once for all of them.
func TestCalls(t *testing.T) {
	const n = 3
	for _, tt := range []struct {
		driver             result.Driver
		transaction, query []result.Call
	}{
		{result.DriverWire, []result.Call{result.CallEndorse, result.CallSubmit}, []result.Call{result.CallEvaluate}},
		{result.DriverGateway, []result.Call{result.CallEndorse, result.CallSubmit, result.CallStatus}, []result.Call{result.CallEvaluate}},
		{result.DriverDirect, []result.Call{result.CallPropose, result.CallBroadcast}, []result.Call{result.CallPropose}},
	} {
		t.Run(string(tt.driver), func(t *testing.T) {
			c := dial(t, newFakePeer(), nil)
			if got := c.Calls()[result.CallDeliver]; got != 1 {
				t.Errorf("%d streams of blocks, want 1", got)
			}
			before := Channels{c, c}.Calls()
			want := map[result.Call]uint64{}
			for range n {
				tx := transaction(result.WaitCommit)
				tx.Driver = tt.driver
				if _, err := c.Submit(t.Context(), tx); err != nil {
					t.Fatal(err)
				}
				tx.Query = true
				if _, err := c.Submit(t.Context(), tx); err != nil {
					t.Fatal(err)
				}
			}
			for _, call := range append(tt.transaction, tt.query...) {
				want[call] += 2 * n // by both of the channels
			}
			got := map[result.Call]uint64{}
			for call, after := range (Channels{c, c}).Calls() {
				if after > before[call] {
					got[call] = after - before[call]
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
