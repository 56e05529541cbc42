package saturation_test

import (
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
)

// A network that answers an open load as it comes keeps up with it: that transactions fail is said to be that.
func TestOpenLoadsThatFail(t *testing.T) {
	point := result.Point{
		Series: "a", Repetition: 1, Valid: true, Window: 10, Scheduled: 1000, Throughput: 70,
		Load: result.Load{Kind: result.LoadOpen, Offered: 100}, Outcomes: map[string]uint64{"valid": 700, "mvcc_conflict": 300},
	}
	s, _, err := saturation.Open([]result.Point{point})
	if err != nil {
		t.Fatal(err)
	}
	if want := "at every offered load transactions failed, were dropped or piled up"; s.Method != want {
		t.Errorf("method %q, want %q", s.Method, want)
	}
}
