// Package ca is the traditional public-key infrastructure beside the ledger: a certification authority that enrols meters,
// renews and revokes their certificates, and what a verifier of readings keeps of it. Two issuers offer the same operations:
// the real fabric-ca server, a process of the run as a peer is, with an OCSP responder as another, and crypto/x509 in this
// process, as the lower bound of what issuing costs.
//
// Data flow: Start brings an Authority up; Enrol, Renew and Revoke change what it holds, CRL and Status fetch what it says of
// certificates; a Verifier keeps certificates, CRL and OCSP answers and judges signatures by them alone. Each operation tells
// what it took on the wire.
package ca

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"math/big"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/proc"
)

// An Issuer is a kind of certification authority.
type Issuer string

// The issuers.
const (
	FabricCA  Issuer = "fabric-ca"  // the server of Hyperledger Fabric, over TLS
	InProcess Issuer = "in-process" // crypto/x509, without a server
)

// Config says which authority is wanted.
type Config struct {
	Issuer     Issuer
	Server     string        // path of the program fabric-ca-server, as daemons.EnsureCA has it; InProcess needs none
	Executable string        // this program, for the responder, whose main calls Dispatch; empty: os.Executable
	Dir        string        // a folder to make, for keys, database and logs, which stays; empty: a temporary one that Close removes
	Lifetime   time.Duration // of meters' certificates; 0: a year. fabric-ca rounds their end to a minute
	CRLAge     time.Duration // from a CRL's issue to its next update; 0: a day
	Refresh    time.Duration // how often the responder fetches the CRL, and how long its answers count; 0: a minute
	Timeout    time.Duration // of a call to server or responder; 0: 10 s
}

// Traffic is what an operation took on the wire between this process and the authority's.
type Traffic struct {
	Calls    int    // HTTP requests
	Sent     uint64 // bytes, with TLS and HTTP, on the connections used
	Received uint64
}

// Add returns the sum.
func (t Traffic) Add(u Traffic) Traffic {
	return Traffic{t.Calls + u.Calls, t.Sent + u.Sent, t.Received + u.Received}
}

// A Certificate binds a meter to a key.
type Certificate struct {
	Meter string
	Leaf  *x509.Certificate
}

// An Identity is a certificate and its private key, with which calls of the authority are authenticated.
type Identity struct {
	Certificate
	Key crypto.Signer
}

// A Node is a process of the authority.
type Node struct {
	Name    string // ca, ocsp
	Role    result.Role
	PID     int
	Address string // host:port
	Log     string // path
}

// A Reason says why a certificate is revoked, by its number in RFC 5280, section 5.3.1.
type Reason int

// The reasons that apply to meters.
const (
	Unspecified          Reason = 0
	KeyCompromise        Reason = 1
	Superseded           Reason = 4
	CessationOfOperation Reason = 5
)

// Start brings an authority up, with its responder, and returns once both answer.
func Start(ctx context.Context, c Config) (*Authority, error) { return nil, errors.ErrUnsupported }

// An Authority is a running certification authority.
type Authority struct{}

// Close ends the authority's processes and removes what is temporary.
func (a *Authority) Close() error { return errors.ErrUnsupported }

// Roots returns the certificates that a verifier trusts.
func (a *Authority) Roots() []*x509.Certificate { return nil }

// Nodes returns the authority's processes; in-process there are none.
func (a *Authority) Nodes() []Node { return nil }

// Watched returns the authority's processes as a proc.Sampler takes them, in the order of Nodes.
func (a *Authority) Watched() []proc.Node { return nil }

// By returns the authority as another identity calls it. It is closed with the first.
func (a *Authority) By(caller Identity) *Authority { return nil }

// Register makes a meter known to the authority and returns its secret for one enrolment. The caller must be the registrar.
func (a *Authority) Register(ctx context.Context, meter string) (secret string, t Traffic, err error) {
	return "", t, errors.ErrUnsupported
}

// EnrolWith returns a certificate of a registered meter, for a key of its own.
func (a *Authority) EnrolWith(ctx context.Context, meter, secret string, key crypto.Signer) (c Certificate, t Traffic, err error) {
	return c, t, errors.ErrUnsupported
}

// Enrol registers a meter and enrols it.
func (a *Authority) Enrol(ctx context.Context, meter string, key crypto.Signer) (c Certificate, t Traffic, err error) {
	return c, t, errors.ErrUnsupported
}

// Renew returns another certificate of a meter that has a valid one, with which the call is authenticated, for the key next.
func (a *Authority) Renew(ctx context.Context, of Identity, next crypto.Signer) (c Certificate, t Traffic, err error) {
	return c, t, errors.ErrUnsupported
}

// Reissue gives a meter that is enrolled a certificate for another key, without the meter, as whoever holds the registrar's
// key can.
func (a *Authority) Reissue(ctx context.Context, meter string, key crypto.Signer) (c Certificate, t Traffic, err error) {
	return c, t, errors.ErrUnsupported
}

// Revoke revokes a certificate.
func (a *Authority) Revoke(ctx context.Context, serial *big.Int, reason Reason) (t Traffic, err error) {
	return t, errors.ErrUnsupported
}

// CRL returns a new list of revoked certificates, in DER.
func (a *Authority) CRL(ctx context.Context) (der []byte, t Traffic, err error) {
	return nil, t, errors.ErrUnsupported
}

// Status returns the responder's OCSP answer about a certificate, in DER.
func (a *Authority) Status(ctx context.Context, c Certificate) (der []byte, t Traffic, err error) {
	return nil, t, errors.ErrUnsupported
}

// Dispatch plays the OCSP responder if Start has started this program for that. args is the whole argument list. The main of a
// program that calls Start, and the TestMain of such a test, must call Dispatch before anything else and exit with the code if
// it was handled.
func Dispatch(args []string) (code int, handled bool) { return 0, false }
