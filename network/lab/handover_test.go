package lab

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"meterbench/bench"
	"meterbench/bench/study"
	"meterbench/bench/worker"
	"meterbench/network"
	"meterbench/network/client"
	"meterbench/network/fabric"
	"meterbench/network/wan"
	"meterbench/simulators/meter"
	"meterbench/workloads"
)

// planIn reads the scenario of a file.
func planIn(t *testing.T, file string) Plan {
	t.Helper()
	p, err := Read(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// hosted starts the site of a plan and returns it with what opens the stations of its workers.
func hosted(t *testing.T, p Plan, with Programs) (worker.Host, func(rank, of int) worker.Station) {
	t.Helper()
	l, err := New(p, t.TempDir(), with)
	if err != nil {
		t.Fatal(err)
	}
	site, err := l.Start(t.Context(), study.Session{Network: p.Scenario.Networks()[0], Number: 1, Of: 1, Seed: 5}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	host := site.(worker.Host)
	handed, err := host.Handover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files, err := p.Scenario.PackFiles()
	if err != nil {
		t.Fatal(err)
	}
	o := worker.Opening{Scenario: p.Scenario.Source, Session: 1, Handover: handed}
	for _, f := range files {
		o.Files = append(o.Files, worker.File(f))
	}
	return host, func(rank, of int) worker.Station {
		o.Rank, o.Mark, o.Share, o.Seed = rank, markOf(rank), bench.Share{Rank: rank, Of: of}, uint64(100+rank)
		station, err := OpenStation(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := station.Close(); err != nil {
				t.Error(err)
			}
		})
		return station
	}
}

// markOf returns the mark of a worker.
func markOf(rank int) bench.Mark { return bench.Mark{7, 7, 7, byte(rank)} }

// Each of two stations makes the transactions of the site, and keeps a simulated ledger of its own, whose ids no other has.
func TestReferenceStations(t *testing.T) {
	p := planIn(t, laid(t, filedScenario))
	host, open := hosted(t, p, Programs{})
	var workloads [2]map[string]bench.Workload
	var stations [2]worker.Station
	for rank := range stations {
		stations[rank], workloads[rank] = open(rank, 2), map[string]bench.Workload{}
	}
	ids, blocks := map[[32]byte]bool{}, map[[32]byte]uint64{}
	for _, series := range p.Scenario.Series {
		need := study.Need{First: 3, Rows: 4}
		whole, _, err := host.Series(t.Context(), series, need, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		handed, err := host.HandoverOf(t.Context(), series.Name)
		if err != nil {
			t.Fatal(err)
		}
		for rank, station := range stations {
			if workloads[rank][series.Name], _, err = station.Series(t.Context(), series.Name, need, handed, func(string) {}); err != nil {
				t.Fatal(err)
			}
		}
		for seq := uint64(3); seq < 15; seq++ {
			rank := seq % 2
			tx, err := workloads[rank][series.Name].Transaction(t.Context(), seq)
			if err != nil {
				t.Fatal(err)
			}
			want, err := whole.Transaction(t.Context(), seq)
			if err != nil || tx.Function != want.Function || !slices.EqualFunc(tx.Args, want.Args, slices.Equal) {
				t.Fatalf("series %s: transaction %d is another one: %v", series.Name, seq, err)
			}
			receipt, err := stations[rank].Target().Submit(t.Context(), tx)
			if err != nil || ids[receipt.TxID] {
				t.Fatalf("transaction %d: id %x comes twice: %t, %v", seq, receipt.TxID, ids[receipt.TxID], err)
			}
			ids[receipt.TxID], blocks[receipt.TxID] = true, receipt.Block
			if receipt.Block == 0 || receipt.Block%2 == rank {
				t.Errorf("transaction %d of rank %d is in block %d", seq, rank, receipt.Block)
			}
		}
	}
	for _, station := range stations {
		for e, err := range station.(worker.Keeper).Entries(t.Context()) {
			if err != nil || !ids[e.TxID] || e.Block != blocks[e.TxID] {
				t.Errorf("%x is in block %d of the ledger, %v", e.TxID, e.Block, err)
			}
			delete(ids, e.TxID)
		}
	}
	if len(ids) > 0 {
		t.Errorf("%d transactions are on no ledger", len(ids))
	}
	trace, err := stations[0].Arrivals("trace", 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range trace.Offsets(nil) {
		n++
	}
	if _, err := stations[0].Arrivals("none", 1); err == nil || n != 4 {
		t.Errorf("%d arrivals, %v", n, err)
	}
	if _, _, err := stations[0].Series(t.Context(), "trace", study.Need{}, []byte("x"), nil); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("error %v", err)
	}
}

// A worker that does not reach a node says so, and what to do.
func TestStationDoesNotReachItsNetwork(t *testing.T) {
	org, err := fabric.NewOrganisation("ptb", "PtbMSP")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := org.WriteKeys(dir); err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, fabric.TLSCAFile))
	if err != nil {
		t.Fatal(err)
	}
	p := planIn(t, laid(t, "name: a\ntopology: minimal\nworkload: {kind: plain}\nload: {kind: closed, clients: 2, hold: 3s}\n"))
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		address string
		passage *network.Passage
		want    string
	}{
		{"127.0.0.1:1", nil, "worker 1 on " + host + " does not reach peer0.ptb at 127.0.0.1:1: a network on loopback takes workers of its own machine only; " +
			"use --workers local:N, or attach to a network with addresses that other machines reach (refuses the connection: nothing listens there)"},
		{"10.0.0.1:7051", &network.Passage{Emulation: wan.Config{Sites: []string{"ptb"}, Links: [][]wan.Link{{{}}}}, PID: os.Getpid(), Namespaces: []int{0}},
			"worker 1 on " + host + " may not stand at the sites of the network minimal, which are apart: "},
		{"nowhere.invalid:7051", nil, "worker 1 on " + host + " does not reach peer0.ptb at nowhere.invalid:7051: it cannot be connected to: "},
	} {
		handed, err := pack(handover{Network: "minimal", Passage: c.passage, Channels: []handedChannel{{Name: "metrology", Client: client.Config{
			Channel: "metrology", Chaincode: "readings", Gateways: []client.Gateway{{Name: "peer0.ptb", Address: c.address, TLS: client.TLS{CA: ca}}},
		}}}})
		if err != nil {
			t.Fatal(err)
		}
		o := worker.Opening{Scenario: p.Scenario.Source, Handover: handed, Rank: 1, Share: bench.Share{Rank: 1, Of: 2}}
		if _, err := OpenStation(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v\nwant %s", err, c.want)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := OpenStation(ended, o); err == nil {
			t.Error("opened by a context that has ended")
		}
	}
}

// The keys of the largest fleet are handed over in less than a worker takes at once, and all of them come.
func TestLargestFleetIsHandedOver(t *testing.T) {
	const meters, most = 1_000_000, 70 << 20
	keys := make([]byte, meters*64)
	rand.NewChaCha8([32]byte{}).Read(keys)
	e := workloads.Equipment{Sensors: meter.SensorsConfig{Members: slices.Collect(slices.Chunk(keys, 64))}}
	data, err := pack(handedSeries{Parts: []handedPart{{Equipment: &e}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > most {
		t.Errorf("%d bytes", len(data))
	}
	var came handedSeries
	if err := unpack(data, &came); err != nil {
		t.Fatal(err)
	}
	if got := came.Parts[0].Equipment.Sensors.Members; !slices.EqualFunc(got, e.Sensors.Members, slices.Equal) {
		t.Errorf("%d keys came, or others", len(got))
	}
}
