package explorer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"meterbench/bench/ledger"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// unreachable reports whether an error is that of a peer which another one may make good: it cannot be reached, or ends.
func unreachable(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.ResourceExhausted:
		return true
	}
	of, ok := errors.AsType[*fabric.DeliverError](err)
	return ok && (of.Status == common.Status_SERVICE_UNAVAILABLE || of.Status == common.Status_INTERNAL_SERVER_ERROR)
}

// What a peer says in words only.
var (
	textsForbidden = []string{"access denied", "Failed evaluating policy", "creator is malformed", "failed evaluating policy", "identity is not valid"}
	textsNotFound  = []string{"no such transaction ID", "not found in index", "does not exist", "Failed to get block", "Invalid chain ID"}
)

// refusal returns what a peer answered as an error of a Reader, where it is one.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	if of, ok := errors.AsType[*fabric.DeliverError](err); ok {
		switch of.Status {
		case common.Status_FORBIDDEN:
			return fmt.Errorf("%w: %w", ledger.ErrForbidden, err)
		case common.Status_NOT_FOUND:
			return fmt.Errorf("%w: %w", ledger.ErrNotFound, err)
		}
	}
	said := client.Said(err)
	for _, text := range textsForbidden {
		if strings.Contains(said, text) {
			return fmt.Errorf("%w: %s", ledger.ErrForbidden, said)
		}
	}
	for _, text := range textsNotFound {
		if strings.Contains(said, text) {
			return fmt.Errorf("%w: %s", ledger.ErrNotFound, said)
		}
	}
	return err
}
