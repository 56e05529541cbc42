package network

import (
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// Of a network that others run, the logs of orderers that are read tell why blocks are cut from then on; without one nothing does.
func TestCutsOfTheirLogs(t *testing.T) {
	l := newLogged(t)
	l.created("orderer0", "10:01:00", "1", timerLine)
	a := &Attached{Attachment: Attachment{Channel: "metrology", Logs: map[string]string{}, Gateways: []client.Gateway{{Name: "peer0.ptb"}}}}
	a.Agreed = fabric.Agreed{Orderers: l.Topology.Orderers, Batch: topology.Batch{Messages: 100}}
	if a.NewCuts() != nil {
		t.Error("cuts without a log")
	}
	for _, n := range l.Nodes {
		if n.Name == "orderer0" || n.Name == "peer0.ptb" {
			a.Logs[n.Name] = n.Log
		}
	}
	if err := a.openLogs(); err != nil {
		t.Fatal(err)
	}
	l.created("orderer0", "10:02:00", "2", timerLine)
	l.created("orderer0", "10:03:00", "3")
	c := a.NewCuts()
	if c == nil || len(c.logs) != 1 {
		t.Fatalf("cuts: %+v", c)
	}
	if err := c.Read(); err != nil {
		t.Fatal(err)
	}
	for number, want := range map[uint64]result.CutReason{1: result.CutUnknown, 2: result.CutTimer, 3: result.CutCount} {
		at, got := c.Of("metrology", number, 100)
		if got != want || at.IsZero() != (want == result.CutUnknown) {
			t.Errorf("block %d was cut at %v because of %v, want %v", number, at, got, want)
		}
	}
}
