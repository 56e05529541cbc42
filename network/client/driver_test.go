package client

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"

	"meterbench/bench"
	"meterbench/bench/result"
)

func TestEveryDriverIsThere(t *testing.T) {
	if diff := cmp.Diff(slices.Sorted(slices.Values(result.Drivers())), slices.Sorted(maps.Keys(drivers))); diff != "" {
		t.Errorf("drivers that results name and those that the client has (-want +got):\n%s", diff)
	}
	receipt, err := dial(t, newFakePeer(), nil).Submit(t.Context(), bench.Transaction{Driver: "carrier pigeon"})
	if receipt.Outcome != result.PrepareError || err == nil || !strings.Contains(err.Error(), `no driver "carrier pigeon"`) {
		t.Errorf("%v, %v", receipt.Outcome, err)
	}
}

// Every driver takes transactions equally far, in the same order of instants, and to the same outcomes.
func TestDriversAreAlike(t *testing.T) {
	never := func(string) (peer.TxValidationCode, bool) { return 0, false }
	with := func(code peer.TxValidationCode) func(*fakePeer) {
		return func(f *fakePeer) { f.code = func(string) (peer.TxValidationCode, bool) { return code, true } }
	}
	limit := said(codes.Unknown, "too many requests for gateway.Gateway, exceeding concurrency limit (50)")
	for _, tt := range []struct {
		name    string
		wait    result.Wait
		prepare func(*fakePeer)
		outcome result.Outcome
		stages  string
		text    string // of the error
	}{
		{"valid", result.WaitCommit, func(*fakePeer) {}, result.Valid, "endorsed submitted committed", ""},
		{"acknowledged", result.WaitAcknowledge, func(*fakePeer) {}, result.Valid, "endorsed submitted committed", ""},
		{"endorsed", result.WaitEndorse, func(f *fakePeer) { f.submit = func() error { return limit } }, result.Answered, "endorsed", ""},
		{"conflict", result.WaitCommit, with(peer.TxValidationCode_MVCC_READ_CONFLICT), result.MVCCConflict, "endorsed submitted committed", "MVCC_READ_CONFLICT"},
		{"policy", result.WaitCommit, with(peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE), result.EndorsementPolicy, "endorsed submitted committed", ""},
		{"limit at the endorsement", result.WaitCommit, func(f *fakePeer) { f.endorse = func(*peer.ChaincodeInput) error { return limit } }, result.Limited, "", "limit (50)"},
		{"contract refuses", result.WaitCommit, func(f *fakePeer) {
			f.endorse = func(*peer.ChaincodeInput) error {
				return said(codes.Aborted, "failed to endorse transaction", "chaincode response 409, READING_DUPLICATE: meter m1 has a reading 0 already")
			}
		}, result.EndorseRefused, "", "endorse through peer0.ptb: rpc error: code = Aborted desc = failed to endorse transaction: " +
			"peer1.ptb:7051 (PtbMSP): chaincode response 409, READING_DUPLICATE: meter m1 has a reading 0 already"},
		{"limit at the submission", result.WaitCommit, func(f *fakePeer) { f.submit = func() error { return limit } }, result.Limited, "endorsed", "limit (50)"},
		{"orderer refuses", result.WaitCommit, func(f *fakePeer) { f.submit = func() error { return said(codes.Aborted, "BAD_REQUEST") } }, result.SubmitRefused, "endorsed", ""},
		{"no commit", result.WaitCommit, func(f *fakePeer) { f.code = never }, result.Unknown, "endorsed submitted", "commit through peer0.ptb"},
	} {
		for _, driver := range result.Drivers() {
			if driver == result.DriverDirect {
				if tt.name == "limit at the submission" {
					continue // orderers have none
				}
				tt.text = strings.Replace(tt.text, "peer1.ptb:7051", "peer0.ptb", 1) // no other peer was asked
			}
			t.Run(tt.name+"/"+string(driver), func(t *testing.T) {
				f := newFakePeer()
				tt.prepare(f)
				c := dial(t, f, func(cfg *Config) {
					if tt.outcome == result.Unknown {
						cfg.CommitTimeout = 100 * time.Millisecond
					}
				})
				tx := transaction(tt.wait)
				tx.Driver = driver
				var acknowledged time.Time
				tx.Acknowledged = func(at time.Time) { acknowledged = at }
				receipt, err := c.Submit(t.Context(), tx)
				if got := stages(receipt); receipt.Outcome != tt.outcome || got != tt.stages {
					t.Errorf("%v, %s; want %v, %s; %v", receipt.Outcome, got, tt.outcome, tt.stages, err)
				}
				good := tt.outcome == result.Valid || tt.outcome == result.Answered
				if good != (err == nil) || err != nil && (!strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "\n")) {
					t.Errorf("error %v", err)
				}
				if acknowledged.IsZero() != receipt.Submitted.IsZero() || receipt.TxID == ([32]byte{}) || c.Pending() != 0 {
					t.Errorf("acknowledged %v, id %x, %d pending", acknowledged, receipt.TxID, c.Pending())
				}
				if !receipt.Committed.IsZero() && (receipt.Block != 1 || receipt.Bytes < 1000 || receipt.Committed.Before(receipt.Submitted)) {
					t.Errorf("%d bytes in block %d", receipt.Bytes, receipt.Block)
				}
			})
		}
	}
}

// A transaction whose commit-status call is turned away may be committed: its outcome is unknown, for the audit to tell.
func TestRefusedStatusIsUnknown(t *testing.T) {
	f := newFakePeer()
	f.status = func() error {
		return said(codes.Unknown, "too many requests for gateway.Gateway, exceeding concurrency limit (50)")
	}
	c := dial(t, f, nil)
	tx := transaction(result.WaitCommit)
	tx.Driver = result.DriverGateway
	receipt, err := c.Submit(t.Context(), tx)
	if receipt.Outcome != result.Unknown || !receipt.Committed.IsZero() || err == nil || !strings.Contains(err.Error(), "concurrency limit (50)") {
		t.Errorf("%v, committed %v, %v", receipt.Outcome, receipt.Committed, err)
	}
	if id, ok := parseID(f.chain[1].GetFilteredTransactions()[0].GetTxid()); !ok || id != receipt.TxID {
		t.Errorf("the ledger has %x", id)
	}
}

// What BFT orderers have ordered before the gateway handed it to all of them is no refused transaction: its commit is waited
// for where that takes no call of the gateway, and else unknown, for the audit to tell.
func TestOrderedBeforeTheGatewayIsDone(t *testing.T) {
	for driver, want := range map[result.Driver]result.Outcome{result.DriverWire: result.Valid, result.DriverGateway: result.Unknown} {
		t.Run(string(driver), func(t *testing.T) {
			f := newFakePeer()
			f.late = func() error {
				const untaken = "received unsuccessful response from orderer: status=SERVICE_UNAVAILABLE, info=failed to submit request: request already processed"
				return said(codes.Unavailable, "insufficient number of orderers could successfully process transaction to satisfy quorum requirement", untaken, untaken)
			}
			c := dial(t, f, nil)
			tx := transaction(result.WaitCommit)
			tx.Driver = driver
			receipt, err := c.Submit(t.Context(), tx)
			if receipt.Outcome != want || (err == nil) != (want == result.Valid) || c.Pending() != 0 {
				t.Errorf("%v, %v, %d pending", receipt.Outcome, err, c.Pending())
			}
			if len(f.chain) != 2 {
				t.Errorf("%d blocks", len(f.chain))
			}
		})
	}
}

// Clients that wait for their commit take up the gateway's limit by one driver and not by the other.
func TestWaitingClientsAndTheLimit(t *testing.T) {
	const clients, limit = 12, 4
	for driver, want := range map[result.Driver]map[result.Outcome]int{
		result.DriverWire:    {result.Valid: clients},
		result.DriverDirect:  {result.Valid: clients},
		result.DriverGateway: {result.Valid: limit, result.Limited: clients - limit},
	} {
		t.Run(string(driver), func(t *testing.T) {
			f := newFakePeer()
			f.limit, f.batch, f.timeout = limit, 1000, time.Hour
			c := dial(t, f, nil)
			outcomes := make(chan result.Outcome, clients)
			var acknowledged atomic.Int32
			for i := range clients { // one after the other, until it waits or is turned away
				tx := transaction(result.WaitCommit)
				tx.Driver, tx.Acknowledged = driver, func(time.Time) { acknowledged.Add(1) }
				go func() {
					receipt, _ := c.Submit(t.Context(), tx)
					outcomes <- receipt.Outcome
				}()
				calls := 0
				if driver == result.DriverGateway {
					calls = min(i+1, limit)
				}
				waiting := min(i+1, want[result.Valid])
				for c.Pending() != waiting || len(outcomes) != i+1-waiting || int(f.calls.Load()) != calls || int(acknowledged.Load()) != waiting {
					time.Sleep(time.Millisecond)
				}
			}
			f.mu.Lock()
			f.cut()
			f.mu.Unlock()
			got := map[result.Outcome]int{}
			for range clients {
				got[<-outcomes]++
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

// A stop ends the wait for a status, and nothing waits any more.
func TestStopWhileTheStatusIsAwaited(t *testing.T) {
	f := newFakePeer()
	f.code = func(string) (peer.TxValidationCode, bool) { return 0, false }
	c := dial(t, f, nil)
	ctx, cancel := context.WithCancel(t.Context())
	tx := transaction(result.WaitCommit)
	tx.Driver, tx.Acknowledged = result.DriverGateway, func(time.Time) { cancel() }
	receipt, err := c.Submit(ctx, tx)
	if receipt.Outcome != result.Interrupted || err == nil || !strings.HasPrefix(err.Error(), "commit") || c.Pending() != 0 {
		t.Errorf("%v, %v; %d pending", receipt.Outcome, err, c.Pending())
	}
}
