package saturation_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
)

// What is served is counted by channel from block to block, in whatever order transactions come: neither a block more
// or less at the window's ends nor the channels' blocks between each other change it.
func TestTallyServed(t *testing.T) {
	const second = time.Second
	var all []result.Record
	block := func(channel uint16, number uint64, at time.Duration, n int) {
		for range n {
			all = append(all, result.Record{Outcome: result.Valid, Channel: channel, Block: number, Intended: at - second, Committed: at})
		}
	}
	for i := range 40 { // 50/s in blocks of 100, 30/s in blocks of 15
		block(0, uint64(i), time.Duration(2*i)*second+second/3, 100)
		block(1, uint64(i), time.Duration(i)*second/2, 15)
	}
	for _, c := range []struct {
		name     string
		from, to float64 // of the window
		want     float64
	}{
		{"ten blocks", 5, 15, 80},
		{"one block of channel 0 more", 2.2, 14.5, 80},
		{"a single block of channel 0", 2.2, 4.1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			forwards, backwards := saturation.NewTally(c.from, c.to, 0), saturation.NewTally(c.from, c.to, 0)
			for i := range all {
				forwards.Add(&all[i])
				backwards.Add(&all[len(all)-1-i])
			}
			for _, tally := range []*saturation.Tally{forwards, backwards} {
				var got saturation.Step
				tally.Fill(&got)
				if diff := cmp.Diff(saturation.Step{Served: c.want}, got, cmpopts.EquateApprox(0, 1e-9), cmpopts.IgnoreFields(got, "Scatter"),
					cmpopts.IgnoreUnexported(got)); diff != "" {
					t.Errorf("step (-want +got):\n%s", diff)
				}
			}
		})
	}
}
