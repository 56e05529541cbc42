package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"meterbench/bench/result"
	"meterbench/internal/refusal"
)

// What Fabric says in words only: the peer's concurrency limiter answers with gRPC code UNKNOWN, and the
// gateway's own findings share one code.
const (
	textLimit    = "exceeding concurrency limit"
	textMismatch = "ProposalResponsePayloads do not match"
)

// textsTimeout are how an endorser's timeout reads, of a call to it and of its chaincode, in what a gateway passes on.
var textsTimeout = []string{codes.DeadlineExceeded.String(), context.DeadlineExceeded.Error(), "timeout expired while executing transaction"}

// textsUnreachable are how a broken connection, or one that could not be made, reads in what a gateway passes on. That to a
// chaincode breaks when its process ends.
var textsUnreachable = []string{
	codes.Unavailable.String(), "unavailability of peers", "connection refused", "connection reset", "transport is closing", "EOF",
	"chaincode stream terminated",
}

// An explained error is that of a gRPC call with what each endorser or orderer said.
type explained struct {
	text string
	all  []error // of the call, then of each node
}

// Error returns the text.
func (e *explained) Error() string { return e.text }

// Unwrap returns the errors.
func (e *explained) Unwrap() []error { return e.all }

// explain adds to an error of a gRPC call what each endorser or orderer said.
func explain(err error) error {
	e := &explained{err.Error(), []error{err}}
	for i, d := range details(err) {
		why := reason(d.GetMessage())
		e.all = append(e.all, why)
		e.text = with(e.text, i, d, why.Error())
	}
	if len(e.all) == 1 {
		return err
	}
	return e
}

// with returns a text with what its node i said behind it. A gateway that passes on one node's words ends with them, which
// are not said twice.
func with(text string, i int, d *gateway.ErrorDetail, said string) string {
	separator := "; "
	if i == 0 {
		separator = ": "
		text = strings.TrimSuffix(strings.TrimSuffix(text, d.GetMessage()), separator)
	}
	return fmt.Sprintf("%s%s%s (%s): %s", text, separator, d.GetAddress(), d.GetMspId(), said)
}

// chaincodeResponse begins the message with which an endorser passes on a contract's own answer.
const chaincodeResponse = "chaincode response "

// reason returns what an endorser or orderer said as an error, with a *refusal.Refusal in it where that
// passes on a contract's refusal.
func reason(message string) error {
	if answer, ok := strings.CutPrefix(message, chaincodeResponse); ok {
		number, text, _ := strings.Cut(answer, ", ")
		if status, err := strconv.ParseInt(number, 10, 32); err == nil {
			if r, ok := refusal.Parse(int32(status), text); ok {
				return fmt.Errorf("%s%d, %w", chaincodeResponse, status, r)
			}
		}
	}
	return errors.New(message)
}

func details(err error) (list []*gateway.ErrorDetail) {
	for _, d := range status.Convert(err).Details() {
		if d, ok := d.(*gateway.ErrorDetail); ok {
			list = append(list, d)
		}
	}
	return list
}

// mentions reports whether the error, or anything an endorser or orderer said in it, contains one of the texts.
func mentions(err error, texts ...string) bool {
	said := []string{err.Error()}
	for _, d := range details(err) {
		said = append(said, d.GetMessage())
	}
	return slices.ContainsFunc(texts, func(text string) bool {
		return slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, text) })
	})
}

// limited reports whether a peer turned the request away because it had too many at once.
func limited(err error) bool {
	return status.Code(err) == codes.ResourceExhausted || mentions(err, textLimit)
}

// Refused reports whether an error is that of a contract which was reached and refused the call.
func Refused(err error) bool {
	return err != nil && slices.ContainsFunc(details(err), func(d *gateway.ErrorDetail) bool { return strings.HasPrefix(d.GetMessage(), chaincodeResponse) })
}

// endorseOutcome classifies an error of the endorsement. ctx is the caller's: if that has ended, the caller gave up.
func endorseOutcome(ctx context.Context, err error) result.Outcome {
	switch {
	case ctx.Err() != nil:
		return result.Interrupted
	case limited(err):
		return result.Limited
	case mentions(err, textMismatch):
		return result.EndorseMismatch
	case Refused(err):
		return result.EndorseRefused // by the contract itself
	case status.Code(err) == codes.DeadlineExceeded, mentions(err, textsTimeout...):
		return result.EndorseTimeout
	case status.Code(err) == codes.Unavailable, mentions(err, textsUnreachable...):
		return result.EndorseUnreachable
	case status.Code(err) == codes.FailedPrecondition, mentions(err, "failed to collect enough transaction endorsements"):
		return result.EndorseMismatch // no set of endorsers satisfies the policy
	}
	return result.EndorseRefused
}

// overtaken reports whether a gateway says that BFT orderers had ordered a transaction before it could hand it to all of
// them: those that were handed it later refuse it, and two of four make the gateway report a failure.
func overtaken(err error) bool { return mentions(err, alreadyThere) }

// What a gateway service says in words only of an attempt to have a transaction ordered.
const (
	textNoOrderer = "no orderer nodes available"             // it knows none
	textNoneTook  = "no orderers could successfully process" // each was tried, one after the other
	textTooLarge  = "status=REQUEST_ENTITY_TOO_LARGE"        // of an orderer: what is so for one is so for all
)

// submitOutcome classifies an error of the submission through a gateway of a channel with so many orderers, 0 where that is not
// known. Where it is unknown whether an orderer took the transaction the outcome is Unknown: it may yet be committed.
//
// A gateway tries one orderer after the other until one takes the transaction, or turns it down for what it is. In its error are
// those whose call failed. What an orderer answered is not: neither that it could not be sure whether the leader has got what it
// handed on, nor, where another one turned the transaction down, who was tried before. So only one orderer's answer is definite.
func submitOutcome(ctx context.Context, err error, orderers int) result.Outcome {
	why := status.Convert(err)
	said := func(text string) bool { return strings.Contains(why.Message(), text) }
	switch {
	case ctx.Err() != nil:
		return result.Interrupted
	case overtaken(err): // where there is nobody to wait for the commit
		return result.Unknown
	case slices.ContainsFunc(details(err), mayHave):
		return result.Unknown
	case said(textLimit): // a connection that broke can have the limiter's code, but not its words
		return result.Limited
	}
	refused := false
	switch why.Code() {
	case codes.FailedPrecondition, codes.InvalidArgument, codes.NotFound, codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented:
		refused = true // before any orderer was tried
	case codes.Aborted:
		refused = orderers == 1 || said(textTooLarge)
	case codes.Unavailable:
		// The gateway service says so, not a connection that broke. Of BFT orderers ("insufficient number of orderers") it does not
		// tell which have it.
		tried := orderers == 1 || orderers > 0 && len(details(err)) >= orderers
		refused = said(textNoOrderer) || said(textNoneTook) && tried
	}
	if refused {
		return result.SubmitRefused
	}
	return result.Unknown
}

// mayHave reports whether an orderer of which a gateway says this may have the transaction: the call to it failed, and not
// because it could not be connected to. Any other text is an orderer's own answer.
func mayHave(d *gateway.ErrorDetail) bool { return cutOff(d.GetMessage()) }

// cutOff reports whether a call to an orderer ended while it may have worked: to whom says this, which may be another orderer
// that handed a transaction to the leader.
func cutOff(text string) bool {
	said := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(text, t) })
	}
	return said("rpc error:", "EOF", "aborted", "forcibly terminated", "timed out", "timeout expired", "chain is stopped") &&
		!said("Error while dialing", "authentication handshake failed")
}

// CommitOutcome returns how a transaction ended that was committed with a validation code.
func CommitOutcome(code peer.TxValidationCode) result.Outcome {
	switch code {
	case peer.TxValidationCode_VALID:
		return result.Valid
	case peer.TxValidationCode_MVCC_READ_CONFLICT:
		return result.MVCCConflict
	case peer.TxValidationCode_PHANTOM_READ_CONFLICT:
		return result.PhantomRead
	case peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE:
		return result.EndorsementPolicy
	}
	return result.InvalidOther
}
