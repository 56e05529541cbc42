package ca

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"time"

	"golang.org/x/crypto/ocsp"
)

// A responder signs OCSP answers (RFC 6960) with a certificate that the issuer delegated to it.
//
// It takes no nonces, as RFC 5019 allows: an answer may be kept and replayed until its next update, so a verifier bounds its
// age. Certificates that are not revoked are good, whether they were issued or not: what it knows is the CRL.
type responder struct {
	issuer *x509.Certificate
	signer Identity
}

// answer returns the answer to a request about one certificate, by a status that was known at one instant and counts until
// another one.
func (r responder) answer(request []byte, this, next time.Time, revoked map[string]revocation) ([]byte, error) {
	q, err := ocsp.ParseRequest(request)
	if err != nil {
		return ocsp.MalformedRequestErrorResponse, nil
	}
	name, key, ok := issuerHashes(r.issuer, q.HashAlgorithm)
	if !ok || !bytes.Equal(q.IssuerNameHash, name) || !bytes.Equal(q.IssuerKeyHash, key) {
		return ocsp.UnauthorizedErrorResponse, nil
	}
	template := ocsp.Response{
		Status: ocsp.Good, SerialNumber: q.SerialNumber, IssuerHash: q.HashAlgorithm, ThisUpdate: this, NextUpdate: next, Certificate: r.signer.Leaf,
	}
	if entry, ok := revoked[string(q.SerialNumber.Bytes())]; ok {
		template.Status, template.RevokedAt, template.RevocationReason = ocsp.Revoked, entry.since, entry.reason
	}
	return ocsp.CreateResponse(r.issuer, r.signer.Leaf, template, r.signer.Key)
}

// statusRequest returns a request about a certificate.
func statusRequest(c, issuer *x509.Certificate) ([]byte, error) {
	return ocsp.CreateRequest(c, issuer, &ocsp.RequestOptions{Hash: crypto.SHA256})
}
