package chaincode

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"crypto/elliptic"
	"encoding/asn1"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/simulators/pki"
)

// The sizes of a key and of a signature are those of the published client: a PEM of 178 bytes, and DER of 70 to 72 bytes as 96 characters of base64.
func TestPublishedSizes(t *testing.T) {
	signer := newSigner(t, pki.P256, "published")
	if n := len(signer.Public()); n != 178 {
		t.Errorf("key of %d bytes", n)
	}
	most := 0
	for i := range 200 {
		signature, err := signer.Sign(pki.Digest(pki.P256, []byte(fmt.Sprint(i))))
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, base64.StdEncoding.EncodedLen(len(signature)))
	}
	if most != 96 {
		t.Errorf("signatures of at most %d characters", most)
	}
}

func TestBlockmeter(t *testing.T) {
	signer, stranger := newSigner(t, pki.P256, "published"), newSigner(t, pki.P256, "stranger")
	s, c := newStub(outsider), Blockmeter{}
	call := func(function string, args ...string) *peer.Response {
		var raw [][]byte
		for _, a := range args {
			raw = append(raw, []byte(a))
		}
		return s.invoke(t, c, function, raw...)
	}
	signature, err := signer.Sign(pki.Digest(pki.P256, []byte("42")))
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(signature)

	// Everybody registers and overwrites, blindly.
	expect(t, call(pki.FnRegisterMeter, "100", string(stranger.Public())), 200, "")
	expect(t, call(pki.FnRegisterMeter, "100", string(signer.Public())), 200, "")
	if len(s.read) != 0 || len(s.restricted) != 0 || s.trips != 1 {
		t.Errorf("%d states read, %d round trips", len(s.read), s.trips)
	}
	if want := `{"pubkey":"-----BEGIN PUBLIC KEY-----\n`; !strings.HasPrefix(string(s.state["100"]), want) {
		t.Errorf("stored %s", s.state["100"])
	}

	check := func(want string, args ...string) {
		t.Helper()
		r := call(pki.FnCheckSignature, args...)
		expect(t, r, 200, "")
		if string(r.GetPayload()) != want || len(s.writes) != 0 {
			t.Errorf("answer %s, %d states written", r.GetPayload(), len(s.writes))
		}
	}
	check("true", "100", "42", text)
	check("true", "100", "42", base64.StdEncoding.EncodeToString(higher(t, signature)))
	check("false", "100", "43", text)
	check("false", "100", "42", "AAAA")
	expect(t, call(pki.FnRegisterMeter, "101", string(stranger.Public())), 200, "")
	check("false", "101", "42", text)

	expect(t, call(pki.FnCheckSignature, "102", "42", text), 404, "METER_UNKNOWN: ")
	expect(t, call(pki.FnCheckSignature, "100", "42", "?"), 400, "ARGUMENTS_WRONG: ")
	expect(t, call(pki.FnCheckSignature, "100", "42"), 400, "ARGUMENTS_WRONG: ")
	expect(t, call(pki.FnRegisterMeter, "", "key"), 400, "ARGUMENTS_WRONG: ")
	expect(t, call("sleepTest", "1"), 404, "FUNCTION_UNKNOWN: ")
	ed := newSigner(t, pki.Ed25519ph, "published")
	for key, code := range map[string]string{
		"no key": "KEY_MALFORMED: ", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n": "KEY_MALFORMED: ", string(ed.Public()): "KEY_CURVE: ",
	} {
		expect(t, call(pki.FnRegisterMeter, "103", key), 200, "")
		r := call(pki.FnCheckSignature, "103", "42", text)
		expect(t, r, 400, code)
	}
	if r := call(pki.FnPing); string(r.GetPayload()) != pki.PublishedName {
		t.Errorf("answered %s", r.GetPayload())
	}
}

// higher returns the signature with the other s.
func higher(t testing.TB, signature []byte) []byte {
	t.Helper()
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &pair); err != nil {
		t.Fatal(err)
	}
	pair.S.Sub(elliptic.P256().Params().N, pair.S)
	other, err := asn1.Marshal(pair)
	if err != nil {
		t.Fatal(err)
	}
	return other
}
