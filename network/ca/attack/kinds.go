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
		s.kind(result.ProbeHonestVerify, true, s.signed(message, now)),
		s.kind(result.ProbeNoRight, false, s.noRight),
		s.kind(result.ProbeNoRightRevoke, false, s.noRightRevoke),
		s.kind(result.ProbeForgedProof, false, s.forgedProof),
		s.kind(result.ProbeReplayEnrol, false, s.replayEnrol),
		s.kind(result.ProbeWrongDigest, false, s.signed([]byte("another reading"), now)),
		s.kind(result.ProbeOtherSigner, false, s.otherSigner),
		s.kind(result.ProbeForeignCA, false, s.foreignCA),
		s.kind(result.ProbeExpired, false, s.expired),

		s.kind(result.ProbeHonestRenew, true, s.honestRenew),
		s.kind(result.ProbeOldReading, true, func(ctx context.Context, i uint64) error {
			return s.signed(message, time.Now().Add(-time.Second))(ctx, i)
		}),
		s.kind(result.ProbeFormerKey, false, s.signed(message, now)),
		s.kind(result.ProbeFormerRenew, false, s.renewFirst("superseded")),

		s.kind(result.ProbeHonestRevoke, true, s.honestRevoke),
		s.kind(result.ProbeRevokedKey, false, s.signed(message, now)),
		s.kind(result.ProbeBackdated, false, func(ctx context.Context, i uint64) error {
			return s.signed(message, time.Now().Add(-time.Minute))(ctx, i)
		}),
		s.kind(result.ProbeRevokedRenew, false, s.renewFirst("revoked")),
		s.kind(result.ProbeStaleView, false, s.stale(maxAge/2)),
		s.kind(result.ProbeStaleBeyond, false, s.stale(2*maxAge)),
		s.kind(result.ProbeSuppressed, false, s.suppressed),
		s.kind(result.ProbeOldCRL, false, s.oldCRL),
		s.kind(result.ProbeForgedCRL, false, s.forgedCRL),
		s.kind(result.ProbeForgedStatus, false, s.forgedStatus),

		s.kind(result.ProbeStolenInvent, false, s.invent),
		s.kind(result.ProbeStolenReplace, false, s.reissue),
		s.kind(result.ProbeSecondCertificate, false, s.misissue),
		s.kind(result.ProbeStolenRevoke, false, s.stolenRevoke),
	}
}

// kind makes a row whose attempts tell refusals from failures.
func (s *stage) kind(name string, honest bool, try adversary.Attempt) adversary.Kind {
	return adversary.Kind{Name: name, Honest: honest, Try: func(ctx context.Context, i uint64) error { return decided(try(ctx, i)) }}
}

// honestEnrol enrols the meter of an attempt.
func (s *stage) honestEnrol(ctx context.Context, i uint64) error {
	key, err := s.signer(honest, i)
	if err != nil {
		return err
	}
	m, err := s.enrol(ctx, s.id(honest, i), key)
	if err == nil {
		s.meters = append(s.meters, m)
	}
	return err
}

// signed has a signature by a meter's first key verified as made at a time, over what the verifier has.
func (s *stage) signed(had []byte, at time.Time) adversary.Attempt {
	return func(ctx context.Context, i uint64) error {
		m, key, err := s.meter(i)
		if err != nil {
			return err
		}
		return s.askAbout(ctx, i, m.first.Certificate, key, had, at)
	}
}

// noRight registers a meter as one that is enrolled.
func (s *stage) noRight(ctx context.Context, i uint64) error {
	m, _, err := s.meter(i)
	if err != nil {
		return err
	}
	_, _, err = s.Authority.By(m.first).Register(ctx, s.id("outsider", i))
	return err
}

// noRightRevoke revokes a meter's certificate as another meter.
func (s *stage) noRightRevoke(ctx context.Context, i uint64) error {
	m, _, err1 := s.meter(i)
	other, _, err2 := s.meter(s.neighbour(i))
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	_, err := s.Authority.By(other.first).Revoke(ctx, m.first.Leaf.SerialNumber, pki.KeyCompromise)
	return err
}

// forgedProof enrols a meter for the key of another: the signature of the request is not by that key.
func (s *stage) forgedProof(ctx context.Context, i uint64) error {
	others, err1 := s.signer(honest, i)
	own, err2 := s.signer("forger", i)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	id := s.id("unproven", i)
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: id}}
	csr, err := x509.CreateCertificateRequest(rand.Reader, template, own.Private())
	if err != nil {
		return err
	}
	from, err1 := x509.MarshalPKIXPublicKey(own.Private().Public())
	to, err2 := x509.MarshalPKIXPublicKey(others.Private().Public())
	secret, _, err3 := s.Authority.Register(ctx, id)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	_, _, err = s.Authority.EnrolRequest(ctx, id, secret, bytes.Replace(csr, from, to, 1), others.Private().Public())
	return err
}

// replayEnrol uses a meter's secret again, for an attacker's key.
func (s *stage) replayEnrol(ctx context.Context, i uint64) error {
	m, _, err1 := s.meter(i)
	key, err2 := s.signer("replay", i)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	c, _, err := s.Authority.EnrolWith(ctx, m.first.Meter, m.secret, key.Private())
	if err != nil {
		return err
	}
	return s.ask(ctx, i, c, key)
}

// otherSigner has the signature of a meter verified as if it were another's, of which the verifier has the certificate, too.
func (s *stage) otherSigner(ctx context.Context, i uint64) error {
	m, _, err1 := s.meter(i)
	other, key, err2 := s.meter(s.neighbour(i))
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	v, err := s.informed(ctx, i, m.first.Certificate, other.first.Certificate)
	if err != nil {
		return err
	}
	return verify(v, m.first.Meter, key, message, time.Time{})
}

// foreignCA certifies an attacker's key for a meter at another authority.
func (s *stage) foreignCA(ctx context.Context, i uint64) error {
	key, err := s.signer("foreign", i)
	if err != nil {
		return err
	}
	c, _, err := s.Foreign.Enrol(ctx, s.id(honest, i), key.Private())
	if err != nil {
		return err
	}
	return s.ask(ctx, i, c, key)
}

// expired has a verifier whose clock is beyond the end of a certificate verify. It asks for no revocations, which would be
// too old as well.
func (s *stage) expired(_ context.Context, i uint64) error {
	m, key, err := s.meter(i)
	if err != nil {
		return err
	}
	v, err := s.verifier(ca.CheckNone, m.first.Certificate)
	if err != nil {
		return err
	}
	v.Clock = func() time.Time { return m.first.Leaf.NotAfter.Add(time.Hour) }
	return verify(v, m.first.Meter, key, message, time.Time{})
}

// honestRenew renews a meter's certificate for another key.
func (s *stage) honestRenew(ctx context.Context, i uint64) (err error) {
	key, err := s.signer(renewed, i)
	if err == nil {
		s.meters[i].second, err = s.renew(ctx, i, key)
	}
	return err
}

// renewFirst renews the first certificate of a meter, which is superseded or revoked, for an attacker's key.
func (s *stage) renewFirst(standing string) adversary.Attempt {
	return func(ctx context.Context, i uint64) error {
		key, err := s.signer(standing, i)
		if err == nil {
			_, err = s.renew(ctx, i, key)
		}
		return err
	}
}

// renew renews the first certificate of a meter for a key, which then verifies.
func (s *stage) renew(ctx context.Context, i uint64, key *pki.Signer) (ca.Identity, error) {
	m, _, err := s.meter(i)
	if err != nil {
		return ca.Identity{}, err
	}
	c, _, err := s.Authority.Renew(ctx, m.first, key.Private())
	if err != nil {
		return ca.Identity{}, err
	}
	return ca.Identity{Certificate: c, Key: key.Private()}, s.ask(ctx, i, c, key)
}

// invent enrols a meter that does not exist.
func (s *stage) invent(ctx context.Context, i uint64) error {
	key, err := s.signer("invented", i)
	if err != nil {
		return err
	}
	m, err := s.enrol(ctx, s.id("invented", i), key)
	if err != nil {
		return err
	}
	return s.ask(ctx, i, m.first.Certificate, key)
}

// reissue has a certificate of a meter that is enrolled issued for an attacker's key, without the meter.
func (s *stage) reissue(ctx context.Context, i uint64) error {
	key, err := s.signer("replacing", i)
	if err != nil {
		return err
	}
	c, _, err := s.Authority.Reissue(ctx, s.id(honest, i), key.Private())
	if err != nil {
		return err
	}
	return s.ask(ctx, i, c, key)
}

// misissue has the authority itself sign a second certificate of a meter, for an attacker's key.
func (s *stage) misissue(ctx context.Context, i uint64) error {
	key, err := s.signer("misissued", i)
	if err != nil {
		return err
	}
	c, err := s.Authority.Misissue(s.id(honest, i), key.Private().Public())
	if err != nil {
		return err
	}
	return s.ask(ctx, i, c, key)
}

// stolenRevoke revokes the certificate with which an honest meter signs.
func (s *stage) stolenRevoke(ctx context.Context, i uint64) error {
	m, _, err := s.meter(i)
	if err != nil {
		return err
	}
	_, err = s.Authority.Revoke(ctx, m.second.Leaf.SerialNumber, pki.KeyCompromise)
	return err
}
