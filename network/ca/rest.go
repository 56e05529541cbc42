package ca

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/url"
	"strings"

	"meterbench/internal/printable"
	"meterbench/internal/readjson"
	"meterbench/simulators/pki"
)

// What an answer of fabric-ca may have at most. A CRL has some 40 bytes for each revoked certificate.
const (
	mostAnswer = 1 << 20
	mostCRL    = 64 << 20
	mostWords  = 300 // of a refusal, in bytes
)

// restAnswer is the frame of all answers of fabric-ca.
type restAnswer struct {
	Result  json.RawMessage `json:"result"`
	Success bool            `json:"success"`
	Errors  []struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"errors"`
}

// parseAnswer reads an answer of fabric-ca into result.
func parseAnswer(status int, text []byte, result any) error {
	var a restAnswer
	if err := readjson.Unmarshal(text, &a); err != nil {
		return refuse(Malformed, err, "the answer of fabric-ca with HTTP status %d", status)
	}
	if len(a.Errors) > 0 {
		words := a.Errors[0].Message
		return &Error{Kind: Refused, Code: a.Errors[0].Code, Text: printable.Line(words[:min(len(words), mostWords)])}
	}
	if status/100 != 2 || !a.Success {
		return &Error{Kind: Refused, Code: status, Text: http.StatusText(status)}
	}
	if err := readjson.Unmarshal(a.Result, result); err != nil {
		return refuse(Malformed, err, "the result in fabric-ca's answer")
	}
	return nil
}

// token signs a call to fabric-ca: the certificate and a signature over method, path, body and certificate, each in base64.
func token(by Identity, method, path string, body []byte) (string, error) {
	encode := base64.StdEncoding.EncodeToString
	certificate := encode(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: by.Leaf.Raw}))
	digest := sha256.Sum256([]byte(method + "." + encode([]byte(path)) + "." + encode(body) + "." + certificate))
	if _, ok := by.Leaf.PublicKey.(*ecdsa.PublicKey); !ok {
		return "", refuse(Unsupported, nil, "fabric-ca takes calls that a key of ECDSA signs, and %q has a %T", by.Meter, by.Leaf.PublicKey)
	}
	signature, err := by.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return "", refuse(Unsupported, err, "sign a call to fabric-ca")
	}
	return certificate + "." + encode(signature), nil
}

// restClient calls the API of a fabric-ca server.
type restClient struct {
	caller
	issuer *x509.Certificate
}

const apiPath = "/api/v1/"

// call makes a call that is authenticated by an authorization, and reads its result.
func (c *restClient) call(ctx context.Context, method, path, authorization string, body []byte, most int64, result any) (Traffic, error) {
	header := http.Header{"Authorization": {authorization}, "Content-Type": {"application/json"}}
	status, text, t, err := c.do(ctx, method, path, header, body, most)
	if err == nil {
		err = parseAnswer(status, text, result)
	}
	return t, err
}

// signed makes a call that is authenticated by an identity.
func (c *restClient) signed(ctx context.Context, by Identity, method, name string, request any, most int64, result any) (t Traffic, err error) {
	body, err := json.Marshal(request)
	if err != nil {
		return t, err
	}
	authorization, err := token(by, method, apiPath+name, body)
	if err != nil {
		return t, err
	}
	return c.call(ctx, method, apiPath+name, authorization, body, most, result)
}

// attribute is one of an identity's rights.
type attribute struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// registration is the request of /register, and in part that of /identities.
type registration struct {
	ID             string      `json:"id,omitempty"`
	Type           string      `json:"type,omitempty"`
	Secret         string      `json:"secret,omitempty"`
	MaxEnrollments int         `json:"max_enrollments"`
	Attributes     []attribute `json:"attrs,omitempty"`
}

func (c *restClient) register(ctx context.Context, by Identity, meter string) (secret string, t Traffic, err error) {
	return c.registerWith(ctx, by, meterType, meter)
}

// registerWith makes an identity of a type known, with rights, for one enrolment.
func (c *restClient) registerWith(ctx context.Context, by Identity, kind, name string, attributes ...attribute) (secret string, t Traffic, err error) {
	var result struct{ Secret string }
	request := registration{ID: name, Type: kind, MaxEnrollments: 1, Attributes: attributes}
	t, err = c.signed(ctx, by, http.MethodPost, "register", request, mostAnswer, &result)
	if err == nil && result.Secret == "" {
		err = refuse(Malformed, nil, "fabric-ca's answer has no secret")
	}
	return result.Secret, t, err
}

// reset gives an identity a new secret, for any number of enrolments.
func (c *restClient) reset(ctx context.Context, by Identity, name string) (secret string, t Traffic, err error) {
	secret = rand.Text()
	request := registration{Secret: secret, MaxEnrollments: -1}
	t, err = c.signed(ctx, by, http.MethodPut, "identities/"+url.PathEscape(name), request, mostAnswer, new(json.RawMessage))
	return secret, t, err
}

// enrollment is the request of /enroll and /reenroll.
type enrollment struct {
	Request string `json:"certificate_request"` // PEM
	Profile string `json:"profile,omitempty"`
}

func enrollmentOf(csr []byte, profile string) enrollment {
	return enrollment{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csr})), profile}
}

// enrolled is the part of their answers that counts: a certificate as PEM in base64.
type enrolled struct{ Cert []byte }

func (c *restClient) enrol(ctx context.Context, name, secret string, csr []byte) (der []byte, t Traffic, err error) {
	return c.enrolFor(ctx, name, secret, csr, "")
}

// enrolFor is enrol with a signing profile of the server.
func (c *restClient) enrolFor(ctx context.Context, name, secret string, csr []byte, profile string) (der []byte, t Traffic, err error) {
	body, err := json.Marshal(enrollmentOf(csr, profile))
	if err != nil {
		return nil, t, err
	}
	var result enrolled
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+secret))
	t, err = c.call(ctx, http.MethodPost, apiPath+"enroll", basic, body, mostAnswer, &result)
	if err != nil {
		return nil, t, err
	}
	der, err = fromPEM("CERTIFICATE", result.Cert)
	return der, t, err
}

func (c *restClient) renew(ctx context.Context, by Identity, csr []byte) (der []byte, t Traffic, err error) {
	return c.renewFor(ctx, by, csr, "")
}

// renewFor is renew with a signing profile of the server.
func (c *restClient) renewFor(ctx context.Context, by Identity, csr []byte, profile string) (der []byte, t Traffic, err error) {
	var result enrolled
	t, err = c.signed(ctx, by, http.MethodPost, "reenroll", enrollmentOf(csr, profile), mostAnswer, &result)
	if err != nil {
		return nil, t, err
	}
	der, err = fromPEM("CERTIFICATE", result.Cert)
	return der, t, err
}

// reasonName returns fabric-ca's name of a reason: that of RFC 5280 in small letters.
func reasonName(r pki.Reason) string { return strings.ToLower(r.String()) }

func (c *restClient) revoke(ctx context.Context, by Identity, serial *big.Int, reason pki.Reason) (Traffic, error) {
	request := struct {
		Serial string `json:"serial"`
		AKI    string `json:"aki"`
		Reason string `json:"reason"`
	}{serial.Text(16), hexText(c.issuer.SubjectKeyId), reasonName(reason)}
	return c.signed(ctx, by, http.MethodPost, "revoke", request, mostAnswer, new(json.RawMessage))
}

// crl returns a new CRL, in DER.
func (c *restClient) crl(ctx context.Context, by Identity) (der []byte, t Traffic, err error) {
	var result struct{ CRL []byte }
	t, err = c.signed(ctx, by, http.MethodPost, "gencrl", struct{}{}, mostCRL, &result)
	if err != nil {
		return nil, t, err
	}
	der, err = fromPEM("X509 CRL", result.CRL)
	return der, t, err
}

// root returns the authority's certificate.
func (c *restClient) root(ctx context.Context) (*x509.Certificate, error) {
	var result struct{ CAChain []byte }
	if _, err := c.call(ctx, http.MethodGet, apiPath+"cainfo", "", nil, mostAnswer, &result); err != nil {
		return nil, err
	}
	der, err := fromPEM("CERTIFICATE", result.CAChain)
	if err != nil {
		return nil, err
	}
	return parseCertificate(der)
}

// fromPEM returns the content of what must be one PEM block.
func fromPEM(kind string, text []byte) ([]byte, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != kind || strings.TrimSpace(string(rest)) != "" {
		return nil, refuse(Malformed, nil, "fabric-ca's answer has not one PEM block %q", kind)
	}
	return block.Bytes, nil
}
