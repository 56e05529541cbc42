package reading

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"fmt"

	"meterbench/internal/lows"
)

// KeySize is the size of a compressed P-256 public key in bytes.
const KeySize = 33

// Compress returns a P-256 public key as a SEC 1 compressed point, KeySize bytes.
func Compress(key *ecdsa.PublicKey) ([]byte, error) {
	point, err := key.Bytes() // 4, x, y
	if err != nil {
		return nil, fmt.Errorf("compress key: %w", err)
	}
	if len(point) != 2*KeySize-1 {
		return nil, errors.New("compress key: not a key on P-256")
	}
	return append([]byte{2 + point[len(point)-1]&1}, point[1:KeySize]...), nil
}

// ParseKey is the inverse of Compress.
func ParseKey(compressed []byte) (*ecdsa.PublicKey, error) {
	point, err := Decompress(compressed)
	if err != nil {
		return nil, err
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

// PointSize is the size of an uncompressed P-256 public key in bytes.
const PointSize = 65

// Decompress returns a compressed key as a SEC 1 uncompressed point, PointSize bytes: a form that is
// read without a square root.
func Decompress(compressed []byte) ([]byte, error) {
	if err := checkKey(compressed); err != nil {
		return nil, err
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), compressed)
	if x == nil {
		return nil, errors.New("key is not a point of P-256")
	}
	point := make([]byte, PointSize)
	point[0] = 4 // SEC 1: uncompressed
	x.FillBytes(point[1:KeySize])
	y.FillBytes(point[KeySize:])
	return point, nil
}

func checkKey(key []byte) error {
	if len(key) != KeySize || key[0] != 2 && key[0] != 3 {
		return fmt.Errorf("key is not a compressed P-256 point of %d bytes", KeySize)
	}
	return nil
}

// sign returns the deterministic signature of a digest (RFC 6979) with the lower s, for which the
// source of randomness is nil.
func sign(key *ecdsa.PrivateKey, digest [32]byte) ([]byte, error) {
	return lows.Key{PrivateKey: key}.Sign(nil, digest[:], crypto.SHA256)
}

// verify returns ErrSignature unless sign could have made the signature, with any nonce.
func verify(key *ecdsa.PublicKey, digest [32]byte, signature []byte) error {
	if !lows.Verify(key, digest[:], signature) {
		return ErrSignature
	}
	return nil
}
