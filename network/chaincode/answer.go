package chaincode

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// A refusal is a contract's considered no: the transaction is wrong, the peer
// is well.
type refusal struct {
	status int32 // 400 to 499, in the sense of HTTP
	text   string
}

func (r *refusal) Error() string { return r.text }

// refuse makes a refusal whose message starts with code, by which clients and
// tests tell refusals apart.
func refuse(status int32, code, format string, args ...any) error {
	return &refusal{status: status, text: code + ": " + fmt.Sprintf(format, args...)}
}

// answer turns a function's result into the response. An error that is no
// refusal means that the peer could not do its part.
func answer(payload []byte, err error) *peer.Response {
	if err == nil {
		return shim.Success(payload)
	}
	var r *refusal
	if errors.As(err, &r) {
		return &peer.Response{Status: r.status, Message: r.text}
	}
	return &peer.Response{Status: http.StatusInternalServerError, Message: "STATE_FAILED: " + err.Error()}
}
