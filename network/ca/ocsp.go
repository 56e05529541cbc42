package ca

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// mostStatus bounds an OCSP answer in bytes; one with the responder's certificate has some 1,000.
const mostStatus = 64 << 10

// issuerHashes returns by what a request names an issuer: hashes of its name and key (RFC 6960, section 4.1.1).
func issuerHashes(issuer *x509.Certificate, hash crypto.Hash) (name, key []byte, ok bool) {
	var spki struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if rest, err := asn1.Unmarshal(issuer.RawSubjectPublicKeyInfo, &spki); err != nil || len(rest) > 0 || !hash.Available() {
		return nil, nil, false
	}
	sum := func(b []byte) []byte {
		h := hash.New()
		h.Write(b)
		return h.Sum(nil)
	}
	return sum(issuer.RawSubject), sum(spki.Key.RightAlign()), true
}

// The parts of an answer that tell which certificates it is about, which x/crypto/ocsp does not (RFC 6960, section 4.2.1).
type (
	answerASN1 struct {
		Status   asn1.Enumerated
		Response struct {
			Type     asn1.ObjectIdentifier
			Response []byte
		} `asn1:"explicit,tag:0,optional"`
	}
	basicASN1 struct {
		Data struct {
			Version    int           `asn1:"optional,default:0,explicit,tag:0"`
			Responder  asn1.RawValue // by name or key
			Produced   time.Time     `asn1:"generalized"`
			Responses  []singleASN1
			Extensions []pkix.Extension `asn1:"optional,explicit,tag:1"`
		}
		Algorithm    pkix.AlgorithmIdentifier
		Signature    asn1.BitString
		Certificates asn1.RawValue `asn1:"optional,explicit,tag:0"`
	}
	singleASN1 struct {
		ID struct {
			Hash      pkix.AlgorithmIdentifier
			Name, Key []byte
			Serial    *big.Int
		}
		Status     asn1.RawValue
		This       time.Time        `asn1:"generalized"`
		Next       time.Time        `asn1:"generalized,explicit,tag:0,optional"`
		Extensions []pkix.Extension `asn1:"optional,explicit,tag:1"`
	}
)

// A nameHash is an algorithm by which an answer may name an issuer.
type nameHash struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
}

var nameHashes = []nameHash{
	{asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, crypto.SHA1},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256},
}

// basicAnswer is the type of all answers (id-pkix-ocsp-basic).
var basicAnswer = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}

// isAbout refuses an answer that is not about just that certificate.
func isAbout(der []byte, c, issuer *x509.Certificate) error {
	var answer answerASN1
	if rest, err := asn1.Unmarshal(der, &answer); err != nil || len(rest) > 0 {
		return refuse(Malformed, err, "an OCSP answer")
	}
	if answer.Status != 0 {
		return &Error{Kind: Refused, Code: int(answer.Status), Text: ocsp.ResponseStatus(answer.Status).String()}
	}
	if !answer.Response.Type.Equal(basicAnswer) {
		return refuse(Malformed, nil, "an OCSP answer of the unknown type %v", answer.Response.Type)
	}
	var basic basicASN1
	if rest, err := asn1.Unmarshal(answer.Response.Response, &basic); err != nil || len(rest) > 0 {
		return refuse(Malformed, err, "the response in an OCSP answer")
	}
	if len(basic.Data.Responses) != 1 {
		return refuse(Malformed, nil, "an OCSP answer about %d certificates", len(basic.Data.Responses))
	}
	for _, e := range slices.Concat(basic.Data.Extensions, basic.Data.Responses[0].Extensions) {
		if e.Critical {
			return refuse(Usage, nil, "an OCSP answer with an unknown critical extension %v", e.Id)
		}
	}
	id := basic.Data.Responses[0].ID
	at := slices.IndexFunc(nameHashes, func(h nameHash) bool { return h.oid.Equal(id.Hash.Algorithm) })
	if at < 0 {
		return refuse(Malformed, nil, "an OCSP answer with an unknown hash %v", id.Hash.Algorithm)
	}
	name, key, ok := issuerHashes(issuer, nameHashes[at].hash)
	if !ok || !bytes.Equal(id.Name, name) || !bytes.Equal(id.Key, key) || id.Serial.Cmp(c.SerialNumber) != 0 {
		return refuse(Foreign, nil, "the OCSP answer is about another certificate")
	}
	return nil
}

// parseStatus reads an OCSP answer about a certificate and judges who signed it, at a time. responder is the name of the one
// whom the issuer may have delegated to.
func parseStatus(der []byte, c, issuer *x509.Certificate, responder string, at time.Time) (*ocsp.Response, error) {
	if len(der) > mostStatus {
		return nil, refuse(Malformed, nil, "an OCSP answer has %d bytes, more than %d", len(der), mostStatus)
	}
	if err := isAbout(der, c, issuer); err != nil {
		return nil, err
	}
	answer, err := ocsp.ParseResponseForCert(der, c, issuer)
	if err != nil {
		return nil, refuse(Forged, err, "an OCSP answer")
	}
	if signer := answer.Certificate; weak(answer.SignatureAlgorithm) || signer != nil && weak(signer.SignatureAlgorithm) {
		return nil, refuse(Forged, nil, "an OCSP answer that is signed by SHA-1, or whose signer is, which others can forge")
	}
	if err := isDelegate(answer.Certificate, issuer, responder, at); err != nil {
		return nil, err
	}
	return answer, nil
}

// isDelegate refuses an answer's signer that is neither the issuer itself, which is nil, nor one that it delegated to. That
// the issuer has signed its certificate is known.
//
// The usage alone says too little: fabric-ca certifies any usage that it has a profile of to anybody who is enrolled, so a
// meter could ask for a responder's certificate. Names it gives to their owners only.
func isDelegate(signer, issuer *x509.Certificate, name string, at time.Time) error {
	switch {
	case signer == nil || signer.Equal(issuer):
		return nil
	case !slices.Contains(signer.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) || signer.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return refuse(Usage, nil, "the OCSP answer is signed by %q, who may sign none", signer.Subject.CommonName)
	case signer.Subject.CommonName != name:
		return refuse(Foreign, nil, "the OCSP answer is signed by %q, who is not the responder %q", signer.Subject.CommonName, name)
	case len(signer.UnhandledCriticalExtensions) > 0:
		return refuse(Usage, nil, "the responder's certificate has an unknown critical extension %v", signer.UnhandledCriticalExtensions[0])
	case at.After(signer.NotAfter):
		return refuse(Expired, nil, "the responder's certificate")
	case at.Before(signer.NotBefore):
		return refuse(NotYetValid, nil, "the responder's certificate")
	}
	return nil
}
