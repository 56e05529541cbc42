package profile

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"time"

	"meterbench/internal/strictyaml"
)

// certificates parses those of a PEM text; there is at least one.
func certificates(data []byte) (all []*x509.Certificate, _ *strictyaml.Problem) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, strictyaml.Problemf("", "", "is no X.509 certificate: %v", err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, strictyaml.Problemf("it begins with -----BEGIN CERTIFICATE-----", "", "has no certificate in PEM")
	}
	return all, nil
}

// checkAuthorities checks certificates of authorities: one must be valid now, as old ones are kept beside new ones.
func checkAuthorities(data []byte) *strictyaml.Problem {
	all, problem := certificates(data)
	if problem != nil {
		return problem
	}
	now := time.Now()
	for _, c := range all {
		if invalid(c, now) == "" {
			return nil
		}
	}
	return strictyaml.Problemf("get the present one from the network's operator", "", "the certificate of %s %s", subject(all[0]), invalid(all[0], now))
}

// invalid says why a certificate is not valid at a time; empty if it is.
func invalid(c *x509.Certificate, now time.Time) string {
	switch {
	case now.After(c.NotAfter):
		return "expired on " + c.NotAfter.UTC().Format(time.DateTime) + " UTC"
	case now.Before(c.NotBefore):
		return "is valid only from " + c.NotBefore.UTC().Format(time.DateTime) + " UTC on"
	}
	return ""
}

// subject names whom a certificate is for.
func subject(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return c.Subject.CommonName
	}
	return c.Subject.String()
}

// privateKey parses the first private key of a PEM text.
func privateKey(data []byte) (crypto.Signer, *strictyaml.Problem) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue // EC PARAMETERS, as OpenSSL writes before a key
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return nil, strictyaml.Problemf("decrypt it to a file of mode 0600: openssl pkey -in … -out …", "", "the private key is encrypted")
		}
		for _, parse := range []func([]byte) (any, error){
			x509.ParsePKCS8PrivateKey,
			func(der []byte) (any, error) { return x509.ParseECPrivateKey(der) },
			func(der []byte) (any, error) { return x509.ParsePKCS1PrivateKey(der) },
		} {
			if key, err := parse(block.Bytes); err == nil {
				if signer, ok := key.(crypto.Signer); ok {
					return signer, nil
				}
			}
		}
		return nil, strictyaml.Problemf("write it as PKCS #8 or SEC 1", "", "the private key is in no known form")
	}
	return nil, strictyaml.Problemf("it begins with -----BEGIN PRIVATE KEY-----", "", "has no private key in PEM")
}

// belongs reports whether a private key is that of a certificate.
func belongs(key crypto.Signer, c *x509.Certificate) bool {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(c.PublicKey)
}

// A pair is a certificate and its private key.
type pair struct{ cert, key value }

// read returns a certificate, which is valid now, and its private key, both as they stand, with the former parsed.
func (p pair) read() (cert, key []byte, parsed *x509.Certificate, err error) {
	cert, problem := p.cert.read()
	if problem == nil {
		parsed, problem = present(cert)
	}
	if problem != nil {
		return nil, nil, nil, p.cert.locate(problem)
	}
	key, problem = p.key.read()
	var private crypto.Signer
	if problem == nil {
		private, problem = privateKey(key)
	}
	if problem == nil && !belongs(private, parsed) {
		problem = strictyaml.Problemf("give the key that was made with it", "", "the private key does not belong to the certificate of %s", subject(parsed))
	}
	if problem != nil {
		return nil, nil, nil, p.key.locate(problem)
	}
	return cert, key, parsed, nil
}

// present returns the first certificate of a PEM text, which must be valid now.
func present(data []byte) (*x509.Certificate, *strictyaml.Problem) {
	all, problem := certificates(data)
	if problem != nil {
		return nil, problem
	}
	if why := invalid(all[0], time.Now()); why != "" {
		return nil, strictyaml.Problemf("enrol anew, or ask the organisation's administrator for a new one", "", "the certificate of %s %s", subject(all[0]), why)
	}
	return all[0], nil
}

// checkSigner checks that Fabric takes signatures of a certificate's key, and that this program makes them.
func checkSigner(c *x509.Certificate) *strictyaml.Problem {
	const remedy = "enrol an identity with an ECDSA key on P-256"
	switch key := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() && key.Curve != elliptic.P384() {
			return strictyaml.Problemf(remedy, "", "the key of %s is on the curve %s", subject(c), key.Params().Name)
		}
	case ed25519.PublicKey:
		return strictyaml.Problemf(remedy, "", "the key of %s is Ed25519, which Fabric takes from 3.0 on only", subject(c))
	default:
		return strictyaml.Problemf(remedy, "", "the key of %s is %s, which Fabric takes from no client", subject(c), c.PublicKeyAlgorithm)
	}
	return nil
}
