package explorer

import (
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/network"
	"meterbench/network/chaincode"
)

// million has a large ledger made and looked at: go test ./network/explorer -run TestMillion -million 1000000 -timeout 1h -v.
var million = flag.Int("million", 0, "look at a ledger of so many `transactions`, which takes a minute for 100,000")

// Any block and any transaction of a large ledger is there within 300 ms, and memory does not grow with the ledger.
func TestMillion(t *testing.T) {
	if *million == 0 {
		t.Skip("-million is not given")
	}
	shape, err := topology.Parse("million.yaml", []byte(`
name: million
organisations: [{name: ptb}]
limits: {gateway: 5000, endorser: 5000}
channels:
  - name: metrology
    batch: {timeout: 200ms, messages: 500}
    chaincodes: [{name: keyvalue}]
`))
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Start(t.Context(), shape, network.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	client, err := n.Client(t.Context(), onChannel, chaincode.KeyValueName)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	const senders = 1000
	var next atomic.Int64
	var mu sync.Mutex
	var ids []string // of some
	var sending sync.WaitGroup
	began := time.Now()
	for range senders {
		sending.Go(func() {
			for i := next.Add(1); i <= int64(*million) && !t.Failed(); i = next.Add(1) {
				tx := bench.Transaction{Function: "Put", Args: [][]byte{fmt.Append(nil, "k", i), []byte("v")}, Wait: result.WaitCommit}
				receipt, err := client.Submit(t.Context(), tx)
				if err != nil || receipt.Outcome != result.Valid {
					t.Errorf("transaction %d: %v %v", i, receipt.Outcome, err)
					return
				}
				if i%int64(max(1, *million/1000)) == 0 {
					mu.Lock()
					ids = append(ids, hex.EncodeToString(receipt.TxID[:]))
					mu.Unlock()
				}
			}
		})
	}
	sending.Wait()
	if t.Failed() {
		return
	}
	took := time.Since(began)
	e := must[*Explorer](t)(Held(&n.Record, Config{Watched: n.Watched}))
	defer e.Close()
	height := must[uint64](t)(client.Height(t.Context()))
	t.Logf("%d transactions in %d blocks after %.0f s, %.0f/s", *million, height, took.Seconds(), float64(*million)/took.Seconds())
	random := rand.New(rand.NewPCG(1, 2))
	var blocks, transactions, pages []time.Duration
	timed := func(into *[]time.Duration, do func() error) {
		begin := time.Now()
		if err := do(); err != nil {
			t.Error(err)
		}
		*into = append(*into, time.Since(begin))
	}
	memory := func() float64 {
		u, err := proc.Process(os.Getpid())
		if err != nil {
			t.Error(err)
		}
		return float64(u.RSS) / 1e6
	}
	before := memory()
	for range 200 {
		timed(&blocks, func() error { _, err := e.Block(t.Context(), onChannel, random.Uint64N(height), 0, 100); return err })
		timed(&transactions, func() error {
			_, err := e.Transaction(t.Context(), onChannel, ids[random.IntN(len(ids))])
			return err
		})
	}
	for range 20 {
		timed(&pages, func() error { _, err := e.Blocks(t.Context(), onChannel, 1+random.Uint64N(height), 20); return err })
	}
	searched, searching := uint64(0), time.Now()
	for after := uint64(0); ; {
		found, err := e.Meter(t.Context(), onChannel, "nobody", after)
		if err != nil {
			t.Fatal(err)
		}
		searched += found.Searched
		if after = found.Next; after == 0 {
			break
		}
	}
	t.Logf("a search through %d blocks took %.1f s", searched, time.Since(searching).Seconds())
	after := memory()
	t.Logf("memory of this process: %.0f MB before, %.0f MB after", before, after)
	if after > before+200 {
		t.Errorf("memory grew by %.0f MB", after-before)
	}
	for what, all := range map[string][]time.Duration{"blocks": blocks, "transactions": transactions, "pages of 20 blocks": pages} {
		slices.Sort(all)
		t.Logf("%s: median %v, p99 %v, most %v", what, all[len(all)/2], all[len(all)*99/100], all[len(all)-1])
		if p99 := all[len(all)*99/100]; p99 > 300*time.Millisecond && !strings.HasPrefix(what, "pages") {
			t.Errorf("%s take %v", what, p99)
		}
	}
}
