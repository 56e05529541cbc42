//go:build !race

package standard_test

import (
	"context"
	"math"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
	"meterbench/network/client"
	"meterbench/network/standard"
)

// A transaction that comes alone and is endorsed is two events for the client: it is due, and it is answered. Each may wake a
// thread once. More are threads of Go's scheduler that have nothing to do, which was half of what such a transaction cost. Under the race detector
// sockets are Go's own, which do tell the scheduler.
func TestLoneTransactionsWakeFewThreads(t *testing.T) {
	const perSecond, most = 200, 4 // 2.4, and 5 to 6 where system calls wake the scheduler
	constant := reference.Distribution{Kind: reference.Constant, Mean: time.Millisecond}
	s, err := standard.Start(standard.Config{Endorse: constant, Submit: constant, Batch: reference.Batch{Messages: perSecond, Timeout: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	p := s.Peer
	c, err := client.Dial(t.Context(), client.Config{Channel: p.Channel, Chaincode: p.Chaincode, Gateways: []client.Gateway{{
		Name: p.Name, Address: p.Address, TLS: client.TLS{CA: p.Cert, Cert: p.Cert, Key: p.Key},
		Identity: client.Identity{MSP: p.MSP, CertPEM: p.Cert, KeyPEM: p.Key},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	clock, err := alarm.New()
	if err != nil {
		t.Fatal(err)
	}
	defer clock.Close()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	plan := bench.Plan{Arrivals: arrival.Constant{PerSecond: perSecond}, Slots: perSecond, Hold: time.Second, Wait: result.WaitEndorse}
	each := math.Inf(1)
	for range 3 { // whatever else runs on the machine can only add to it
		before := sleeps(t)
		m, err := bench.Run(t.Context(), clock, plan, puts{}, c, discard{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if m.Counts[result.Answered] != m.Counts.Total() {
			t.Errorf("outcomes %v", m.Counts)
		}
		each = min(each, float64(sleeps(t)-before)/float64(m.Counts.Total()+m.RunOut.Total()))
	}
	if each > most {
		t.Errorf("threads went to sleep %.1f times per transaction, more than %d", each, most)
	}
}

// sleeps returns how often threads of this process went to sleep.
func sleeps(t *testing.T) int64 {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return usage.Nvcsw
}

// puts is a workload of transactions that a standard takes.
type puts struct{}

// Transaction implements bench.Workload.
func (puts) Transaction(context.Context, uint64) (bench.Transaction, error) {
	return bench.Transaction{Function: "Put", Args: [][]byte{make([]byte, 340)}}, nil
}

// discard is a sink that keeps nothing.
type discard struct{}

// Record implements bench.Sink.
func (discard) Record(result.Record) {}
