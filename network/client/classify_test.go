package client

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"meterbench/bench/result"
	"meterbench/internal/refusal"
)

// said is an error of the gateway service with what two nodes said.
func said(code codes.Code, message string, nodes ...string) error {
	st := status.New(code, message)
	for _, n := range nodes {
		st, _ = st.WithDetails(protoadapt.MessageV1Of(&gateway.ErrorDetail{Address: "peer1.ptb:7051", MspId: "PtbMSP", Message: n}))
	}
	return st.Err()
}

// The messages are those of Fabric 3.1's gateway service and limiter.
func TestErrorsOfEndorsement(t *testing.T) {
	tests := []struct {
		name    string
		err     error
		outcome result.Outcome
		text    string
	}{
		{"contract refuses", said(codes.Aborted, "failed to endorse transaction, see attached details for more info", "chaincode response 409, READING_DUPLICATE: meter m1 has a reading 0 already"),
			result.EndorseRefused, "endorse through peer0.ptb: rpc error: code = Aborted desc = failed to endorse transaction, see attached details for more info: peer1.ptb:7051 (PtbMSP): chaincode response 409, READING_DUPLICATE: meter m1 has a reading 0 already"},
		{"contract refuses at another organisation", said(codes.Aborted, "failed to collect enough transaction endorsements, see attached details for more info", "chaincode response 404, METER_UNKNOWN: m1"),
			result.EndorseRefused, "METER_UNKNOWN"},
		{"endorser fails", said(codes.Aborted, "failed to endorse transaction, see attached details for more info", "error in simulation: failed to execute transaction"),
			result.EndorseRefused, "error in simulation"},
		{"endorsements differ", said(codes.Aborted, "failed to collect enough transaction endorsements, see attached details for more info", "ProposalResponsePayloads do not match"),
			result.EndorseMismatch, "do not match"},
		{"too few endorsements", said(codes.Aborted, "failed to collect enough transaction endorsements, see attached details for more info", "connection refused"),
			result.EndorseUnreachable, "connection refused"},
		{"no set of endorsers", said(codes.FailedPrecondition, "failed to select a set of endorsers that satisfy the endorsement policy due to unavailability of peers: [peer0.cmi]"),
			result.EndorseUnreachable, "peer0.cmi"},
		{"gateway's limit", said(codes.Unknown, "too many requests for gateway.Gateway, exceeding concurrency limit (500)"),
			result.Limited, "exceeding concurrency limit (500)"},
		{"endorser's limit", said(codes.Aborted, "failed to endorse transaction, see attached details for more info", "rpc error: code = Unknown desc = too many requests for protos.Endorser, exceeding concurrency limit (2500)"),
			result.Limited, "protos.Endorser"},
		{"resources", said(codes.ResourceExhausted, "stream quota"), result.Limited, "stream quota"},
		{"peer gone", said(codes.Unavailable, "connection error"), result.EndorseUnreachable, "connection error"},
		{"deadline", said(codes.DeadlineExceeded, "endorsement timeout expired while collecting endorsements"), result.EndorseTimeout, "timeout expired"},
		{"endorser's deadline", said(codes.Aborted, "failed to collect enough transaction endorsements, see attached details for more info", "rpc error: code = DeadlineExceeded desc = context deadline exceeded"),
			result.EndorseTimeout, "deadline exceeded"},
		{"chaincode's time", said(codes.Aborted, "failed to endorse transaction, see attached details for more info", "error in simulation: failed to execute transaction 7: timeout expired while executing transaction"),
			result.EndorseTimeout, "timeout expired"},
		{"contract refuses for a timeout of its own", said(codes.Aborted, "failed to endorse transaction, see attached details for more info", "chaincode response 500, STATE_FAILED: context deadline exceeded"),
			result.EndorseRefused, "STATE_FAILED"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFakePeer()
			c := dial(t, f, nil)
			f.endorse = func(*peer.ChaincodeInput) error { return test.err }
			receipt, err := c.Submit(t.Context(), transaction(result.WaitCommit))
			if receipt.Outcome != test.outcome || err == nil || !strings.Contains(err.Error(), test.text) {
				t.Errorf("outcome %v; want %v; error %v; want %q in it", receipt.Outcome, test.outcome, err, test.text)
			}
			if got := stages(receipt); got != "" || receipt.TxID == [32]byte{} {
				t.Errorf("transaction %x was %s", receipt.TxID, got)
			}
			if status.Code(err) != status.Code(test.err) {
				t.Errorf("the cause is lost: %v", err)
			}
		})
	}
}

// What a contract refused is found as such, and nothing else is.
func TestRefusals(t *testing.T) {
	duplicate := refusal.Conflict("READING_DUPLICATE")
	for _, test := range []struct {
		name string
		said []string
		want refusal.Code
	}{
		{"refused", []string{"chaincode response 409, READING_DUPLICATE: meter m1 has a reading 0 already"}, duplicate},
		{"the second says why", []string{"connection refused", "chaincode response 409, READING_DUPLICATE: so it is"}, duplicate},
		{"the peer failed", []string{"chaincode response 500, STATE_FAILED: timed out"}, refusal.Code{}},
		{"no code", []string{"chaincode response 409, "}, refusal.Code{}},
		{"no status", []string{"chaincode response four, READING_DUPLICATE: so it is"}, refusal.Code{}},
		{"somebody else", []string{"error in simulation: READING_DUPLICATE: so it is"}, refusal.Code{}},
		{"nobody says why", nil, refusal.Code{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cause := said(codes.Aborted, "failed to endorse transaction", test.said...)
			err := fmt.Errorf("endorse: %w", explain(cause))
			got, ok := errors.AsType[*refusal.Refusal](err)
			if ok != (test.want != refusal.Code{}) || ok && got.Code != test.want {
				t.Errorf("refusal %v, want %v", got, test.want)
			}
			for _, text := range test.said {
				if !strings.Contains(err.Error(), " (PtbMSP): "+text) {
					t.Errorf("error %q does not hold %q", err, text)
				}
			}
			if status.Code(err) != codes.Aborted {
				t.Errorf("the cause is lost: %v", err)
			}
		})
	}
}

// A gateway that passes one endorser's words on has them in its own message, too: they are said once.
func TestSaidOnce(t *testing.T) {
	const why = "chaincode response 500, there is no asset nobody"
	evaluated := said(codes.Unknown, "evaluate call to endorser returned error: "+why, why)
	aborted := said(codes.Aborted, "failed to endorse transaction", why, "connection refused")
	for _, c := range []struct{ name, got, want string }{
		{"one", explain(evaluated).Error(), "rpc error: code = Unknown desc = evaluate call to endorser returned error: peer1.ptb:7051 (PtbMSP): " + why},
		{"one, without gRPC's words", Said(evaluated), "evaluate call to endorser returned error: peer1.ptb:7051 (PtbMSP): " + why},
		{"two", Said(aborted), "failed to endorse transaction: peer1.ptb:7051 (PtbMSP): " + why + "; peer1.ptb:7051 (PtbMSP): connection refused"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got  %s\nwant %s", c.name, c.got, c.want)
		}
	}
}

func TestErrorsOfSubmission(t *testing.T) {
	tests := []struct {
		name    string
		err     error
		outcome result.Outcome
	}{
		{"orderer refuses", said(codes.Aborted, "received unsuccessful response from orderer: status=BAD_REQUEST, info=bad"), result.SubmitRefused},
		{"no orderer takes it", said(codes.Unavailable, "no orderers could successfully process transaction", "no leader"), result.SubmitRefused},
		{"no orderer known", said(codes.Unavailable, "no orderer nodes available"), result.SubmitRefused},
		{"too few orderers", said(codes.Unavailable, "insufficient number of orderers could successfully process transaction to satisfy quorum requirement"), result.Unknown},
		{"orderer down", said(codes.Unavailable, "no orderers could successfully process transaction",
			`rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:43087: connect: connection refused"`), result.SubmitRefused},
		{"orderer stopped, may have it", said(codes.Unavailable, "no orderers could successfully process transaction",
			"rpc error: code = Unavailable desc = keepalive ping failed to receive ACK within timeout"), result.Unknown},
		{"channel unknown", said(codes.NotFound, "missing OrdererConfig"), result.SubmitRefused},
		{"limit", said(codes.Unknown, "too many requests for gateway.Gateway, exceeding concurrency limit (500)"), result.Limited},
		{"orderer silent, may have it", said(codes.Unavailable, "no orderers could successfully process transaction", "rpc error: code = DeadlineExceeded desc = context deadline exceeded"), result.Unknown},
		{"orderer gone, may have it", said(codes.Unavailable, "no orderers could successfully process transaction", "rpc error: code = Unavailable desc = error reading from server: EOF"), result.Unknown},
		{"gateway silent, may have passed it on", said(codes.DeadlineExceeded, "submit timeout expired while broadcasting to ordering service"), result.Unknown},
		{"gateway gone, may have passed it on", said(codes.Unavailable, "error reading from server: EOF"), result.Unknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFakePeer()
			c := dial(t, f, nil)
			f.submit = func() error { return test.err }
			receipt, err := c.Submit(t.Context(), transaction(result.WaitCommit))
			if receipt.Outcome != test.outcome || err == nil || !strings.HasPrefix(err.Error(), "submit through peer0.ptb: ") {
				t.Errorf("outcome %v; want %v; error %v", receipt.Outcome, test.outcome, err)
			}
			if got := stages(receipt); got != "endorsed" || receipt.Bytes == 0 {
				t.Errorf("a transaction of %d bytes was %s", receipt.Bytes, got)
			}
			if len(c.home.commits.waiting) != 0 {
				t.Error("somebody still waits for its commit")
			}
		})
	}
}

func TestValidationCodes(t *testing.T) {
	tests := map[peer.TxValidationCode]result.Outcome{
		peer.TxValidationCode_VALID:                      result.Valid,
		peer.TxValidationCode_MVCC_READ_CONFLICT:         result.MVCCConflict,
		peer.TxValidationCode_PHANTOM_READ_CONFLICT:      result.PhantomRead,
		peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE: result.EndorsementPolicy,
		peer.TxValidationCode_DUPLICATE_TXID:             result.InvalidOther,
		peer.TxValidationCode_INVALID_OTHER_REASON:       result.InvalidOther,
	}
	f := newFakePeer()
	c := dial(t, f, nil)
	for _, code := range slices.Sorted(maps.Keys(tests)) {
		t.Run(code.String(), func(t *testing.T) {
			f.code = func(string) (peer.TxValidationCode, bool) { return code, true }
			receipt, err := c.Submit(t.Context(), transaction(result.WaitCommit))
			if receipt.Outcome != tests[code] || receipt.Committed.IsZero() || receipt.Block == 0 {
				t.Errorf("outcome %v, want %v; %s in block %d", receipt.Outcome, tests[code], stages(receipt), receipt.Block)
			}
			if valid := code == peer.TxValidationCode_VALID; valid != (err == nil) || !valid && !strings.Contains(err.Error(), code.String()) {
				t.Errorf("error %v", err)
			}
		})
	}
}
