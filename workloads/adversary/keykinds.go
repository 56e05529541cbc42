package adversary

import (
	"context"
	"errors"
	"time"

	"meterbench/bench/result"
	"meterbench/simulators/pki"
)

// kinds returns all kinds of attempts on keys in the order in which they are tried: what attackers abuse must be there, and
// the other organisation gets the role late.
func (s *keyStage) kinds() []Kind {
	as := s.As
	now, then := time.Time{}, s.Start.Add(reads)
	return []Kind{
		{result.ProbeNoRight, false, s.enlistNew(as.Other, s.Other, "outsider")},
		{result.ProbeSelfGrant, false, s.grantOther(as.Other)},
		{result.ProbeHonestRegister, true, s.honestRegister},
		{result.ProbeLoneRegister, false, s.enlistNew(as.Alone, s.Owner, "lone")},
		{result.ProbeForgedProof, false, s.forgedProof},
		{result.ProbeForeignKeyEntry, false, alternate(s.copiedProof, s.sharedKey)},
		{result.ProbeReplayRegister, false, s.replayList(&s.registered, pki.FnRegister)},
		{result.ProbeHonestVerify, true, s.signed(plain, now)},
		{result.ProbeWrongDigest, false, s.wrongDigest},
		{result.ProbeOtherSigner, false, s.otherSigner},

		{result.ProbeHonestRotate, true, s.honestRotate},
		{result.ProbeOldReading, true, s.signed(rotated, then)},
		{result.ProbeFormerKey, false, s.signed(rotated, now)},
		{result.ProbeFormerRotate, false, s.formerRotate},
		{result.ProbeReplayRotate, false, s.replayList(&s.rotations, pki.FnRotate)},
		{result.ProbeReplayRotated, false, s.registerAgain(as.Registrar, rotated)},
		{result.ProbeForeignEndorser, false, s.revokeFirst(as.Around, plain)},

		{result.ProbeHonestRevoke, true, s.honestRevoke},
		{result.ProbeRevokedKey, false, s.signed(revoked, now)},
		{result.ProbeBackdated, false, s.signed(revoked, then)},
		{result.ProbeStaleView, false, s.staleView},
		{result.ProbeReplayRevoked, false, s.registerAgain(as.Registrar, revoked)},

		{result.ProbeSecondIdentity, false, s.enlistNew(as.Intruder, s.Owner, "intruder")},
		{result.ProbeStolenInvent, false, s.enlistNew(as.Registrar, s.Owner, "invented")},
		{result.ProbeStolenReplace, false, alternate(s.replace(as.Registrar, s.Owner, plain), s.rotateWithoutKey(as.Registrar, "stolen"))},
		{result.ProbeStolenRevoke, false, s.revokeFirst(as.Registrar, victim)},
		{result.ProbeStolenRekey, false, s.replace(as.Registrar, s.Owner, victim)},

		{result.ProbeHonestGrant, true, s.grantOther(as.Registrar)},
		{result.ProbeReplayElsewhere, false, s.registerAgain(as.Other, plain)},
		{result.ProbeTakeRegister, false, s.replace(as.Other, s.Other, plain)},
		{result.ProbeTakeRevoked, false, s.replace(as.Other, s.Other, revoked)},
		{result.ProbeTakeRotate, false, alternate(s.rotateWithoutKey(as.Other, "taken"), s.rotateWithKey(as.Other, "taken with key"))},
		{result.ProbeTakeRevoke, false, s.revokeFirst(as.Other, plain)},
	}
}

// enlistNew registers a meter that is not on the ledger yet, for an owner.
func (s *keyStage) enlistNew(by Ledger, owner, role string) Attempt {
	return func(ctx context.Context, i uint64) error {
		key, err := s.signer(role, i, 1)
		if err != nil {
			return err
		}
		return s.enlist(ctx, by, owner, s.id(role, i), time.Time{}, key)
	}
}

// replace registers a meter that is on the ledger already with an attacker's key. Whoever may do so must say from when it
// counts.
func (s *keyStage) replace(by Ledger, owner, role string) Attempt {
	return func(ctx context.Context, i uint64) error {
		key, err := s.signer("replaced by "+owner+" "+role, i, 1)
		if err != nil {
			return err
		}
		return s.enlist(ctx, by, owner, s.id(role, i), s.Start.Add(returns), key)
	}
}

func (s *keyStage) grantOther(by Ledger) Attempt {
	return func(ctx context.Context, _ uint64) error { return invoke(ctx, by, pki.FnGrant, []byte(s.Other)) }
}

func (s *keyStage) revokeFirst(by Ledger, role string) Attempt {
	return func(ctx context.Context, i uint64) error { return s.revoke(ctx, by, s.id(role, i)) }
}

// registration is that of a meter's first key by its owner, the same whenever it is made.
func (s *keyStage) registration(role string, i uint64) (pki.Registration, error) {
	key, err := s.signer(role, i, 1)
	if err != nil {
		return pki.Registration{}, err
	}
	return pki.NewRegistration(s.Channel, s.id(role, i), s.Owner, time.Time{}, key)
}

// honestRegister registers the meters of an attempt.
func (s *keyStage) honestRegister(ctx context.Context, i uint64) error {
	var list []pki.Registration
	for _, role := range []string{plain, rotated, revoked, victim} {
		r, err := s.registration(role, i)
		if err != nil {
			return err
		}
		list = append(list, r)
	}
	wire, err := register(ctx, s.As.Registrar, list...)
	if err == nil {
		s.registered = append(s.registered, wire)
	}
	return err
}

// registerAgain submits a meter's first registration again.
func (s *keyStage) registerAgain(by Ledger, role string) Attempt {
	return func(ctx context.Context, i uint64) error {
		r, err := s.registration(role, i)
		if err == nil {
			_, err = register(ctx, by, r)
		}
		return err
	}
}

// replayList submits again, byte for byte, what was accepted.
func (s *keyStage) replayList(accepted *[][]byte, function string) Attempt {
	return func(ctx context.Context, i uint64) error {
		if len(*accepted) == 0 {
			return errors.New("nothing was accepted that could be replayed")
		}
		return invoke(ctx, s.As.Registrar, function, (*accepted)[i%uint64(len(*accepted))])
	}
}

// forgedProof registers the key of a meter that the attacker does not hold, with a proof by one that he does.
func (s *keyStage) forgedProof(ctx context.Context, i uint64) error {
	meters, err1 := s.registration("unproven", i)
	stranger, err2 := s.signer("forger", i, 1)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	forged, err := pki.NewRegistration(s.Channel, meters.Meter, s.Owner, time.Time{}, stranger)
	if err != nil {
		return err
	}
	meters.Proof = forged.Proof
	_, err = register(ctx, s.As.Registrar, meters)
	return err
}

// copiedProof registers another meter with the key and the proof of one that is registered.
func (s *keyStage) copiedProof(ctx context.Context, i uint64) error {
	r, err := s.registration(plain, i)
	if err != nil {
		return err
	}
	r.Meter = s.id("copied", i)
	_, err = register(ctx, s.As.Registrar, r)
	return err
}

// sharedKey registers another meter with the key of one that is registered, which proves that it holds it.
func (s *keyStage) sharedKey(ctx context.Context, i uint64) error {
	key, err := s.signer(plain, i, 1)
	if err != nil {
		return err
	}
	return s.enlist(ctx, s.As.Registrar, s.Owner, s.id("shared", i), time.Time{}, key)
}

// signed has a signature by a meter's first key verified as made at a time.
func (s *keyStage) signed(role string, at time.Time) Attempt {
	return func(ctx context.Context, i uint64) error {
		key, err := s.signer(role, i, 1)
		if err != nil {
			return err
		}
		return s.verify(ctx, s.id(role, i), key, at)
	}
}

func (s *keyStage) wrongDigest(ctx context.Context, i uint64) error {
	key, err := s.signer(plain, i, 1)
	if err != nil {
		return err
	}
	return s.verifyOver(ctx, s.id(plain, i), key, []byte("another reading"), time.Time{})
}

// otherSigner has the signature of a meter verified as if it were another's, which signs by the same algorithm.
func (s *keyStage) otherSigner(ctx context.Context, i uint64) error {
	key, err := s.signer(victim, i, 1)
	if err != nil {
		return err
	}
	return s.verify(ctx, s.id(plain, i), key, time.Time{})
}

// honestRotate replaces a meter's key, which then verifies.
func (s *keyStage) honestRotate(ctx context.Context, i uint64) error {
	old, err1 := s.signer(rotated, i, 1)
	next, err2 := s.signer(rotated, i, 2)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	wire, err := s.rotate(ctx, s.As.Registrar, s.id(rotated, i), 1, old, next)
	if err != nil {
		return err
	}
	s.rotations = append(s.rotations, wire)
	return s.verify(ctx, s.id(rotated, i), next, time.Time{})
}

// formerRotate replaces a meter's key, signed by the one that was rotated away: for the version that it was, and for the
// current one.
func (s *keyStage) formerRotate(ctx context.Context, i uint64) error {
	old, err1 := s.signer(rotated, i, 1)
	next, err2 := s.signer("former", i, 1)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	version := uint32(1 + i%2)
	_, err := s.rotate(ctx, s.As.Registrar, s.id(rotated, i), version, old, next)
	return err
}

// rotateWithKey replaces a meter's key by an attacker's, with its signature.
func (s *keyStage) rotateWithKey(by Ledger, attacker string) Attempt {
	return func(ctx context.Context, i uint64) error {
		old, err1 := s.signer(plain, i, 1)
		next, err2 := s.signer(attacker, i, 1)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		_, err := s.rotate(ctx, by, s.id(plain, i), 1, old, next)
		return err
	}
}

// rotateWithoutKey replaces a meter's key by an attacker's, signed by that in place of the old.
func (s *keyStage) rotateWithoutKey(by Ledger, attacker string) Attempt {
	return func(ctx context.Context, i uint64) error {
		next, err := s.signer(attacker, i, 1)
		if err == nil {
			_, err = s.rotate(ctx, by, s.id(plain, i), 1, next, next)
		}
		return err
	}
}

// honestRevoke revokes a meter's key after a verifier looked it up, with endorsements of the owner's peers only: they are enough
// to change what is there.
func (s *keyStage) honestRevoke(ctx context.Context, i uint64) error {
	kept, err := s.lookUp(ctx, s.id(revoked, i))
	if err != nil {
		return err
	}
	s.kept = append(s.kept, kept)
	return s.revokeFirst(s.As.Alone, revoked)(ctx, i)
}

// staleView verifies a signature of a revoked key by the key that the verifier kept.
func (s *keyStage) staleView(_ context.Context, i uint64) error {
	key, err := s.signer(revoked, i, 1)
	if err != nil {
		return err
	}
	if i >= uint64(len(s.kept)) {
		return errors.New("no key was looked up before it was revoked")
	}
	digest := pki.Digest(key.Algorithm(), message)
	signature, err := key.Sign(digest)
	if err != nil {
		return err
	}
	return decided(s.kept[i].Verify(digest, signature))
}
