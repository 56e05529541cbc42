package chaincode

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/statebased"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/simulators/pki"
	"meterbench/simulators/reading"
)

// at returns an instant of the tests' calendar, in days.
func at(day int) time.Time { return begin.AddDate(0, 0, day) }

func newSigner(t testing.TB, algorithm pki.Algorithm, purpose string) *pki.Signer {
	t.Helper()
	s, err := pki.NewSigner(1, algorithm, purpose)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func registers(t testing.TB, meter, owner string, from time.Time, signer *pki.Signer) pki.Registration {
	t.Helper()
	r, err := pki.NewRegistration(channel, meter, owner, from, signer)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func keys(t testing.TB, list ...pki.Registration) []byte {
	t.Helper()
	b, err := pki.MarshalRegistrations(list)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func rotates(t testing.TB, meter string, version uint32, from time.Time, old, next *pki.Signer) []byte {
	t.Helper()
	r, err := pki.NewRotation(channel, meter, version, from, old, next)
	if err != nil {
		t.Fatal(err)
	}
	return marshalled(t, &r)
}

func revokes(t testing.TB, meter string, version uint32, reason pki.Reason, until time.Time) []byte {
	t.Helper()
	return marshalled(t, &pki.Revocation{Meter: meter, Version: version, Reason: reason, Time: until})
}

func marshalled(t testing.TB, m interface{ Marshal() ([]byte, error) }) []byte {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// asked returns the arguments of Verify for what a meter signs.
func asked(t testing.TB, meter string, signer *pki.Signer, message string, when string) [][]byte {
	t.Helper()
	digest := pki.Digest(signer.Algorithm(), []byte(message))
	signature, err := signer.Sign(digest)
	if err != nil {
		t.Fatal(err)
	}
	return [][]byte{[]byte(meter), []byte(hex.EncodeToString(digest)), []byte(base64.StdEncoding.EncodeToString(signature)), []byte(when)}
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// A keyWorld is a contract with meters of two organisations, both registrars, a third without the role, and the keys of the meters by their versions:
// m1 has one, from day 1 on; m2 three, rotated at day 10 and 20, of both algorithms; m3 a revoked one, from day 5 on; m4 one of the other organisation.
type keyWorld struct {
	*stub
	c       *PKI
	signers map[string][]*pki.Signer
}

const (
	registrar = "InmetroMSP"
	outsider  = "CmiMSP"
)

func newKeyWorld(t testing.TB) *keyWorld {
	w := &keyWorld{newStub(operator), &PKI{Operator: operator}, map[string][]*pki.Signer{}}
	p256, ed := pki.P256, pki.Ed25519ph
	for meter, algorithms := range map[string][]pki.Algorithm{"m1": {p256}, "m2": {p256, ed, p256}, "m3": {ed}, "m4": {p256}} {
		for i, a := range algorithms {
			w.signers[meter] = append(w.signers[meter], newSigner(t, a, fmt.Sprint(meter, i)))
		}
	}
	w.accepts(t, pki.FnGrant, []byte(registrar))
	w.accepts(t, pki.FnRegister, keys(t, registers(t, "m1", operator, at(1), w.signers["m1"][0]),
		registers(t, "m2", operator, time.Time{}, w.signers["m2"][0]), registers(t, "m3", operator, at(1), w.signers["m3"][0])))
	w.accepts(t, pki.FnRotate, rotates(t, "m2", 1, at(10), w.signers["m2"][0], w.signers["m2"][1]))
	w.accepts(t, pki.FnRotate, rotates(t, "m2", 2, at(20), w.signers["m2"][1], w.signers["m2"][2]))
	w.accepts(t, pki.FnRevoke, revokes(t, "m3", 1, pki.KeyCompromise, at(5)))
	w.msp = registrar
	w.accepts(t, pki.FnRegister, keys(t, registers(t, "m4", registrar, time.Time{}, w.signers["m4"][0])))
	w.msp = operator
	return w
}

func (w *keyWorld) call(t testing.TB, function string, args ...[]byte) *peer.Response {
	t.Helper()
	return w.invoke(t, w.c, function, args...)
}

func (w *keyWorld) accepts(t testing.TB, function string, args ...[]byte) string {
	t.Helper()
	r := w.call(t, function, args...)
	expect(t, r, 200, "")
	return string(r.GetPayload())
}

// refuses checks that a call is refused with a code and changes nothing.
func (w *keyWorld) refuses(t testing.TB, code fmt.Stringer, function string, args ...[]byte) {
	t.Helper()
	r := w.call(t, function, args...)
	if r.GetStatus() < 400 || r.GetStatus() > 499 || !strings.HasPrefix(r.GetMessage(), code.String()+": ") {
		t.Fatalf("status %d, %q; want %v", r.GetStatus(), r.GetMessage(), code)
	}
	if len(w.writes) != 0 || len(w.restricted) != 0 {
		t.Errorf("a refused call wrote %d states", len(w.writes))
	}
}

func TestRegisterKeys(t *testing.T) {
	fresh := newSigner(t, pki.P256, "fresh")
	other := newSigner(t, pki.Ed25519ph, "other")
	good := func(t testing.TB) pki.Registration { return registers(t, "m9", operator, at(1), fresh) }
	edited := func(edit func(*pki.Registration)) func(testing.TB, *keyWorld) []byte {
		return func(t testing.TB, w *keyWorld) []byte {
			r := good(t)
			edit(&r)
			return keys(t, r)
		}
	}
	list := func(list func(t testing.TB, w *keyWorld) []pki.Registration) func(testing.TB, *keyWorld) []byte {
		return func(t testing.TB, w *keyWorld) []byte { return keys(t, list(t, w)...) }
	}
	for _, c := range []struct {
		name   string
		sender string
		wire   func(t testing.TB, w *keyWorld) []byte
		code   fmt.Stringer // nil: accepted
	}{
		{"a key", operator, edited(func(*pki.Registration) {}), nil},
		{"as text", operator, func(t testing.TB, w *keyWorld) []byte { return []byte(reading.Text(keys(t, good(t)))) }, nil},
		{"keys of two algorithms", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{good(t), registers(t, "m10", operator, time.Time{}, other)}
		}), nil},
		{"by an organisation without the role", outsider, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{registers(t, "m9", outsider, at(1), fresh)}
		}), pki.CodeRegistrar},
		{"for another organisation", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{registers(t, "m9", registrar, at(1), fresh)}
		}), pki.CodeOwner},
		{"a meter that has a key", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{registers(t, "m1", operator, at(30), fresh)}
		}), pki.CodeExists},
		{"the same again", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{registers(t, "m1", operator, at(1), w.signers["m1"][0])}
		}), pki.CodeExists},
		{"a meter of another organisation", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{registers(t, "m4", operator, at(1), fresh)}
		}), pki.CodeOwner},
		{"another meter's key", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{registers(t, "m9", operator, at(1), w.signers["m1"][0])}
		}), pki.CodeKeyForeign},
		{"the former key of another meter", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{registers(t, "m9", operator, at(1), w.signers["m2"][0])}
		}), pki.CodeKeyForeign},
		{"two meters with one key", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{good(t), registers(t, "m10", operator, at(1), fresh)}
		}), pki.CodeKeyForeign},
		{"a meter twice", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{good(t), registers(t, "m9", operator, at(1), other)}
		}), pki.CodeTwice},
		{"one good, one not", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{good(t), registers(t, "m1", operator, at(30), other)}
		}), pki.CodeExists},
		{"without a proof", operator, edited(func(r *pki.Registration) { r.Proof = nil }), pki.CodeKeyForeign},
		{"another key's proof", operator, edited(func(r *pki.Registration) { r.Key = other.Public() }), pki.CodeKeyForeign},
		{"proof for another meter", operator, edited(func(r *pki.Registration) { r.Meter = "m8" }), pki.CodeKeyForeign},
		{"proof for another time", operator, edited(func(r *pki.Registration) { r.From = at(2) }), pki.CodeKeyForeign},
		{"proof for another organisation", registrar, edited(func(r *pki.Registration) { r.Owner = registrar }), pki.CodeKeyForeign},
		{"proof for another channel", operator, func(t testing.TB, w *keyWorld) []byte {
			r, err := pki.NewRegistration("billing", "m9", operator, at(1), fresh)
			if err != nil {
				t.Fatal(err)
			}
			return keys(t, r)
		}, pki.CodeKeyForeign},
		{"a key that is none", operator, edited(func(r *pki.Registration) { r.Key = r.Key[1:] }), pki.CodeKeyMalformed},
		{"again after the revocation", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{registers(t, "m3", operator, at(5), fresh)}
		}), nil},
		{"again from before the revocation", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{registers(t, "m3", operator, at(4), fresh)}
		}), pki.CodeTime},
		{"again from the day that was revoked as a whole", operator, func(t testing.TB, w *keyWorld) []byte {
			w.accepts(t, pki.FnRevoke, revokes(t, "m1", 1, pki.Superseded, at(1)))
			return keys(t, registers(t, "m1", operator, at(1), fresh))
		}, pki.CodeTime},
		{"again from the start", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{registers(t, "m3", operator, time.Time{}, fresh)}
		}), pki.CodeTime},
		{"the revoked key again", operator, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{registers(t, "m3", operator, at(6), w.signers["m3"][0])}
		}), pki.CodeKeyRevoked},
		{"again by another registrar", registrar, list(func(t testing.TB, w *keyWorld) []pki.Registration {
			return []pki.Registration{registers(t, "m3", registrar, at(6), fresh)}
		}), pki.CodeOwner},
		{"nothing", operator, func(testing.TB, *keyWorld) []byte { return nil }, pki.CodeRegistration},
		{"text that is none", operator, func(testing.TB, *keyWorld) []byte { return []byte("base64:!") }, pki.CodeArguments},
		{"cut short", operator, func(t testing.TB, w *keyWorld) []byte { b := keys(t, good(t)); return b[:len(b)-1] }, pki.CodeRegistration},
		{"a byte more", operator, func(t testing.TB, w *keyWorld) []byte { return append(keys(t, good(t)), 0) }, pki.CodeRegistration},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newKeyWorld(t)
			w.msp = c.sender
			wire := c.wire(t, w)
			if c.code != nil {
				w.refuses(t, c.code, pki.FnRegister, wire)
				return
			}
			w.accepts(t, pki.FnRegister, wire)
			if w.trips != 2 {
				t.Errorf("%d round trips to the peer; want 2, one to read and one to write", w.trips)
			}
			for key := range w.writes {
				if !strings.HasPrefix(key, "m/m3") && len(w.restricted[key]) == 0 {
					t.Errorf("whoever endorses may change %s", key)
				}
			}
			w.refuses(t, pki.CodeExists, pki.FnRegister, wire)
		})
	}
}

// Whatever is stored may be changed with an endorsement of its owner's peers only.
func TestStatesBelongToTheirOwners(t *testing.T) {
	w := newKeyWorld(t)
	for key := range w.state {
		owner := operator
		if key == "m/m4" || string(w.state[key]) == string(holder{1, "m4"}.marshal()) {
			owner = registrar
		}
		policy, err := statebased.NewStateEP(w.policies[key])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{owner}, policy.ListOrgs()); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	if len(w.state) < 4+2+6+1 {
		t.Errorf("only %d states", len(w.state))
	}
}

func TestRotateKeys(t *testing.T) {
	fresh, other := newSigner(t, pki.P256, "fresh"), newSigner(t, pki.Ed25519ph, "other")
	for _, c := range []struct {
		name   string
		sender string
		wire   func(t testing.TB, w *keyWorld) []byte
		code   fmt.Stringer
	}{
		{"to another key", operator, func(t testing.TB, w *keyWorld) []byte { return rotates(t, "m1", 1, at(30), w.signers["m1"][0], fresh) }, nil},
		{"to another algorithm", operator, func(t testing.TB, w *keyWorld) []byte { return rotates(t, "m2", 3, at(30), w.signers["m2"][2], other) }, nil},
		{"by another organisation", registrar, func(t testing.TB, w *keyWorld) []byte { return rotates(t, "m1", 1, at(30), w.signers["m1"][0], fresh) }, pki.CodeOwner},
		{"by an organisation without the role", outsider, func(t testing.TB, w *keyWorld) []byte { return rotates(t, "m1", 1, at(30), w.signers["m1"][0], fresh) }, pki.CodeOwner},
		{"signed by a former key", operator, func(t testing.TB, w *keyWorld) []byte { return rotates(t, "m2", 3, at(30), w.signers["m2"][0], fresh) }, pki.CodeSignature},
		{"signed by itself", operator, func(t testing.TB, w *keyWorld) []byte { return rotates(t, "m1", 1, at(30), fresh, fresh) }, pki.CodeSignature},
		{"of a former version", operator, func(t testing.TB, w *keyWorld) []byte { return rotates(t, "m2", 2, at(30), w.signers["m2"][1], fresh) }, pki.CodeVersion},
		{"of the next version", operator, func(t testing.TB, w *keyWorld) []byte { return rotates(t, "m1", 2, at(30), w.signers["m1"][0], fresh) }, pki.CodeVersion},
		{"to its own key", operator, func(t testing.TB, w *keyWorld) []byte {
			return rotates(t, "m1", 1, at(30), w.signers["m1"][0], w.signers["m1"][0])
		}, pki.CodeExists},
		{"back to a former key", operator, func(t testing.TB, w *keyWorld) []byte {
			return rotates(t, "m2", 3, at(30), w.signers["m2"][2], w.signers["m2"][0])
		}, pki.CodeExists},
		{"to another meter's key", operator, func(t testing.TB, w *keyWorld) []byte {
			return rotates(t, "m1", 1, at(30), w.signers["m1"][0], w.signers["m4"][0])
		}, pki.CodeKeyForeign},
		{"from before the old key counts", operator, func(t testing.TB, w *keyWorld) []byte { return rotates(t, "m1", 1, at(1), w.signers["m1"][0], fresh) }, pki.CodeTime},
		{"of a revoked key", operator, func(t testing.TB, w *keyWorld) []byte { return rotates(t, "m3", 1, at(30), w.signers["m3"][0], fresh) }, pki.CodeKeyRevoked},
		{"of a meter nobody registered", operator, func(t testing.TB, w *keyWorld) []byte { return rotates(t, "m9", 1, at(30), w.signers["m1"][0], fresh) }, pki.CodeMeterUnknown},
		{"of another meter", operator, func(t testing.TB, w *keyWorld) []byte { return edited(t, w, func(r *pki.Rotation) { r.Meter = "m4" }) }, pki.CodeOwner},
		{"at another time", operator, func(t testing.TB, w *keyWorld) []byte { return edited(t, w, func(r *pki.Rotation) { r.From = at(31) }) }, pki.CodeKeyForeign},
		{"to a key without proof", operator, func(t testing.TB, w *keyWorld) []byte {
			return edited(t, w, func(r *pki.Rotation) { r.Key = other.Public() })
		}, pki.CodeKeyForeign},
		{"without a signature", operator, func(t testing.TB, w *keyWorld) []byte {
			return edited(t, w, func(r *pki.Rotation) { r.Signature = nil })
		}, pki.CodeSignature},
		{"to a key that is none", operator, func(t testing.TB, w *keyWorld) []byte { return edited(t, w, func(r *pki.Rotation) { r.Key = nil }) }, pki.CodeKeyMalformed},
		{"nothing", operator, func(testing.TB, *keyWorld) []byte { return nil }, pki.CodeRotation},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newKeyWorld(t)
			w.msp = c.sender
			wire := c.wire(t, w)
			if c.code != nil {
				w.refuses(t, c.code, pki.FnRotate, wire)
				return
			}
			w.accepts(t, pki.FnRotate, wire)
			if w.trips != 2 {
				t.Errorf("%d round trips to the peer; want 2", w.trips)
			}
			w.refuses(t, pki.CodeVersion, pki.FnRotate, wire) // replayed
		})
	}
}

// edited returns a rotation of m1, changed after it was signed.
func edited(t testing.TB, w *keyWorld, edit func(*pki.Rotation)) []byte {
	t.Helper()
	r, err := pki.NewRotation(channel, "m1", 1, at(30), w.signers["m1"][0], newSigner(t, pki.P256, "fresh"))
	if err != nil {
		t.Fatal(err)
	}
	edit(&r)
	return marshalled(t, &r)
}

func TestRevokeKeys(t *testing.T) {
	for _, c := range []struct {
		name   string
		sender string
		wire   []byte
		code   fmt.Stringer
	}{
		{"a key", operator, revokes(t, "m1", 1, pki.KeyCompromise, at(7)), nil},
		{"a key from its first day", operator, revokes(t, "m1", 1, pki.Unspecified, at(1)), nil},
		{"by another registrar", registrar, revokes(t, "m1", 1, pki.KeyCompromise, at(7)), pki.CodeOwner},
		{"by an organisation without the role", outsider, revokes(t, "m1", 1, pki.KeyCompromise, at(7)), pki.CodeOwner},
		{"a former version", operator, revokes(t, "m2", 1, pki.KeyCompromise, at(7)), pki.CodeVersion},
		{"a revoked key", operator, revokes(t, "m3", 1, pki.KeyCompromise, at(7)), pki.CodeKeyRevoked},
		{"of a meter nobody registered", operator, revokes(t, "m9", 1, pki.KeyCompromise, at(7)), pki.CodeMeterUnknown},
		{"before it counts", operator, revokes(t, "m1", 1, pki.KeyCompromise, at(0)), pki.CodeTime},
		{"nothing", operator, nil, pki.CodeRevocation},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newKeyWorld(t)
			w.msp = c.sender
			if c.code != nil {
				w.refuses(t, c.code, pki.FnRevoke, c.wire)
				return
			}
			w.accepts(t, pki.FnVerify, asked(t, "m1", w.signers["m1"][0], "reading", "")...)
			w.accepts(t, pki.FnRevoke, c.wire)
			w.refuses(t, pki.CodeKeyRevoked, pki.FnVerify, asked(t, "m1", w.signers["m1"][0], "reading", "")...)
			w.refuses(t, pki.CodeKeyRevoked, pki.FnRevoke, c.wire)
		})
	}
}

func TestVerify(t *testing.T) {
	for _, c := range []struct {
		name    string
		meter   string
		signer  int // version of the key that signs, from 0
		when    string
		version string
		code    fmt.Stringer
		trips   int
	}{
		{"the current key", "m1", 0, "", "1", nil, 1},
		{"the current key at its time", "m1", 0, unix(at(1)), "1", nil, 1},
		{"before its time", "m1", 0, unix(at(1).Add(-time.Second)), "", pki.CodeKeyEarly, 0},
		{"a rotated key", "m2", 0, "", "", pki.CodeSignature, 0},
		{"a rotated key at its time", "m2", 0, unix(at(10).Add(-time.Second)), "1", nil, 3},
		{"a rotated key from the start", "m2", 0, "0", "1", nil, 3},
		{"a rotated key a second too late", "m2", 0, unix(at(10)), "", pki.CodeDigest, 0},
		{"the second key", "m2", 1, unix(at(10)), "2", nil, 2},
		{"the second key, too early", "m2", 1, unix(at(10).Add(-time.Second)), "", pki.CodeDigest, 0},
		{"the third key", "m2", 2, "", "3", nil, 1},
		{"the third key at its time", "m2", 2, unix(at(20)), "3", nil, 1},
		{"the third key, too early", "m2", 2, unix(at(20).Add(-time.Second)), "", pki.CodeDigest, 0},
		{"a revoked key", "m3", 0, "", "", pki.CodeKeyRevoked, 0},
		{"a revoked key from then on", "m3", 0, unix(at(5)), "", pki.CodeKeyRevoked, 0},
		{"a revoked key, before", "m3", 0, unix(at(5).Add(-time.Second)), "1", nil, 1},
		{"a time that is none", "m1", 0, "yesterday", "", pki.CodeArguments, 0},
		{"a negative time", "m1", 0, "-1", "", pki.CodeArguments, 0},
		{"a time beyond all", "m1", 0, "1099511627776", "", pki.CodeArguments, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newKeyWorld(t)
			w.msp = outsider // everybody may ask
			args := asked(t, c.meter, w.signers[c.meter][c.signer], "reading", c.when)
			if c.code != nil {
				w.refuses(t, c.code, pki.FnVerify, args...)
				return
			}
			if got := w.accepts(t, pki.FnVerify, args...); got != c.version {
				t.Errorf("version %s, want %s", got, c.version)
			}
			if w.trips != c.trips {
				t.Errorf("%d reads, want %d", w.trips, c.trips)
			}
			if len(w.writes) != 0 {
				t.Errorf("%d states written", len(w.writes))
			}
		})
	}
}

func TestVerifyArguments(t *testing.T) {
	w := newKeyWorld(t)
	good := asked(t, "m1", w.signers["m1"][0], "reading", "")
	with := func(at int, value string) [][]byte {
		args := [][]byte{good[0], good[1], good[2], good[3]}
		args[at] = []byte(value)
		return args
	}
	for _, c := range []struct {
		name string
		args [][]byte
		code fmt.Stringer
	}{
		{"a meter nobody registered", with(0, "m9"), pki.CodeMeterUnknown},
		{"another meter", with(0, "m4"), pki.CodeSignature},
		{"a meter that can be none", with(0, "M 1"), pki.CodeArguments},
		{"a digest that is no number", with(1, "digest"), pki.CodeArguments},
		{"no digest", with(1, ""), pki.CodeDigest},
		{"a short digest", with(1, string(good[1][2:])), pki.CodeDigest},
		{"a digest of SHA-512", with(1, string(good[1])+string(good[1])), pki.CodeDigest},
		{"another digest", with(1, strings.Repeat("00", 32)), pki.CodeSignature},
		{"no signature", with(2, ""), pki.CodeSignature},
		{"a signature that is no base64", with(2, "?"), pki.CodeArguments},
		{"a signature in two lines", with(2, string(good[2][:4])+"\n"+string(good[2][4:])), pki.CodeArguments},
		{"zeros", with(2, base64.StdEncoding.EncodeToString(make([]byte, 64))), pki.CodeSignature},
		{"too few arguments", good[:3], pki.CodeArguments},
	} {
		t.Run(c.name, func(t *testing.T) { w.refuses(t, c.code, pki.FnVerify, c.args...) })
	}
	w.refuses(t, pki.CodeNoSuch, "registerMeter", []byte("m1"))
}

func TestKeyQueries(t *testing.T) {
	w := newKeyWorld(t)
	w.msp = outsider
	var e pki.Entry
	if err := json.Unmarshal([]byte(w.accepts(t, pki.FnLookup, []byte("m3"))), &e); err != nil {
		t.Fatal(err)
	}
	compromised := pki.KeyCompromise
	want := pki.Entry{
		Meter: "m3", Owner: operator, Version: 1, Status: pki.Revoked, Algorithm: pki.Ed25519ph, Key: string(w.signers["m3"][0].Public()),
		From: at(1), Until: at(5), Reason: &compromised,
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Error(diff)
	}
	w.refuses(t, pki.CodeMeterUnknown, pki.FnLookup, []byte("m9"))
	w.refuses(t, pki.CodeArguments, pki.FnLookup, []byte("M9"))

	var page pki.Page
	if err := json.Unmarshal([]byte(w.accepts(t, pki.FnHistory, []byte("m2"), []byte("1"))), &page); err != nil {
		t.Fatal(err)
	}
	entry := func(version uint32, status pki.Status, from, until time.Time) pki.Entry {
		s := w.signers["m2"][version-1]
		return pki.Entry{Meter: "m2", Owner: operator, Version: version, Status: status, Algorithm: s.Algorithm(), Key: string(s.Public()), From: from, Until: until}
	}
	history := pki.Page{Entries: []pki.Entry{
		entry(1, pki.Rotated, time.Time{}, at(10)), entry(2, pki.Rotated, at(10), at(20)), entry(3, pki.Current, at(20), time.Time{}),
	}}
	if diff := cmp.Diff(history, page); diff != "" {
		t.Error(diff)
	}
	if got := w.accepts(t, pki.FnHistory, []byte("m2"), []byte("4")); got != `{"entries":[]}` {
		t.Errorf("beyond the last version: %s", got)
	}
	w.refuses(t, pki.CodeArguments, pki.FnHistory, []byte("m2"), []byte("0"))
	w.refuses(t, pki.CodeArguments, pki.FnHistory, []byte("m2"), []byte("4294967296"))
	w.refuses(t, pki.CodeMeterUnknown, pki.FnHistory, []byte("m9"), []byte("1"))

	for _, c := range []struct{ first, last, want string }{{"", "", "6"}, {"m1", "m1", "1"}, {"m1", "m2", "4"}, {"m4", "m9", "1"}, {"m5", "m9", "0"}} {
		for _, w.maxPage = range []int32{1, 1000} {
			if got := w.accepts(t, pki.FnCount, []byte(c.first), []byte(c.last)); got != c.want {
				t.Errorf("%s keys from %q to %q, want %s", got, c.first, c.last, c.want)
			}
		}
	}
	w.refuses(t, pki.CodeArguments, pki.FnCount, []byte("m1"), []byte(""))
	if got := w.accepts(t, pki.FnPing); got != pki.ContractName {
		t.Errorf("answered %q", got)
	}
}

// The history of a key that is rotated often comes in pages, each old signature verifies at its time, and the current entry stays as small as it was.
func TestLongHistory(t *testing.T) {
	w := newKeyWorld(t)
	signer := w.signers["m1"][0]
	size := len(w.state["m/m1"])
	signers := []*pki.Signer{signer}
	for v := uint32(1); v < 250; v++ {
		next := newSigner(t, pki.P256, fmt.Sprint("m1 version ", v))
		w.accepts(t, pki.FnRotate, rotates(t, "m1", v, at(1+int(v)), signers[v-1], next))
		signers = append(signers, next)
	}
	if got := len(w.state["m/m1"]); got != size {
		t.Errorf("the entry has %d bytes, and had %d", got, size)
	}
	seen, next := uint32(0), uint32(1)
	for pages := 0; next != 0; pages++ {
		var page pki.Page
		if err := json.Unmarshal([]byte(w.accepts(t, pki.FnHistory, []byte("m1"), []byte(strconv.Itoa(int(next))))), &page); err != nil || pages > 3 {
			t.Fatalf("page %d: %v", pages, err)
		}
		for _, e := range page.Entries {
			if seen++; e.Version != seen || e.Key != string(signers[seen-1].Public()) {
				t.Fatalf("entry %d is version %d", seen, e.Version)
			}
		}
		next = page.Next
	}
	if seen != 250 {
		t.Errorf("%d versions", seen)
	}
	for v := range signers {
		args := asked(t, "m1", signers[v], "reading", unix(at(1+v)))
		if got := w.accepts(t, pki.FnVerify, args...); got != strconv.Itoa(v+1) {
			t.Errorf("day %d: version %s", v, got)
		}
		if w.trips > 9 { // the current entry, and the logarithm of 249
			t.Errorf("day %d: %d reads", v, w.trips)
		}
	}
}

func TestRegistrars(t *testing.T) {
	w := newKeyWorld(t)
	registers := func(organisation string) []byte {
		return keys(t, registers(t, strings.ToLower(organisation), organisation, time.Time{}, newSigner(t, pki.P256, organisation)))
	}
	list := func(want string) {
		t.Helper()
		if got := w.accepts(t, pki.FnRegistrars); got != want {
			t.Errorf("registrars are %s, want %s", got, want)
		}
	}
	list(`["InmetroMSP","PtbMSP"]`)
	w.accepts(t, pki.FnGrant, []byte(outsider))
	list(`["CmiMSP","InmetroMSP","PtbMSP"]`)
	w.msp = outsider
	w.accepts(t, pki.FnRegister, registers(outsider))
	w.refuses(t, pki.CodeOperator, pki.FnGrant, []byte(outsider))
	w.refuses(t, pki.CodeOperator, pki.FnWithdraw, []byte(registrar))
	w.msp = operator
	w.accepts(t, pki.FnWithdraw, []byte(registrar))
	w.accepts(t, pki.FnWithdraw, []byte(operator)) // as when its key was stolen
	list(`["CmiMSP"]`)
	w.refuses(t, pki.CodeRegistrar, pki.FnRegister, registers(operator))
	w.accepts(t, pki.FnGrant, []byte(operator))
	w.accepts(t, pki.FnRegister, registers(operator))
	w.refuses(t, pki.CodeArguments, pki.FnGrant, []byte(""))
	w.refuses(t, pki.CodeArguments, pki.FnGrant, []byte("A/B"))

	// Who lost the role keeps its entries.
	w.msp = registrar
	w.accepts(t, pki.FnRevoke, revokes(t, "m4", 1, pki.CessationOfOperation, at(3)))
	w.refuses(t, pki.CodeRegistrar, pki.FnRegister, keys(t, again(t, "m4", registrar, at(4))))

	nobody := &keyWorld{newStub(""), &PKI{}, nil}
	nobody.refuses(t, pki.CodeOperator, pki.FnGrant, []byte("AMSP"))
	if got := nobody.accepts(t, pki.FnRegistrars); got != "[]" {
		t.Errorf("registrars are %s", got)
	}
}

// again returns the registration of a meter with another key.
func again(t testing.TB, meter, owner string, from time.Time) pki.Registration {
	return registers(t, meter, owner, from, newSigner(t, pki.P256, meter+" again"))
}

func TestVerifyReading(t *testing.T) {
	w := newKeyWorld(t)
	readings := map[string][]byte{}
	w.called = func(chaincode string, args [][]byte) *peer.Response {
		if chaincode != reading.ContractName || string(args[0]) != reading.FnGet {
			t.Errorf("asked %s for %s", chaincode, args[0])
		}
		if raw, ok := readings[string(args[1])+" "+string(args[2])]; ok {
			return &peer.Response{Status: 200, Payload: raw}
		}
		return answer(nil, reading.CodeMissing.Errorf("there is none"))
	}
	puts := func(meter string, number uint64, day int, key *pki.Signer) {
		r := plain(meter, number)
		r.Time = at(day)
		digest := r.Digest()
		signature, err := key.Sign(digest[:])
		if err != nil {
			t.Fatal(err)
		}
		r.Signature = signature
		readings[fmt.Sprint(meter, " ", number)] = raw(t, r)
	}
	m2 := w.signers["m2"]
	puts("m2", 1, 9, m2[0])
	puts("m2", 2, 20, m2[2])
	puts("m2", 3, 20, m2[0])
	puts("m2", 4, 19, m2[2])
	readings["m1 1"], readings["m1 2"] = readings["m2 1"], []byte("none")
	for number, want := range map[string]string{"1": "1", "2": "3"} {
		if got := w.accepts(t, pki.FnVerifyReading, []byte("m2"), []byte(number)); got != want {
			t.Errorf("reading %s: version %s, want %s", number, got, want)
		}
	}
	w.refuses(t, pki.CodeSignature, pki.FnVerifyReading, []byte("m2"), []byte("3"))
	w.refuses(t, pki.CodeDigest, pki.FnVerifyReading, []byte("m2"), []byte("4")) // the key of that day is of another algorithm
	w.refuses(t, reading.CodeMissing, pki.FnVerifyReading, []byte("m2"), []byte("5"))
	w.refuses(t, pki.CodeArguments, pki.FnVerifyReading, []byte("m2"), []byte("last"))
	for _, number := range []string{"1", "2"} {
		expect(t, w.call(t, pki.FnVerifyReading, []byte("m1"), []byte(number)), 500, "STATE_FAILED: reading "+number+" of meter m1: ")
	}
	w.called = nil
	expect(t, w.call(t, pki.FnVerifyReading, []byte("m2"), []byte("1")), 500, "STATE_FAILED: ask the contract readings")
}

func TestKeysWhenPeerFails(t *testing.T) {
	w := newKeyWorld(t)
	signer := w.signers["m1"][0]
	w.fail = errors.New("disk on fire")
	for function, args := range map[string][][]byte{
		pki.FnRegister:   {keys(t, again(t, "m9", operator, at(1)))},
		pki.FnRotate:     {rotates(t, "m1", 1, at(30), signer, newSigner(t, pki.P256, "fresh"))},
		pki.FnRevoke:     {revokes(t, "m1", 1, pki.Unspecified, at(7))},
		pki.FnLookup:     {[]byte("m1")},
		pki.FnHistory:    {[]byte("m1"), []byte("1")},
		pki.FnVerify:     asked(t, "m1", signer, "reading", ""),
		pki.FnGrant:      {[]byte(outsider)},
		pki.FnRegistrars: nil,
		pki.FnCount:      {nil, nil},
	} {
		r := w.call(t, function, args...)
		expect(t, r, 500, "STATE_FAILED: ")
		if !strings.Contains(r.GetMessage(), "disk on fire") {
			t.Errorf("%s: message %q loses the cause", function, r.GetMessage())
		}
	}
}
