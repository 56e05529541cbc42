// Package attack plays those who try to have a certification authority, or a verifier of its certificates, take a key that is
// not a meter's, as workloads/adversary does on a ledger.
//
// Data flow: Probe enrols meters at an authority that runs, renews and revokes their certificates as its registrar, tries
// every kind of attempt in between, and counts what the authority and a verifier made of it. An attempt that puts a key in
// force is accepted only if a verifier that asks for revocations then takes a signature by that key.
package attack

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"meterbench/bench/result"
	"meterbench/network/ca"
	"meterbench/simulators/pki"
	"meterbench/workloads/adversary"
)

// Config describes the attempts.
type Config struct {
	Authority *ca.Authority // as its registrar calls it
	Foreign   *ca.Authority // another one, which the verifier does not trust
	Seed      uint64        // of the meters' keys
	Attempts  int           // of each kind, at least 2
	Prefix    string        // of the meters' ids, unique at the authorities
}

// maxAge is the age up to which a verifier takes a CRL or an OCSP answer.
const maxAge = time.Hour

// A stage is the authority and the parties of the attempts. Each attempt has a meter of its own, whose certificate is renewed,
// then the first one is revoked, and at last the second one by an attacker.
type stage struct {
	Config
	meters []meter // of the attempts
	before []byte  // CRL from before the revocations
}

// A meter was enrolled.
type meter struct {
	first, second ca.Identity // second is of no one until the certificate is renewed
	secret        string      // of its enrolment
}

// Probe makes every kind of attempt. Its error is that of an authority that did not answer; the result of all earlier
// attempts comes along.
func Probe(ctx context.Context, config Config) (result.Integrity, error) {
	s := &stage{Config: config}
	return adversary.Try(ctx, result.SystemCA, s.kinds(), design(), config.Attempts)
}

// id returns the id of a meter of an attempt.
func (s *stage) id(role string, i uint64) string { return fmt.Sprintf("%s-%s-%d", s.Prefix, role, i) }

// The roles of the ids and keys of a meter that is enrolled.
const (
	honest  = "meter"
	renewed = "renewed"
)

// signer returns a private key, on P-256: fabric-ca takes no calls that a key of Ed25519 authenticates.
func (s *stage) signer(role string, i uint64) (*pki.Signer, error) {
	return pki.NewSigner(s.Seed, pki.P256, fmt.Sprintf("ca %s %s %d", s.Prefix, role, i))
}

// decided returns the error of an attempt that authority or verifier refused as a Refused. The authority that does not answer
// has not decided.
func decided(err error) error {
	switch kind := ca.KindOf(err); kind {
	case "", ca.Down, ca.Late, ca.Untrusted:
		return err
	default:
		return adversary.Refused(kindText(err))
	}
}

// kindText returns the kind of an authority's or verifier's error, with the code of the server.
func kindText(err error) string {
	text := string(ca.KindOf(err))
	if code := ca.CodeOf(err); code != 0 {
		return fmt.Sprintf("%s %d", text, code)
	}
	return text
}

// enrol registers a meter and has a certificate issued for a key.
func (s *stage) enrol(ctx context.Context, id string, key *pki.Signer) (m meter, err error) {
	if m.secret, _, err = s.Authority.Register(ctx, id); err != nil {
		return m, err
	}
	c, _, err := s.Authority.EnrolWith(ctx, id, m.secret, key.Private())
	m.first = ca.Identity{Certificate: c, Key: key.Private()}
	return m, err
}

// verifier returns one that keeps certificates and knows of no revocations yet.
func (s *stage) verifier(check ca.Check, certificates ...ca.Certificate) (*ca.Verifier, error) {
	v := &ca.Verifier{Roots: s.Authority.Roots(), Check: check, MaxAge: maxAge}
	for _, c := range certificates {
		if err := v.Add(c); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// How a verifier asks, by the parity of the attempt.
const (
	byCRL  = 0
	byOCSP = 1
)

// informed returns a verifier that has asked for revocations right now.
func (s *stage) informed(ctx context.Context, i uint64, certificates ...ca.Certificate) (*ca.Verifier, error) {
	if i%2 == byCRL {
		v, err := s.verifier(ca.CheckCRL, certificates...)
		if err != nil {
			return nil, err
		}
		list, _, err := s.Authority.CRL(ctx)
		if err == nil {
			err = v.SetCRL(list)
		}
		return v, err
	}
	v, err := s.verifier(ca.CheckOCSP, certificates...)
	if err != nil {
		return nil, err
	}
	for _, c := range certificates {
		status, _, err := s.Authority.Status(ctx, c)
		if err == nil {
			err = v.SetStatus(c, status)
		}
		if err != nil {
			return nil, err
		}
	}
	return v, nil
}

// message is what meters sign.
var message = []byte("one reading of a meter")

// verify has a verifier verify a signature by the key as if it were the meter's, made at a time or, if that is zero, now.
func verify(v *ca.Verifier, meter string, key *pki.Signer, had []byte, at time.Time) error {
	signature, err := key.Sign(pki.Digest(key.Algorithm(), message))
	if err != nil {
		return err
	}
	return v.Verify(meter, pki.Digest(key.Algorithm(), had), signature, at)
}

// ask has a verifier that has asked for revocations verify a signature of now by a certificate's key.
func (s *stage) ask(ctx context.Context, i uint64, c ca.Certificate, key *pki.Signer) error {
	return s.askAbout(ctx, i, c, key, message, time.Time{})
}

func (s *stage) askAbout(ctx context.Context, i uint64, c ca.Certificate, key *pki.Signer, had []byte, at time.Time) error {
	v, err := s.informed(ctx, i, c)
	if err != nil {
		return err
	}
	return verify(v, c.Meter, key, had, at)
}

// meter returns that of an attempt, with the key of its first certificate.
func (s *stage) meter(i uint64) (m meter, key *pki.Signer, err error) {
	if i >= uint64(len(s.meters)) {
		return m, nil, fmt.Errorf("meter %d was not enrolled", i)
	}
	key, err = s.signer(honest, i)
	return s.meters[i], key, err
}

// neighbour returns the number of another meter.
func (s *stage) neighbour(i uint64) uint64 { return (i + 1) % uint64(len(s.meters)) }

// root returns the authority's certificate.
func (s *stage) root() *x509.Certificate { return s.Authority.Roots()[0] }
