package client

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"

	"meterbench/bench"
	"meterbench/bench/result"
)

func transaction(wait result.Wait) bench.Transaction {
	return bench.Transaction{Function: "PutReading", Args: [][]byte{[]byte("reading")}, Wait: wait}
}

func TestSubmitFollowsToTheCommit(t *testing.T) {
	f := newFakePeer()
	c := dial(t, f, nil)
	var acknowledged time.Time
	tx := transaction(result.WaitAcknowledge)
	tx.Acknowledged = func(time.Time) { acknowledged = time.Now() }
	before := time.Now()
	receipt, err := c.Submit(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Outcome != result.Valid || receipt.Block != 1 || receipt.Bytes < 1000 {
		t.Errorf("%v of %d bytes in block %d", receipt.Outcome, receipt.Bytes, receipt.Block)
	}
	instants := []time.Time{before, receipt.Endorsed, receipt.Submitted, acknowledged}
	if !slices.IsSortedFunc(instants, time.Time.Compare) || receipt.Committed.Before(receipt.Endorsed) {
		t.Errorf("instants out of order: %v, committed %v", instants, receipt.Committed)
	}
	if id, ok := parseID(f.chain[1].GetFilteredTransactions()[0].GetTxid()); !ok || id != receipt.TxID {
		t.Errorf("transaction id %x; the ledger has %x", receipt.TxID, id)
	}
}

// A block that is seen before the orderer's answer ends both phases at once.
func TestBlockOvertakesTheAnswer(t *testing.T) {
	f := newFakePeer()
	c := dial(t, f, nil)
	f.ordered = func() {
		for c.NextBlock() < 2 {
			time.Sleep(time.Millisecond)
		}
	}
	receipt, err := c.Submit(t.Context(), transaction(result.WaitCommit))
	if err != nil || receipt.Outcome != result.Valid {
		t.Errorf("outcome %v, %v", receipt.Outcome, err)
	}
	if receipt.Committed.IsZero() || !receipt.Submitted.Equal(receipt.Committed) {
		t.Errorf("acknowledged at %v, committed at %v", receipt.Submitted, receipt.Committed)
	}
}

func TestEndorseOnlySendsNothingToTheOrderer(t *testing.T) {
	f := newFakePeer()
	f.submit = func() error { return errors.New("must not be called") }
	c := dial(t, f, nil)
	receipt, err := c.Submit(t.Context(), transaction(result.WaitEndorse))
	if got := stages(receipt); err != nil || receipt.Outcome != result.Answered || got != "endorsed" {
		t.Errorf("outcome %v; %s, %v", receipt.Outcome, got, err)
	}
	if len(c.home.commits.waiting) != 0 {
		t.Error("somebody still waits for its commit")
	}
}

func TestNoCommitInTime(t *testing.T) {
	f := newFakePeer()
	f.code = func(string) (peer.TxValidationCode, bool) { return 0, false }
	c := dial(t, f, func(cfg *Config) { cfg.CommitTimeout = 20 * time.Millisecond })
	receipt, err := c.Submit(t.Context(), transaction(result.WaitCommit))
	if got := stages(receipt); receipt.Outcome != result.Unknown || got != "endorsed submitted" || !errors.Is(err, errOverdue) {
		t.Errorf("outcome %v; %s, %v", receipt.Outcome, got, err)
	}
}

func TestStopInEveryPhase(t *testing.T) {
	for _, phase := range []string{"endorse", "submit", "commit"} {
		t.Run(phase, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			f := newFakePeer()
			c := dial(t, f, nil)
			stop := func() error { cancel(); <-t.Context().Done(); return nil }
			switch phase {
			case "endorse":
				f.endorse = func(*peer.ChaincodeInput) error { return stop() }
			case "submit":
				f.submit = stop
			default:
				f.code = func(string) (peer.TxValidationCode, bool) { return 0, false }
			}
			tx := transaction(result.WaitCommit)
			tx.Acknowledged = func(time.Time) { cancel() }
			receipt, err := c.Submit(ctx, tx)
			if receipt.Outcome != result.Interrupted || err == nil || !strings.HasPrefix(err.Error(), phase) {
				t.Errorf("outcome %v, %v", receipt.Outcome, err)
			}
			if len(c.home.commits.waiting) != 0 {
				t.Error("somebody still waits for its commit")
			}
		})
	}
}

func TestCloseEndsTheWait(t *testing.T) {
	f := newFakePeer()
	f.code = func(string) (peer.TxValidationCode, bool) { return 0, false }
	c := dial(t, f, nil)
	acknowledged := make(chan struct{})
	tx := transaction(result.WaitCommit)
	tx.Acknowledged = func(time.Time) { close(acknowledged) }
	ended := make(chan error, 1)
	go func() {
		_, err := c.Submit(t.Context(), tx)
		ended <- err
	}()
	<-acknowledged
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, errClosed) {
		t.Errorf("ended with %v", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

func TestCloseLeavesNothingRunning(t *testing.T) {
	cfg := dialConfig(t, newFakePeer())
	cycle := func() {
		c, err := Dial(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Submit(t.Context(), transaction(result.WaitCommit)); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	cycle()
	before := runtime.NumGoroutine()
	for range 10 {
		cycle()
	}
	for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > before+5; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines after ten clients; %d after one", runtime.NumGoroutine(), before)
		}
	}
}

func TestGatewaysTakeTurns(t *testing.T) {
	refuse := newFakePeer()
	refuse.endorse = func(*peer.ChaincodeInput) error { return errors.New("not here") }
	second := dialConfig(t, refuse)
	second.Gateways[0].Name, second.Gateways[0].Identity.MSP = "peer0.cmi", "CmiMSP"
	c := dial(t, newFakePeer(), func(cfg *Config) { cfg.Gateways = append(cfg.Gateways, second.Gateways...) })
	for i := range 6 {
		_, err := c.Submit(t.Context(), transaction(result.WaitCommit))
		if first := i%2 == 0; first != (err == nil) || !first && !strings.Contains(err.Error(), "through peer0.cmi") {
			t.Errorf("transaction %d: %v", i, err)
		}
	}
}

// A transaction that names its sender goes to the gateways of that organisation alone.
func TestSender(t *testing.T) {
	var calls atomic.Int32
	count := newFakePeer()
	count.endorse = func(*peer.ChaincodeInput) error {
		calls.Add(1)
		return errors.New("counted")
	}
	second := dialConfig(t, count)
	second.Gateways[0].Name, second.Gateways[0].Identity.MSP = "peer0.cmi", "CmiMSP"
	c := dial(t, newFakePeer(), func(cfg *Config) { cfg.Gateways = append(cfg.Gateways, second.Gateways...) })
	for _, test := range []struct {
		sender  string
		outcome result.Outcome
		calls   int32
	}{{"CmiMSP", result.EndorseRefused, 3}, {"PtbMSP", result.Valid, 0}, {"NmijMSP", result.PrepareError, 0}} {
		calls.Store(0)
		for range 3 {
			tx := transaction(result.WaitCommit)
			tx.Sender = test.sender
			if receipt, err := c.Submit(t.Context(), tx); receipt.Outcome != test.outcome {
				t.Errorf("sender %s: %v, %v; want %v", test.sender, receipt.Outcome, err, test.outcome)
			}
		}
		if got := calls.Load(); got != test.calls {
			t.Errorf("sender %s: %d calls of the second gateway, want %d", test.sender, got, test.calls)
		}
	}
}

func TestInvokeAndEvaluateGoThroughTheOperator(t *testing.T) {
	first := newFakePeer()
	first.endorse = func(*peer.ChaincodeInput) error { return errors.New("not the operator") }
	var calls atomic.Int32
	operator := newFakePeer()
	operator.endorse = func(input *peer.ChaincodeInput) error {
		calls.Add(1)
		if len(input.GetArgs()) != 2 || string(input.GetArgs()[1]) != "argument" {
			return errors.New("arguments lost")
		}
		return nil
	}
	second := dialConfig(t, operator)
	second.Gateways[0].Name, second.Gateways[0].Identity.MSP = "peer0.cmi", "CmiMSP"
	c := dial(t, first, func(cfg *Config) {
		cfg.Operator = "CmiMSP"
		cfg.Gateways = append(cfg.Gateways, second.Gateways...)
		cfg.CommitTimeout = time.Millisecond // its chain is not the observed one
	})
	answer, err := c.Evaluate(t.Context(), "Ping", []byte("argument"))
	if err != nil || string(answer) != "Ping" {
		t.Errorf("answer %q, %v", answer, err)
	}
	err = c.Invoke(t.Context(), "RegisterMeters", []byte("argument"))
	if !errors.Is(err, errOverdue) || !strings.HasPrefix(err.Error(), "invoke readings.RegisterMeters: commit through peer0.cmi: ") {
		t.Errorf("invoke: %v", err)
	}
	if calls.Load() != 2 {
		t.Errorf("%d calls reached the operator", calls.Load())
	}
	operator.endorse = func(*peer.ChaincodeInput) error {
		return said(codes.Unknown, "evaluate call to endorser returned error", "chaincode response 404, READING_MISSING: none")
	}
	if _, err := c.Evaluate(t.Context(), "GetReading"); err == nil || !strings.Contains(err.Error(), "READING_MISSING") || !strings.HasPrefix(err.Error(), "evaluate readings.GetReading: through peer0.cmi: ") {
		t.Errorf("evaluate: %v", err)
	}
}

// TestManyAtOnce holds every receipt against the ledger while blocks are cut
// by count and by time and the block stream breaks again and again.
func TestManyAtOnce(t *testing.T) {
	f := newFakePeer()
	f.batch, f.timeout = 7, 2*time.Millisecond
	c := dial(t, f, nil)
	const clients, each = 20, 15
	receipts := make(chan bench.Receipt, clients*each)
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for i := range each {
				if i%5 == 4 {
					f.breakStreams()
				}
				receipt, err := c.Submit(t.Context(), transaction(result.WaitCommit))
				if err != nil {
					t.Error(err)
				}
				receipts <- receipt
			}
		})
	}
	group.Wait()
	close(receipts)
	blocks := make(map[[32]byte]uint64)
	for r := range receipts {
		blocks[r.TxID] = r.Block
	}
	if len(blocks) != clients*each {
		t.Fatalf("%d different transactions of %d", len(blocks), clients*each)
	}
	for entry, err := range c.Ledger(t.Context(), 0, 0, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if entry.Outcome != result.Valid || blocks[entry.TxID] != entry.Block {
			t.Errorf("the ledger has %x in block %d, %v; its receipt says %d", entry.TxID, entry.Block, entry.Outcome, blocks[entry.TxID])
		}
		delete(blocks, entry.TxID)
	}
	if len(blocks) != 0 {
		t.Errorf("%d transactions are not on the ledger", len(blocks))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.opened) < 3 {
		t.Errorf("the block stream was opened %d times; it should have broken", len(f.opened))
	}
}
