package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/internal/lows"
	"meterbench/internal/refusal"
)

// refused checks that an error is a refusal with a code.
func refused(t testing.TB, err error, code refusal.Code) {
	t.Helper()
	r, ok := errors.AsType[*refusal.Refusal](err)
	if !ok || r.Code != code {
		t.Fatalf("error %v, want %s", err, code)
	}
	if strings.ContainsAny(r.Text, "\n\r") {
		t.Errorf("text of several lines: %q", r.Text)
	}
}

func decode(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The keys in testdata/pem were made with OpenSSL 3.0: openssl genpkey, then openssl pkey -pubout, with -ec_conv_form and ec_param_enc as
// the file's name says.
func TestParseKeyOfOpenssl(t *testing.T) {
	for name, want := range map[string]refusal.Code{
		"p256": {}, "ed25519": {},
		"p256-compressed": CodeKeyMalformed, "p256-hybrid": CodeKeyMalformed, "p256-explicit": CodeKeyCurve,
		"p224": CodeKeyCurve, "p384": CodeKeyCurve, "p521": CodeKeyCurve, "secp256k1": CodeKeyCurve, "brainpool": CodeKeyCurve,
		"rsa": CodeKeyCurve, "x25519": CodeKeyCurve, "ed448": CodeKeyCurve, "x448": CodeKeyCurve,
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", "pem", name+".pem"))
			if err != nil {
				t.Fatal(err)
			}
			key, err := ParseKey(text)
			if want != (refusal.Code{}) {
				refused(t, err, want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if again, err := key.PEM(); err != nil || !bytes.Equal(again, text) {
				t.Errorf("written as %q, %v", again, err)
			}
			compact, err := key.Compact()
			if err != nil {
				t.Fatal(err)
			}
			back, err := ParseCompact(compact)
			if again, _ := back.PEM(); err != nil || !bytes.Equal(again, text) {
				t.Errorf("%d bytes read back as %q, %v", len(compact), again, err)
			}
			block, _ := pem.Decode(text)
			public, err := x509.ParsePKIXPublicKey(block.Bytes)
			if equal := public.(interface{ Equal(crypto.PublicKey) bool }); err != nil || !equal.Equal(key.Public()) {
				t.Errorf("crypto/x509 reads another key, %v", err)
			}
		})
	}
}

// RFC 6979, A.2.5, P-256 with SHA-256, whose first signature has the higher s, and RFC 8032, 7.3, Ed25519ph.
func TestKnownAnswers(t *testing.T) {
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), decode(t, "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"))
	if err != nil {
		t.Fatal(err)
	}
	signer := &Signer{private: lows.Key{PrivateKey: private}, key: Key{p256: &private.PublicKey}}
	high := decode(t, "3046 022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"+
		"022100F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8")
	low := decode(t, "3045 022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"+
		"02200834E36AD29A83BF2BC9385E491D6099C8FDF9D1ED67AA7EA5F51F93782857A9")
	digest := Digest(P256, []byte("sample"))
	if got, err := signer.Sign(digest); err != nil || !bytes.Equal(got, low) {
		t.Errorf("signature %x, %v, want %x", got, err, low)
	}
	if err := signer.key.Verify(digest, low); err != nil {
		t.Error(err)
	}
	if !ecdsa.VerifyASN1(&private.PublicKey, digest, high) {
		t.Error("not the signature of the RFC")
	}
	refused(t, signer.key.Verify(digest, high), CodeSignature)
	test := decode(t, "3045 022100F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"+
		"0220019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083")
	if got, err := signer.Sign(Digest(P256, []byte("test"))); err != nil || !bytes.Equal(got, test) {
		t.Errorf("signature %x, %v, want %x", got, err, test)
	}

	edwards := ed25519.NewKeyFromSeed(decode(t, "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42"))
	signer = &Signer{private: edwards, key: Key{ed: edwards.Public().(ed25519.PublicKey)}}
	if want := decode(t, "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf"); !bytes.Equal(signer.key.ed, want) {
		t.Errorf("public key %x", signer.key.ed)
	}
	want := decode(t, "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"+
		"31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406")
	digest = Digest(Ed25519ph, []byte("abc"))
	if got, err := signer.Sign(digest); err != nil || !bytes.Equal(got, want) {
		t.Errorf("signature %x, %v, want %x", got, err, want)
	}
	if err := signer.key.Verify(digest, want); err != nil {
		t.Error(err)
	}
	// What plain Ed25519 signs is another message.
	refused(t, signer.key.Verify(digest, ed25519.Sign(edwards, digest)), CodeSignature)
}

// A signature that OpenSSL made, openssl dgst -sha256 -sign, whose s is the higher one, verifies once the lower takes its place.
func TestSignatureOfOpenssl(t *testing.T) {
	key, err := ParseKey([]byte("-----BEGIN PUBLIC KEY-----\n" +
		"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEneaBOrWeRcJ69yDRmyliwWnSHCuw\n" +
		"6NuzkX4JU/kExXDrYHyyh22ybdSy/Coqtu/IyRkn6QYM1iVHIqjmMO21XA==\n" +
		"-----END PUBLIC KEY-----\n"))
	if err != nil {
		t.Fatal(err)
	}
	const r = "fd231c534436914b4dd971b560b58691b58a728572f923b78ceb74d8b65a0ccb"
	s := decode(t, "a4911042ee925f51d18cfc1bd1626d7f6320acf291b9461d2d3a24e5a8c5e3cd")
	digest := Digest(P256, []byte("reading 7"))
	refused(t, key.Verify(digest, decode(t, "3046022100"+r+"022100"+hex.EncodeToString(s))), CodeSignature)
	lower := new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(s))
	if err := key.Verify(digest, decode(t, "3045022100"+r+"0220"+hex.EncodeToString(lower.Bytes()))); err != nil {
		t.Error(err)
	}
}

// inSequence returns PEM of a DER sequence of parts in hexadecimal.
func inSequence(parts ...string) []byte {
	body, _ := hex.DecodeString(strings.Join(parts, ""))
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: append([]byte{0x30, byte(len(body))}, body...)})
}

// spki returns PEM of an algorithm's identifier and a point, both DER without checks.
func spki(algorithm string, point []byte) []byte {
	return inSequence(algorithm, hex.EncodeToString(append([]byte{3, byte(len(point) + 1), 0}, point...)))
}

const (
	identifierP256 = "301306072a8648ce3d020106082a8648ce3d030107"
	identifierEd   = "300506032b6570"
)

func TestParseKeyRefuses(t *testing.T) {
	p256, err1 := NewSigner(1, P256, "meter")
	edwards, err2 := NewSigner(1, Ed25519ph, "meter")
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	good := string(p256.Public())
	block, _ := pem.Decode(p256.Public())
	point := block.Bytes[len(block.Bytes)-65:]
	other := bytes.Clone(point)
	other[64] ^= 1
	beyond := append([]byte{4}, bytes.Repeat([]byte{0xff}, 64)...)
	ed := edwards.key.ed
	// The points of order 1, 2, 4 and 8 of Ed25519 by their y, as in every list of them: 1, -1, 0 with both signs, and four of order 8.
	low := []string{
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	}
	// Other encodings of y = 1, -1 and 0: y with p added, and x = 0 with a sign.
	forms := []string{
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	}
	type row struct {
		name string
		text []byte
		code refusal.Code
	}
	rows := []row{
		{"nothing", nil, CodeKeyMalformed},
		{"no PEM", []byte("key"), CodeKeyMalformed},
		{"DER", block.Bytes, CodeKeyMalformed},
		{"too long", bytes.Repeat([]byte(good), 30), CodeKeyMalformed},
		{"two blocks", []byte(good + good), CodeKeyMalformed},
		{"text in front", []byte("meter\n" + good), CodeKeyMalformed},
		{"text behind", []byte(good + "meter\n"), CodeKeyMalformed},
		{"a line behind", []byte(good + "\n"), CodeKeyMalformed},
		{"no line's end", []byte(strings.TrimSuffix(good, "\n")), CodeKeyMalformed},
		{"lines ended as on Windows", []byte(strings.ReplaceAll(good, "\n", "\r\n")), CodeKeyMalformed},
		{"one long line", []byte(strings.Replace(good, "\n", "", 2)), CodeKeyMalformed},
		{"with a header", []byte(strings.Replace(good, "KEY-----\n", "KEY-----\nMeter: 1\n\n", 1)), CodeKeyMalformed},
		{"another type", []byte(strings.ReplaceAll(good, "PUBLIC", "PRIVATE")), CodeKeyMalformed},
		{"bytes behind the DER", pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: append(bytes.Clone(block.Bytes), 0)}), CodeKeyMalformed},
		{"cut short", pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: block.Bytes[:90]}), CodeKeyMalformed},
		{"no parameters", spki("300906072a8648ce3d0201", point), CodeKeyCurve},
		{"null parameters", spki("300b06072a8648ce3d02010500", point), CodeKeyCurve},
		{"two parameters", spki("301506072a8648ce3d020106082a8648ce3d0301070500", point), CodeKeyMalformed},
		{"ECDH only", spki("301106052b8104010c06082a8648ce3d030107", point), CodeKeyCurve},
		{"infinity", spki(identifierP256, []byte{0}), CodeKeyLowOrder},
		{"off the curve", spki(identifierP256, other), CodeKeyCurve},
		{"zero", spki(identifierP256, append([]byte{4}, make([]byte, 64)...)), CodeKeyCurve},
		{"beyond the field", spki(identifierP256, beyond), CodeKeyCurve},
		{"a short point", spki(identifierP256, point[:64]), CodeKeyMalformed},
		{"a long point", spki(identifierP256, append(bytes.Clone(point), 0)), CodeKeyMalformed},
		{"bytes behind the point", inSequence(identifierP256, "0342"+"00"+hex.EncodeToString(point), "0500"), CodeKeyMalformed},
		{"bits left over", inSequence(identifierP256, "0342"+"01"+hex.EncodeToString(point)), CodeKeyMalformed},
		{"a length in more bytes than it takes", inSequence("30811306072a8648ce3d020106082a8648ce3d030107", "034200"+hex.EncodeToString(point)), CodeKeyMalformed},
		{"no point", spki(identifierP256, nil), CodeKeyMalformed},
		{"a curve that Ed25519 does not name", spki("300706032b65700500", ed), CodeKeyMalformed},
		{"a short Ed25519 point", spki(identifierEd, ed[:31]), CodeKeyMalformed},
		{"a long Ed25519 point", spki(identifierEd, append(bytes.Clone(ed), 0)), CodeKeyMalformed},
		{"off Ed25519's curve", spki(identifierEd, append([]byte{2}, make([]byte, 31)...)), CodeKeyCurve},
		{"X25519", spki("300506032b656e", ed), CodeKeyCurve},
		{"Ed25519 with a part of order 8", spki(identifierEd, mixed(t, ed, low[4])), CodeKeyLowOrder},
	}
	for _, point := range low {
		rows = append(rows, row{"low order " + point, spki(identifierEd, decode(t, point)), CodeKeyLowOrder})
	}
	for _, point := range forms {
		rows = append(rows, row{"another form " + point, spki(identifierEd, decode(t, point)), CodeKeyMalformed})
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			key, err := ParseKey(r.text)
			refused(t, err, r.code)
			if key.Algorithm() != "" || key.Verify(make([]byte, 32), nil) == nil {
				t.Errorf("a key of %q all the same", key.Algorithm())
			}
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	for _, algorithm := range Algorithms() {
		t.Run(string(algorithm), func(t *testing.T) {
			signer, err1 := NewSigner(1, algorithm, "meter")
			stranger, err2 := NewSigner(2, algorithm, "meter")
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			digest := Digest(algorithm, []byte("reading"))
			signature, err := signer.Sign(digest)
			if err != nil {
				t.Fatal(err)
			}
			key := signer.Key()
			if err := key.Verify(digest, signature); err != nil {
				t.Error(err)
			}
			for _, n := range []int{0, 1, 20, 31, 33, 48, 63, 65} {
				refused(t, key.Verify(make([]byte, n), signature), CodeDigest)
				_, err := signer.Sign(make([]byte, n))
				refused(t, err, CodeDigest)
			}
			refused(t, key.Verify(Digest(algorithm, []byte("reading 2")), signature), CodeSignature)
			refused(t, stranger.Key().Verify(digest, signature), CodeSignature)
			refused(t, key.Verify(digest, nil), CodeSignature)
			refused(t, key.Verify(digest, append(bytes.Clone(signature), 0)), CodeSignature)
			refused(t, key.Verify(digest, signature[:len(signature)-1]), CodeSignature)
			refused(t, key.Verify(digest, make([]byte, 64)), CodeSignature)
			if base64.StdEncoding.EncodedLen(len(signature)) > 96 {
				t.Errorf("signature of %d bytes", len(signature))
			}
		})
	}
	if _, err := NewSigner(1, "rsa", "meter"); err == nil {
		t.Error("a signer of an unknown algorithm")
	}
	if Digest("rsa", nil) != nil {
		t.Error("a digest for an unknown algorithm")
	}
}

// Forms of ECDSA signatures that are often taken wrongly: numbers out of range, negative, padded, too long, not in DER, or in another order.
func TestMalformedSignatures(t *testing.T) {
	signer := signerOf(t, P256, "meter")
	digest := Digest(P256, []byte("reading"))
	good, err := signer.Sign(digest)
	if err != nil {
		t.Fatal(err)
	}
	const n = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
	rest := hex.EncodeToString(good)[2:]
	for name, signature := range map[string]string{
		"r and s are 0": "3006020100020100", "r is 0": "3006020100020101", "s is 0": "3006020101020100", "r and s are 1": "3006020101020101",
		"r and s are -1": "30060201ff0201ff", "r is n": "3026022100" + n + "020101", "s is n": "3026020101022100" + n,
		"r is n and s is n": "3046022100" + n + "022100" + n, "padded": "300802020001020200" + "01", "one number": "3003020101", "three numbers": "3009020101020101020101",
		"empty numbers": "300402000200", "an empty sequence": "3000", "nothing but the tag": "30", "a long length": "3081" + rest, "an endless length": "3080" + rest[2:] + "0000",
		"a set": "31" + rest, "a byte behind": "30" + rest + "00", "null behind": "30" + rest + "0500",
		"numbers without DER": hex.EncodeToString(bytes.Repeat([]byte{1}, 64)), "the digest": hex.EncodeToString(digest),
	} {
		t.Run(name, func(t *testing.T) { refused(t, signer.Key().Verify(digest, decode(t, signature)), CodeSignature) })
	}
}
