package client

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"meterbench/internal/lows"
)

// An Identity is the X.509 certificate and ECDSA P-256 key with which a
// client signs for its organisation.
type Identity struct {
	MSP     string
	CertPEM []byte
	KeyPEM  []byte // PKCS #8 or SEC 1
}

// A signer signs as one Identity.
type signer struct {
	msp     string
	certPEM []byte
	creator []byte // both of the above as peers read them: a marshalled msp.SerializedIdentity
	key     lows.Key
}

func newSigner(id Identity) (*signer, error) {
	if id.MSP == "" {
		return nil, errors.New("identity has no MSP id")
	}
	key, err := parseKey(id.KeyPEM)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	block, _ := pem.Decode(id.CertPEM)
	if block == nil {
		return nil, errors.New("certificate: not PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, errors.New("certificate and private key do not belong together")
	}
	creator, err := proto.Marshal(&msp.SerializedIdentity{Mspid: id.MSP, IdBytes: id.CertPEM})
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return &signer{msp: id.MSP, certPEM: id.CertPEM, creator: creator, key: lows.Key{PrivateKey: key}}, nil
}

func parseKey(text []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("not PEM")
	}
	var parsed any
	var err error
	if block.Type == "EC PRIVATE KEY" {
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	} else {
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("not an ECDSA P-256 key")
	}
	return key, nil
}

// sign returns the ASN.1 signature of message's SHA-256. It is deterministic
// (RFC 6979): a client needs no randomness here, and reading none is cheaper.
func (s *signer) sign(message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	return s.signDigest(digest[:])
}

// signDigest signs a SHA-256 digest. Peers and orderers refuse a high s.
func (s *signer) signDigest(digest []byte) ([]byte, error) {
	return s.key.Sign(nil, digest, crypto.SHA256)
}

// MspID and Credentials make a signer an identity of the fabric-gateway library.
func (s *signer) MspID() string { return s.msp }

// Credentials returns the certificate in PEM.
func (s *signer) Credentials() []byte { return s.certPEM }
