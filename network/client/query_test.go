package client

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"

	"meterbench/bench/result"
)

// By every driver a query ends with its answer: nobody endorses it, no orderer has it, and nothing waits for a commit.
func TestQueryIsAnswered(t *testing.T) {
	for _, driver := range result.Drivers() {
		for _, wait := range result.Waits() {
			t.Run(string(driver)+"/"+string(wait), func(t *testing.T) {
				f := newFakePeer()
				f.submit = func() error { return errors.New("must not be called") }
				c := dial(t, f, nil)
				tx := transaction(wait)
				tx.Query, tx.Driver = true, driver
				tx.Acknowledged = func(time.Time) { t.Error("an orderer has it") }
				receipt, err := c.Submit(t.Context(), tx)
				if got := stages(receipt); err != nil || receipt.Outcome != result.Answered || got != "endorsed" || receipt.Bytes != 0 {
					t.Errorf("%v, %s, %d bytes, %v", receipt.Outcome, got, receipt.Bytes, err)
				}
				if receipt.TxID == ([32]byte{}) || c.Pending() != 0 || len(f.chain) != 1 {
					t.Errorf("id %x, %d pending, %d blocks", receipt.TxID, c.Pending(), len(f.chain))
				}
			})
		}
	}
}

// What keeps a query from its answer has the outcome that it has of an endorsement.
func TestQueryFails(t *testing.T) {
	for _, tt := range []struct {
		err     error
		outcome result.Outcome
	}{
		{said(codes.Unknown, "evaluate call to endorser returned error", "chaincode response 404, no such key: EOF"), result.EndorseRefused},
		{said(codes.Unknown, "too many requests for gateway.Gateway, exceeding concurrency limit (50)"), result.Limited},
		{said(codes.DeadlineExceeded, "evaluate timeout expired"), result.EndorseTimeout},
	} {
		for _, driver := range result.Drivers() {
			t.Run(tt.outcome.String()+"/"+string(driver), func(t *testing.T) {
				f := newFakePeer()
				f.endorse = func(*peer.ChaincodeInput) error { return tt.err }
				tx := transaction(result.WaitCommit)
				tx.Query, tx.Driver = true, driver
				receipt, err := dial(t, f, nil).Submit(t.Context(), tx)
				if receipt.Outcome != tt.outcome || stages(receipt) != "" || err == nil {
					t.Errorf("%v, %q, %v", receipt.Outcome, stages(receipt), err)
				}
			})
		}
	}
}

// Transient data reaches the endorsers, by every driver, of transactions and of queries.
func TestTransientReachesTheEndorsers(t *testing.T) {
	want := map[string][]byte{"price": []byte("42"), "salt": {0, 1}}
	for _, driver := range result.Drivers() {
		for _, query := range []bool{false, true} {
			f := newFakePeer()
			var got map[string][]byte
			f.secrets = func(transient map[string][]byte) { got = transient }
			tx := transaction(result.WaitCommit)
			tx.Query, tx.Driver, tx.Transient = query, driver, want
			if _, err := dial(t, f, nil).Submit(t.Context(), tx); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, query %v (-want +got):\n%s", driver, query, diff)
			}
		}
	}
}
