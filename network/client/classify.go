package client

import (
	"context"
	"fmt"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"meterbench/bench/result"
)

// What Fabric says in words only: the peer's concurrency limiter answers with
// gRPC code UNKNOWN, and the gateway's own findings share one code.
const (
	textLimit    = "exceeding concurrency limit"
	textMismatch = "ProposalResponsePayloads do not match"
	textTimeout  = "deadline exceeded"
)

// explain adds to an error of a gRPC call what each endorser or orderer said.
func explain(err error) error {
	said := details(err)
	if len(said) == 0 {
		return err
	}
	texts := make([]string, len(said))
	for i, d := range said {
		texts[i] = fmt.Sprintf("%s (%s): %s", d.GetAddress(), d.GetMspId(), d.GetMessage())
	}
	return fmt.Errorf("%w: %s", err, strings.Join(texts, "; "))
}

func details(err error) []*gateway.ErrorDetail {
	st, ok := status.FromError(err)
	if !ok {
		return nil
	}
	var said []*gateway.ErrorDetail
	for _, d := range st.Details() {
		if d, ok := d.(*gateway.ErrorDetail); ok {
			said = append(said, d)
		}
	}
	return said
}

// mentions reports whether the error, or anything an endorser or orderer said
// in it, contains the text.
func mentions(err error, text string) bool {
	if strings.Contains(strings.ToLower(err.Error()), strings.ToLower(text)) {
		return true
	}
	for _, d := range details(err) {
		if strings.Contains(strings.ToLower(d.GetMessage()), strings.ToLower(text)) {
			return true
		}
	}
	return false
}

// limited reports whether a peer turned the request away because it had too
// many at once.
func limited(err error) bool {
	return status.Code(err) == codes.ResourceExhausted || mentions(err, textLimit)
}

// stopped reports whether a call failed because its caller gave up, rather
// than through a limit of ours.
func stopped(ctx context.Context) bool { return ctx.Err() != nil }

// endorseOutcome classifies an error of the endorsement.
func endorseOutcome(ctx context.Context, err error) result.Outcome {
	switch {
	case stopped(ctx):
		return result.Interrupted
	case limited(err):
		return result.Limited
	case mentions(err, textMismatch):
		return result.EndorseMismatch
	case refusedByChaincode(err):
		return result.EndorseRefused
	case status.Code(err) == codes.FailedPrecondition, mentions(err, "failed to collect enough transaction endorsements"):
		return result.EndorseMismatch // no set of endorsers satisfies the policy
	}
	return result.EndorseRefused
}

// refusedByChaincode reports whether any endorser passed on a refusal of the
// contract itself.
func refusedByChaincode(err error) bool {
	for _, d := range details(err) {
		if strings.HasPrefix(d.GetMessage(), "chaincode response ") {
			return true
		}
	}
	return false
}

// submitOutcome classifies an error of the submission. Where it cannot be told
// whether an orderer took the transaction the outcome is Unknown: it may yet
// be committed.
func submitOutcome(ctx context.Context, err error) result.Outcome {
	if stopped(ctx) {
		return result.Interrupted
	}
	if limited(err) {
		return result.Limited
	}
	switch status.Code(err) {
	case codes.Aborted, codes.FailedPrecondition, codes.InvalidArgument, codes.NotFound, codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented:
		return result.SubmitRefused
	case codes.Unavailable:
		// Said by the gateway service, not by a connection that broke.
		byGateway := mentions(err, "no orderer") || mentions(err, "insufficient number of orderers")
		if byGateway && !mentions(err, textTimeout) {
			return result.SubmitRefused
		}
	}
	return result.Unknown
}

// commitOutcome classifies a validation code.
func commitOutcome(code peer.TxValidationCode) result.Outcome {
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
