package chaincode

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"meterbench/simulators/pki"
	"meterbench/simulators/reading"
)

// Every row of the table can be served, and what meters store can be counted.
func TestContracts(t *testing.T) {
	for _, c := range Contracts() {
		t.Run(c.Name, func(t *testing.T) {
			if got, ok := Contracts().Find(c.Name); !ok || got.Name != c.Name {
				t.Errorf("found %q, %v", got.Name, ok)
			}
			if c.New(operator) == nil {
				t.Error("no contract is made")
			}
			counts := c.Name == reading.ContractName || c.Name == pki.ContractName
			if counts != (c.Count.Function != "" && c.Count.Args != nil && c.Count.Parse != nil) {
				t.Error("what is stored cannot be counted")
			}
		})
	}
	if c, ok := Contracts().Find("bills"); ok {
		t.Errorf("found %q", c.Name)
	}
}

type named struct{ shim.Chaincode }

// A contract is served once it stands in the table.
func TestAnotherContract(t *testing.T) {
	table := append(Contracts(), Contract{Name: "bills", New: func(string) shim.Chaincode { return named{} }})
	if got, err := table.newContract("bills", operator); got != (named{}) || err != nil {
		t.Errorf("%T, %v", got, err)
	}
	if got, err := table.newContract(reading.ContractName, operator); err != nil || got.(*Readings).Operator != operator {
		t.Errorf("%T, %v", got, err)
	}
	if _, err := table.newContract("tariffs", operator); err == nil || !strings.Contains(err.Error(), "one of: readings, keyvalue, pki, blockmeter, bills") {
		t.Errorf("error %v", err)
	}
}

// answers is a ledger that gives one answer.
type answers struct {
	asked  []string
	answer string
	err    error
}

func (a *answers) Evaluate(_ context.Context, function string, args ...[]byte) ([]byte, error) {
	a.asked = append(a.asked, function)
	for _, arg := range args {
		a.asked = append(a.asked, string(arg))
	}
	return []byte(a.answer), a.err
}

func TestStored(t *testing.T) {
	c, _ := Contracts().Find(reading.ContractName)
	ledger := &answers{answer: "17"}
	if n, err := c.Count.Stored(t.Context(), ledger, "m1", "m9"); n != 17 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if diff := cmp.Diff([]string{"CountStored", "m1", "m9"}, ledger.asked); diff != "" {
		t.Error(diff)
	}
	failed := errors.New("gone")
	if _, err := c.Count.Stored(t.Context(), &answers{err: failed}, "m1", "m9"); !errors.Is(err, failed) {
		t.Errorf("error %v", err)
	}
	_, err := c.Count.Stored(t.Context(), &answers{answer: "many"}, "m1", "m9")
	if want := `meters m1 to m9: the contract answered "many": `; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
}
