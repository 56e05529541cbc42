package chaincode

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"meterbench/simulators/pki"
	"meterbench/simulators/reading"
)

// A Contract is one that this program serves. A chaincode of a topology has the name of its contract.
type Contract struct {
	Name string
	// New returns the contract. What only the operator may do is for the organisation with that MSP id; every
	// peer's process must have the same, or their endorsements differ.
	New func(operator string) shim.Chaincode
	// SetUp is a function of one argument that only the operator may call, and with which every workload of the contract's own
	// begins; empty: there is none.
	SetUp string
	// Count counts for an audit what is stored by meters; zero where meters store nothing.
	Count Count
	// Usage lists its functions.
	Usage []Usage
	// Samples are calls that whoever tries it out may make, function and arguments, in their order.
	Samples [][]string
}

// A Count is the function of a contract that counts the items stored of some meters.
type Count struct {
	Function string
	Args     func(first, last string) [][]byte // ids of meters, in their order; "" and "" for all
	Parse    func(answer []byte) (uint64, error)
}

// A Table lists contracts.
type Table []Contract

// Contracts returns the contracts that this program serves.
func Contracts() Table {
	return Table{
		{
			Name:  reading.ContractName,
			New:   func(operator string) shim.Chaincode { return &Readings{Operator: operator} },
			SetUp: reading.FnRegister,
			Count: Count{Function: reading.FnCount, Args: meterRange, Parse: decimal},
			Usage: readingsUsage(),
		},
		{
			Name:  KeyValueName,
			New:   func(string) shim.Chaincode { return KeyValue{} },
			Usage: keyvalueUsage(), Samples: [][]string{{"Put", "key", "value"}, {"Get", "key"}},
		},
		{
			Name:  pki.ContractName,
			New:   func(operator string) shim.Chaincode { return &PKI{Operator: operator} },
			Count: Count{Function: pki.FnCount, Args: meterRange, Parse: decimal},
			Usage: pkiUsage(), Samples: [][]string{{pki.FnRegistrars}, {pki.FnCount, "", ""}},
		},
		{
			Name:  pki.PublishedName,
			New:   func(string) shim.Chaincode { return Blockmeter{} },
			Usage: blockmeterUsage(), Samples: [][]string{{pki.FnRegisterMeter, "meter", "key"}},
		},
	}
}

// Names returns the names of the contracts.
func (t Table) Names() []string {
	names := make([]string, len(t))
	for i, c := range t {
		names[i] = c.Name
	}
	return names
}

// Find returns the contract of that name.
func (t Table) Find(name string) (Contract, bool) {
	i := slices.IndexFunc(t, func(c Contract) bool { return c.Name == name })
	if i < 0 {
		return Contract{}, false
	}
	return t[i], true
}

// A Ledger is a channel with a contract that can be asked.
type Ledger interface {
	Evaluate(ctx context.Context, function string, args ...[]byte) ([]byte, error)
}

// Stored returns how many items the ledger has of the meters from the first to the last.
func (c Count) Stored(ctx context.Context, ledger Ledger, first, last string) (uint64, error) {
	answer, err := ledger.Evaluate(ctx, c.Function, c.Args(first, last)...)
	if err != nil {
		return 0, fmt.Errorf("meters %s to %s: %w", first, last, err)
	}
	n, err := c.Parse(answer)
	if err != nil {
		return 0, fmt.Errorf("meters %s to %s: the contract answered %q: %w", first, last, answer, err)
	}
	return n, nil
}

func meterRange(first, last string) [][]byte { return [][]byte{[]byte(first), []byte(last)} }

func decimal(answer []byte) (uint64, error) { return strconv.ParseUint(string(answer), 10, 64) }
