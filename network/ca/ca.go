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
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/proc"
	"meterbench/simulators/pki"
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
	Logs       string        // a folder that is there, for the logs of the processes; empty: Dir
	Lifetime   time.Duration // of meters' certificates; 0: a year. fabric-ca rounds their end to a minute
	CRLAge     time.Duration // from a CRL's issue to its next update; 0: a day
	Refresh    time.Duration // how often the responder fetches the CRL; 0: a minute. An answer counts for twice that
	Timeout    time.Duration // of a call to server or responder; 0: 10 s
}

const year = 365 * 24 * time.Hour

func (c Config) withDefaults() Config {
	c.Lifetime = cmp.Or(c.Lifetime, year)
	c.CRLAge = cmp.Or(c.CRLAge, 24*time.Hour)
	c.Refresh = cmp.Or(c.Refresh, time.Minute)
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	return c
}

// The names of the authority's own identities, beside its administrator, whose secret counts once and is gone with Start.
const (
	registrarName = "registrar" // registers, revokes, gets CRLs
	responderName = "ocsp"      // gets CRLs, signs OCSP answers
)

// A Node is a process of the authority.
type Node struct {
	Name    string // ca, ocsp
	Role    result.Role
	PID     int
	Address string // host:port
	Log     string // path
}

// issuer does what issuers differ in. Requests and certificates are DER.
type issuer interface {
	register(ctx context.Context, by Identity, meter string) (secret string, t Traffic, err error)
	reset(ctx context.Context, by Identity, meter string) (secret string, t Traffic, err error)
	enrol(ctx context.Context, meter, secret string, csr []byte) (der []byte, t Traffic, err error)
	renew(ctx context.Context, by Identity, csr []byte) (der []byte, t Traffic, err error)
	revoke(ctx context.Context, by Identity, serial *big.Int, reason pki.Reason) (Traffic, error)
	crl(ctx context.Context, by Identity) (der []byte, t Traffic, err error)
	status(ctx context.Context, request []byte) (der []byte, t Traffic, err error)
	rootKey() (crypto.Signer, error) // its own key
	processes() []running
	close() error
}

// An Authority is a running certification authority, as one identity calls it. Many goroutines may call it at once. Its errors are
// *Error, but for a context that was canceled.
type Authority struct {
	issuer issuer
	root   *x509.Certificate
	caller Identity
}

// Start brings an authority up, with its responder, and returns once both answer. Its operations are called as the registrar.
// Close ends it; it does not outlive this process either.
func Start(ctx context.Context, c Config) (*Authority, error) {
	a, err := start(ctx, c.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("certification authority: %w", err)
	}
	return a, nil
}

func start(ctx context.Context, c Config) (*Authority, error) {
	switch c.Issuer {
	case InProcess:
		p, err := newInProcess(c, time.Now)
		if err != nil {
			return nil, err
		}
		return p.authority()
	case FabricCA:
		s, registrar, err := startServer(ctx, c)
		if err != nil {
			return nil, err
		}
		return &Authority{issuer: s, root: s.issuer, caller: registrar}, nil
	}
	return nil, fmt.Errorf("there is no issuer %q; known are %s and %s", c.Issuer, FabricCA, InProcess)
}

// Close ends the authority's processes and removes what is temporary.
func (a *Authority) Close() error { return a.issuer.close() }

// Roots returns the certificates that a verifier trusts.
func (a *Authority) Roots() []*x509.Certificate { return []*x509.Certificate{a.root} }

// Nodes returns the authority's processes; in-process there are none.
func (a *Authority) Nodes() (nodes []Node) {
	for _, p := range a.issuer.processes() {
		nodes = append(nodes, Node{p.Name(), p.role, p.PID(), p.address, p.LogPath()})
	}
	return nodes
}

// Watched returns the authority's processes as a proc.Sampler takes them, in the order of Nodes.
func (a *Authority) Watched() (nodes []proc.Node) {
	for _, p := range a.issuer.processes() {
		nodes = append(nodes, proc.Node{
			Name: p.Name(), PID: p.PID(), Serves: proc.Addresses(p.address), Aside: proc.Addresses(p.aside), Store: p.store,
		})
	}
	return nodes
}

// By returns the authority as another identity calls it. It is closed with the first.
func (a *Authority) By(caller Identity) *Authority {
	return &Authority{a.issuer, a.root, caller}
}

// Register makes a meter known to the authority and returns its secret for one enrolment. The caller must be the registrar.
func (a *Authority) Register(ctx context.Context, meter string) (secret string, t Traffic, err error) {
	return a.issuer.register(ctx, a.caller, meter)
}

// EnrolWith returns a certificate of a registered meter, for a key of its own.
func (a *Authority) EnrolWith(ctx context.Context, meter, secret string, key crypto.Signer) (c Certificate, t Traffic, err error) {
	csr, err := newRequest(meter, key)
	if err != nil {
		return c, t, err
	}
	return a.EnrolRequest(ctx, meter, secret, csr, key.Public())
}

// EnrolRequest is EnrolWith for a certificate signing request, in DER, that was made elsewhere, for the key.
func (a *Authority) EnrolRequest(ctx context.Context, meter, secret string, csr []byte, key crypto.PublicKey) (c Certificate, t Traffic, err error) {
	der, t, err := a.issuer.enrol(ctx, meter, secret, csr)
	if err != nil {
		return c, t, err
	}
	c, err = a.received(der, meter, key)
	return c, t, err
}

// Enrol registers a meter and enrols it.
func (a *Authority) Enrol(ctx context.Context, meter string, key crypto.Signer) (c Certificate, t Traffic, err error) {
	secret, t, err := a.Register(ctx, meter)
	if err != nil {
		return c, t, err
	}
	c, more, err := a.EnrolWith(ctx, meter, secret, key)
	return c, t.Add(more), err
}

// Renew returns another certificate of a meter that has a valid one, with which the call is authenticated, for the key next.
// fabric-ca takes no calls that a key of Ed25519 authenticates.
func (a *Authority) Renew(ctx context.Context, of Identity, next crypto.Signer) (c Certificate, t Traffic, err error) {
	csr, err := newRequest(of.Meter, next)
	if err != nil {
		return c, t, err
	}
	der, t, err := a.issuer.renew(ctx, of, csr)
	if err != nil {
		return c, t, err
	}
	c, err = a.received(der, of.Meter, next.Public())
	return c, t, err
}

// Reissue gives a meter that is enrolled a certificate for another key, without the meter, as whoever holds the registrar's
// key can.
func (a *Authority) Reissue(ctx context.Context, meter string, key crypto.Signer) (c Certificate, t Traffic, err error) {
	secret, t, err := a.issuer.reset(ctx, a.caller, meter)
	if err != nil {
		return c, t, err
	}
	c, more, err := a.EnrolWith(ctx, meter, secret, key)
	return c, t.Add(more), err
}

// Revoke revokes a certificate. The caller must be the registrar.
func (a *Authority) Revoke(ctx context.Context, serial *big.Int, reason pki.Reason) (t Traffic, err error) {
	return a.issuer.revoke(ctx, a.caller, serial, reason)
}

// CRL returns a new list of revoked certificates, in DER. The caller must be the registrar. fabric-ca's lists have no number and
// no reasons.
func (a *Authority) CRL(ctx context.Context) (der []byte, t Traffic, err error) {
	return a.issuer.crl(ctx, a.caller)
}

// Status returns the responder's OCSP answer about a certificate, in DER.
func (a *Authority) Status(ctx context.Context, c Certificate) (der []byte, t Traffic, err error) {
	request, err := statusRequest(c.Leaf, a.root)
	if err != nil {
		return nil, t, err
	}
	return a.issuer.status(ctx, request)
}
