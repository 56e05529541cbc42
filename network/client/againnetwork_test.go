package client_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/refusal"
	"meterbench/network"
	"meterbench/network/client"
	"meterbench/simulators/reading"
)

// On a real network: of two readings of one number in a block only the first is valid, and another one is refused when it is endorsed.
// So readings are sent again, through another gateway, while a peer hangs and is killed: none is stored twice, and none is missing that was
// reported.
func TestFailoverOnNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real network")
	}
	two, err := topology.Load("two-peer")
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Start(t.Context(), two, network.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	c, err := n.Client(t.Context(), "metrology", reading.ContractName)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const clients = 16
	meters := registered(t, n, c, clients)
	var log journal
	again := func(m meter, number uint64) bench.Transaction {
		tx := m.put(t, number)
		tx.Wait, tx.Once, tx.Timeout = result.WaitCommit, reading.CodeDuplicate, 8*time.Second
		return tx
	}

	// Without failover, so that each is one attempt.
	var pairs sync.WaitGroup
	for _, m := range meters {
		for range 2 {
			pairs.Go(func() { log.submit(t, c, again(m, 0), fmt.Sprint(m.name, "/", 0)) })
		}
	}
	pairs.Wait()
	if log.counts[result.Valid].Load() != clients || log.counts[result.MVCCConflict].Load() == 0 {
		t.Errorf("of %d readings sent twice at once %d were valid and %d conflicted", clients, log.counts[result.Valid].Load(), log.counts[result.MVCCConflict].Load())
	}
	for denied := 0; denied < 2; { // one after the other, so through both gateways
		r, err := c.Submit(t.Context(), again(meters[0], 0))
		if r.Outcome == result.MVCCConflict { // endorsed by a peer that had not committed the first yet
			denied = 0
			continue
		}
		denied++
		if said, ok := errors.AsType[*refusal.Refusal](err); r.Outcome != result.EndorseRefused || !ok || said.Code != reading.CodeDuplicate {
			t.Errorf("a second reading: %v, %v", r.Outcome, err)
		}
	}

	refused := log.counts[result.EndorseRefused].Load() // second ones of a pair that came late
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
	defer stop()
	for after, signal := range map[time.Duration]syscall.Signal{time.Second: syscall.SIGSTOP, 3 * time.Second: syscall.SIGKILL} {
		defer time.AfterFunc(after, func() {
			for _, node := range n.Nodes {
				if node.Name == "peer1.ptb" {
					syscall.Kill(node.PID, signal)
				}
			}
		}).Stop()
	}
	var running sync.WaitGroup
	for _, m := range meters {
		running.Go(func() {
			for number := uint64(1); ctx.Err() == nil; number++ {
				tx := again(m, number)
				tx.Failover = true
				log.submit(t, c, tx, fmt.Sprint(m.name, "/", number))
			}
		})
	}
	running.Wait()
	if read, err := c.Settle(t.Context(), time.Second); err != nil || read.Peer != "peer0.ptb" || len(read.Silent) != 1 {
		t.Errorf("read from %+v, %v", read, err)
	}
	log.compare(t, c)
	good := log.counts[result.Valid].Load() + log.counts[result.Confirmed].Load()
	if log.again.Load() == 0 || good < 2*clients {
		t.Errorf("%d readings were sent again, %d are stored", log.again.Load(), good)
	}
	log.counts[result.EndorseRefused].Add(-refused)
	for _, o := range []result.Outcome{result.EndorseUnreachable, result.EndorseTimeout, result.SubmitRefused, result.EndorseRefused} {
		if k := log.counts[o].Load(); k > 0 {
			t.Errorf("%d readings are %v, though there was another gateway", k, o)
		}
	}
	t.Logf("%d valid, %d confirmed, %d unknown, %d sent again", log.counts[result.Valid].Load(), log.counts[result.Confirmed].Load(),
		log.counts[result.Unknown].Load(), log.again.Load())
}

// A journal has what a client said of readings.
type journal struct {
	counts [32]atomic.Int64 // by outcome
	again  atomic.Int64     // that took several attempts
	mu     sync.Mutex
	of     map[[32]byte]string         // readings by transaction
	claims map[string]result.Outcome   // by reading, the best
	said   map[[32]byte]result.Outcome // of transactions
}

func (j *journal) submit(t *testing.T, c *client.Client, tx bench.Transaction, name string) {
	r, err := c.Submit(t.Context(), tx)
	if (err == nil) != (r.Outcome.Class() == result.Succeeded) {
		t.Errorf("reading %s is %v: %v", name, r.Outcome, err)
	}
	j.counts[r.Outcome].Add(1)
	attempts := r.Attempts
	if len(attempts) == 0 {
		attempts = []bench.Attempt{{Receipt: r}}
	} else {
		j.again.Add(1)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.of == nil {
		j.of, j.claims, j.said = map[[32]byte]string{}, map[string]result.Outcome{}, map[[32]byte]result.Outcome{}
	}
	for _, a := range attempts {
		j.of[a.TxID], j.said[a.TxID] = name, a.Outcome
	}
	if before, known := j.claims[name]; !known || before.Class() != result.Succeeded {
		j.claims[name] = r.Outcome
	}
}

// compare holds what was said against the ledger.
func (j *journal) compare(t *testing.T, c *client.Client) {
	t.Helper()
	valid := map[string]int{}
	for entry, err := range c.Ledger(t.Context(), 0, 0, nil) {
		if err != nil {
			t.Fatal(err)
		}
		name, ours := j.of[entry.TxID]
		if !ours {
			continue
		}
		if entry.Outcome == result.Valid {
			valid[name]++
		}
		if said := j.said[entry.TxID]; said.Class() == result.Refused || said != entry.Outcome && said.Class() != result.Lost {
			t.Errorf("an attempt of reading %s is %v on the ledger, and was said to be %v", name, entry.Outcome, said)
		}
	}
	for name, claim := range j.claims {
		if n := valid[name]; n > 1 || claim.Class() == result.Succeeded && n == 0 || claim.Class() == result.Refused && n > 0 {
			t.Errorf("reading %s is %v, and on the ledger %d times", name, claim, n)
		}
	}
}
