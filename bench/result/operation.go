package result

// Operation says what a transaction does with a meter's key on the ledger, or with its certificate.
type Operation string

// The operations on keys on the ledger.
const (
	OpRegister     Operation = "register"      // keys of meters
	OpVerifySubmit Operation = "verify-submit" // a signature, ordered and committed
	OpVerifyQuery  Operation = "verify-query"  // a signature, by one peer
	OpLookup       Operation = "lookup"        // a key, by one peer
	OpRotate       Operation = "rotate"        // a key
	OpRevoke       Operation = "revoke"        // a key, or a certificate
)

// The operations on certificates, beside OpRevoke.
const (
	OpEnrol       Operation = "enrol"        // register a meter and have its certificate issued
	OpVerifyChain Operation = "verify-chain" // a signature and its certificate, without asking whether that is revoked
	OpVerifyCRL   Operation = "verify-crl"   // likewise, and by a revocation list that the verifier keeps
	OpVerifyOCSP  Operation = "verify-ocsp"  // likewise, and by the responder's answer
	OpRenew       Operation = "renew"        // a certificate
	OpFetchCRL    Operation = "fetch-crl"    // the revocation list
)

// LedgerOperations returns the operations of the workload PKI.
func LedgerOperations() []Operation {
	return []Operation{OpRegister, OpVerifySubmit, OpVerifyQuery, OpLookup, OpRotate, OpRevoke}
}

// CAOperations returns the operations of the workload CA.
func CAOperations() []Operation {
	return []Operation{OpEnrol, OpVerifyChain, OpVerifyCRL, OpVerifyOCSP, OpRenew, OpRevoke, OpFetchCRL}
}

// AsksCA reports whether an operation on certificates is carried out by the authority or its responder. Others take what the
// verifier keeps.
func (o Operation) AsksCA() bool { return o != OpVerifyChain && o != OpVerifyCRL }

// Issuer says who signs the certificates of meters.
type Issuer string

// The issuers.
const (
	IssuerFabricCA  Issuer = "fabric-ca"  // the server of Fabric, a process of the run
	IssuerInProcess Issuer = "in-process" // crypto/x509 in the load generator: the least that issuing can cost
)

// Issuers returns all of them.
func Issuers() []Issuer { return []Issuer{IssuerFabricCA, IssuerInProcess} }
