package lab

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/bench/worker"
	"meterbench/internal/alarm"
	"meterbench/network"
	"meterbench/network/fabric/daemons"
)

// sharedSeries are series of all kinds that workers share.
const sharedSeries = `warmup: 500ms
series:
  - name: plain
    workload: {kind: plain, meters: 9}
    load: {kind: closed, clients: 4, hold: 1s}
  - name: ahead
    workload: {kind: encrypted, scheme: ecddh, length: 8, meters: 6, encryption: ahead}
    load: {kind: open, rate: 30/s, hold: 1s}
  - name: mix
    workloads: [{kind: padded, scheme: ecddh, length: 4, meters: 5}, {kind: encrypted, scheme: ecddh, length: 8, meters: 6, encryption: {bank: 5}}]
    load: {kind: closed, clients: 4, hold: 1s}
  - name: bills
    workload: {kind: billing, scheme: ecddh, length: 8, meters: 4, readings: 3}
    load: {kind: closed, clients: 4, hold: 1s}
`

// ownSeries need other contracts as well.
const ownSeries = `  - name: rotate
    workload: {kind: pki, operation: rotate, meters: 12}
    load: {kind: closed, clients: 4, hold: 1s}
  - name: lookup
    workload: {kind: pki, operation: lookup, meters: 5}
    load: {kind: closed, clients: 2, hold: 1s}
  - name: put
    workload: {kind: invoke, contract: keyvalue, function: Put, args: [{sequence: {prefix: a, per: client}}, value]}
    load: {kind: closed, clients: 4, hold: 1s}
`

// A tally is a bench.Sink of what one process sent.
type tally struct {
	mu  sync.Mutex
	all []result.Record
}

// Record implements bench.Sink.
func (s *tally) Record(r result.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, r)
}

// A shared is a series that two stations have prepared.
type shared struct {
	name string
	plan bench.Plan
	made [2]bench.Workload
}

// prepared has the host and both stations prepare the series of a plan.
func prepared(t *testing.T, p Plan, host worker.Host, stations [2]worker.Station) (all []shared) {
	t.Helper()
	for _, series := range p.Scenario.Series {
		load := series.Load
		one := shared{name: series.Name, plan: bench.Plan{Hold: load.Hold, Wait: load.Wait}}
		need := study.Need{}
		if load.Kind == result.LoadOpen {
			one.plan.Arrivals, one.plan.Slots = series.Process(load.Rate[0]), load.Slots
			need.Planned = int(load.Rate[0] * load.Hold.Seconds())
			need.Levels, one.plan.Spare = []int{need.Planned}, uint64(need.Planned)
		} else {
			one.plan.Clients = load.Clients[0]
		}
		_, made, err := host.Series(t.Context(), series, need, func(string) {})
		if err != nil || need.Planned > 0 && made.Ciphertexts > 0 {
			t.Fatalf("series %s: made %+v, %v", series.Name, made, err)
		}
		handed, err := host.HandoverOf(t.Context(), series.Name)
		if err != nil {
			t.Fatal(err)
		}
		ahead := 0
		for rank, station := range stations {
			if one.made[rank], made, err = station.Series(t.Context(), series.Name, need, handed, func(string) {}); err != nil {
				t.Fatalf("series %s: %v", series.Name, err)
			}
			ahead += made.Ciphertexts
		}
		if need.Planned > 0 && ahead != need.Planned {
			t.Errorf("series %s: %d ciphertexts were made ahead for %d transactions", series.Name, ahead, need.Planned)
		}
		all = append(all, one)
	}
	return all
}

// share sends every series of a plan by two stations at once, and holds the ledger of the host against what both sent.
func share(t *testing.T, p Plan, host worker.Host, open func(rank, of int) worker.Station) {
	t.Helper()
	var stations [2]worker.Station
	for rank := range stations {
		stations[rank] = open(rank, len(stations))
	}
	clock, err := alarm.New()
	if err != nil {
		t.Fatal(err)
	}
	defer clock.Close()
	sentBy, stored := map[[32]byte]bench.Mark{}, uint64(0)
	for _, series := range prepared(t, p, host, stations) {
		var sent [2]tally
		var group errgroup.Group
		for rank, station := range stations {
			group.Go(func() error {
				plan := series.plan
				plan.Share = bench.Share{Rank: rank, Of: len(stations)}
				r, err := bench.Run(t.Context(), clock, plan, series.made[rank], station.Target(), &sent[rank], nil)
				for _, failed := range r.Failures {
					t.Errorf("series %s, share %d: %d x %v: %s", series.name, rank, failed.Count, failed.Outcome, failed.Text)
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		numbers := map[uint64]bool{}
		for rank := range sent {
			if len(sent[rank].all) == 0 {
				t.Errorf("series %s: share %d sent nothing", series.name, rank)
			}
			for _, r := range sent[rank].all {
				if numbers[r.Seq] {
					t.Errorf("series %s: number %d was sent twice", series.name, r.Seq)
				}
				numbers[r.Seq] = true
				if r.Outcome == result.Answered {
					continue
				}
				if _, before := sentBy[r.TxID]; r.Outcome != result.Valid || before {
					t.Errorf("series %s: transaction %d is %v, its id came before: %t", series.name, r.Seq, r.Outcome, before)
				}
				sentBy[r.TxID] = markOf(rank)
				stored++
			}
		}
	}
	audited(t, host, stations[:], sentBy, stored)
}

// audited makes sure that the ledger has what the stations sent, each with its mark, and nothing else, that contracts count it, and that it evaluates to what
// was measured.
func audited(t *testing.T, host worker.Host, stations []worker.Station, sentBy map[[32]byte]bench.Mark, stored uint64) {
	t.Helper()
	for _, station := range stations {
		account, err := station.(worker.Accountant).Account()
		if err == nil {
			err = host.(worker.Reckoner).Reckon(account)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	found := 0
	for e, err := range host.Ledger(t.Context(), func(*result.BlockRow) {}) {
		if err != nil {
			t.Fatal(err)
		}
		if mark, sent := sentBy[e.TxID]; !sent || e.Mark != mark || e.Outcome != result.Valid {
			t.Errorf("the ledger has %x as %v with the mark %x; it was sent: %t, with %x", e.TxID, e.Outcome, e.Mark, sent, mark)
		}
		found++
	}
	if found != len(sentBy) || found == 0 {
		t.Errorf("%d transactions are on the ledger, %d were sent", found, len(sentBy))
	}
	n, err := host.(study.Evaluator).Evaluate(t.Context())
	if err != nil || n == 0 {
		t.Errorf("%d items compared, %v", n, err)
	}
	got, counted, err := host.Stored(t.Context())
	if err != nil || counted && got != stored {
		t.Errorf("contracts count %d transactions, %d were sent, %v", got, stored, err)
	}
}

// Two workers share the load of a network of our own, by series of all kinds.
func TestStationsOfAnOwnNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network")
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	binaries, err := daemons.Ensure(t.Context(), daemons.Config{})
	if err != nil {
		t.Fatal(err)
	}
	p := planIn(t, laid(t, "name: own\ntopology: minimal\nchaincodes: [{name: readings}, {name: pki}, {name: keyvalue}]\n"+sharedSeries+ownSeries))
	host, open := hosted(t, p, Programs{Daemons: func(string) (daemons.Binaries, error) { return binaries, nil }})
	share(t, p, host, open)
	untold(t, host, temp)
}

// Two workers share the load of a network that others run, of which they know what the coordinator's files said.
func TestStationsOfAnAttachedNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network")
	}
	minimal, err := topology.Load("minimal")
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Start(t.Context(), minimal, network.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	p := planIn(t, laid(t, "name: attached\ntarget: {kind: fabric, profile: "+n.Profile+"}\n"+sharedSeries))
	host, open := hosted(t, p, Programs{})
	share(t, p, host, open)
}

// untold makes sure that no key of a client is in an argument, the environment, or a file that others can read.
func untold(t *testing.T, host worker.Host, temp string) {
	t.Helper()
	handed, err := host.Handover(context.Background())
	var h handover
	if err == nil {
		err = unpack(handed, &h)
	}
	if err != nil {
		t.Fatal(err)
	}
	var keys [][]byte
	for _, g := range h.Channels[0].Client.Gateways {
		for _, key := range [][]byte{g.Identity.KeyPEM, g.TLS.Key} {
			block, _ := pem.Decode(key)
			text := base64.StdEncoding.EncodeToString(block.Bytes)
			keys = append(keys, []byte(text[8:56]), block.Bytes[8:]) // as PEM has its first line, and as it is
		}
	}
	seen := 0
	has := func(data []byte) bool {
		for _, key := range keys {
			if bytes.Contains(data, key) {
				return true
			}
		}
		return false
	}
	err = filepath.WalkDir(temp, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // it has just gone, or is no file
		}
		data, err := os.ReadFile(path)
		info, failed := d.Info()
		if err != nil || failed != nil {
			return nil
		}
		if has(data) {
			seen++
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("others can read a key in %s (%v)", path, info.Mode())
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Error("no key was found even where the network keeps them")
	}
	if has([]byte(strings.Join(append(os.Args, os.Environ()...), "\n"))) {
		t.Error("a key is in the arguments or the environment")
	}
}
