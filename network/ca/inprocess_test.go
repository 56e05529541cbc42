package ca

import (
	"crypto"
	"math/big"
	"testing"

	"meterbench/simulators/pki"
)

// What an authority refuses, whoever asks.
func TestInProcessRefuses(t *testing.T) {
	w := newWorld(t, Config{})
	next := newSigner(t, pki.P256, "second").Private()
	asMeter := w.By(Identity{w.meter, w.signer.Private()})
	code := func(t *testing.T, err error, want int) {
		t.Helper()
		kind(t, err, Refused)
		if e, ok := err.(*Error); !ok || e.Code != want {
			t.Errorf("%v, want code %d", err, want)
		}
	}
	t.Run("registered twice", func(t *testing.T) {
		_, _, err := w.Register(t.Context(), meterName)
		code(t, err, codeConflict)
		_, _, err = w.Register(t.Context(), registrarName)
		code(t, err, codeConflict)
	})
	t.Run("by a meter", func(t *testing.T) {
		_, _, err := asMeter.Register(t.Context(), "meter-3")
		code(t, err, codeForbidden)
		_, _, err = asMeter.Reissue(t.Context(), meterName, next)
		code(t, err, codeForbidden)
		_, _, err = asMeter.CRL(t.Context())
		code(t, err, codeForbidden)
		_, err = asMeter.Revoke(t.Context(), w.meter.Leaf.SerialNumber, pki.Unspecified)
		code(t, err, codeForbidden)
	})
	t.Run("by nobody", func(t *testing.T) {
		_, _, err := w.By(Identity{}).Register(t.Context(), "meter-3")
		code(t, err, codeForbidden)
	})
	t.Run("under another name", func(t *testing.T) {
		of := func(name string) Identity { return Identity{Certificate{name, w.meter.Leaf}, w.signer.Private()} }
		_, _, err := w.By(of(registrarName)).Register(t.Context(), "meter-3")
		code(t, err, codeForbidden)
		_, _, err = w.Renew(t.Context(), of("meter-3"), next)
		code(t, err, codeForbidden)
	})
	t.Run("a secret twice", func(t *testing.T) {
		secret, _, err := w.Register(t.Context(), "meter-4")
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = w.EnrolWith(t.Context(), "meter-4", "other", next)
		code(t, err, codeUnauthorised)
		_, _, err = w.EnrolWith(t.Context(), "meter-4", secret, next)
		kind(t, err, "")
		_, _, err = w.EnrolWith(t.Context(), "meter-4", secret, next)
		code(t, err, codeUnauthorised)
		_, _, err = w.EnrolWith(t.Context(), "meter-4", "", next)
		code(t, err, codeUnauthorised)
		_, _, err = w.EnrolWith(t.Context(), "nobody", "", next)
		code(t, err, codeUnauthorised)
	})
	t.Run("reissued", func(t *testing.T) {
		c, _, err := w.Reissue(t.Context(), meterName, next)
		if err != nil || c.Leaf.Equal(w.meter.Leaf) {
			t.Error(c, err)
		}
		_, _, err = w.Reissue(t.Context(), "nobody", next)
		code(t, err, codeMissing)
	})
	t.Run("renewed with another's key", func(t *testing.T) {
		_, _, err := w.Renew(t.Context(), Identity{w.meter, next}, next)
		code(t, err, codeUnauthorised)
		_, _, err = w.Renew(t.Context(), Identity{identity(t, newWorld(t, Config{}).issuer, nil).Certificate, next}, next)
		code(t, err, codeUnauthorised)
	})
	t.Run("revoked twice", func(t *testing.T) {
		w.revoke(t, w.meter)
		_, err := w.Revoke(t.Context(), w.meter.Leaf.SerialNumber, pki.Unspecified)
		code(t, err, codeMissing)
		_, err = w.Revoke(t.Context(), big.NewInt(1), pki.Unspecified)
		code(t, err, codeMissing)
		_, _, err = w.Renew(t.Context(), Identity{w.meter, w.signer.Private()}, next)
		code(t, err, codeUnauthorised)
	})
}

// Renewal works with keys of both algorithms, from one to the other.
func TestInProcessRenews(t *testing.T) {
	w := newWorld(t, Config{})
	of := Identity{w.meter, w.signer.Private()}
	for _, algorithm := range []pki.Algorithm{pki.Ed25519ph, pki.P256, pki.P256} {
		key := newSigner(t, algorithm, "next "+string(algorithm)).Private()
		c, _, err := w.Renew(t.Context(), of, key)
		if err != nil {
			t.Fatal(err)
		}
		if public, ok := c.Leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(key.Public()) || c.Meter != meterName {
			t.Errorf("%s: %v", algorithm, c.Leaf.PublicKey)
		}
		of = Identity{c, key}
	}
}

func TestStartRefuses(t *testing.T) {
	if _, err := Start(t.Context(), Config{Issuer: "letters"}); err == nil || err.Error() != `certification authority: there is no issuer "letters"; known are fabric-ca and in-process` {
		t.Errorf("got %v", err)
	}
}
