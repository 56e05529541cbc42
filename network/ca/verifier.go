package ca

import (
	"crypto/x509"
	"errors"
	"time"
)

// A Check says how a verifier learns of revocations.
type Check string

// The checks.
const (
	CheckNone Check = "none"
	CheckCRL  Check = "crl"
	CheckOCSP Check = "ocsp"
)

// A Verifier judges meters' signatures by the certificates, the CRL and the OCSP answers that it keeps. It asks nobody, and
// refuses what it cannot judge. It may be used by several goroutines.
type Verifier struct {
	Roots  []*x509.Certificate
	Check  Check
	MaxAge time.Duration    // of the CRL or an OCSP answer, from its issue on
	Clock  func() time.Time // nil: time.Now
}

// Add keeps a meter's certificate, beside those that it had.
func (v *Verifier) Add(c Certificate) error { return errors.ErrUnsupported }

// SetCRL keeps a CRL, in DER, in place of the one before.
func (v *Verifier) SetCRL(der []byte) error { return errors.ErrUnsupported }

// SetStatus keeps an OCSP answer, in DER, about a meter's certificate.
func (v *Verifier) SetStatus(c Certificate, der []byte) error { return errors.ErrUnsupported }

// Verify returns nil if the signature of a digest was made at that time, zero for now, with a key that a certificate binds to
// the meter, and the certificate is not revoked. Else it returns an *Error.
func (v *Verifier) Verify(meter string, digest, signature []byte, at time.Time) error {
	return errors.ErrUnsupported
}
