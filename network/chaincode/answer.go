package chaincode

import (
	"errors"
	"net/http"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/internal/refusal"
)

// answer turns a function's result into the response. An error that is no refusal means that the
// peer could not do its part.
func answer(payload []byte, err error) *peer.Response {
	if err == nil {
		return shim.Success(payload)
	}
	if r, ok := errors.AsType[*refusal.Refusal](err); ok {
		return &peer.Response{Status: r.Code.Status, Message: r.Error()}
	}
	return &peer.Response{Status: http.StatusInternalServerError, Message: "STATE_FAILED: " + err.Error()}
}
