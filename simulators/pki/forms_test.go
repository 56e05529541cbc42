package pki

import (
	"bytes"
	"crypto"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func signerOf(t testing.TB, algorithm Algorithm, purpose string) *Signer {
	t.Helper()
	s, err := NewSigner(1, algorithm, purpose)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var day = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

func registrationOf(t testing.TB, meter string) Registration {
	t.Helper()
	r, err := NewRegistration("metrology", meter, "PtbMSP", day, signerOf(t, P256, meter))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func rotationOf(t testing.TB) Rotation {
	t.Helper()
	r, err := NewRotation("metrology", "m1", 3, day, signerOf(t, P256, "m1"), signerOf(t, Ed25519ph, "m1"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func revocationOf() Revocation {
	return Revocation{Meter: "m1", Version: 3, Reason: KeyCompromise, Time: day}
}

// Equal signers have equal keys and signatures, and others have others.
func TestSigners(t *testing.T) {
	seen := map[string]string{}
	for _, algorithm := range Algorithms() {
		for _, purpose := range []string{"meter 1", "meter 2"} {
			for _, seed := range []uint64{1, 2} {
				a, err1 := NewSigner(seed, algorithm, purpose)
				b, err2 := NewSigner(seed, algorithm, purpose)
				if err1 != nil || err2 != nil {
					t.Fatal(err1, err2)
				}
				name := fmt.Sprint(algorithm, purpose, seed)
				if other, taken := seen[string(a.Public())]; taken || !bytes.Equal(a.Public(), b.Public()) {
					t.Errorf("%s has the key of %s, or not always the same", name, other)
				}
				seen[string(a.Public())] = name
				if public := a.Key().Public().(interface{ Equal(crypto.PublicKey) bool }); !public.Equal(a.Private().Public()) {
					t.Errorf("%s has another private key", name)
				}
			}
		}
	}
}

// The proof of a registration is over all that it says, and on one channel.
func TestProofs(t *testing.T) {
	r := registrationOf(t, "m1")
	key, err := ParseKey(r.Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.CheckProof("metrology", key); err != nil {
		t.Error(err)
	}
	refused(t, r.CheckProof("billing", key), CodeKeyForeign)
	refused(t, r.CheckProof("metrology", signerOf(t, P256, "m2").Key()), CodeKeyForeign)
	for name, edit := range map[string]func(r *Registration){
		"meter": func(r *Registration) { r.Meter = "m2" }, "owner": func(r *Registration) { r.Owner = "CmiMSP" },
		"time": func(r *Registration) { r.From = time.Time{} }, "proof": func(r *Registration) { r.Proof = nil },
		"fields moved": func(r *Registration) { r.Meter, r.Owner = "m1P", "tbMSP" },
	} {
		t.Run(name, func(t *testing.T) {
			r := r
			edit(&r)
			refused(t, r.CheckProof("metrology", key), CodeKeyForeign)
		})
	}
	rotation := rotationOf(t)
	old, next := signerOf(t, P256, "m1").Key(), signerOf(t, Ed25519ph, "m1").Key()
	if err := rotation.CheckProofs("metrology", old, next); err != nil {
		t.Error(err)
	}
	refused(t, rotation.CheckProofs("billing", old, next), CodeKeyForeign)
	refused(t, rotation.CheckProofs("metrology", signerOf(t, P256, "m2").Key(), next), CodeSignature)
	refused(t, rotation.CheckProofs("metrology", Key{}, next), CodeSignature)
	for name, edit := range map[string]func(r *Rotation){
		"meter": func(r *Rotation) { r.Meter = "m2" }, "version": func(r *Rotation) { r.Version++ },
		"time": func(r *Rotation) { r.From = r.From.Add(time.Second) }, "proof": func(r *Rotation) { r.Proof = r.Signature },
	} {
		t.Run("rotation of another "+name, func(t *testing.T) {
			r := rotation
			edit(&r)
			refused(t, r.CheckProofs("metrology", old, next), CodeKeyForeign)
		})
	}
	// The proof of a registration is none of a rotation.
	first := Rotation{Meter: "m1", Version: 1, From: day, Key: r.Key, Proof: r.Proof, Signature: r.Proof}
	refused(t, first.CheckProofs("metrology", key, key), CodeKeyForeign)
}

func TestMarshalRefuses(t *testing.T) {
	long := strings.Repeat("m", 65)
	for name, edit := range map[string]func(r *Registration){
		"no meter": func(r *Registration) { r.Meter = "" }, "a long meter": func(r *Registration) { r.Meter = long },
		"a meter in capitals": func(r *Registration) { r.Meter = "M1" }, "no owner": func(r *Registration) { r.Owner = "" },
		"a long owner": func(r *Registration) { r.Owner = long + long }, "an owner of several words": func(r *Registration) { r.Owner = "P T B" },
		"a time in parts of seconds": func(r *Registration) { r.From = day.Add(time.Millisecond) },
		"a time before 1970":         func(r *Registration) { r.From = time.Unix(-1, 0) },
		"a time beyond all":          func(r *Registration) { r.From = time.Unix(1<<40, 0) },
		"a long key":                 func(r *Registration) { r.Key = make([]byte, MaxKey+1) },
		"a long proof":               func(r *Registration) { r.Proof = make([]byte, MaxSignature+1) },
	} {
		t.Run(name, func(t *testing.T) {
			r := registrationOf(t, "m1")
			edit(&r)
			if b, err := MarshalRegistrations([]Registration{r}); err == nil {
				t.Errorf("%x", b)
			}
		})
	}
	for _, n := range []int{0, MaxBatch + 1, 256} {
		if _, err := MarshalRegistrations(make([]Registration, n)); err == nil || !strings.Contains(err.Error(), fmt.Sprint("list of ", n)) {
			t.Errorf("list of %d: %v", n, err)
		}
	}
	rotation, revocation := rotationOf(t), revocationOf()
	rotation.Version = 0
	if _, err := rotation.Marshal(); err == nil {
		t.Error("rotation of version 0")
	}
	rotation = rotationOf(t)
	rotation.From = time.Time{}
	if _, err := rotation.Marshal(); err == nil {
		t.Error("rotation at no time")
	}
	for _, reason := range []Reason{2, 6, 7, 8, 10, 255} {
		revocation.Reason = reason
		if _, err := revocation.Marshal(); err == nil {
			t.Errorf("revocation for %v", reason)
		}
	}
	if _, err := NewRegistration("metrology", "M1", "PtbMSP", day, signerOf(t, P256, "m1")); err == nil {
		t.Error("registration of a meter that can be none")
	}
}

// Every prefix of a wire form is refused, and every form with a byte more.
func TestUnmarshalRefuses(t *testing.T) {
	rotation, revocation := rotationOf(t), revocationOf()
	list, err1 := MarshalRegistrations([]Registration{registrationOf(t, "m1"), registrationOf(t, "m2")})
	one, err2 := rotation.Marshal()
	other, err3 := revocation.Marshal()
	if err := first(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		wire []byte
		read func([]byte) error
	}{
		"registrations": {list, func(b []byte) error { _, err := UnmarshalRegistrations(b); return err }},
		"rotation":      {one, func(b []byte) error { _, err := UnmarshalRotation(b); return err }},
		"revocation":    {other, func(b []byte) error { _, err := UnmarshalRevocation(b); return err }},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.read(c.wire); err != nil {
				t.Error(err)
			}
			for n := range c.wire {
				if c.read(c.wire[:n]) == nil {
					t.Errorf("%d bytes are taken", n)
				}
			}
			if c.read(append(bytes.Clone(c.wire), 0)) == nil {
				t.Error("a byte more is taken")
			}
			version := bytes.Clone(c.wire)
			if version[0]++; c.read(version) == nil {
				t.Error("another version is taken")
			}
		})
	}
}

// What is written is read back, whatever the fields are.
func TestRoundTrip(t *testing.T) {
	times := rapid.Map(rapid.Int64Range(0, 1<<40-1), func(s int64) time.Time {
		if s == 0 {
			return time.Time{}
		}
		return time.Unix(s, 0).UTC()
	})
	meters, owners := rapid.StringMatching(`[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?`), rapid.StringMatching(`[A-Za-z0-9._-]{1,100}`)
	bytesUpTo := func(n int) *rapid.Generator[[]byte] { return rapid.SliceOfN(rapid.Byte(), 1, n) }
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Registration {
			return Registration{
				Meter: meters.Draw(t, "meter"), Owner: owners.Draw(t, "owner"), From: times.Draw(t, "from"),
				Key: bytesUpTo(200).Draw(t, "key"), Proof: bytesUpTo(MaxSignature).Draw(t, "proof"),
			}
		}), 1, 5).Draw(t, "list")
		wire, err := MarshalRegistrations(list)
		if err != nil {
			t.Fatal(err)
		}
		got, err := UnmarshalRegistrations(wire)
		if diff := cmp.Diff(list, got); err != nil || diff != "" {
			t.Errorf("%v: %s", err, diff)
		}
		from := times.Filter(func(at time.Time) bool { return !at.IsZero() })
		rotation := Rotation{
			Meter: meters.Draw(t, "meter"), Version: rapid.Uint32Min(1).Draw(t, "version"), From: from.Draw(t, "from"),
			Key: bytesUpTo(200).Draw(t, "key"), Proof: bytesUpTo(MaxSignature).Draw(t, "proof"), Signature: bytesUpTo(MaxSignature).Draw(t, "signature"),
		}
		if wire, err = rotation.Marshal(); err != nil {
			t.Fatal(err)
		}
		r, err := UnmarshalRotation(wire)
		if diff := cmp.Diff(rotation, r); err != nil || diff != "" {
			t.Errorf("%v: %s", err, diff)
		}
		revocation := Revocation{
			Meter: meters.Draw(t, "meter"), Version: rapid.Uint32Min(1).Draw(t, "version"), Reason: rapid.SampledFrom(Reasons()).Draw(t, "reason"),
			Time: from.Draw(t, "time"),
		}
		if wire, err = revocation.Marshal(); err != nil {
			t.Fatal(err)
		}
		v, err := UnmarshalRevocation(wire)
		if diff := cmp.Diff(revocation, v); err != nil || diff != "" {
			t.Errorf("%v: %s", err, diff)
		}
	})
}

func TestReasons(t *testing.T) {
	for _, r := range Reasons() {
		text, err := json.Marshal(r)
		var back Reason
		if err != nil || json.Unmarshal(text, &back) != nil || back != r {
			t.Errorf("%v is written %s and read %v, %v", r, text, back, err)
		}
	}
	var r Reason
	if err := json.Unmarshal([]byte(`"certificateHold"`), &r); err == nil {
		t.Errorf("read as %v", r)
	}
	if got := Reason(6).String(); got != "reason(6)" {
		t.Error(got)
	}
}
