package client_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
)

// On a real network with five sites, at no distance, clients that stand at each see their commits at its own peer, by every
// driver; and every peer sends one block stream.
func TestSitesOnARealNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a Fabric network")
	}
	inter, err := topology.Load("inter-nmi")
	if err != nil {
		t.Fatal(err)
	}
	inter.Distance = 0
	n, err := network.Start(t.Context(), inter, network.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	c, err := n.Client(t.Context(), "metrology", "readings")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	meters := registered(t, n, c, 1)
	sites := inter.AllSites()
	var numbers []uint16
	for i := range sites {
		numbers = append(numbers, uint16(i+1))
	}
	before := c.Calls()[result.CallDeliver]
	if err := c.StandAt(t.Context(), numbers...); err != nil {
		t.Fatal(err)
	}
	if err := c.CheckDirect(t.Context(), "readings"); err != nil {
		t.Error(err)
	}
	seq := uint64(1)
	submit := func(site uint16, driver result.Driver) (bench.Receipt, error) {
		tx := meters[0].put(t, seq)
		tx.Site, tx.Driver, tx.Wait, tx.Timeout = site, driver, result.WaitCommit, 20*time.Second
		seq++
		return c.Submit(t.Context(), tx)
	}
	for _, number := range numbers {
		for _, driver := range result.Drivers() {
			t.Run(fmt.Sprintf("%s/%s", sites[number-1].Name, driver), func(t *testing.T) {
				if r, err := submit(number, driver); err != nil || r.Site != number || r.Outcome != result.Valid {
					t.Errorf("%+v, %v", r, err)
				}
			})
		}
	}
	var turns []uint16
	for range numbers {
		r, err := submit(0, result.DriverWire)
		if err != nil {
			t.Error(err)
		}
		turns = append(turns, r.Site)
	}
	if slices.Sort(turns); !slices.Equal(turns, numbers) {
		t.Errorf("gateways in turn stand at %v, want each once", turns)
	}
	if got := c.Calls()[result.CallDeliver] - before; got != uint64(len(sites)) {
		t.Errorf("%d block streams were opened, want one for each site", got)
	}
	if height, err := c.Height(t.Context()); err != nil || height > c.NextBlock()+1 {
		t.Errorf("the ledger has %d blocks, %v, and %d were seen", height, err, c.NextBlock())
	}
}
