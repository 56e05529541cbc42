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
		{"chaincode ends", said(codes.Aborted, "failed to endorse transaction, see attached details for more info",
			"error in simulation: failed to execute transaction 6f: chaincode stream terminated"), result.EndorseUnreachable, "stream terminated"},
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

// Of one orderer, of three, and of as many as the client does not know: what is claimed to be refused is so for certain.
func TestErrorsOfSubmission(t *testing.T) {
	const (
		none = "no orderers could successfully process transaction"
		down = `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:43087: connect: connection refused"`
	)
	refused, unknown := result.SubmitRefused, result.Unknown
	tests := []struct {
		name               string
		err                error
		one, three, unsure result.Outcome
	}{
		{"orderer refuses, another may have been tried before", said(codes.Aborted, "received unsuccessful response from orderer: status=BAD_REQUEST, info=bad"),
			refused, unknown, unknown},
		{"too large for any orderer", said(codes.Aborted, "received unsuccessful response from orderer: status=REQUEST_ENTITY_TOO_LARGE, info=bad"),
			refused, refused, refused},
		{"orderer refuses, another one's call broke", said(codes.Aborted, "received unsuccessful response from orderer: status=BAD_REQUEST, info=bad",
			"rpc error: code = Unavailable desc = error reading from server: EOF"), unknown, unknown, unknown},
		{"none takes it, their answers are not passed on", said(codes.Unavailable, none), refused, unknown, unknown},
		{"none takes it, one of them said why", said(codes.Unavailable, none, "no leader"), refused, unknown, unknown},
		{"no orderer known", said(codes.Unavailable, "no orderer nodes available"), refused, refused, refused},
		{"too few orderers", said(codes.Unavailable, "insufficient number of orderers could successfully process transaction to satisfy quorum requirement"),
			unknown, unknown, unknown},
		{"one orderer down, others answered", said(codes.Unavailable, none, down), refused, unknown, unknown},
		{"all orderers down", said(codes.Unavailable, none, down, down, down), refused, refused, unknown},
		{"orderer stopped, may have it", said(codes.Unavailable, none, "rpc error: code = Unavailable desc = keepalive ping failed to receive ACK within timeout"),
			unknown, unknown, unknown},
		{"two down, one may have it", said(codes.Unavailable, none, down, down, "rpc error: code = Unavailable desc = error reading from server: EOF"),
			unknown, unknown, unknown},
		{"channel unknown", said(codes.NotFound, "missing OrdererConfig"), refused, refused, refused},
		{"limit", said(codes.Unknown, "too many requests for gateway.Gateway, exceeding concurrency limit (500)"), result.Limited, result.Limited, result.Limited},
		{"a limit of an orderer, another one may have it", said(codes.Unavailable, none, "too many requests, exceeding concurrency limit (5)",
			"rpc error: code = Unavailable desc = error reading from server: EOF"), unknown, unknown, unknown},
		{"stream cut off to keep the client calm", said(codes.ResourceExhausted, "stream terminated by RST_STREAM with error code: ENHANCE_YOUR_CALM"),
			unknown, unknown, unknown},
		{"orderer silent, may have it", said(codes.Unavailable, none, "rpc error: code = DeadlineExceeded desc = context deadline exceeded"),
			unknown, unknown, unknown},
		{"gateway silent, may have passed it on", said(codes.DeadlineExceeded, "submit timeout expired while broadcasting to ordering service"),
			unknown, unknown, unknown},
		{"gateway gone, may have passed it on", said(codes.Unavailable, "error reading from server: EOF"), unknown, unknown, unknown},
		{"gateway shut down", said(codes.Canceled, "context canceled"), unknown, unknown, unknown},
	}
	f := newFakePeer()
	cfg := dialConfig(t, f)
	clients := map[int]*Client{}
	for _, n := range []int{0, 1, 3} {
		with := cfg
		with.Orderers = nil
		for range n {
			with.Orderers = append(with.Orderers, cfg.Orderers[0])
		}
		clients[n] = dialled(t, with)
	}
	for _, test := range tests {
		for n, want := range map[int]result.Outcome{0: test.unsure, 1: test.one, 3: test.three} {
			t.Run(fmt.Sprintf("%s/%d", test.name, n), func(t *testing.T) {
				c := clients[n]
				f.submit = func() error { return test.err }
				for _, driver := range []result.Driver{result.DriverWire, result.DriverGateway} {
					tx := transaction(result.WaitCommit)
					tx.Driver = driver
					receipt, err := c.Submit(t.Context(), tx)
					if receipt.Outcome != want || err == nil || !strings.HasPrefix(err.Error(), "submit through peer0.ptb: ") {
						t.Errorf("%s: outcome %v; want %v; error %v", driver, receipt.Outcome, want, err)
					}
					if got := stages(receipt); got != "endorsed" || receipt.Bytes == 0 && driver == result.DriverWire {
						t.Errorf("%s: a transaction of %d bytes was %s", driver, receipt.Bytes, got)
					}
				}
				if len(c.home.commits.waiting) != 0 {
					t.Error("somebody still waits for its commit")
				}
			})
		}
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
