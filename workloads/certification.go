package workloads

import (
	"cmp"
	"context"
	"crypto"
	"fmt"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/strictyaml"
)

// Certification are the settings of a workload of meters' certificates, by a certification authority beside the ledger.
type Certification struct {
	Issuer result.Issuer `yaml:"issuer"` // fabric-ca (default), the server; in-process, the least that issuing can cost
	// enrol, verify-chain, verify-crl, verify-ocsp (asks the responder each time), renew, revoke or fetch-crl
	Operation result.Operation `yaml:"operation"`
	Meters    int              `yaml:"meters"` // enrolled before the load, 1 to 100,000, default 100; fetch-crl: revoked as well; enrol makes its own
}

const (
	maxCertified     = 100_000
	defaultCertified = 100
)

// certificationText is such a workload as written in a file.
type certificationText struct {
	Kind   string `yaml:"kind"`   // a reading, plain, padded or encrypted; a bill over readings; invoke, any contract; pki, a meter's key; ca, its certificate
	Weight int    `yaml:"weight"` // in a mix, default 1, together at most 1000
	Certification
}

func decodeCertification(n *strictyaml.Node, kind string, moved bool) (scenario.Common, scenario.Options, error) {
	t := certificationText{Certification: Certification{Issuer: result.IssuerFabricCA, Operation: result.OpEnrol}}
	err := n.Decode(&t)
	if moved || n.Get("meters") == nil {
		t.Certification = t.reoperate(t.Operation)
	}
	return scenario.Common{Kind: kind, Weight: t.Weight}, t.Certification, err
}

// fleet reports whether the workload has meters that are enrolled before the load.
func (o Certification) fleet() bool { return o.Operation != result.OpEnrol }

// reoperate changes the operation: what does not apply is dropped, and what is missing gets its default.
func (o Certification) reoperate(operation result.Operation) Certification {
	if o.Operation = operation; o.fleet() {
		o.Meters = cmp.Or(o.Meters, defaultCertified)
	} else {
		o.Meters = 0
	}
	return o
}

// Meterless implements scenario.Meterless: its meters are its own.
func (o Certification) Meterless() {}

// Traits implements scenario.Options: no ledger has it, so that it ends with an answer.
func (o Certification) Traits() scenario.Traits { return scenario.Traits{Query: true} }

// Describe implements scenario.Options.
func (o Certification) Describe(c *result.Conditions) {
	c.Workload, c.Operation, c.Issuer, c.Meters, c.Query = result.CA, o.Operation, o.Issuer, o.Meters, true
	c.Details = o.words()
}

// String implements scenario.Options.
func (o Certification) String() string { return string(result.CA) + " " + o.words() }

func (o Certification) words() string { return fmt.Sprintf("%s by %s", o.Operation, o.Issuer) }

// Check implements scenario.Options.
func (o Certification) Check(at string) *strictyaml.Problem {
	p := cmp.Or(strictyaml.OneOf(at+"issuer", o.Issuer, result.Issuers()...), strictyaml.OneOf(at+"operation", o.Operation, result.CAOperations()...))
	switch {
	case p != nil:
		return p
	case o.fleet():
		return strictyaml.Between(at+"meters", o.Meters, 1, maxCertified)
	case o.Meters != 0:
		return strictyaml.Problemf("leave it out", at+"meters", "every transaction of enrol makes a new meter")
	}
	return nil
}

func (o Certification) hasOperation() bool { return true }

func (o Certification) withOperation(operation result.Operation) operated {
	return o.reoperate(operation)
}

// issuerFactor varies who signs certificates.
func issuerFactor() scenario.FactorKind {
	return scenario.OptionFactor("issuer", func(i result.Issuer) string { return string(i) }, scenario.OneOf(result.Issuers()...),
		func(Certification) bool { return true },
		func(o Certification, issuer result.Issuer) Certification {
			o.Issuer = issuer
			return o
		})
}

// mostCertificates returns how many transactions the workload can make.
func mostCertificates(s Spec) (uint64, error) {
	if o := s.Workload.Options.(Certification); o.Operation == result.OpRevoke {
		return uint64(o.Meters), nil
	}
	return endless(s)
}

// A CA is a certification authority beside the ledger.
type CA interface {
	// Enrol makes a meter known and has its certificate issued.
	Enrol(ctx context.Context, meter string, key crypto.Signer) (Certificate, error)
	// Renew has another certificate of a meter issued, for its next key. key is that of the certificate that it has.
	Renew(ctx context.Context, c Certificate, key, next crypto.Signer) (Certificate, error)
	Revoke(ctx context.Context, c Certificate) error
	// Verifier returns a new verifier, which learns of revocations as an operation says.
	Verifier(operation result.Operation) Verifier
	// Outcome returns how a transaction ends that meets an error of the CA or of its verifiers; Answered for nil.
	Outcome(err error) result.Outcome
}

// A Certificate is one that a CA has issued, and that only the CA looks into.
type Certificate any

// A Verifier keeps what it has of a CA, and judges meters' signatures by it. Only Fetch asks the CA.
type Verifier interface {
	Add(c Certificate) error
	FetchCRL(ctx context.Context) error
	FetchStatus(ctx context.Context, c Certificate) error
	Verify(meter string, digest, signature []byte) error
}
