package network

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/topology"
)

func (l *logged) cuts() *Cuts {
	l.t.Helper()
	c, err := l.Cuts()
	if err == nil {
		err = c.Read()
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

// Why blocks were cut is known while their lines are new, and a long time later.
func TestCuts(t *testing.T) {
	l := newLogged(t)
	l.created("orderer0", "10:01:00", "1", timerLine)
	l.created("orderer0", "10:02:00", "2")
	l.created("orderer0", "10:03:00", "3")
	l.created("orderer0", "10:04:00", "4") // what was pending when block 5 came
	l.created("orderer0", "10:05:00", "5")
	l.write("orderer0", configLine+"\n")
	l.created("orderer0", "10:06:00", "6", timerLine) // of the orderer that led before: it was lost
	l.created("orderer1", "10:07:00", "6")
	transactions := []int{100, 100, 99, 12, 1, 100, 3}
	want := []result.CutReason{
		result.CutTimer, result.CutCount, result.CutBytes, result.CutConfig, result.CutConfig, result.CutCount, result.CutUnknown,
	}
	c := l.cuts()
	check := func(when string) {
		t.Helper()
		var got []result.CutReason
		for i, n := range transactions {
			_, reason := c.Of("metrology", uint64(i+1), n)
			got = append(got, reason)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", when, diff)
		}
		if at, _ := c.Of("metrology", 6, 100); !at.Equal(wall(t, "10:07:00")) {
			t.Errorf("%s: block 6 was cut at %v", when, at)
		}
	}
	check("at once")
	if at, reason := c.Of("elsewhere", 1, 1); !at.IsZero() || reason != result.CutUnknown {
		t.Errorf("a block of another channel: %v, %v", at, reason)
	}
	var more strings.Builder
	for number := 7; number < 3000; number++ {
		fmt.Fprintf(&more, "2026-11-22T11:%02d:%02dZ INFO [orderer.consensus.etcdraft] Created block [%d], there are 0 blocks in flight channel=metrology node=1\n",
			number/60%60, number%60, number)
	}
	l.write("orderer1", more.String())
	l.write("orderer0", more.String()[:2000]) // and half a line
	if err := c.Read(); err != nil {
		t.Fatal(err)
	}
	want[6] = result.CutBytes
	check("later")
	for _, of := range c.logs {
		if len(of.blocks) > 3*cutRecent {
			t.Errorf("%s: %d blocks have all their lines", of.node, len(of.blocks))
		}
	}
	if err := os.Remove(l.Nodes[3].Log); err != nil {
		t.Fatal(err)
	}
	if err := c.Read(); err == nil || !strings.Contains(err.Error(), "orderer1") {
		t.Errorf("without a log: %v", err)
	}
	check("without a log")
}

// With BFT all orderers report a block, and the leader's report is the first.
func TestCutsOfBFT(t *testing.T) {
	l := newLogged(t)
	l.Topology.Orderers = topology.Orderers{Consensus: topology.BFT, Count: 4}
	for number := range 59 {
		l.bft(fmt.Sprint(number+1), fmt.Sprintf("%02d", number), "orderer1", "orderer0")
	}
	c := l.cuts()
	for number := range 59 {
		want := wall(t, fmt.Sprintf("10:%02d:00", number))
		if at, reason := c.Of("metrology", uint64(number+1), 7); !at.Equal(want) || reason != result.CutTimerOrBytes && number > 0 {
			t.Errorf("block %d was cut at %v, because of %v", number+1, at, reason)
		}
	}
	if at, reason := c.Of("metrology", 1, 100); reason != result.CutCount || !at.Equal(wall(t, "10:00:00")) {
		t.Errorf("a full block was cut at %v, because of %v", at, reason)
	}
}
