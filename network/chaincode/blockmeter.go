package chaincode

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strconv"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/internal/readjson"
	"meterbench/simulators/pki"
)

// Blockmeter is the contract "blockmeter": what the contract of github.com/wsmelojr/blockmeter does, so that its figures can be set beside those of
// PKI. It checks nothing when it stores a key, lets everybody store and overwrite every one, and takes both signatures that fit. It differs
// from the published one where that would end the process (a key that is none), and in the answer: the published one's is no JSON.
type Blockmeter struct{}

// A publishedMeter is a state of the contract.
type publishedMeter struct {
	Key string `json:"pubkey"`
}

// blockmeterFunctions has the functions of Blockmeter by name.
var blockmeterFunctions = map[string]function[Blockmeter]{
	pki.FnPing: asks(0, func(Blockmeter, shim.ChaincodeStubInterface, []string) ([]byte, error) {
		return []byte(pki.PublishedName), nil
	}),
	pki.FnRegisterMeter:  asks(2, Blockmeter.registerMeter),
	pki.FnCheckSignature: asks(3, Blockmeter.checkSignature),
}

// blockmeterUsage returns the functions of the contract.
func blockmeterUsage() []Usage {
	return []Usage{
		{pki.FnRegisterMeter, "meter, key", false, false},
		{pki.FnCheckSignature, "meter, text, signature", false, true},
		{pki.FnPing, "", false, true},
	}
}

// Init does nothing: the contract needs no set-up.
func (Blockmeter) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

// Invoke runs the function that the first argument names.
func (c Blockmeter) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	return invoke(c, blockmeterFunctions, stub)
}

// registerMeter stores a key under a meter's id, without a look at either.
func (Blockmeter) registerMeter(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	value, err := json.Marshal(publishedMeter{args[1]})
	if err != nil {
		return nil, err
	}
	if args[0] == "" {
		return nil, pki.CodeArguments.Errorf("no meter named")
	}
	return nil, stub.PutState(args[0], value)
}

// checkSignature returns whether a meter signed a text.
func (Blockmeter) checkSignature(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	raw, err := stub.GetState(args[0])
	if err != nil {
		return nil, fmt.Errorf("read the state of meter %.100q: %w", args[0], err)
	}
	if len(raw) == 0 {
		return nil, pki.CodeMeterUnknown.Errorf("meter %.100q has no key on this ledger", args[0])
	}
	var meter publishedMeter
	if err := readjson.Unmarshal(raw, &meter); err != nil {
		return nil, fmt.Errorf("state of meter %.100q: %w", args[0], err)
	}
	key, err := publishedKey(meter.Key)
	if err != nil {
		return nil, err
	}
	signature, err := parseSignature(args[2])
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte(args[1]))
	return strconv.AppendBool(nil, ecdsa.VerifyASN1(key, digest[:], signature)), nil
}

// publishedKey reads a key that was stored without a look at it.
func publishedKey(text string) (*ecdsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, pki.CodeKeyMalformed.Errorf("the key of the meter is not PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, pki.CodeKeyMalformed.Errorf("the key of the meter is not a SubjectPublicKeyInfo")
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok {
		return nil, pki.CodeKeyCurve.Errorf("the key of the meter is not one of ECDSA")
	}
	return key, nil
}
