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
	"math/big"

	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"google.golang.org/protobuf/proto"
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
	msp      string
	certPEM  []byte
	creator  []byte // both of the above as peers read them: a marshalled msp.SerializedIdentity
	key      *ecdsa.PrivateKey
	halfN, n *big.Int
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
	n := key.Params().N
	return &signer{msp: id.MSP, certPEM: id.CertPEM, creator: creator, key: key, n: n, halfN: new(big.Int).Rsh(n, 1)}, nil
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

// signDigest signs a SHA-256 digest. Of the two valid values of s it takes the
// lower one, for peers and orderers refuse the other.
func (s *signer) signDigest(digest []byte) ([]byte, error) {
	signature, err := s.key.Sign(nil, digest, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var sequence cryptobyte.String
	r, v := new(big.Int), new(big.Int)
	input := cryptobyte.String(signature)
	if !input.ReadASN1(&sequence, asn1.SEQUENCE) || !sequence.ReadASN1Integer(r) || !sequence.ReadASN1Integer(v) {
		return nil, errors.New("signature is not an ASN.1 pair of integers")
	}
	if v.Cmp(s.halfN) <= 0 {
		return signature, nil
	}
	v.Sub(s.n, v)
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(r)
		b.AddASN1BigInt(v)
	})
	return b.Bytes()
}

// MspID and Credentials make a signer an identity of the fabric-gateway library.
func (s *signer) MspID() string { return s.msp }

// Credentials returns the certificate in PEM.
func (s *signer) Credentials() []byte { return s.certPEM }
