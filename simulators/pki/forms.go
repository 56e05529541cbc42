package pki

import (
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"meterbench/simulators/reading"
)

// Domains separate what keys sign here from each other and from everything else that they sign.
const (
	registrationDomain = "meterbench pki registration\x00"
	rotationDomain     = "meterbench pki rotation\x00"
)

// A Registration puts the first key of a meter on the ledger, or a new one after the last was revoked.
type Registration struct {
	Meter string    // id, as of readings
	Owner string    // MSP id of the organisation that owns the entry: the sender's
	From  time.Time // from when the key counts, in whole seconds; zero: from the start, which only a first key can
	Key   []byte    // SPKI PEM
	Proof []byte    // that the meter holds the key: its signature over channel, meter, owner, time and key
}

// A Rotation replaces the key of a meter by another one.
type Rotation struct {
	Meter     string
	Version   uint32    // of the key that it replaces: the current one, from 1
	From      time.Time // from when the new key counts, and the old one no more; in whole seconds, after the old one's
	Key       []byte    // the new one, SPKI PEM
	Proof     []byte    // signature by the new key over channel, meter, version, time and new key
	Signature []byte    // signature by the old key over the same
}

// A Revocation ends a meter's key.
type Revocation struct {
	Meter   string
	Version uint32 // of the key: the current one
	Reason  Reason
	Time    time.Time // from when the key counts no more, in whole seconds, not before it began to count
}

// NewRegistration returns the registration of a meter's key on a channel, with its proof. The zero time stands for the start.
func NewRegistration(channel, meter, owner string, from time.Time, signer *Signer) (Registration, error) {
	r := Registration{Meter: meter, Owner: owner, From: from, Key: signer.Public()}
	message, err := r.message(channel, signer.key)
	if err == nil {
		r.Proof, err = signer.Sign(Digest(signer.Algorithm(), message))
	}
	if err == nil {
		err = r.check()
	}
	return r, wrap("registration of meter "+meter, err)
}

// NewRotation returns the rotation from the old key of that version to the new one, with proof and signature.
func NewRotation(channel, meter string, version uint32, from time.Time, old, next *Signer) (Rotation, error) {
	r := Rotation{Meter: meter, Version: version, From: from, Key: next.Public()}
	message, err := r.message(channel, next.key)
	if err == nil {
		r.Proof, err = next.Sign(Digest(next.Algorithm(), message))
	}
	if err == nil {
		r.Signature, err = old.Sign(Digest(old.Algorithm(), message))
	}
	if err == nil {
		err = r.check()
	}
	return r, wrap("rotation of meter "+meter, err)
}

// CheckProof returns nil if the proof of a registration for a channel is by its key, which ParseKey read, and else CodeKeyForeign.
func (r *Registration) CheckProof(channel string, key Key) error {
	message, err := r.message(channel, key)
	if err != nil {
		return err
	}
	if key.Verify(Digest(key.Algorithm(), message), r.Proof) != nil {
		return CodeKeyForeign.Errorf("the proof is not by the key, for this channel, meter, owner and time")
	}
	return nil
}

// CheckProofs returns nil if a rotation on a channel is signed by the current key and the proof by the next one, which ParseKey read, and
// else a refusal, CodeSignature or CodeKeyForeign.
func (r *Rotation) CheckProofs(channel string, current, next Key) error {
	message, err := r.message(channel, next)
	if err != nil {
		return err
	}
	if next.Verify(Digest(next.Algorithm(), message), r.Proof) != nil {
		return CodeKeyForeign.Errorf("the proof is not by the new key, for this channel, meter, version and time")
	}
	if current.Verify(Digest(current.Algorithm(), message), r.Signature) != nil {
		return CodeSignature.Errorf("the rotation is not signed by the current key")
	}
	return nil
}

// message returns what the key signs of a registration. Every field has a fixed size or its length in front.
func (r *Registration) message(channel string, key Key) ([]byte, error) {
	compact, err := key.Compact()
	b := cryptobyte.NewBuilder([]byte(registrationDomain))
	addShort(b, channel)
	addShort(b, r.Meter)
	addShort(b, r.Owner)
	addTime(b, r.From)
	b.AddBytes(compact)
	return finish(b, err)
}

// message returns what both keys sign of a rotation.
func (r *Rotation) message(channel string, key Key) ([]byte, error) {
	compact, err := key.Compact()
	b := cryptobyte.NewBuilder([]byte(rotationDomain))
	addShort(b, channel)
	addShort(b, r.Meter)
	b.AddUint32(r.Version)
	addTime(b, r.From)
	b.AddBytes(compact)
	return finish(b, err)
}

func (r *Registration) check() error {
	return first(reading.CheckMeter(r.Meter), CheckMSP(r.Owner), checkTime(r.From, false), checkSizes(r.Key, r.Proof))
}

func (r *Rotation) check() error {
	return first(reading.CheckMeter(r.Meter), checkVersion(r.Version), checkTime(r.From, true), checkSizes(r.Key, r.Proof, r.Signature))
}

func (r *Revocation) check() error {
	return first(reading.CheckMeter(r.Meter), checkVersion(r.Version), r.Reason.check(), checkTime(r.Time, true))
}

// CheckMSP checks that id may be the MSP id of an owner.
func CheckMSP(id string) error {
	if len(id) == 0 || len(id) > MaxMSP {
		return fmt.Errorf("MSP id of %d bytes; want 1 to %d", len(id), MaxMSP)
	}
	for i := range len(id) {
		c := id[i]
		if letter := 'a' <= c|0x20 && c|0x20 <= 'z'; !letter && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return fmt.Errorf("MSP id %q: want letters, digits, ., - and _", id)
		}
	}
	return nil
}

func checkVersion(version uint32) error {
	if version == 0 {
		return fmt.Errorf("version 0 of a key; they count from 1")
	}
	return nil
}

func checkTime(t time.Time, must bool) error {
	switch {
	case t.IsZero() && must:
		return fmt.Errorf("no time")
	case !t.IsZero() && (t.Unix() <= 0 || t.Unix() > reading.MaxTime || t.Nanosecond() != 0):
		return fmt.Errorf("time %v; want whole seconds after 1970", t)
	}
	return nil
}

func checkSizes(key []byte, signatures ...[]byte) error {
	if len(key) > MaxKey {
		return fmt.Errorf("key of %d bytes; want at most %d", len(key), MaxKey)
	}
	for _, s := range signatures {
		if len(s) > MaxSignature {
			return fmt.Errorf("signature of %d bytes; want at most %d", len(s), MaxSignature)
		}
	}
	return nil
}

// first returns the first error that is not nil.
func first(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// wrap says what failed, if something did.
func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
