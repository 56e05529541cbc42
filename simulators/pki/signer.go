package pki

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"meterbench/internal/lows"
	"meterbench/simulators/meter"
)

// A Signer is the private key of a meter. Many goroutines may use it at once.
type Signer struct {
	private crypto.Signer
	key     Key
	public  []byte // PEM
}

// NewSigner derives a private key from a seed and a purpose, by HKDF-SHA-256 (RFC 5869). On P-256 it is meter.DeriveKey's. Others on
// the same seed and purpose have the same key.
func NewSigner(seed uint64, algorithm Algorithm, purpose string) (*Signer, error) {
	s := &Signer{}
	switch algorithm {
	case P256:
		private, err := meter.DeriveKey(seed, purpose)
		if err != nil {
			return nil, fmt.Errorf("signer: %w", err)
		}
		s.private, s.key = lows.Key{PrivateKey: private}, Key{p256: &private.PublicKey}
	case Ed25519ph:
		secret := binary.BigEndian.AppendUint64(nil, seed)
		raw, err := hkdf.Key(sha256.New, secret, nil, "ed25519ph "+purpose, ed25519.SeedSize)
		if err != nil {
			return nil, fmt.Errorf("signer: %w", err)
		}
		private := ed25519.NewKeyFromSeed(raw)
		s.private, s.key = private, Key{ed: private.Public().(ed25519.PublicKey)}
	default:
		return nil, fmt.Errorf("signer: unknown algorithm %q; want one of %v", algorithm, Algorithms())
	}
	var err error
	s.public, err = s.key.PEM()
	return s, err
}

// Algorithm returns that of the key.
func (s *Signer) Algorithm() Algorithm { return s.key.Algorithm() }

// Key returns the public key.
func (s *Signer) Key() Key { return s.key }

// Public returns the public key as PEM. Callers must not change it.
func (s *Signer) Public() []byte { return s.public }

// Private returns the private key as crypto/x509 takes it to sign requests for certificates.
func (s *Signer) Private() crypto.Signer { return s.private }

// Sign returns the signature of a digest, which Digest made. The same digest gives the same signature (RFC 6979, RFC 8032).
func (s *Signer) Sign(digest []byte) ([]byte, error) {
	var options crypto.SignerOpts = prehashed
	if s.key.p256 != nil {
		options = crypto.SHA256
	}
	if want := options.HashFunc().Size(); len(digest) != want {
		return nil, CodeDigest.Errorf("digest of %d bytes; want %d, the size of the hash that %s signs", len(digest), want, s.Algorithm())
	}
	return s.private.Sign(nil, digest, options)
}
