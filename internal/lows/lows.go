// Package lows makes and checks ECDSA signatures of which only one form counts, on P-256, and on P-384 for those who
// have such a key already.
//
// Of the signatures (r, s) and (r, n-s), which both fit, the one with the lower s is the only one that is
// made and taken. So nobody can turn a signature into another one, Fabric's peers and orderers accept it, and
// a certificate stays the same bytes when Fabric's MSP sanitises it.
package lows

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/big"
)

// MaxSize is the size of the longest signature on P-256 in bytes: two 256-bit integers in DER. longest is that of the
// longest on P-384.
const (
	MaxSize = 72
	longest = 104
)

// halfOrder is half the order n of P-256, rounded down, in 32 bytes, halfOrder384 that of P-384 in 48.
const (
	halfOrder = "\x7f\xff\xff\xff\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff" +
		"\xde\x73\x7d\x56\xd3\x8b\xcf\x42\x79\xdc\xe5\x61\x7e\x31\x92\xa8"
	halfOrder384 = "\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
		"\xe3\xb1\xa6\xc0\xfa\x1b\x96\xef\xac\x0d\x06\xd9\x24\x58\x53\xbd\x76\x76\x0c\xb5\x66\x62\x94\xb9"
)

// halfOf returns half the order of a curve, empty for those on which nothing is signed.
func halfOf(curve elliptic.Curve) string {
	switch curve {
	case elliptic.P256():
		return halfOrder
	case elliptic.P384():
		return halfOrder384
	}
	return ""
}

// A Key is a private key on P-256 or P-384 that signs with the lower s.
type Key struct{ *ecdsa.PrivateKey }

// ParseKeyPair returns the private key of a certificate, both PEM, which must belong together.
func ParseKeyPair(certificate, key []byte) (Key, error) {
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return Key{}, fmt.Errorf("certificate and private key: %w", err)
	}
	private, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || halfOf(private.Curve) == "" {
		return Key{}, fmt.Errorf("private key of type %T: not an ECDSA key on P-256 or P-384", pair.PrivateKey)
	}
	return Key{private}, nil
}

// Sign implements crypto.Signer. Without a source of randomness the signature is deterministic (RFC 6979).
func (k Key) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	signature, err := k.PrivateKey.Sign(random, digest, opts)
	if err != nil {
		return nil, err
	}
	at, half := numberS(signature, longest), halfOf(k.Curve)
	if at < 0 || half == "" {
		return nil, errors.New("not a signature on P-256 or P-384")
	}
	if isLow(signature[at:], half) {
		return signature, nil
	}
	s := new(big.Int).SetBytes(signature[at:])
	low := s.Sub(k.Params().N, s).Bytes()
	if low[0] >= 0x80 { // DER: a number that begins so would be negative
		low = append([]byte{0}, low...)
	}
	signature = append(signature[:at], low...)
	signature[1], signature[at-1] = byte(len(signature)-2), byte(len(low))
	return signature, nil
}

// Verify reports whether a signature of a digest on P-256 fits and has the lower s.
func Verify(key *ecdsa.PublicKey, digest, signature []byte) bool {
	at := numberS(signature, MaxSize)
	return at >= 0 && isLow(signature[at:], halfOrder) && ecdsa.VerifyASN1(key, digest, signature)
}

// VerifyEither is Verify on P-256 or P-384. On other curves nothing fits.
func VerifyEither(key *ecdsa.PublicKey, digest, signature []byte) bool {
	at, half := numberS(signature, longest), halfOf(key.Curve)
	return at >= 0 && half != "" && isLow(signature[at:], half) && ecdsa.VerifyASN1(key, digest, signature)
}

// numberS returns where in a DER signature of at most most bytes, below 128, the bytes of s begin, with which it ends, or
// -1. That the numbers themselves are in DER is left to crypto/ecdsa.
func numberS(signature []byte, most int) int {
	const sequence, integer = 0x30, 2
	if n := len(signature); n < 8 || n > most || signature[0] != sequence || int(signature[1]) != n-2 || signature[2] != integer {
		return -1
	}
	at := 4 + int(signature[3]) // where the second number begins, with its tag and length
	if at+2 >= len(signature) || signature[at] != integer || int(signature[at+1]) != len(signature)-at-2 {
		return -1
	}
	return at + 2
}

// isLow reports whether a number in DER is at most half the order. One of as many bits as the order has a byte more: it is not.
func isLow(s []byte, half string) bool {
	return len(s) < len(half) || len(s) == len(half) && string(s) <= half
}
