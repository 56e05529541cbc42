package ca

import (
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"
)

// skew is by how much clocks may differ.
const skew = time.Minute

// crl is a list of revoked certificates whose issuer is known.
type crl struct {
	issuer     *x509.Certificate
	this, next time.Time
	number     *big.Int              // nil where the issuer has none, as fabric-ca
	revoked    map[string]revocation // by the bytes of the serial number
}

// A revocation says since when a certificate is revoked, and why.
type revocation struct {
	since  time.Time
	reason int // of RFC 5280
}

// partial has the extensions of CRLs that do not list all revoked certificates of their issuer (RFC 5280, sections 5.2.4 and 5.2.5).
var partial = []asn1.ObjectIdentifier{
	{2, 5, 29, 27}, // changes only
	{2, 5, 29, 28}, // some certificates or reasons only, or those of other issuers
}

// parseCRL reads a CRL in DER, by one of the roots, at a time.
func parseCRL(der []byte, roots []*x509.Certificate, at time.Time) (*crl, error) {
	if len(der) > mostCRL {
		return nil, refuse(Malformed, nil, "a CRL has %d bytes, more than %d", len(der), mostCRL)
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil || len(list.Raw) != len(der) { // bytes after the list
		return nil, refuse(Malformed, err, "a CRL")
	}
	root := byName(roots, list.RawIssuer, list.AuthorityKeyId)
	if root == nil {
		return nil, refuse(Foreign, nil, "a CRL by %q, whom nobody trusts", list.Issuer)
	}
	if err := list.CheckSignatureFrom(root); err != nil {
		return nil, refuse(Forged, err, "a CRL")
	}
	if weak(list.SignatureAlgorithm) {
		return nil, refuse(Forged, nil, "a CRL that is signed by %v, which others can forge", list.SignatureAlgorithm)
	}
	// What is critical would change what the list says, as that it is only a part of the whole one: that it also is where it is not marked so.
	for _, e := range list.Extensions {
		if e.Critical || slices.ContainsFunc(partial, e.Id.Equal) {
			return nil, refuse(Usage, nil, "a CRL with an extension %v, which may list a part only", e.Id)
		}
	}
	c := &crl{root, list.ThisUpdate, list.NextUpdate, list.Number, make(map[string]revocation, len(list.RevokedCertificateEntries))}
	for _, entry := range list.RevokedCertificateEntries {
		for _, e := range entry.Extensions {
			if e.Critical {
				return nil, refuse(Usage, nil, "a CRL whose entry has an unknown critical extension %v", e.Id)
			}
		}
		c.revoked[string(entry.SerialNumber.Bytes())] = revocation{entry.RevocationTime, entry.ReasonCode}
	}
	return c, fresh("the CRL", c.this, c.next, at)
}

// fresh refuses what its issuer does not vouch for at a time.
func fresh(what string, this, next, at time.Time) error {
	switch {
	case this.After(at.Add(skew)):
		return refuse(NotYetValid, nil, "%s is of %v, after now", what, this)
	case next.IsZero():
		return refuse(Stale, nil, "%s does not say until when it counts", what)
	case at.After(next):
		return refuse(Stale, nil, "%s counted until %v", what, next)
	}
	return nil
}

// follows refuses a CRL that is older than one that is kept.
func (c *crl) follows(before *crl) error {
	switch {
	case before == nil:
		return nil
	case c.number != nil && before.number != nil && c.number.Cmp(before.number) < 0:
		return refuse(RolledBack, nil, "the CRL has number %v, after %v", c.number, before.number)
	case c.this.Before(before.this):
		return refuse(RolledBack, nil, "the CRL is of %v, after one of %v", c.this, before.this)
	case !c.this.Equal(before.this) || c.number != nil && before.number != nil && c.number.Cmp(before.number) > 0:
		return nil
	}
	for serial := range before.revoked { // nothing else tells the order of two lists of one second
		if _, ok := c.revoked[serial]; !ok {
			return refuse(RolledBack, nil, "the CRL lacks what another one of the same time lists")
		}
	}
	return nil
}

// byName returns the root that a certificate or CRL names as its issuer, or nil.
func byName(roots []*x509.Certificate, rawIssuer, authorityKeyID []byte) *x509.Certificate {
	for _, root := range roots {
		if isBy(root, rawIssuer, authorityKeyID) {
			return root
		}
	}
	return nil
}
