package attack

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"time"

	"meterbench/bench/result"
	"meterbench/network/ca"
	"meterbench/simulators/pki"
	"meterbench/workloads/adversary"
)

// kinds returns all kinds of attempts in the order in which they are tried: what attackers abuse must be there.
func (s *stage) kinds() []adversary.Kind {
	now := time.Time{}
	return []adversary.Kind{
		s.kind(result.ProbeHonestEnrol, true, s.honestEnrol),
		s.kind(result.ProbeHonestVerify, true, s.signed(plain, message, now)),
		s.kind(result.ProbeNoRight, false, s.noRight),
		s.kind(result.ProbeNoRightRevoke, false, s.noRightRevoke),
		s.kind(result.ProbeForgedProof, false, s.forgedProof),
		s.kind(result.ProbeReplayEnrol, false, s.replayEnrol),
		s.kind(result.ProbeWrongDigest, false, s.signed(plain, []byte("another reading"), now)),
		s.kind(result.ProbeOtherSigner, false, s.otherSigner),
		s.kind(result.ProbeForeignCA, false, s.foreignCA),
		s.kind(result.ProbeExpired, false, s.expired),

		s.kind(result.ProbeHonestRenew, true, s.renewAs(renewed, "next")),
		s.kind(result.ProbeOldReading, true, func(ctx context.Context, i uint64) error {
			return s.signed(renewed, message, time.Now().Add(-time.Second))(ctx, i)
		}),
		s.kind(result.ProbeFormerKey, false, s.signed(renewed, message, now)),
		s.kind(result.ProbeFormerRenew, false, s.renewAs(renewed, "former")),

		s.kind(result.ProbeHonestRevoke, true, s.honestRevoke),
		s.kind(result.ProbeRevokedKey, false, s.signed(revoked, message, now)),
		s.kind(result.ProbeBackdated, false, func(ctx context.Context, i uint64) error {
			return s.signed(revoked, message, time.Now().Add(-time.Minute))(ctx, i)
		}),
		s.kind(result.ProbeRevokedRenew, false, s.renewAs(revoked, "former")),
		s.kind(result.ProbeStaleView, false, s.stale(maxAge/2)),
		s.kind(result.ProbeStaleBeyond, false, s.stale(2*maxAge)),
		s.kind(result.ProbeSuppressed, false, s.suppressed),
		s.kind(result.ProbeOldCRL, false, s.oldCRL),
		s.kind(result.ProbeForgedCRL, false, s.forgedCRL),
		s.kind(result.ProbeForgedStatus, false, s.forgedStatus),

		s.kind(result.ProbeStolenInvent, false, s.invent),
		s.kind(result.ProbeStolenReplace, false, s.reissue),
		s.kind(result.ProbeStolenRevoke, false, s.stolenRevoke),
		s.kind(result.ProbeSecondCertificate, false, s.misissue),
	}
}

// kind makes a row whose attempts tell refusals from failures.
func (s *stage) kind(name string, honest bool, try adversary.Attempt) adversary.Kind {
	return adversary.Kind{Name: name, Honest: honest, Try: func(ctx context.Context, i uint64) error { return decided(try(ctx, i)) }}
}

// honestEnrol enrols the meters of an attempt.
func (s *stage) honestEnrol(ctx context.Context, i uint64) error {
	for _, role := range []string{plain, renewed, revoked, victim} {
		key, err := s.signer(role, i)
		if err != nil {
			return err
		}
		identity, err := s.enrol(ctx, s.id(role, i), key)
		if err != nil {
			return err
		}
		s.identities[identity.Meter] = identity
	}
	return nil
}

// signed has a signature by a meter's first key verified as made at a time, over what the verifier has.
func (s *stage) signed(role string, had []byte, at time.Time) adversary.Attempt {
	return func(ctx context.Context, i uint64) error {
		c, key, err := s.certificate(role, i)
		if err != nil {
			return err
		}
		return s.askAbout(ctx, i, c, key, had, at)
	}
}

// noRight registers a meter as one that is enrolled.
func (s *stage) noRight(ctx context.Context, i uint64) error {
	_, _, err := s.Authority.By(s.identities[s.id(plain, i)]).Register(ctx, s.id("outsider", i))
	return err
}

// noRightRevoke revokes a meter's certificate as another meter.
func (s *stage) noRightRevoke(ctx context.Context, i uint64) error {
	c, _, err := s.certificate(victim, i)
	if err != nil {
		return err
	}
	_, err = s.Authority.By(s.identities[s.id(plain, i)]).Revoke(ctx, c.Leaf.SerialNumber, pki.KeyCompromise)
	return err
}

// forgedProof enrols a meter for the key of another: the signature of the request is not by that key.
func (s *stage) forgedProof(ctx context.Context, i uint64) error {
	others, err1 := s.signer(plain, i)
	own, err2 := s.signer("forger", i)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	meter := s.id("unproven", i)
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: meter}}
	csr, err := x509.CreateCertificateRequest(rand.Reader, template, own.Private())
	if err != nil {
		return err
	}
	from, err1 := x509.MarshalPKIXPublicKey(own.Private().Public())
	to, err2 := x509.MarshalPKIXPublicKey(others.Private().Public())
	secret, _, err3 := s.Authority.Register(ctx, meter)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	_, _, err = s.Authority.EnrolRequest(ctx, meter, secret, bytes.Replace(csr, from, to, 1), others.Private().Public())
	return err
}

// replayEnrol uses a meter's secret again, for an attacker's key.
func (s *stage) replayEnrol(ctx context.Context, i uint64) error {
	key, err := s.signer("replay", i)
	if err != nil {
		return err
	}
	meter := s.id(plain, i)
	c, _, err := s.Authority.EnrolWith(ctx, meter, s.secrets[meter], key.Private())
	if err != nil {
		return err
	}
	return s.ask(ctx, i, c, key)
}

// otherSigner has the signature of a meter verified as if it were another's, of which the verifier has the certificate, too.
func (s *stage) otherSigner(ctx context.Context, i uint64) error {
	c, _, err1 := s.certificate(plain, i)
	other, key, err2 := s.certificate(victim, i)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	v, err := s.informed(ctx, i, c, other)
	if err != nil {
		return err
	}
	return verify(v, c.Meter, key, message, time.Time{})
}

// foreignCA certifies an attacker's key for a meter at another authority.
func (s *stage) foreignCA(ctx context.Context, i uint64) error {
	key, err := s.signer("foreign", i)
	if err != nil {
		return err
	}
	c, _, err := s.Foreign.Enrol(ctx, s.id(plain, i), key.Private())
	if err != nil {
		return err
	}
	return s.ask(ctx, i, c, key)
}

// expired has a verifier whose clock is beyond the end of a certificate verify. It asks for no revocations, which would be
// too old as well.
func (s *stage) expired(_ context.Context, i uint64) error {
	c, key, err := s.certificate(plain, i)
	if err != nil {
		return err
	}
	v, err := s.verifier(ca.CheckNone, c)
	if err != nil {
		return err
	}
	v.Clock = func() time.Time { return c.Leaf.NotAfter.Add(time.Hour) }
	return verify(v, c.Meter, key, message, time.Time{})
}

// renewAs renews a meter's first certificate for another key, which then verifies. It is honest once; after that the first
// certificate is superseded, or it is revoked.
func (s *stage) renewAs(role, next string) adversary.Attempt {
	return func(ctx context.Context, i uint64) error {
		key, err := s.signer(role+" "+next, i)
		if err != nil {
			return err
		}
		c, _, err := s.Authority.Renew(ctx, s.identities[s.id(role, i)], key.Private())
		if err != nil {
			return err
		}
		return s.ask(ctx, i, c, key)
	}
}

// invent enrols a meter that does not exist.
func (s *stage) invent(ctx context.Context, i uint64) error {
	key, err := s.signer("invented", i)
	if err != nil {
		return err
	}
	identity, err := s.enrol(ctx, s.id("invented", i), key)
	if err != nil {
		return err
	}
	return s.ask(ctx, i, identity.Certificate, key)
}

// reissue has a certificate of a meter that is enrolled issued for an attacker's key, without the meter.
func (s *stage) reissue(ctx context.Context, i uint64) error {
	key, err := s.signer("replacing", i)
	if err != nil {
		return err
	}
	c, _, err := s.Authority.Reissue(ctx, s.id(plain, i), key.Private())
	if err != nil {
		return err
	}
	return s.ask(ctx, i, c, key)
}

// stolenRevoke revokes an honest meter's certificate.
func (s *stage) stolenRevoke(ctx context.Context, i uint64) error {
	c, _, err := s.certificate(victim, i)
	if err != nil {
		return err
	}
	_, err = s.Authority.Revoke(ctx, c.Leaf.SerialNumber, pki.KeyCompromise)
	return err
}

// misissue has the authority itself sign a second certificate of a meter, for an attacker's key.
func (s *stage) misissue(ctx context.Context, i uint64) error {
	key, err := s.signer("misissued", i)
	if err != nil {
		return err
	}
	c, err := s.Authority.Misissue(s.id(plain, i), key.Private().Public())
	if err != nil {
		return err
	}
	return s.ask(ctx, i, c, key)
}
