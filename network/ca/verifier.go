package ca

import (
	"cmp"
	"crypto/x509"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"

	"meterbench/internal/refusal"
	"meterbench/simulators/pki"
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
// refuses what it cannot judge. All of its errors are *Error. It may be used by several goroutines.
//
// A revoked certificate verifies nothing more, whatever the time of a signature: that time is the word of whoever signed.
type Verifier struct {
	Roots     []*x509.Certificate
	Check     Check
	Responder string           // the name in the responder's certificate; empty: that of an Authority's
	MaxAge    time.Duration    // of the CRL or an OCSP answer, from its issue on
	Clock     func() time.Time // nil: time.Now

	once  sync.Once
	pool  *x509.CertPool
	mu    sync.RWMutex
	meter map[string][]*kept
	crl   map[string]*crl // by their issuers' certificates
}

// kept is a certificate, with the last OCSP answer about it.
type kept struct {
	leaf   *x509.Certificate
	root   *x509.Certificate // has signed it
	key    pki.Key
	status *ocsp.Response // replaced, never changed
}

// mostKept is how many certificates of one meter a verifier keeps.
const mostKept = 16

func (v *Verifier) now() time.Time {
	if v.Clock == nil {
		return time.Now()
	}
	return v.Clock()
}

// Add keeps a meter's certificate, beside those that it had. A certificate that no root has signed, or that is not for signing
// by a meter, is refused.
func (v *Verifier) Add(c Certificate) error {
	if c.Leaf == nil || c.Meter == "" || !slices.Equal(commonNames(c.Leaf), []string{c.Meter}) {
		return refuse(Foreign, nil, "the certificate is not that of meter %q", c.Meter)
	}
	key, err := keyOf(c.Leaf)
	if err != nil {
		return err
	}
	begin := c.Leaf.NotBefore
	if root := byName(v.Roots, c.Leaf.RawIssuer, c.Leaf.AuthorityKeyId); root != nil && root.NotBefore.After(begin) {
		begin = root.NotBefore // fabric-ca rounds it to a minute, so that it may begin after what it signs
	}
	root, err := v.chain(c.Leaf, begin)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.meter == nil {
		v.meter = map[string][]*kept{}
	}
	has := v.meter[c.Meter]
	if slices.ContainsFunc(has, func(k *kept) bool { return k.leaf.Equal(c.Leaf) }) {
		return nil
	}
	if len(has) == mostKept {
		return refuse(Overflow, nil, "meter %q has %d certificates already", c.Meter, mostKept)
	}
	// The one that was issued last, which ends last, is the most likely.
	at, _ := slices.BinarySearchFunc(has, c.Leaf.NotAfter, func(k *kept, end time.Time) int { return end.Compare(k.leaf.NotAfter) })
	v.meter[c.Meter] = slices.Insert(slices.Clone(has), at, &kept{leaf: c.Leaf, root: root, key: key})
	return nil
}

// SetCRL keeps a CRL, in DER, in place of its issuer's before.
func (v *Verifier) SetCRL(der []byte) error {
	list, err := parseCRL(der, v.Roots, v.now())
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	issuer := string(list.issuer.Raw)
	if err := list.follows(v.crl[issuer]); err != nil {
		return err
	}
	if v.crl == nil {
		v.crl = map[string]*crl{}
	}
	v.crl[issuer] = list
	return nil
}

// SetStatus keeps an OCSP answer, in DER, about a meter's certificate that is kept, in place of the one before.
func (v *Verifier) SetStatus(c Certificate, der []byte) error {
	same := func(k *kept) bool { return c.Leaf != nil && k.leaf.Equal(c.Leaf) }
	v.mu.RLock()
	has := v.meter[c.Meter]
	v.mu.RUnlock()
	at := slices.IndexFunc(has, same)
	if at < 0 {
		return refuse(Unknown, nil, "the certificate of meter %q is not kept", c.Meter)
	}
	name := v.Responder
	if name == "" {
		name = responderName
	}
	status, err := parseStatus(der, c.Leaf, has[at].root, name, v.now())
	if err == nil {
		err = fresh("the OCSP answer", status.ThisUpdate, status.NextUpdate, v.now())
	}
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	has = slices.Clone(v.meter[c.Meter])
	at = slices.IndexFunc(has, same)
	k := has[at]
	if k.status != nil && goesBack(k.status, status) {
		return refuse(RolledBack, nil, "the OCSP answer is of %v, after one of %v", status.ThisUpdate, k.status.ThisUpdate)
	}
	has[at] = &kept{k.leaf, k.root, k.key, status}
	v.meter[c.Meter] = has
	return nil
}

// goesBack reports whether an answer is older than the one before. Of those of the same second a revocation is the last: it is not taken back.
func goesBack(before, next *ocsp.Response) bool {
	return next.ThisUpdate.Before(before.ThisUpdate) ||
		next.ThisUpdate.Equal(before.ThisUpdate) && before.Status == ocsp.Revoked && next.Status != ocsp.Revoked
}

// Verify returns nil if the signature of a digest was made at that time, zero for now, with a key that a certificate binds to
// the meter, and the certificate is not revoked. P-256 signs a digest of SHA-256, Ed25519 one of SHA-512 (Ed25519ph).
func (v *Verifier) Verify(meter string, digest, signature []byte, at time.Time) error {
	now := v.now()
	if at.IsZero() {
		at = now
	}
	if at.After(now.Add(skew)) {
		return refuse(NotYetValid, nil, "the time %v of a signature is after now", at)
	}
	v.mu.RLock()
	has := v.meter[meter]
	v.mu.RUnlock()
	if len(has) == 0 {
		return refuse(Unknown, nil, "no certificate of meter %q", meter)
	}
	var ofKey, ofOthers error
	for _, k := range has {
		err := verifySignature(k.key, digest, signature)
		switch {
		case err == nil: // only the key's own certificates matter, of which each has its time
			if _, err = v.chain(k.leaf, at); err == nil {
				return v.revocation(k, now)
			}
			ofKey = cmp.Or(ofKey, err)
		case ofOthers == nil || KindOf(err) == Signature:
			ofOthers = err
		}
	}
	return cmp.Or(ofKey, ofOthers)
}

// chain returns the root that has signed a certificate for signing by a meter at that time.
func (v *Verifier) chain(leaf *x509.Certificate, at time.Time) (*x509.Certificate, error) {
	v.once.Do(func() {
		v.pool = x509.NewCertPool()
		for _, root := range v.Roots {
			v.pool.AddCert(root)
		}
	})
	// A meter's certificate has no extended usage: others of the same authority, as a responder's, sign no readings.
	const others = ^(x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment)
	if leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 || leaf.KeyUsage&others != 0 || leaf.IsCA || len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) > 0 {
		return nil, refuse(Usage, nil, "the certificate of %q is not for signing by a meter", leaf.Subject.CommonName)
	}
	switch {
	case at.After(leaf.NotAfter):
		return nil, refuse(Expired, nil, "the certificate of %q, on %v", leaf.Subject.CommonName, leaf.NotAfter)
	case at.Before(leaf.NotBefore):
		return nil, refuse(NotYetValid, nil, "the certificate of %q, before %v", leaf.Subject.CommonName, leaf.NotBefore)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: v.pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return chains[0][len(chains[0])-1], nil
	case errors.As(err, &unknown) && byName(v.Roots, leaf.RawIssuer, leaf.AuthorityKeyId) == nil:
		return nil, refuse(Foreign, nil, "the certificate of %q is by %q, whom nobody trusts", leaf.Subject.CommonName, leaf.Issuer)
	case errors.As(err, &unknown):
		return nil, refuse(Forged, err, "the certificate of %q", leaf.Subject.CommonName)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && at.Before(invalid.Cert.NotBefore):
		return nil, refuse(NotYetValid, err, "the chain of %q", leaf.Subject.CommonName)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return nil, refuse(Expired, err, "the chain of %q", leaf.Subject.CommonName)
	}
	return nil, refuse(Usage, err, "the certificate of %q", leaf.Subject.CommonName)
}

// revocation refuses a certificate that is revoked, or may be for all that is known.
func (v *Verifier) revocation(k *kept, now time.Time) error {
	switch v.Check {
	case CheckNone:
		return nil
	case CheckCRL:
		v.mu.RLock()
		list := v.crl[string(k.root.Raw)]
		v.mu.RUnlock()
		if list == nil {
			return refuse(Missing, nil, "there is no CRL of the certificate's issuer")
		}
		if err := v.current("the CRL", list.this, list.next, now); err != nil {
			return err
		}
		if r, ok := list.revoked[string(k.leaf.SerialNumber.Bytes())]; ok {
			return refuse(Revoked, nil, "the certificate of %q, since %v", k.leaf.Subject.CommonName, r.since)
		}
		return nil
	case CheckOCSP:
		if k.status == nil {
			return refuse(Missing, nil, "there is no OCSP answer about the certificate of %q", k.leaf.Subject.CommonName)
		}
		if err := v.current("the OCSP answer", k.status.ThisUpdate, k.status.NextUpdate, now); err != nil {
			return err
		}
		switch k.status.Status {
		case ocsp.Good:
			return nil
		case ocsp.Revoked:
			return refuse(Revoked, nil, "the certificate of %q, since %v", k.leaf.Subject.CommonName, k.status.RevokedAt)
		}
		return refuse(Unknown, nil, "the responder does not know the certificate of %q", k.leaf.Subject.CommonName)
	}
	return refuse(Missing, nil, "there is no check %q of revocations", string(v.Check))
}

// current refuses what is too old to go by.
func (v *Verifier) current(what string, this, next, now time.Time) error {
	if err := fresh(what, this, next, now); err != nil {
		return err
	}
	if age := now.Sub(this); age > v.MaxAge {
		return refuse(Stale, nil, "%s is %v old, more than %v", what, age, v.MaxAge)
	}
	return nil
}

// verifySignature refuses signatures of a digest that a meter's key did not make.
func verifySignature(key pki.Key, digest, signature []byte) error {
	err := key.Verify(digest, signature)
	if err == nil {
		return nil
	}
	kind := Signature
	if r, ok := errors.AsType[*refusal.Refusal](err); ok && r.Code == pki.CodeDigest {
		kind = Digest
	}
	return refuse(kind, err, "it was not made with the certified key")
}
