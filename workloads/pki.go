package workloads

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/strictyaml"
	"meterbench/simulators/pki"
)

// PKI are the settings of a workload of meters' public keys on the ledger.
type PKI struct {
	Contract  string           `yaml:"contract"`   // pki (default), or blockmeter, the published one
	Operation result.Operation `yaml:"operation"`  // register, verify-submit (ordered), verify-query (one peer), lookup, rotate or revoke
	Algorithm pki.Algorithm    `yaml:"algorithm"`  // of the meters: p256 (default), ECDSA over SHA-256; ed25519ph, over SHA-512
	Batch     int              `yaml:"batch"`      // register: keys in a transaction, 1 to 100, default 1
	Meters    int              `yaml:"meters"`     // whose keys are there before the load, 1 to 1,000,000, default 1000; register makes its own
	PerClient int              `yaml:"per_client"` // blockmeter: every client has so many meters of its own, in turn, 1 to 1000
}

// The most that such a workload may have, and its defaults.
const (
	maxFleet      = 1_000_000
	defaultFleet  = 1000
	maxPerClient  = 1000
	maxRegistered = 1_000_000_000 // meters that a workload may register: their ids have nine digits
)

// pkiText is such a workload as written in a file.
type pkiText struct {
	Kind   string `yaml:"kind"`   // a reading, plain, padded or encrypted; a bill over readings; invoke, any contract; pki, a meter's key; ca, its certificate
	Weight int    `yaml:"weight"` // in a mix, default 1, together at most 1000
	PKI
}

func decodePKI(n *strictyaml.Node, kind string, moved bool) (scenario.Common, scenario.Options, error) {
	t := pkiText{PKI: PKI{Contract: pki.ContractName, Operation: result.OpRegister, Algorithm: pki.P256}}
	err := n.Decode(&t)
	if t.Operation == result.OpRegister && n.Get("batch") == nil {
		t.Batch = 1
	}
	if t.fleet() && n.Get("meters") == nil {
		t.Meters = defaultFleet
	}
	if moved {
		t.PKI = t.reoperate(t.Operation)
	}
	return scenario.Common{Kind: kind, Weight: t.Weight}, t.PKI, err
}

// fleet reports whether the workload has meters whose keys are on the ledger before the load, or that come again and again.
func (o PKI) fleet() bool { return o.Operation != result.OpRegister || o.PerClient > 0 }

// published reports whether the contract is the published one.
func (o PKI) published() bool { return o.Contract == pki.PublishedName }

// publishedOperations are the operations that the published contract has.
func publishedOperations() []result.Operation {
	return []result.Operation{result.OpRegister, result.OpVerifySubmit, result.OpVerifyQuery}
}

// reoperate changes the operation: what does not apply is dropped, and what is missing gets its default.
func (o PKI) reoperate(operation result.Operation) PKI {
	o.Operation = operation
	if o.Operation == result.OpRegister {
		o.Batch = cmp.Or(o.Batch, 1)
	} else {
		o.Batch = 0
	}
	if o.fleet() {
		o.Meters = cmp.Or(o.Meters, defaultFleet)
	} else {
		o.Meters = 0
	}
	return o
}

// Meterless implements scenario.Meterless: its meters are its own.
func (o PKI) Meterless() {}

// Traits implements scenario.Options.
func (o PKI) Traits() scenario.Traits {
	return scenario.Traits{
		Operator: !o.published() && slices.Contains([]result.Operation{result.OpRegister, result.OpRotate, result.OpRevoke}, o.Operation),
		Once:     o.hasKeys(), Query: o.Operation == result.OpVerifyQuery || o.Operation == result.OpLookup, PerClient: o.PerClient > 0,
	}
}

// Describe implements scenario.Options.
func (o PKI) Describe(c *result.Conditions) {
	c.Workload, c.Operation, c.Contract, c.Algorithm, c.Batch, c.Meters = result.PKI, o.Operation, o.Contract, string(o.Algorithm), o.Batch, o.Meters
	c.Query, c.Details = o.Traits().Query, o.words()
}

// String implements scenario.Options.
func (o PKI) String() string { return string(result.PKI) + " " + o.words() }

// words are the options in a few words.
func (o PKI) words() string {
	parts := []string{string(o.Operation)}
	if o.Batch > 1 {
		parts = append(parts, fmt.Sprintf("%d keys", o.Batch))
	}
	parts = append(parts, string(o.Algorithm))
	if o.published() {
		parts = append(parts, "on "+o.Contract)
	}
	return strings.Join(parts, " ")
}

// Check implements scenario.Options.
func (o PKI) Check(at string) *strictyaml.Problem {
	p := cmp.Or(strictyaml.OneOf(at+"contract", o.Contract, pki.ContractName, pki.PublishedName),
		strictyaml.OneOf(at+"operation", o.Operation, result.LedgerOperations()...),
		strictyaml.OneOf(at+"algorithm", o.Algorithm, pki.Algorithms()...))
	switch {
	case p != nil:
		return p
	case o.published() && !slices.Contains(publishedOperations(), o.Operation):
		return strictyaml.Problemf("use contract: pki", at+"operation", "the published contract has no %s", o.Operation)
	case o.published() && o.Algorithm != pki.P256:
		return strictyaml.Problemf("use contract: pki", at+"algorithm", "the published contract verifies p256 only, not %s", o.Algorithm)
	case o.published() && o.Batch > 1:
		return strictyaml.Problemf("use contract: pki", at+"batch", "the published contract registers one key at a time")
	case o.PerClient != 0 && !o.published():
		return strictyaml.Problemf("leave it out", at+"per_client", "only the published client has meters by client")
	case o.Operation != result.OpRegister && o.Batch != 0:
		return strictyaml.Problemf("leave it out", at+"batch", "only register takes several keys")
	case !o.fleet() && o.Meters != 0:
		return strictyaml.Problemf("leave it out", at+"meters", "every transaction of register makes new meters")
	}
	if o.PerClient != 0 {
		p = strictyaml.Between(at+"per_client", o.PerClient, 1, maxPerClient)
	}
	if o.Operation == result.OpRegister {
		p = cmp.Or(p, strictyaml.Between(at+"batch", o.Batch, 1, pki.MaxBatch))
	}
	if o.fleet() {
		p = cmp.Or(p, strictyaml.Between(at+"meters", o.Meters, 1, maxFleet))
	}
	return p
}

// mostKeys returns how many transactions the workload can make.
func mostKeys(s Spec) (uint64, error) {
	o := s.Workload.Options.(PKI)
	if o.fleet() && o.Meters < len(s.Channels) {
		return 0, fmt.Errorf("%d meters on %d channels leave some without; give at least %d", o.Meters, len(s.Channels), len(s.Channels))
	}
	switch {
	case o.Operation == result.OpRevoke:
		return uint64(o.Meters), nil
	case o.fleet():
		return endless(s)
	}
	return maxRegistered / uint64(o.Batch), nil
}

// operated are options with an operation that may vary.
type operated interface {
	scenario.Options
	hasOperation() bool
	withOperation(operation result.Operation) operated
}

func (o PKI) hasOperation() bool { return true }

func (o PKI) withOperation(operation result.Operation) operated { return o.reoperate(operation) }

func (o PKI) hasKeys() bool { return o.Operation == result.OpRegister && !o.published() }

func (o PKI) withKeys(n int) keyed {
	o.Batch = n
	return o
}

// operationFactor varies what is done with keys, or with certificates.
func operationFactor() scenario.FactorKind {
	all := slices.Concat(result.LedgerOperations(), result.CAOperations())
	return scenario.OptionFactor("operation", func(o result.Operation) string { return string(o) }, scenario.OneOf(all...),
		operated.hasOperation, operated.withOperation)
}
