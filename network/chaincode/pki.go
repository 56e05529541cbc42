package chaincode

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/simulators/pki"
	"meterbench/simulators/reading"
)

// PKI is the contract "pki": it stores the public keys of meters with all their versions, and verifies signatures. Its functions, their
// arguments and the codes of its refusals are named in package pki.
//
// The chaincode's endorsement policy decides what is created. From then on the parameter of each state demands a peer of the owner's
// organisation, so that no other organisation can change an entry, whatever its peers run.
type PKI struct {
	// Operator is the MSP id of the organisation that gives and takes the registration role. Every peer's process must have the same, or
	// their endorsements differ.
	Operator string
}

// pkiFunctions has the functions of PKI by name.
var pkiFunctions = map[string]function[*PKI]{
	pki.FnPing: asks(0, func(*PKI, shim.ChaincodeStubInterface, []string) ([]byte, error) {
		return []byte(pki.ContractName), nil
	}),
	pki.FnRegister:      stores((*PKI).register),
	pki.FnRotate:        stores((*PKI).rotate),
	pki.FnRevoke:        stores((*PKI).revoke),
	pki.FnLookup:        asks(1, (*PKI).lookUp),
	pki.FnHistory:       asks(2, (*PKI).history),
	pki.FnVerify:        asks(4, (*PKI).verify),
	pki.FnVerifyReading: asks(2, (*PKI).verifyReading),
	pki.FnGrant:         asks(1, setsRole(granted)),
	pki.FnWithdraw:      asks(1, setsRole(withdrawn)),
	pki.FnRegistrars:    asks(0, (*PKI).registrars),
	pki.FnCount:         asks(2, (*PKI).count),
}

// pkiUsage returns the functions of the contract pki, in the order of a key's life.
func pkiUsage() []Usage {
	return []Usage{
		{pki.FnGrant, "MSP id", true, false},
		{pki.FnWithdraw, "MSP id", true, false},
		{pki.FnRegistrars, "", false, true},
		{pki.FnRegister, "registrations", false, false},
		{pki.FnRotate, "rotation", false, false},
		{pki.FnRevoke, "revocation", false, false},
		{pki.FnLookup, "meter", false, true},
		{pki.FnHistory, "meter, first version", false, true},
		{pki.FnVerify, "meter, digest, signature, time", false, true},
		{pki.FnVerifyReading, "meter, number", false, true},
		{pki.FnCount, "first meter, last meter", false, true},
		{pki.FnPing, "", false, true},
	}
}

// Init does nothing: the contract needs no set-up.
func (c *PKI) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

// Invoke runs the function that the first argument names. A refusal has a status from 400 to 499 and a message that starts with its code.
func (c *PKI) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	return invoke(c, pkiFunctions, stub)
}

// A role is the state of an organisation's registration role. Without one only the operator has it.
type role string

const (
	granted   role = "granted"
	withdrawn role = "withdrawn"
)

const rolePrefix = "o/"

// registers reports whether an organisation with that state has the registration role.
func (c *PKI) registers(organisation string, state []byte) bool {
	return role(state) == granted || len(state) == 0 && organisation != "" && organisation == c.Operator
}

// setsRole is a function that gives an organisation the registration role, or takes it.
func setsRole(to role) func(c *PKI, stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	return func(c *PKI, stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
		if err := operatorOnly(stub, c.Operator); err != nil {
			return nil, err
		}
		if err := pki.CheckMSP(args[0]); err != nil {
			return nil, pki.CodeArguments.Errorf("%v", err)
		}
		return nil, keep(stub, c.Operator, []state{{rolePrefix + args[0], []byte(to)}}, nil)
	}
}

// registrars returns the organisations with the registration role, in the order of their MSP ids.
func (c *PKI) registrars(stub shim.ChaincodeStubInterface, _ []string) ([]byte, error) {
	names, listed := []string{}, false
	err := scan(stub, rolePrefix, rolePrefix+"\x7f", func(key string, value []byte) error {
		organisation := key[len(rolePrefix):]
		listed = listed || organisation == c.Operator
		if role(value) == granted {
			names = append(names, organisation)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the registrars: %w", err)
	}
	if !listed && c.Operator != "" {
		names = append(names, c.Operator)
		slices.Sort(names)
	}
	return json.Marshal(names)
}

// count returns how many versions of keys are stored of the meters from the first to the last, or of all ("" and "").
func (c *PKI) count(stub shim.ChaincodeStubInterface, args []string) ([]byte, error) {
	first, last := args[0], args[1]
	from, end := entryKey(""), entryKey("\x7f")
	if first != "" || last != "" {
		for _, meter := range []string{first, last} {
			if err := reading.CheckMeter(meter); err != nil {
				return nil, pki.CodeArguments.Errorf("%v", err)
			}
		}
		from, end = entryKey(first), entryKey(last)+"\x00"
	}
	total := uint64(0)
	err := scan(stub, from, end, func(key string, value []byte) error {
		e, err := parseEntry(value)
		total += uint64(e.version) // they count from 1, and none is lost
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count the keys: %w", err)
	}
	return strconv.AppendUint(nil, total, 10), nil
}
