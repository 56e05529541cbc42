package chaincode

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/statebased"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/bench/result"
	"meterbench/internal/refusal"
	"meterbench/simulators/pki"
	"meterbench/workloads/adversary"
)

// A caller is an organisation's client of a ledger in memory, with endorsements of the peers of some organisations. To create a
// state takes all of operator and registrar, to change one whom its validation parameter names.
type caller struct {
	t         *testing.T
	ledger    *stub
	contract  shim.Chaincode
	msp       string
	endorsers []string
}

// run runs a function and returns what it wrote, which is not kept.
func (c caller) run(function string, args [][]byte) (r *peer.Response, writes, restricted map[string][]byte) {
	c.ledger.msp = c.msp
	state, policies := maps.Clone(c.ledger.state), maps.Clone(c.ledger.policies)
	r = c.ledger.invoke(c.t, c.contract, function, args...)
	c.ledger.state, c.ledger.policies = state, policies
	return r, c.ledger.writes, c.ledger.restricted
}

func (c caller) Invoke(_ context.Context, function string, args ...[]byte) error {
	r, writes, restricted := c.run(function, args)
	if r.GetStatus() != shim.OK {
		return failure(r)
	}
	for key := range writes {
		want := []string{operator, registrar}
		if policy, ok := c.ledger.policies[key]; ok {
			p, err := statebased.NewStateEP(policy)
			if err != nil {
				return err
			}
			want = p.ListOrgs()
		}
		for _, organisation := range want {
			if !slices.Contains(c.endorsers, organisation) {
				return &adversary.Uncommitted{Outcome: result.EndorsementPolicy, Err: errors.New("endorsement policy")}
			}
		}
	}
	maps.Copy(c.ledger.state, writes)
	maps.Copy(c.ledger.policies, restricted)
	return nil
}

func (c caller) Evaluate(_ context.Context, function string, args ...[]byte) ([]byte, error) {
	r, _, _ := c.run(function, args)
	if r.GetStatus() != shim.OK {
		return nil, failure(r)
	}
	return r.GetPayload(), nil
}

func failure(r *peer.Response) error {
	if refused, ok := refusal.Parse(r.GetStatus(), r.GetMessage()); ok {
		return refused
	}
	return errors.New(r.GetMessage())
}

// attacked returns what became of all attempts on keys on a contract.
func attacked(t *testing.T, contract shim.Chaincode) []result.Probe {
	t.Helper()
	by := func(msp string, endorsers ...string) caller { return caller{t, newStub(""), contract, msp, endorsers} }
	as := adversary.Callers{
		Registrar: by(operator, operator, registrar), Alone: by(operator, operator), Around: by(operator, registrar),
		Intruder: by(operator, operator, registrar), Other: by(registrar, operator, registrar),
	}
	ledger := newStub("")
	for _, l := range []*adversary.Ledger{&as.Registrar, &as.Alone, &as.Around, &as.Intruder, &as.Other} {
		c := (*l).(caller)
		c.ledger = ledger
		*l = c
	}
	report, err := adversary.ProbeKeys(t.Context(), adversary.KeysConfig{
		Channel: channel, Seed: 1, Attempts: 2, Prefix: "probe", Start: begin, Owner: operator, Other: registrar, As: as,
	})
	if err != nil {
		t.Fatal(err)
	}
	return report.Probes
}

// What the contract does with each kind of attempt on keys: it is refused for its own reason, or let through by design.
func TestAdversary(t *testing.T) {
	for _, p := range attacked(t, &PKI{Operator: operator}) {
		if p.Ruling() != result.RulingHeld && p.Ruling() != result.RulingThrough || p.Trust != "" && p.Accepted != p.Attempts {
			t.Errorf("%s: %s: %d of %d accepted, refused as %v", p.Kind, p.Ruling(), p.Accepted, p.Attempts, p.Refused)
		}
	}
}

// The published contract takes any key of anybody, and verifies by it.
func TestAdversaryOfPublished(t *testing.T) {
	ledger := newStub("")
	report, err := adversary.ProbePublished(t.Context(), adversary.PublishedConfig{
		Seed: 1, Attempts: 2, Prefix: "probe", Owner: caller{t, ledger, Blockmeter{}, operator, []string{operator, registrar}},
		Other: caller{t, ledger, Blockmeter{}, registrar, []string{operator, registrar}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]result.Ruling{}
	for _, p := range report.Probes {
		got[p.Kind] = p.Ruling()
	}
	if diff := cmp.Diff(map[string]result.Ruling{
		result.ProbeHonestRegister: result.RulingHeld, result.ProbeHonestVerify: result.RulingHeld, result.ProbeWrongDigest: result.RulingHeld,
		result.ProbeOtherSigner: result.RulingHeld, result.ProbeNoRight: result.RulingThrough, result.ProbeTakeRegister: result.RulingThrough,
		result.ProbeReplayRotated: result.RulingThrough,
	}, got); diff != "" {
		t.Error(diff)
	}
}

// A blind contract is PKI but that it sees a false world.
type blind struct {
	PKI
	see func(shim.ChaincodeStubInterface) shim.ChaincodeStubInterface
}

func (b *blind) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	return b.PKI.Invoke(b.see(stub))
}

// seen is the world that a contract with a fault sees.
type seen struct {
	shim.ChaincodeStubInterface
	sender   func(function string) bool            // whose the caller is taken for the operator
	state    func(key string, value []byte) []byte // what it takes a state for
	unlocked bool                                  // it sets no validation parameters
}

func (s seen) GetCreator() ([]byte, error) {
	function := string(s.GetArgs()[0])
	if s.sender != nil && s.sender(function) {
		return newStub(operator).GetCreator()
	}
	return s.ChaincodeStubInterface.GetCreator()
}

func (s seen) GetState(key string) ([]byte, error) {
	value, err := s.ChaincodeStubInterface.GetState(key)
	if s.state != nil {
		value = s.state(key, value)
	}
	return value, err
}

func (s seen) GetMultipleStates(keys ...string) ([][]byte, error) {
	values, err := s.ChaincodeStubInterface.GetMultipleStates(keys...)
	for i := range values {
		if s.state != nil {
			values[i] = s.state(keys[i], values[i])
		}
	}
	return values, err
}

func (s seen) SetStateValidationParameter(key string, policy []byte) error {
	if s.unlocked {
		return nil
	}
	return s.ChaincodeStubInterface.SetStateValidationParameter(key, policy)
}

// Faults that are planted in the contract are found, each by the attempts that abuse it.
func TestAdversaryFindsFaults(t *testing.T) {
	forget := func(prefix string) func(string, []byte) []byte {
		return func(key string, value []byte) []byte {
			if strings.HasPrefix(key, prefix) {
				return nil
			}
			return value
		}
	}
	for _, c := range []struct {
		name  string
		world seen
		want  []string // kinds
	}{
		{"whoever calls may change a key", seen{sender: func(f string) bool { return f == pki.FnRotate || f == pki.FnRevoke }},
			[]string{result.ProbeTakeRotate, result.ProbeTakeRevoke}},
		{"whoever calls may grant the role", seen{sender: func(f string) bool { return f == pki.FnGrant }}, []string{result.ProbeSelfGrant}},
		{"everybody has the role", seen{state: func(key string, value []byte) []byte {
			if strings.HasPrefix(key, rolePrefix) {
				return []byte(granted)
			}
			return value
		}}, []string{result.ProbeNoRight}},
		{"keys may be of several meters", seen{state: forget("k/")}, []string{result.ProbeForeignKeyEntry}},
		{"a revocation is not seen", seen{state: func(key string, value []byte) []byte {
			if e, err := parseEntry(value); err == nil && strings.HasPrefix(key, "m/") && e.status == revoked {
				e.status = current
				return e.marshal()
			}
			return value
		}}, []string{result.ProbeRevokedKey}},
		{"entries are not their owners'", seen{unlocked: true}, []string{result.ProbeHonestRevoke, result.ProbeRevokedKey}}, // which the owner's peers alone cannot revoke
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range attacked(t, &blind{PKI{operator}, func(s shim.ChaincodeStubInterface) shim.ChaincodeStubInterface {
				world := c.world
				world.ChaincodeStubInterface = s
				return world
			}}) {
				if p.Ruling() == result.RulingFault {
					got = append(got, p.Kind)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
