package chaincode

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"meterbench/internal/refusal"
	"meterbench/simulators/reading"
)

// A function is one of the contract C's. Its number of arguments is checked before it runs.
type function[C any] struct {
	args int
	run  func(c C, stub shim.ChaincodeStubInterface, args [][]byte) ([]byte, error)
}

// stores is a function that stores what its one argument holds, in wire form or as text.
func stores[C any](run func(c C, stub shim.ChaincodeStubInterface, raw []byte) error) function[C] {
	return function[C]{1, func(c C, stub shim.ChaincodeStubInterface, args [][]byte) ([]byte, error) {
		wire, err := reading.ParseArgument(args[0])
		if err != nil {
			return nil, reading.CodeArguments.Errorf("%v", err)
		}
		return nil, run(c, stub, wire)
	}}
}

// asks is a function that changes nothing and whose arguments are text.
func asks[C any](args int, run func(c C, stub shim.ChaincodeStubInterface, args []string) ([]byte, error)) function[C] {
	return function[C]{args, func(c C, stub shim.ChaincodeStubInterface, args [][]byte) ([]byte, error) {
		words := make([]string, len(args))
		for i, a := range args {
			words[i] = string(a)
		}
		return run(c, stub, words)
	}}
}

// invoke runs the function of a contract that the first argument names.
func invoke[C any](c C, functions map[string]function[C], stub shim.ChaincodeStubInterface) *peer.Response {
	args := stub.GetArgs()
	if len(args) == 0 {
		return answer(nil, reading.CodeFunction.Errorf("no function named"))
	}
	name, args := string(args[0]), args[1:]
	f, ok := functions[name]
	switch {
	case !ok:
		return answer(nil, reading.CodeNoSuch.Errorf("%.40q", name))
	case len(args) != f.args:
		return answer(nil, reading.CodeArguments.Errorf("%s takes %d arguments, got %d", name, f.args, len(args)))
	}
	return answer(f.run(c, stub, args))
}

// answer turns a function's result into the response. An error that is no refusal means that the peer could
// not do its part.
func answer(payload []byte, err error) *peer.Response {
	if err == nil {
		return shim.Success(payload)
	}
	if r, ok := errors.AsType[*refusal.Refusal](err); ok {
		return &peer.Response{Status: r.Code.Status, Message: r.Error()}
	}
	return &peer.Response{Status: http.StatusInternalServerError, Message: "STATE_FAILED: " + err.Error()}
}

// sender returns the MSP id of the organisation that sent the proposal.
func sender(stub shim.ChaincodeStubInterface) (string, error) {
	creator, err := stub.GetCreator()
	var identity msp.SerializedIdentity
	if err == nil {
		err = proto.Unmarshal(creator, &identity)
	}
	if err != nil {
		return "", fmt.Errorf("read the creator: %w", err)
	}
	return identity.GetMspid(), nil
}

// operatorOnly refuses whoever is not of the operator's organisation.
func operatorOnly(stub shim.ChaincodeStubInterface, operator string) error {
	organisation, err := sender(stub)
	if err != nil {
		return err
	}
	if operator == "" || organisation != operator {
		return reading.CodeOperator.Errorf("this is for %s, not for %s", operator, organisation)
	}
	return nil
}
