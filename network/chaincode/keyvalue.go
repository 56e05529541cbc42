package chaincode

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/cid"
	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/statebased"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/internal/refusal"
)

// KeyValue is the contract "keyvalue": it stores values under keys, so that every way in which transactions get into
// each other's way can be measured.
type KeyValue struct{}

// KeyValueName is the name of the contract.
const KeyValueName = "keyvalue"

// The refusals of KeyValue.
var (
	codeFunction  = refusal.Missing("NO_SUCH_FUNCTION")
	codeArguments = refusal.Invalid("ARGUMENTS")
	codeRange     = refusal.Invalid("RANGE_TOO_LARGE")
)

// maxKeysOfRange is the most keys that a range may hold.
const maxKeysOfRange = 10_000

// TransientValue is the transient key under which PutPrivate takes its value.
const TransientValue = "value"

// A keyFunction is one of the contract's.
type keyFunction struct {
	Usage
	args int
	run  func(stub shim.ChaincodeStubInterface, args []string) ([]byte, error)
}

// keyFunctions returns the functions of KeyValue in the order in which they are shown.
func keyFunctions() []keyFunction {
	writes := func(name, args string, n int, run func(shim.ChaincodeStubInterface, []string) ([]byte, error)) keyFunction {
		return keyFunction{Usage{Function: name, Args: args}, n, run}
	}
	asks := func(name, args string, n int, run func(shim.ChaincodeStubInterface, []string) ([]byte, error)) keyFunction {
		return keyFunction{Usage{Function: name, Args: args, Asks: true}, n, run}
	}
	return []keyFunction{
		writes("Put", "key, value", 2, func(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
			return nil, stub.PutState(args[0], []byte(args[1]))
		}),
		writes("Update", "key, value", 2, update),
		writes("Delete", "key", 1, func(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
			return nil, stub.DelState(args[0])
		}),
		writes("Count", "from, to, key", 3, countInto),
		writes("Restrict", "key", 1, restrict),
		writes("PutPrivate", "collection, key; transient value", 2, putPrivate),
		asks("Get", "key", 1, func(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) { return stub.GetState(args[0]) }),
		asks("Range", "from, to", 2, func(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
			keys, err := keysOf(stub, args[0], args[1])
			if err != nil {
				return nil, err
			}
			return json.Marshal(keys)
		}),
		asks("GetPrivate", "collection, key", 2, func(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
			return stub.GetPrivateData(args[0], args[1])
		}),
		asks("Ping", "", 0, func(shim.ChaincodeStubInterface, []string) ([]byte, error) { return []byte(KeyValueName), nil }),
	}
}

// keyvalueUsage returns the functions of the contract as users are shown them.
func keyvalueUsage() (all []Usage) {
	for _, f := range keyFunctions() {
		all = append(all, f.Usage)
	}
	return all
}

// keyvalue has the functions of KeyValue in the order of keyFunctions.
var keyvalue = keyFunctions()

// Init does nothing: the contract needs no set-up.
func (KeyValue) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

// Invoke runs the function that the first argument names. A refusal has a status from 400 to 499 and a message that
// starts with its code.
func (KeyValue) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	name, args := stub.GetFunctionAndParameters()
	i := slices.IndexFunc(keyvalue, func(f keyFunction) bool { return f.Function == name })
	switch {
	case i < 0:
		return answer(nil, codeFunction.Errorf("%.40q", name))
	case len(args) != keyvalue[i].args:
		return answer(nil, codeArguments.Errorf("%s takes %d arguments, got %d", name, keyvalue[i].args, len(args)))
	}
	return answer(keyvalue[i].run(stub, args))
}

// update reads a key and writes it: of two at a time only the first is valid, the other has an MVCC conflict.
func update(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	before, err := stub.GetState(args[0])
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", args[0], err)
	}
	return before, stub.PutState(args[0], []byte(args[1]))
}

// countInto puts the number of keys from one up to another under a key. Where another transaction puts or deletes one
// of them meanwhile, it has read a phantom.
func countInto(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	keys, err := keysOf(stub, args[0], args[1])
	if err != nil {
		return nil, err
	}
	n := strconv.Itoa(len(keys))
	return []byte(n), stub.PutState(args[2], []byte(n))
}

// restrict has later changes of a key endorsed by the sender's organisation alone. Whatever writes the key in the same
// block was endorsed under the policy before, and fails that of the key.
func restrict(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	organisation, err := cid.GetMSPID(stub)
	if err != nil {
		return nil, err
	}
	policy, err := statebased.NewStateEP(nil)
	if err != nil {
		return nil, err
	}
	if err := policy.AddOrgs(statebased.RoleTypePeer, organisation); err != nil {
		return nil, err
	}
	written, err := policy.Policy()
	if err != nil {
		return nil, err
	}
	return nil, stub.SetStateValidationParameter(args[0], written)
}

// putPrivate stores the transient value in a collection.
func putPrivate(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	transient, err := stub.GetTransient()
	if err != nil {
		return nil, err
	}
	value, given := transient[TransientValue]
	if !given {
		return nil, codeArguments.Errorf("PutPrivate takes its value as transient %q", TransientValue)
	}
	return nil, stub.PutPrivateData(args[0], args[1], value)
}

// keysOf returns the keys from one up to another.
func keysOf(stub shim.ChaincodeStubInterface, from, to string) (keys []string, err error) {
	found, err := stub.GetStateByRange(from, to)
	if err != nil {
		return nil, fmt.Errorf("keys from %q to %q: %w", from, to, err)
	}
	defer found.Close() // the answer is complete, or there is another error
	keys = []string{}
	for found.HasNext() {
		if len(keys) == maxKeysOfRange {
			return nil, codeRange.Errorf("there are more than %d keys from %q to %q", maxKeysOfRange, from, to)
		}
		one, err := found.Next()
		if err != nil {
			return nil, fmt.Errorf("keys from %q to %q: %w", from, to, err)
		}
		keys = append(keys, one.GetKey())
	}
	return keys, nil
}
