package client

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"meterbench/internal/lows"
)

// An Identity is the X.509 certificate and ECDSA P-256 key with which a client signs for its
// organisation.
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
	pair, err := tls.X509KeyPair(id.CertPEM, id.KeyPEM) // which also sees to it that the two belong together
	if err != nil {
		return nil, fmt.Errorf("certificate and private key: %w", err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("private key: not an ECDSA P-256 key")
	}
	creator, err := proto.Marshal(&msp.SerializedIdentity{Mspid: id.MSP, IdBytes: id.CertPEM})
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return &signer{msp: id.MSP, certPEM: id.CertPEM, creator: creator, key: lows.Key{PrivateKey: key}}, nil
}

// sign returns the ASN.1 signature of message's SHA-256. It is deterministic (RFC 6979): a client
// needs no randomness here, and reading none is cheaper.
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
