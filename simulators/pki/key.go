package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"

	"filippo.io/edwards25519"
	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"meterbench/internal/lows"
	"meterbench/simulators/reading"
)

// An Algorithm is how a meter signs.
type Algorithm string

// The algorithms.
const (
	P256      Algorithm = "p256"      // ECDSA on P-256 of a SHA-256 digest, ASN.1 DER, the lower of the two s that fit
	Ed25519ph Algorithm = "ed25519ph" // Ed25519ph of a SHA-512 digest, without a context (RFC 8032, section 5.1)
)

// Algorithms returns all algorithms.
func Algorithms() []Algorithm { return []Algorithm{P256, Ed25519ph} }

// Sizes in bytes.
const (
	MaxSignature = lows.MaxSize // of either algorithm
	compactP256  = 1 + reading.KeySize
	compactEd    = 1 + ed25519.PublicKeySize
)

// Numbers of the algorithms, with which the compact form of a key begins.
const (
	numberP256 = 1
	numberEd   = 2
)

// prehashed are the options of Ed25519ph.
var prehashed = &ed25519.Options{Hash: crypto.SHA512}

// Digest returns the hash of a message that is signed by an algorithm, nil for an unknown one.
func Digest(algorithm Algorithm, message []byte) []byte {
	switch algorithm {
	case P256:
		digest := sha256.Sum256(message)
		return digest[:]
	case Ed25519ph:
		digest := sha512.Sum512(message)
		return digest[:]
	}
	return nil
}

// A Key is a meter's public key. The zero Key verifies nothing.
type Key struct {
	p256 *ecdsa.PublicKey
	ed   ed25519.PublicKey
}

// Algorithm returns that of the key, empty of the zero Key.
func (k Key) Algorithm() Algorithm {
	switch {
	case k.p256 != nil:
		return P256
	case k.ed != nil:
		return Ed25519ph
	}
	return ""
}

// Public returns the key as crypto/x509 has it, nil of the zero Key.
func (k Key) Public() crypto.PublicKey {
	switch {
	case k.p256 != nil:
		return k.p256
	case k.ed != nil:
		return k.ed
	}
	return nil
}

// Verify returns nil if the holder of the key signed the digest, and else a refusal, CodeDigest or CodeSignature. There is no
// other signature that anybody without the key could make of one that is valid.
func (k Key) Verify(digest, signature []byte) error {
	want := 0
	switch {
	case k.p256 != nil:
		want = sha256.Size
	case k.ed != nil:
		want = sha512.Size
	}
	switch {
	case want == 0:
		return CodeSignature.Errorf("there is no key")
	case len(digest) != want:
		return CodeDigest.Errorf("digest of %d bytes; want %d, the size of the hash that %s signs", len(digest), want, k.Algorithm())
	case k.p256 != nil && lows.Verify(k.p256, digest, signature),
		k.ed != nil && len(signature) == ed25519.SignatureSize && ed25519.VerifyWithOptions(k.ed, digest, signature, prehashed) == nil:
		return nil
	}
	return CodeSignature.Errorf("not a signature of the digest by the key")
}

// PEM returns the SubjectPublicKeyInfo (RFC 5280) as PEM: 178 bytes on P-256, 113 for Ed25519ph. It is the form that ParseKey
// accepts.
func (k Key) PEM() ([]byte, error) {
	spki, err := x509.MarshalPKIXPublicKey(k.Public())
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: spki}), nil
}

// Compact returns a form of the key in few bytes, 34 on P-256, 33 for Ed25519ph: the number of the algorithm, and the point,
// SEC 1 compressed or as RFC 8032 encodes it. Keys are equal where it is.
func (k Key) Compact() ([]byte, error) {
	switch {
	case k.p256 != nil:
		point, err := reading.Compress(k.p256)
		return append([]byte{numberP256}, point...), err
	case k.ed != nil:
		return append([]byte{numberEd}, k.ed...), nil
	}
	return nil, fmt.Errorf("there is no key")
}

// ParseCompact is the inverse of Compact for a key that ParseKey has accepted once: it does not check the order of a point again.
func ParseCompact(b []byte) (Key, error) {
	switch {
	case len(b) == compactP256 && b[0] == numberP256:
		key, err := reading.ParseKey(b[1:])
		return Key{p256: key}, err
	case len(b) == compactEd && b[0] == numberEd:
		return Key{ed: bytes.Clone(b[1:])}, nil
	}
	return Key{}, fmt.Errorf("compact key of %d bytes", len(b))
}

const pemType = "PUBLIC KEY"

// Object identifiers: of algorithms (RFC 5480, RFC 8410) and of the curve P-256.
var (
	oidEC      = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidP256    = asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
)

// ParseKey reads a public key in the form that PEM returns, as openssl writes it, too, and in no other: one block without headers and
// nothing around it, in DER, the curve named, the point uncompressed on P-256. Anything else is a refusal, CodeKeyMalformed,
// CodeKeyCurve or CodeKeyLowOrder. A key of Ed25519 is one of Ed25519ph: there is one identifier for both.
func ParseKey(text []byte) (Key, error) {
	if len(text) > MaxKey {
		return Key{}, CodeKeyMalformed.Errorf("%d bytes; want at most %d", len(text), MaxKey)
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != pemType || len(block.Headers) > 0 || len(rest) > 0 || !bytes.Equal(pem.EncodeToMemory(block), text) {
		return Key{}, CodeKeyMalformed.Errorf("not one PEM block of type %s, in lines of 64 characters and without headers", pemType)
	}
	var spki, algorithm cryptobyte.String
	var oid asn1.ObjectIdentifier
	var point []byte
	input := cryptobyte.String(block.Bytes)
	if !input.ReadASN1(&spki, der.SEQUENCE) || !input.Empty() || !spki.ReadASN1(&algorithm, der.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&oid) || !spki.ReadASN1BitStringAsBytes(&point) || !spki.Empty() {
		return Key{}, CodeKeyMalformed.Errorf("not a SubjectPublicKeyInfo in DER")
	}
	switch {
	case oid.Equal(oidEC):
		return parseEC(algorithm, point)
	case !oid.Equal(oidEd25519):
		return Key{}, CodeKeyCurve.Errorf("key of the algorithm %v; want ECDSA on P-256 or Ed25519", oid)
	case !algorithm.Empty():
		return Key{}, CodeKeyMalformed.Errorf("key of Ed25519 with parameters; it has none")
	}
	return parseEd25519(point)
}

// parseEC reads a point on P-256 with the parameters of its algorithm, which must be the curve's name.
func parseEC(parameters cryptobyte.String, point []byte) (Key, error) {
	var curve asn1.ObjectIdentifier
	if !parameters.PeekASN1Tag(der.OBJECT_IDENTIFIER) {
		return Key{}, CodeKeyCurve.Errorf("the curve is not named; want P-256 by its object identifier")
	}
	if !parameters.ReadASN1ObjectIdentifier(&curve) || !parameters.Empty() {
		return Key{}, CodeKeyMalformed.Errorf("not a SubjectPublicKeyInfo in DER: parameters of the algorithm")
	}
	if !curve.Equal(oidP256) {
		return Key{}, CodeKeyCurve.Errorf("key on the curve %v; want P-256", curve)
	}
	if len(point) == 1 && point[0] == 0 { // SEC 1
		return Key{}, CodeKeyLowOrder.Errorf("the point is infinity")
	}
	if len(point) != reading.PointSize || point[0] != 4 { // SEC 1: uncompressed
		return Key{}, CodeKeyMalformed.Errorf("not an uncompressed point of P-256, which has %d bytes", reading.PointSize)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return Key{}, CodeKeyCurve.Errorf("the point is not on P-256")
	}
	return Key{p256: key}, nil
}

// parseEd25519 reads a point of Ed25519 in its one form. It must be in the subgroup of prime order, which every honest key is: under others
// a signature can fit many messages, and implementations differ in what they take.
func parseEd25519(encoded []byte) (Key, error) {
	if len(encoded) != ed25519.PublicKeySize {
		return Key{}, CodeKeyMalformed.Errorf("key of Ed25519 of %d bytes; want %d", len(encoded), ed25519.PublicKeySize)
	}
	point, err := new(edwards25519.Point).SetBytes(encoded)
	switch {
	case err != nil:
		return Key{}, CodeKeyCurve.Errorf("the point is not on Ed25519's curve")
	case !bytes.Equal(point.Bytes(), encoded): // RFC 8032, section 5.1.3: y below p, and no -0
		return Key{}, CodeKeyMalformed.Errorf("the point of Ed25519 is not in its canonical form")
	case !ofPrimeOrder(point):
		return Key{}, CodeKeyLowOrder.Errorf("the point of Ed25519 has a part of low order")
	}
	return Key{ed: encoded}, nil
}

// ofPrimeOrder reports whether a point has the order of the base point, L: (L-1)A = -A, and A is not the identity.
func ofPrimeOrder(a *edwards25519.Point) bool {
	if a.Equal(edwards25519.NewIdentityPoint()) == 1 {
		return false
	}
	one, err := edwards25519.NewScalar().SetCanonicalBytes(append([]byte{1}, make([]byte, 31)...))
	if err != nil {
		return false
	}
	last := edwards25519.NewScalar().Negate(one) // L-1
	product := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(last, a, edwards25519.NewScalar())
	return product.Equal(new(edwards25519.Point).Negate(a)) == 1
}
