package network

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// Whoever looks at new blocks while a level runs gets what the logs tell by then, at once, and Blocks has all of it afterwards.
func TestNewBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogged(t)
		look := func(from, height uint64) (numbers []uint64, reasons []result.CutReason) {
			t.Helper()
			began := time.Now()
			blocks, err := l.Network.NewBlocks("metrology", from, height)
			if err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(began); waited > 0 {
				t.Errorf("it waited for %v", waited)
			}
			for _, b := range blocks {
				numbers, reasons = append(numbers, b.Number), append(reasons, b.Reason)
			}
			return numbers, reasons
		}
		l.created("orderer0", "10:01:00", "1", timerLine)
		l.stored("peer0.ptb", "01", "1", "7")
		l.created("orderer0", "10:02:00", "2")
		l.stored("peer0.ptb", "02", "2", "100")
		l.created("orderer0", "10:03:00", "3", timerLine) // the observing peer has not committed it
		for _, tt := range []struct {
			from, height uint64
			want         []uint64
		}{{1, 4, []uint64{1, 2}}, {2, 4, []uint64{2}}, {1, 2, []uint64{1}}, {3, 4, nil}, {9, 4, nil}} {
			if got, _ := look(tt.from, tt.height); !cmp.Equal(tt.want, got) {
				t.Errorf("from %d below %d: %v, want %v", tt.from, tt.height, got, tt.want)
			}
		}
		if _, reasons := look(1, 4); !cmp.Equal([]result.CutReason{result.CutTimer, result.CutCount}, reasons) {
			t.Errorf("reasons %v", reasons)
		}
		l.stored("peer0.ptb", "05", "5", "3") // the log lacks block 4, and nobody tells of the cut
		l.stored("peer0.ptb", "03", "3", "7")
		if got, reasons := look(3, 6); !cmp.Equal([]uint64{3, 5}, got) || reasons[1] != result.CutUnknown {
			t.Errorf("%v, %v", got, reasons)
		}
		if n := len(l.blocksSince(time.Time{})); n != 4 {
			t.Errorf("Blocks has %d blocks afterwards, want 4", n)
		}
		if _, err := l.Network.NewBlocks("none", 0, 9); err == nil {
			t.Error("a channel that does not exist is no error")
		}
	})
}
