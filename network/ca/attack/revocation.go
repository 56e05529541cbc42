package attack

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/ocsp"

	"meterbench/network/ca"
	"meterbench/simulators/pki"
	"meterbench/workloads/adversary"
)

// first returns a meter's first certificate, with its key.
func (s *stage) first(i uint64) (ca.Certificate, *pki.Signer, error) {
	m, key, err := s.meter(i)
	return m.first.Certificate, key, err
}

// spread bounds the time that a revocation takes to reach the responder.
const spread = 20 * time.Second

// honestRevoke revokes a meter's first certificate. Before the first one a verifier fetches the CRL; the last one takes until
// the responder knows, and the next CRL is of another second.
func (s *stage) honestRevoke(ctx context.Context, i uint64) (err error) {
	if i == 0 {
		if s.before, _, err = s.Authority.CRL(ctx); err != nil {
			return err
		}
	}
	c, key, err := s.first(i)
	if err != nil {
		return err
	}
	if _, err := s.Authority.Revoke(ctx, c.Leaf.SerialNumber, pki.KeyCompromise); err != nil || i+1 < uint64(s.Attempts) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, spread)
	defer cancel()
	fetched, err := x509.ParseRevocationList(s.before)
	if err != nil {
		return err
	}
	for {
		if err := s.ask(ctx, byOCSP, c, key); ca.KindOf(err) == ca.Revoked && time.Now().Unix() > fetched.ThisUpdate.Unix() {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the responder does not know of a revocation after %v", spread)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stale has a verifier that has the CRL from before the revocation verify so much later.
func (s *stage) stale(later time.Duration) adversary.Attempt {
	return func(_ context.Context, i uint64) error {
		c, key, err := s.first(i)
		if err != nil {
			return err
		}
		return s.verifyLater(ca.CheckCRL, s.before, later, c, key)
	}
}

// verifyLater has a verifier that was given a CRL verify so much later, by its clock, and asks nobody.
func (s *stage) verifyLater(check ca.Check, list []byte, later time.Duration, c ca.Certificate, key *pki.Signer) error {
	v, err := s.verifier(check, c)
	if err != nil {
		return err
	}
	if err := v.SetCRL(list); err != nil {
		return err
	}
	v.Clock = func() time.Time { return time.Now().Add(later) }
	return verify(v, c.Meter, key, message, time.Time{})
}

// suppressed has a verifier verify that could learn of no revocation.
func (s *stage) suppressed(_ context.Context, i uint64) error {
	c, key, err := s.first(i)
	if err != nil {
		return err
	}
	check := ca.CheckCRL
	if i%2 == 1 {
		check = ca.CheckOCSP
	}
	v, err := s.verifier(check, c)
	if err != nil {
		return err
	}
	return verify(v, c.Meter, key, message, time.Time{})
}

// oldCRL gives a verifier that has the CRL of now the one from before the revocation.
func (s *stage) oldCRL(ctx context.Context, i uint64) error {
	c, key, err := s.first(i)
	if err != nil {
		return err
	}
	v, err := s.informed(ctx, byCRL, c)
	if err != nil {
		return err
	}
	if err := v.SetCRL(s.before); err != nil {
		return err
	}
	return verify(v, c.Meter, key, message, time.Time{})
}

// impostor returns a certificate that looks like the authority's, for an attacker's key.
func (s *stage) impostor(key *pki.Signer) (*x509.Certificate, error) {
	root := s.root()
	template := &x509.Certificate{
		SerialNumber: root.SerialNumber, RawSubject: root.RawSubject, SubjectKeyId: root.SubjectKeyId, NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Private().Public(), key.Private())
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// forgedCRL gives a verifier a CRL without the revoked certificate that an attacker has signed.
func (s *stage) forgedCRL(_ context.Context, i uint64) error {
	c, key, err := s.first(i)
	if err != nil {
		return err
	}
	forger, err := s.signer("forger", i)
	if err != nil {
		return err
	}
	impostor, err := s.impostor(forger)
	if err != nil {
		return err
	}
	list, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1 << 40), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(maxAge),
	}, impostor, forger.Private())
	if err != nil {
		return err
	}
	v, err := s.verifier(ca.CheckCRL, c)
	if err != nil {
		return err
	}
	if err := v.SetCRL(list); err != nil {
		return err
	}
	return verify(v, c.Meter, key, message, time.Time{})
}

// forgedStatus gives a verifier an OCSP answer that an attacker has signed: in the authority's name, or with the certificate
// of a meter.
func (s *stage) forgedStatus(_ context.Context, i uint64) error {
	c, key, err := s.first(i)
	if err != nil {
		return err
	}
	template := ocsp.Response{Status: ocsp.Good, SerialNumber: c.Leaf.SerialNumber, ThisUpdate: time.Now(), NextUpdate: time.Now().Add(maxAge)}
	forger, err := s.signer("forger", i)
	if err != nil {
		return err
	}
	signing, err := s.impostor(forger)
	if i%2 == 1 {
		var meters ca.Certificate
		meters, forger, err = s.first(s.neighbour(i))
		signing, template.Certificate = meters.Leaf, meters.Leaf
	}
	if err != nil {
		return err
	}
	answer, err := ocsp.CreateResponse(s.root(), signing, template, forger.Private())
	if err != nil {
		return err
	}
	v, err := s.verifier(ca.CheckOCSP, c)
	if err != nil {
		return err
	}
	if err := v.SetStatus(c, answer); err != nil {
		return err
	}
	return verify(v, c.Meter, key, message, time.Time{})
}
