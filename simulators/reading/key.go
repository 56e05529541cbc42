package reading

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"fmt"
	"math/big"
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

// Decompress returns a compressed key as a SEC 1 uncompressed point, PointSize
// bytes: a form that is read without a square root.
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

// halfOrder is half the order n of P-256, rounded down, in 32 bytes. Of the
// signatures (r, s) and (r, n-s), which both fit, one has an s up to there: the
// only one that is made and taken, so that nobody can turn a signature into
// another one.
const halfOrder = "\x7f\xff\xff\xff\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff" +
	"\xde\x73\x7d\x56\xd3\x8b\xcf\x42\x79\xdc\xe5\x61\x7e\x31\x92\xa8"

// sign returns the deterministic signature of a digest (RFC 6979): a nil source
// of randomness asks for it. Its s is the lower one.
func sign(key *ecdsa.PrivateKey, digest [32]byte) ([]byte, error) {
	signature, err := key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	at := numberS(signature)
	if at < 0 {
		return nil, errors.New("not a signature on P-256")
	}
	if isLow(signature[at:]) {
		return signature, nil
	}
	s := new(big.Int).SetBytes(signature[at:])
	low := s.Sub(key.Params().N, s).Bytes()
	if low[0] >= 0x80 { // DER: a number that begins so would be negative
		low = append([]byte{0}, low...)
	}
	signature = append(signature[:at], low...)
	signature[1], signature[at-1] = byte(len(signature)-2), byte(len(low))
	return signature, nil
}

// verify tells whether a signature is the one that sign makes, or could make
// with other nonces.
func verify(key *ecdsa.PublicKey, digest [32]byte, signature []byte) bool {
	at := numberS(signature)
	return at >= 0 && isLow(signature[at:]) && ecdsa.VerifyASN1(key, digest[:], signature)
}

// numberS returns where in a DER signature the bytes of s begin, with which it
// ends, or -1. That the numbers themselves are in DER is for ecdsa to see.
func numberS(signature []byte) int {
	const sequence, integer = 0x30, 2
	if n := len(signature); n < 8 || n > MaxSignature || signature[0] != sequence || int(signature[1]) != n-2 || signature[2] != integer {
		return -1
	}
	at := 4 + int(signature[3]) // where the second number begins, with its tag and length
	if at+2 >= len(signature) || signature[at] != integer || int(signature[at+1]) != len(signature)-at-2 {
		return -1
	}
	return at + 2
}

// isLow tells whether a number without leading zeros is at most half the order.
func isLow(s []byte) bool {
	return len(s) < len(halfOrder) || len(s) == len(halfOrder) && string(s) <= halfOrder
}
