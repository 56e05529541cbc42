package metroind2020

import (
	"slices"

	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// An operation is what one system does with a meter's key or certificate, and which series measured it.
type operation struct {
	name     string // in tables and settings
	short    string // in figures
	system   result.System
	question string
	is       func(result.Conditions) bool
	local    bool // the verifier asks nobody: nothing is sent, and nobody stores anything
}

// The operations on the ledger.
func register() operation {
	return onLedger("register a key", "register", registerQuestion, result.OpRegister)
}

func registerBatch() operation {
	return onLedger("register keys in batches", "batch", batchQuestion, result.OpRegister)
}

func rotate() operation { return onLedger("rotate a key", "rotate", rotateQuestion, result.OpRotate) }
func revoke() operation { return onLedger("revoke a key", "revoke", revokeQuestion, result.OpRevoke) }
func lookup() operation {
	return onLedger("look a key up", "look up", lookupQuestion, result.OpLookup)
}

func verifySubmit() operation {
	return onLedger("verify, ordered", "ordered", verifyQuestion, result.OpVerifySubmit)
}

func verifyQuery() operation {
	return onLedger("verify by query", "query", verifyQuestion, result.OpVerifyQuery)
}

// onLedger returns an operation. What is ordered is taken where clients waited for the commit, and in batches by the
// question about these. A study that measures an operation with several algorithms names the one to be compared first.
func onLedger(name, short, question string, op result.Operation) operation {
	return operation{name: name, short: short, system: result.SystemLedger, question: question, is: func(c result.Conditions) bool {
		return c.Workload == result.PKI && c.Operation == op && (c.Query || c.Wait == result.WaitCommit) && (c.Batch > 1) == (question == batchQuestion)
	}}
}

// The operations on certificates.
func enrol() operation       { return atCA("enrol a meter", "enrol", result.OpEnrol) }
func renew() operation       { return atCA("renew a certificate", "renew", result.OpRenew) }
func revokeAtCA() operation  { return atCA("revoke a certificate", "revoke", result.OpRevoke) }
func fetchCRL() operation    { return atCA("fetch the CRL", "fetch CRL", result.OpFetchCRL) }
func verifyChain() operation { return atCA("verify by the chain alone", "chain", result.OpVerifyChain) }
func verifyCRL() operation   { return atCA("verify by chain and CRL", "chain + CRL", result.OpVerifyCRL) }
func verifyOCSP() operation {
	return atCA("verify by chain and OCSP", "chain + OCSP", result.OpVerifyOCSP)
}

func atCA(name, short string, op result.Operation) operation {
	return operation{
		name: name, short: short, system: result.SystemCA, question: caQuestion, is: certificates(op, result.IssuerFabricCA),
		local: op == result.OpVerifyChain || op == result.OpVerifyCRL,
	}
}

// enrolFloor and verifyFloor are the least that the same can cost: crypto/x509 alone, without a server.
func enrolFloor() operation {
	return operation{
		name: "enrol, in-process floor", short: "floor", system: result.SystemCA, question: caQuestion,
		is: certificates(result.OpEnrol, result.IssuerInProcess), local: true,
	}
}

func verifyFloor() operation {
	return operation{
		name: "verify, in-process floor", short: "floor", system: result.SystemCA, question: caQuestion,
		is: certificates(result.OpVerifyChain, result.IssuerInProcess), local: true,
	}
}

func certificates(op result.Operation, issuer result.Issuer) func(result.Conditions) bool {
	return func(c result.Conditions) bool {
		return c.Workload == result.CA && c.Operation == op && c.Issuer == issuer
	}
}

// operations returns all that are set side by side, what belongs together beside each other.
func operations() []operation {
	return []operation{
		register(), registerBatch(), enrol(), enrolFloor(),
		rotate(), renew(),
		revoke(), revokeAtCA(),
		verifySubmit(), verifyQuery(), verifyCRL(), verifyOCSP(), verifyChain(), verifyFloor(),
		lookup(), fetchCRL(),
	}
}

// claimed returns the operations that the first claim is about.
func claimed() []operation {
	return []operation{register(), verifySubmit(), verifyQuery(), lookup(), rotate(), revoke()}
}

// A measured is an operation that the run measured: at the fewest clients, and at the load that it took fastest.
type measured struct {
	operation
	conditions result.Conditions
	levels     []claims.Level
	alone      claims.Level
	loaded     claims.Level
}

// find returns what the run measured of an operation, false where it did not.
func (o operation) find(e *claims.Evidence) (m measured, ok bool) {
	series := e.Question(o.question)
	at := slices.IndexFunc(series, func(s claims.Series) bool { return o.is(s.Conditions) })
	if at < 0 {
		return m, false
	}
	s := series[at]
	m = measured{operation: o, conditions: s.Conditions, levels: s.Levels, alone: s.Levels[0], loaded: s.Levels[0]}
	for _, l := range s.Levels {
		if l.Throughput().Value > m.loaded.Throughput().Value {
			m.loaded = l
		}
	}
	return m, true
}

// perTransaction returns how many meters one transaction is about.
func (m measured) perTransaction() float64 { return float64(max(1, m.conditions.Batch)) }
