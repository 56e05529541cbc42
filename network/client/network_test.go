package client_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/network/chaincode"
	"meterbench/network/client"
	"meterbench/simulators/reading"
)

// TestMain lets the test binary be what tests start: the network's chaincode
// and external builder, and the benchmarks' fake peer.
func TestMain(m *testing.M) {
	if code, handled := network.Dispatch(os.Args, chaincode.Serve); handled {
		os.Exit(code)
	}
	if client.ServeFakePeer() {
		return
	}
	os.Exit(m.Run())
}

// A meter signs readings.
type meter struct {
	name string
	key  *ecdsa.PrivateKey
}

func newMeter(t testing.TB, n uint32) meter {
	t.Helper()
	raw := make([]byte, 32)
	binary.BigEndian.PutUint32(raw[28:], n+1)
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil {
		t.Fatal(err)
	}
	return meter{name: fmt.Sprintf("meter-%d", n), key: key}
}

func (m meter) registration(t testing.TB) reading.Registration {
	t.Helper()
	point, err := m.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return reading.Registration{Meter: m.name, Key: append([]byte{2 + point[64]&1}, point[1:33]...), Verify: true}
}

func (m meter) put(t testing.TB, number uint64) bench.Transaction {
	t.Helper()
	return m.sign(t, reading.Reading{Kind: reading.Plain, Channel: "metrology", Meter: m.name, Number: number, Time: time.Unix(1_700_000_000, 0).UTC(),
		Payload: reading.Values{Interval: 15 * time.Minute, Wh: make([]int64, 24)}.Marshal()})
}

func (m meter) sign(t testing.TB, r reading.Reading) bench.Transaction {
	t.Helper()
	if err := r.Sign(m.key); err != nil {
		t.Error(err)
	}
	b, err := r.Marshal()
	if err != nil {
		t.Error(err)
	}
	return bench.Transaction{Function: reading.FnPut, Args: [][]byte{b}}
}

// TestRealNetwork stores readings on a real network with 128 clients in a
// closed loop and holds client, contract and ledger against each other.
func TestRealNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real network")
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
	c, err := n.Client(t.Context(), "metrology", reading.ContractName)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	const clients = 128
	meters := registered(t, n, c, clients)
	start, err := c.Height(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	sent := load(t, c, meters, loadTime(t))

	found := 0
	for entry, err := range c.Ledger(t.Context(), 0, 0, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if entry.Block < start {
			continue
		}
		if block, ok := sent[entry.TxID]; !ok || block != entry.Block || entry.Outcome != result.Valid {
			t.Fatalf("the ledger holds %x in block %d, %v; the client has it in block %d, known: %t", entry.TxID, entry.Block, entry.Outcome, block, ok)
		}
		found++
	}
	if found != len(sent) {
		t.Errorf("the ledger holds %d of %d transactions", found, len(sent))
	}
	count, err := c.Evaluate(t.Context(), reading.FnCount, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if string(count) != strconv.Itoa(len(sent)) {
		t.Errorf("the contract counts %s readings of %d", count, len(sent))
	}
	refusals(t, c, meters[0])
}

// load runs a closed loop with one client per meter and returns the block of
// every transaction. It logs what that cost this process.
func load(t *testing.T, c *client.Client, meters []meter, hold time.Duration) map[[32]byte]uint64 {
	t.Helper()
	signature := signTime(t, meters[0].key)
	var mu sync.Mutex
	var group sync.WaitGroup
	sent := make(map[[32]byte]uint64)
	begun, cpu := time.Now(), cpuTime(t)
	for _, m := range meters {
		group.Go(func() {
			for number := uint64(0); time.Since(begun) < hold; number++ {
				receipt, err := c.Submit(t.Context(), m.put(t, number))
				if err != nil {
					t.Error(err)
					return
				}
				if receipt.Outcome != result.Valid || receipt.Bytes == 0 {
					t.Errorf("%v of %d bytes", receipt.Outcome, receipt.Bytes)
				}
				if receipt.Submitted.Before(receipt.Endorsed) || receipt.Committed.IsZero() {
					t.Errorf("endorsed %v, submitted %v, committed %v", receipt.Endorsed, receipt.Submitted, receipt.Committed)
				}
				mu.Lock()
				sent[receipt.TxID] = receipt.Block
				mu.Unlock()
			}
		})
	}
	group.Wait()
	elapsed := time.Since(begun)
	per := (cpuTime(t) - cpu) / time.Duration(max(1, len(sent)))
	t.Logf("%d transactions in %.1f s: %.0f per second; client CPU %s each, %.1f signatures of %s, the meter's included",
		len(sent), elapsed.Seconds(), float64(len(sent))/elapsed.Seconds(), per, float64(per)/float64(signature), signature)
	return sent
}

// loadTime is how long the load lasts, in seconds, and can be set for
// profiling.
func loadTime(t *testing.T) time.Duration {
	s := os.Getenv("METERBENCH_TEST_LOAD")
	if s == "" {
		return 2 * time.Second
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// refusals sends what the contract must refuse, the largest reading that it
// must take, and one reading twice at the same time, of which one must fail.
func refusals(t *testing.T, c *client.Client, m meter) {
	receipt, err := c.Submit(t.Context(), m.put(t, 0))
	if receipt.Outcome != result.EndorseRefused || err == nil || !strings.Contains(err.Error(), "chaincode response 409, READING_DUPLICATE: meter meter-0 has a reading 0 already") {
		t.Errorf("a duplicate: %v, %v", receipt.Outcome, err)
	}
	if _, err := c.Evaluate(t.Context(), reading.FnGet, []byte(m.name), []byte("999999")); err == nil || !strings.Contains(err.Error(), "READING_MISSING") {
		t.Errorf("a reading that is not there: %v", err)
	}
	large := reading.Reading{Kind: reading.Padded, Channel: "metrology", Meter: m.name, Number: 1 << 39, Time: time.Unix(1_700_000_000, 0).UTC()}
	if large.Payload, err = (reading.Values{Interval: time.Second, Wh: []int64{1}}).MarshalPadded(reading.MaxPayload); err != nil {
		t.Fatal(err)
	}
	if receipt, err := c.Submit(t.Context(), m.sign(t, large)); err != nil || receipt.Bytes < 2*reading.MaxPayload {
		t.Errorf("a reading of the greatest size: %v of %d bytes, %v", receipt.Outcome, receipt.Bytes, err)
	}
	var outcomes [2]result.Outcome
	var group sync.WaitGroup
	var endorsed atomic.Int64
	for i := range outcomes {
		group.Go(func() {
			tx := m.put(t, 1<<40)
			r, _ := c.Submit(t.Context(), tx)
			outcomes[i] = r.Outcome
			if !r.Endorsed.IsZero() {
				endorsed.Add(1)
			}
		})
	}
	group.Wait()
	if endorsed.Load() == 2 && (outcomes[0] == result.Valid) == (outcomes[1] == result.Valid) {
		t.Errorf("the same reading twice at once ended as %v", outcomes)
	}
	ctx, cancel := context.WithCancel(t.Context())
	tx := m.put(t, 1<<41)
	tx.Acknowledged = func(time.Time) { cancel() }
	receipt, err = c.Submit(ctx, tx)
	interrupted := receipt.Outcome == result.Interrupted && err != nil
	if committed := receipt.Outcome == result.Valid && err == nil; !interrupted && !committed || receipt.Submitted.IsZero() { // committed by then, where this process was stopped
		t.Errorf("a stop after the acknowledgement: %v, %v", receipt.Outcome, err)
	}
}

func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// signTime returns the CPU time of one P-256 signature on this machine.
func signTime(t testing.TB, key *ecdsa.PrivateKey) time.Duration {
	const n = 2000
	digest := make([]byte, 32)
	start := cpuTime(t)
	for range n {
		if _, err := key.Sign(nil, digest, crypto.SHA256); err != nil {
			t.Fatal(err)
		}
	}
	return (cpuTime(t) - start) / n
}

// registered returns meters that are registered on the ledger of all peers.
func registered(t *testing.T, n *network.Network, c *client.Client, count int) []meter {
	t.Helper()
	meters, batch := make([]meter, count), make([]reading.Registration, count)
	for i := range meters {
		meters[i] = newMeter(t, uint32(i))
		batch[i] = meters[i].registration(t)
	}
	registrations, err := reading.MarshalRegistrations(batch)
	if err == nil {
		err = c.Invoke(t.Context(), reading.FnRegister, registrations)
	}
	if err != nil {
		t.Fatal(err)
	}
	everywhere(t, n)
	return meters
}

// everywhere waits until all peers have the same blocks: what is known to be committed is so by one of them.
func everywhere(t *testing.T, n *network.Network) {
	t.Helper()
	var heights []network.Height
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		s, err := n.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		heights = s.Channels[0].Heights
		if !slices.ContainsFunc(heights, func(h network.Height) bool { return h.Blocks != heights[0].Blocks }) {
			return
		}
	}
	t.Fatalf("peers do not come to the same height: %+v", heights)
}
