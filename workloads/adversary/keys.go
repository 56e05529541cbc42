package adversary

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/readjson"
	"meterbench/simulators/pki"
)

// KeysConfig describes the attempts on meters' keys on a ledger: one channel with the contract "pki".
type KeysConfig struct {
	Channel  string
	Seed     uint64    // of all keys
	Attempts int       // of each kind, at least 1
	Prefix   string    // of the meters' ids, unique on the ledger
	Start    time.Time // from when meters sign, in whole seconds
	Owner    string    // MSP id of the organisation that has the role and owns the meters, the contract's operator
	Other    string    // MSP id of another organisation, which has no role at first
	As       Callers
}

// Callers are the ledger as different parties use it.
type Callers struct {
	Registrar Ledger // a client of the owner, endorsed as the network wants it
	Alone     Ledger // the same, endorsed by the owner's peers only
	Around    Ledger // the same, endorsed by the other organisation's peers only
	Intruder  Ledger // an identity that the CA of the owner has issued to somebody else
	Other     Ledger // a client of the other organisation
}

// The meters of each attempt, by what becomes of them.
const (
	plain   = "plain"   // registered, never changed
	rotated = "rotated" // its key is replaced by its owner
	revoked = "revoked" // its key is revoked by its owner
	victim  = "victim"  // its key is revoked by an attacker, and replaced
)

// The times of the meters' keys after the start.
const (
	reads   = 30 * time.Minute // a reading while the first key counts
	changes = time.Hour        // rotation, revocation
	returns = 2 * time.Hour    // the attacker's key after a revocation
)

// A keyStage is the network and the parties of the attempts on keys.
type keyStage struct {
	KeysConfig
	registered [][]byte  // what was accepted, in wire form, by attempt
	rotations  [][]byte  // likewise
	kept       []pki.Key // keys that a verifier looked up before they were revoked
}

// ProbeKeys tries every kind of attempt on the keys of meters. Its error is that of a ledger that did not answer; the
// result of all earlier attempts comes along.
func ProbeKeys(ctx context.Context, config KeysConfig) (result.Integrity, error) {
	s := &keyStage{KeysConfig: config}
	return Try(ctx, result.SystemLedger, s.kinds(), keysDesign(), config.Attempts)
}

// signer returns the private key of that version of a meter. Attempts sign by each algorithm in turn.
func (s *keyStage) signer(role string, i uint64, version int) (*pki.Signer, error) {
	algorithm := pki.Algorithms()[i%2]
	return pki.NewSigner(s.Seed, algorithm, fmt.Sprintf("keys %s %d %d", role, i, version))
}

// id returns the id of a meter of an attempt.
func (s *keyStage) id(role string, i uint64) string {
	return fmt.Sprintf("%s-%s-%d", s.Prefix, role, i)
}

// register submits registrations, which it returns in wire form.
func register(ctx context.Context, by Ledger, list ...pki.Registration) ([]byte, error) {
	wire, err := pki.MarshalRegistrations(list)
	if err != nil {
		return nil, err
	}
	return wire, invoke(ctx, by, pki.FnRegister, wire)
}

// enlist registers a meter for an owner and has a signature by its key verified: only then was the attempt worth it.
func (s *keyStage) enlist(ctx context.Context, by Ledger, owner, meter string, from time.Time, key *pki.Signer) error {
	r, err := pki.NewRegistration(s.Channel, meter, owner, from, key)
	if err != nil {
		return err
	}
	if _, err = register(ctx, by, r); err != nil {
		return err
	}
	return s.verify(ctx, meter, key, time.Time{})
}

// rotate submits a rotation of that version, which it returns in wire form.
func (s *keyStage) rotate(ctx context.Context, by Ledger, meter string, version uint32, old, next *pki.Signer) ([]byte, error) {
	r, err := pki.NewRotation(s.Channel, meter, version, s.Start.Add(time.Duration(version)*changes), old, next)
	if err != nil {
		return nil, err
	}
	wire, err := r.Marshal()
	if err != nil {
		return nil, err
	}
	return wire, invoke(ctx, by, pki.FnRotate, wire)
}

// revoke submits a revocation of a meter's first key.
func (s *keyStage) revoke(ctx context.Context, by Ledger, meter string) error {
	r := pki.Revocation{Meter: meter, Version: 1, Reason: pki.KeyCompromise, Time: s.Start.Add(changes)}
	wire, err := r.Marshal()
	if err != nil {
		return err
	}
	return invoke(ctx, by, pki.FnRevoke, wire)
}

// message is what meters sign.
var message = []byte("one reading of a meter")

// verify has the contract verify a signature by the key as if it were the meter's, made at a time or, if that is zero, now.
func (s *keyStage) verify(ctx context.Context, meter string, key *pki.Signer, at time.Time) error {
	return s.verifyOver(ctx, meter, key, message, at)
}

// verifyOver is verify for a message of which the verifier has the digest, whatever the meter signed.
func (s *keyStage) verifyOver(ctx context.Context, meter string, key *pki.Signer, had []byte, at time.Time) error {
	args, err := verifyArgs(meter, key, had, at)
	if err == nil {
		_, err = s.As.Registrar.Evaluate(ctx, pki.FnVerify, args...)
	}
	return decided(err)
}

// verifyArgs returns the arguments with which the contract verifies.
func verifyArgs(meter string, key *pki.Signer, had []byte, at time.Time) ([][]byte, error) {
	signature, err := key.Sign(pki.Digest(key.Algorithm(), message))
	if err != nil {
		return nil, err
	}
	var when []byte
	if !at.IsZero() {
		when = strconv.AppendInt(nil, at.Unix(), 10)
	}
	digest := hex.EncodeToString(pki.Digest(key.Algorithm(), had))
	return [][]byte{[]byte(meter), []byte(digest), []byte(base64.StdEncoding.EncodeToString(signature)), when}, nil
}

// lookUp returns the current key of a meter.
func (s *keyStage) lookUp(ctx context.Context, meter string) (pki.Key, error) {
	answer, err := s.As.Registrar.Evaluate(ctx, pki.FnLookup, []byte(meter))
	if err != nil {
		return pki.Key{}, decided(err)
	}
	var e pki.Entry
	if err := readjson.Unmarshal(answer, &e); err != nil {
		return pki.Key{}, fmt.Errorf("look up meter %s: %w", meter, err)
	}
	return pki.ParseKey([]byte(e.Key))
}
