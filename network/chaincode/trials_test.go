package chaincode

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"

	"crypto/elliptic"

	"meterbench/internal/refusal"
	"meterbench/simulators/pki"
)

// trialKinds returns the kinds of trials with their weights. About two in five are honest.
func trialKinds() (all []trialKind) {
	for _, part := range [][]trialKind{registrationTrials(), rotationTrials(), revocationTrials(), verificationTrials()} {
		all = append(all, part...)
	}
	return all
}

// settle notes that the meter has its next version, by a trial of this wave.
func (p *Population) settle(m *truth, v truthVersion) {
	m.versions, m.wave = append(m.versions, v), p.wave
}

func registrationTrials() []trialKind {
	// fresh is a registration of a new meter that somebody spoils.
	fresh := func(code refusal.Code, spoil func(p *Population, r *pki.Registration) (sender string)) func(*Population, *Trial) bool {
		return func(p *Population, t *Trial) bool {
			r, _ := p.registration(p.unknown(), one(p.random, p.registrars), 0)
			sender := r.Owner
			if by := spoil(p, &r); by != "" {
				sender = by
			}
			return t.registers(sender, code, r)
		}
	}
	// spoilt changes what the proof is over.
	spoilt := func(spoil func(p *Population, r *pki.Registration)) func(*Population, *Trial) bool {
		return fresh(pki.CodeKeyForeign, func(p *Population, r *pki.Registration) string { spoil(p, r); return "" })
	}
	// again registers a meter that there is.
	again := func(code refusal.Code, condition func(*truth) bool, from func(m *truth) int64) func(*Population, *Trial) bool {
		return func(p *Population, t *Trial) bool {
			m := p.meter(func(m *truth) bool { return p.registrar(m.owner) && condition(m) })
			if m == nil {
				return false
			}
			r, _ := p.registration(m.id, m.owner, from(m))
			return t.registers(m.owner, code, r)
		}
	}
	return []trialKind{
		{"register: meters", 70, func(p *Population, t *Trial) bool {
			owner := one(p.random, p.registrars)
			var list []pki.Registration
			var added []*truth
			for range 1 + p.random.IntN(3) {
				from := int64(0)
				if p.random.IntN(2) == 0 {
					from = p.later()
				}
				m := &truth{id: p.newID(), owner: owner}
				r, s := p.registration(m.id, owner, from)
				p.settle(m, truthVersion{signer: s, from: from})
				p.meters, added, list = append(p.meters, m), append(added, m), append(list, r)
			}
			t.registers(owner, refusal.Code{}, list...)
			for _, m := range added {
				m.registration = t.Args[0]
			}
			return true
		}},
		{"register: again after a revocation", 20, func(p *Population, t *Trial) bool {
			m := p.meter(func(m *truth) bool { return p.registrar(m.owner) && m.revoked() })
			if m == nil {
				return false
			}
			from := max(m.last().until, m.last().from+1) + p.random.Int64N(1000)
			r, s := p.registration(m.id, m.owner, from)
			p.settle(m, truthVersion{signer: s, from: from})
			t.registers(m.owner, refusal.Code{}, r)
			m.registration = t.Args[0]
			return true
		}},
		{"register: without the role", 10, func(p *Population, t *Trial) bool {
			r, _ := p.registration(p.unknown(), one(p.random, p.outsiders), 0)
			return t.registers(r.Owner, pki.CodeRegistrar, r)
		}},
		{"register: for another organisation", 10, fresh(pki.CodeOwner, func(p *Population, r *pki.Registration) string {
			sender := r.Owner
			*r, _ = p.registration(r.Meter, p.other(sender), 0)
			return sender
		})},
		{"register: a meter that has a key", 10, again(pki.CodeExists, validMeter, func(*truth) int64 { return 1 << 30 })},
		{"register: from before the revocation", 5, again(pki.CodeTime, revokedMeter, func(m *truth) int64 { return max(m.last().until-1, 0) })},
		{"register: a revoked meter of others", 5, func(p *Population, t *Trial) bool {
			sender := one(p.random, p.registrars)
			m := p.meter(func(m *truth) bool { return m.owner != sender })
			if m == nil {
				return false
			}
			r, _ := p.registration(m.id, sender, 1<<30)
			return t.registers(sender, pki.CodeOwner, r)
		}},
		{"register: replayed", 10, func(p *Population, t *Trial) bool {
			m := p.meter(func(m *truth) bool { return len(m.versions) == 1 && !m.revoked() })
			if m == nil {
				return false
			}
			list, err := pki.UnmarshalRegistrations(m.registration)
			must(err)
			for _, r := range list { // all as they were
				if r.Meter == m.id {
					return t.registers(m.owner, pki.CodeExists, r)
				}
			}
			return false
		}},
		{"register: the revoked key", 5, func(p *Population, t *Trial) bool {
			m := p.meter(revokedMeter)
			if m == nil {
				return false
			}
			r, err := pki.NewRegistration(p.channel, m.id, m.owner, instant(1<<30), m.last().signer)
			must(err)
			return t.registers(m.owner, pki.CodeKeyRevoked, r)
		}},
		{"register: another meter's key", 10, func(p *Population, t *Trial) bool {
			m := p.meter(anyMeter)
			if m == nil {
				return false
			}
			owner := one(p.random, p.registrars)
			r, err := pki.NewRegistration(p.channel, p.unknown(), owner, instant(0), one(p.random, m.versions).signer)
			must(err)
			return t.registers(owner, pki.CodeKeyForeign, r)
		}},
		{"register: two meters with one key", 5, func(p *Population, t *Trial) bool {
			owner, s := one(p.random, p.registrars), p.signer()
			a, err1 := pki.NewRegistration(p.channel, p.unknown(), owner, instant(0), s)
			b, err2 := pki.NewRegistration(p.channel, p.unknown()+"b", owner, instant(0), s)
			must(err1)
			must(err2)
			return t.registers(owner, pki.CodeKeyForeign, a, b)
		}},
		{"register: a meter twice", 5, func(p *Population, t *Trial) bool {
			owner, id := one(p.random, p.registrars), p.unknown()
			a, _ := p.registration(id, owner, 0)
			b, _ := p.registration(id, owner, 0)
			return t.registers(owner, pki.CodeTwice, a, b)
		}},
		{"register: one in a list is bad", 5, func(p *Population, t *Trial) bool {
			owner := one(p.random, p.registrars)
			a, _ := p.registration(p.unknown(), owner, 0)
			b, _ := p.registration(p.unknown()+"b", owner, 0)
			b.Proof = a.Proof
			return t.registers(owner, pki.CodeKeyForeign, a, b)
		}},
		{"register: proof of another key", 5, spoilt(func(p *Population, r *pki.Registration) { r.Key = p.signer().Public() })},
		{"register: proof for another meter", 5, spoilt(func(p *Population, r *pki.Registration) { r.Meter += "b" })},
		{"register: proof for another time", 5, spoilt(func(p *Population, r *pki.Registration) { r.From = instant(p.later()) })},
		{"register: proof for another channel", 5, spoilt(func(p *Population, r *pki.Registration) {
			var err error
			*r, err = pki.NewRegistration(p.channel+"2", r.Meter, r.Owner, r.From, p.signer())
			must(err)
		})},
		{"register: proof for another organisation", 5, spoilt(func(p *Population, r *pki.Registration) {
			owner := r.Owner
			*r, _ = p.registration(r.Meter, p.other(owner), 0)
			r.Owner = owner
		})},
		{"register: proof changed", 5, spoilt(func(p *Population, r *pki.Registration) { r.Proof = p.flipped(r.Proof) })},
		{"register: a bad key", 25, func(p *Population, t *Trial) bool {
			bad := one(p.random, p.badKeys)
			return fresh(bad.code, func(_ *Population, r *pki.Registration) string { r.Key = bad.text; return "" })(p, t)
		}},
		{"register: no wire form", 10, func(p *Population, t *Trial) bool {
			r, _ := p.registration(p.unknown(), one(p.random, p.registrars), 0)
			t.registers(r.Owner, pki.CodeRegistration, r)
			t.Args[0] = p.broken(t.Args[0])
			return true
		}},
	}
}

func (p *Population) registrar(organisation string) bool {
	for _, r := range p.registrars {
		if r == organisation {
			return true
		}
	}
	return false
}

// flipped returns bytes with one bit changed.
func (p *Population) flipped(b []byte) []byte {
	b = bytes.Clone(b)
	b[p.random.IntN(len(b))] ^= 1 << p.random.IntN(8)
	return b
}

func rotationTrials() []trialKind {
	// of is a rotation of a meter by its owner that something is wrong with.
	of := func(code refusal.Code, condition func(*truth) bool, make func(p *Population, m *truth, from int64) *pki.Rotation) func(*Population, *Trial) bool {
		return func(p *Population, t *Trial) bool {
			m := p.meter(condition)
			return m != nil && t.changes(m.owner, pki.FnRotate, code, make(p, m, m.last().from+p.later()))
		}
	}
	return []trialKind{
		{"rotate: a key", 60, func(p *Population, t *Trial) bool {
			m := p.meter(validMeter)
			if m == nil {
				return false
			}
			s, from := p.signer(), m.last().from+p.later()
			t.changes(m.owner, pki.FnRotate, refusal.Code{}, p.rotation(m, m.version(), m.last().signer, s, from))
			m.rotation = t.Args[0]
			m.last().until = from
			p.settle(m, truthVersion{signer: s, from: from})
			return true
		}},
		{"rotate: by another organisation", 10, func(p *Population, t *Trial) bool {
			m := p.meter(validMeter)
			return m != nil && t.changes(p.other(m.owner), pki.FnRotate, pki.CodeOwner,
				p.rotation(m, m.version(), m.last().signer, p.signer(), m.last().from+p.later()))
		}},
		{"rotate: signed by a former key", 10, of(pki.CodeSignature, rotatedMeter, func(p *Population, m *truth, from int64) *pki.Rotation {
			return p.rotation(m, m.version(), m.versions[p.random.IntN(len(m.versions)-1)].signer, p.signer(), from)
		})},
		{"rotate: signed by a stranger", 10, of(pki.CodeSignature, validMeter, func(p *Population, m *truth, from int64) *pki.Rotation {
			s := p.signer()
			return p.rotation(m, m.version(), s, s, from)
		})},
		{"rotate: another version", 10, of(pki.CodeVersion, validMeter, func(p *Population, m *truth, from int64) *pki.Rotation {
			version := m.version() + 1 + p.random.Uint32N(5)
			if m.version() > 1 && p.random.IntN(2) == 0 {
				version = m.version() - 1
			}
			return p.rotation(m, version, m.last().signer, p.signer(), from)
		})},
		{"rotate: replayed", 10, func(p *Population, t *Trial) bool {
			m := p.meter(func(m *truth) bool { return validMeter(m) && m.rotation != nil })
			if m == nil {
				return false
			}
			r, err := pki.UnmarshalRotation(m.rotation)
			must(err)
			return t.changes(m.owner, pki.FnRotate, pki.CodeVersion, &r)
		}},
		{"rotate: to another meter's key", 10, of(pki.CodeKeyForeign, validMeter, func(p *Population, m *truth, from int64) *pki.Rotation {
			other := p.meter(func(o *truth) bool { return o != m })
			if other == nil { // then the proof is by another key
				r := p.rotation(m, m.version(), m.last().signer, p.signer(), from)
				r.Key = p.signer().Public()
				return r
			}
			return p.rotation(m, m.version(), m.last().signer, one(p.random, other.versions).signer, from)
		})},
		{"rotate: to a key that it has had", 10, func(p *Population, t *Trial) bool {
			m := p.meter(validMeter)
			if m == nil {
				return false
			}
			v := one(p.random, m.versions)
			code := pki.CodeExists
			if v.revoked {
				code = pki.CodeKeyRevoked
			}
			return t.changes(m.owner, pki.FnRotate, code, p.rotation(m, m.version(), m.last().signer, v.signer, m.last().from+p.later()))
		}},
		{"rotate: without proof", 10, of(pki.CodeKeyForeign, validMeter, func(p *Population, m *truth, from int64) *pki.Rotation {
			r := p.rotation(m, m.version(), m.last().signer, p.signer(), from)
			r.Key = p.signer().Public()
			return r
		})},
		{"rotate: from before the old key counts", 5, of(pki.CodeTime, func(m *truth) bool { return validMeter(m) && m.last().from > 1 },
			func(p *Population, m *truth, _ int64) *pki.Rotation {
				return p.rotation(m, m.version(), m.last().signer, p.signer(), 1+p.random.Int64N(m.last().from))
			})},
		{"rotate: a revoked key", 10, of(pki.CodeKeyRevoked, revokedMeter, func(p *Population, m *truth, from int64) *pki.Rotation {
			return p.rotation(m, m.version(), m.last().signer, p.signer(), from)
		})},
		{"rotate: a meter nobody registered", 5, of(pki.CodeMeterUnknown, anyMeter, func(p *Population, m *truth, from int64) *pki.Rotation {
			return p.rotation(&truth{id: p.unknown()}, 1, m.last().signer, p.signer(), from)
		})},
		{"rotate: to a bad key", 10, func(p *Population, t *Trial) bool {
			bad := one(p.random, p.badKeys)
			return of(bad.code, validMeter, func(p *Population, m *truth, from int64) *pki.Rotation {
				r := p.rotation(m, m.version(), m.last().signer, p.signer(), from)
				r.Key = bad.text
				return r
			})(p, t)
		}},
		{"rotate: no wire form", 5, func(p *Population, t *Trial) bool {
			m := p.meter(validMeter)
			if m == nil {
				return false
			}
			t.changes(m.owner, pki.FnRotate, pki.CodeRotation, p.rotation(m, m.version(), m.last().signer, p.signer(), m.last().from+1))
			t.Args[0] = p.broken(t.Args[0])
			return true
		}},
	}
}

func revocationTrials() []trialKind {
	of := func(code refusal.Code, condition func(*truth) bool, edit func(p *Population, m *truth, r *pki.Revocation) (sender string)) func(*Population, *Trial) bool {
		return func(p *Population, t *Trial) bool {
			m := p.meter(condition)
			if m == nil {
				return false
			}
			r := &pki.Revocation{Meter: m.id, Version: m.version(), Reason: one(p.random, pki.Reasons()), Time: instant(m.last().from + p.later())}
			return t.changes(edit(p, m, r), pki.FnRevoke, code, r)
		}
	}
	return []trialKind{
		{"revoke: a key", 30, of(refusal.Code{}, validMeter, func(p *Population, m *truth, r *pki.Revocation) string {
			m.last().revoked, m.last().until, m.wave = true, r.Time.Unix(), p.wave
			return m.owner
		})},
		{"revoke: by another organisation", 10, of(pki.CodeOwner, validMeter, func(p *Population, m *truth, _ *pki.Revocation) string { return p.other(m.owner) })},
		{"revoke: another version", 10, of(pki.CodeVersion, validMeter, func(p *Population, m *truth, r *pki.Revocation) string {
			if r.Version++; r.Version > 2 && p.random.IntN(2) == 0 {
				r.Version -= 2
			}
			return m.owner
		})},
		{"revoke: a revoked key", 10, of(pki.CodeKeyRevoked, revokedMeter, func(_ *Population, m *truth, _ *pki.Revocation) string { return m.owner })},
		{"revoke: a meter nobody registered", 5, of(pki.CodeMeterUnknown, anyMeter, func(p *Population, m *truth, r *pki.Revocation) string {
			r.Meter = p.unknown()
			return m.owner
		})},
		{"revoke: before the key counts", 5, of(pki.CodeTime, func(m *truth) bool { return validMeter(m) && m.last().from > 1 },
			func(p *Population, m *truth, r *pki.Revocation) string {
				r.Time = instant(1 + p.random.Int64N(m.last().from-1))
				return m.owner
			})},
		{"revoke: no wire form", 5, func(p *Population, t *Trial) bool {
			m := p.meter(validMeter)
			if m == nil {
				return false
			}
			t.changes(m.owner, pki.FnRevoke, pki.CodeRevocation, &pki.Revocation{Meter: m.id, Version: 1, Time: instant(m.last().from + 1)})
			t.Args[0] = p.broken(t.Args[0])
			if p.random.IntN(3) == 0 { // a reason of authorities, or none
				r := &pki.Revocation{Meter: m.id, Version: 1, Time: instant(m.last().from + 1)}
				t.changes(m.owner, pki.FnRevoke, pki.CodeRevocation, r)
				t.Args[0][len(t.Args[0])-9] = one(p.random, []byte{2, 6, 7, 8, 10, 200})
			}
			return true
		}},
	}
}

func verificationTrials() []trialKind {
	// of asks about something that the current key of a meter signed.
	of := func(code refusal.Code, condition func(*truth) bool, edit func(p *Population, m *truth, t *Trial)) func(*Population, *Trial) bool {
		return func(p *Population, t *Trial) bool {
			m := p.meter(condition)
			if m == nil {
				return false
			}
			digest, signature := p.said(m.last())
			version := 0
			if code == (refusal.Code{}) {
				version = len(m.versions)
			}
			t.verifies(p, m.id, digest, signature, "", code, version)
			edit(p, m, t)
			return true
		}
	}
	// spoilt changes one argument.
	spoilt := func(code refusal.Code, argument int, value func(p *Population, old string) string) func(*Population, *Trial) bool {
		return of(code, validMeter, func(p *Population, _ *truth, t *Trial) { t.Args[argument] = []byte(value(p, string(t.Args[argument]))) })
	}
	asIs := func(*Population, *truth, *Trial) {}
	p256 := func(m *truth) bool { return validMeter(m) && m.last().signer.Algorithm() == pki.P256 }
	return []trialKind{
		{"verify: by the current key", 200, of(refusal.Code{}, validMeter, asIs)},
		{"verify: at its time", 60, func(p *Population, t *Trial) bool {
			m := p.meter(anyMeter)
			if m == nil {
				return false
			}
			i := p.random.IntN(len(m.versions))
			when, ok := p.within(&m.versions[i])
			digest, signature := p.said(&m.versions[i])
			return ok && t.verifies(p, m.id, digest, signature, when, refusal.Code{}, i+1)
		}},
		{"verify: at another key's time", 30, func(p *Population, t *Trial) bool {
			m := p.meter(func(m *truth) bool { return len(m.versions) > 1 })
			if m == nil {
				return false
			}
			i, j := p.random.IntN(len(m.versions)), p.random.IntN(len(m.versions))
			when, ok := p.within(&m.versions[j])
			digest, signature := p.said(&m.versions[i])
			code := pki.CodeSignature
			if m.versions[i].signer.Algorithm() != m.versions[j].signer.Algorithm() {
				code = pki.CodeDigest
			}
			return ok && i != j && t.verifies(p, m.id, digest, signature, when, code, 0)
		}},
		{"verify: by a former key", 30, func(p *Population, t *Trial) bool {
			m := p.meter(rotatedMeter)
			if m == nil {
				return false
			}
			v := &m.versions[p.random.IntN(len(m.versions)-1)]
			digest, signature := p.said(v)
			code := pki.CodeSignature
			if v.signer.Algorithm() != m.last().signer.Algorithm() {
				code = pki.CodeDigest
			}
			return t.verifies(p, m.id, digest, signature, "", code, 0)
		}},
		{"verify: by a revoked key", 30, of(pki.CodeKeyRevoked, revokedMeter, asIs)},
		{"verify: after the revocation", 20, of(pki.CodeKeyRevoked, revokedMeter, func(p *Population, m *truth, t *Trial) {
			t.Args[3] = strconv.AppendInt(nil, m.last().until+p.random.Int64N(1000), 10)
		})},
		{"verify: before the first key", 20, of(pki.CodeKeyEarly, func(m *truth) bool { return m.versions[0].from > 0 }, func(p *Population, m *truth, t *Trial) {
			t.Args[3] = strconv.AppendInt(nil, p.random.Int64N(m.versions[0].from), 10)
		})},
		{"verify: a meter nobody registered", 10, of(pki.CodeMeterUnknown, anyMeter, func(p *Population, _ *truth, t *Trial) { t.Args[0] = []byte(p.unknown()) })},
		{"verify: of another meter", 30, func(p *Population, t *Trial) bool {
			m, other := p.meter(validMeter), p.meter(anyMeter)
			if m == nil || m == other || m.last().signer.Algorithm() != other.last().signer.Algorithm() {
				return false
			}
			digest, signature := p.said(other.last())
			return t.verifies(p, m.id, digest, signature, "", pki.CodeSignature, 0)
		}},
		{"verify: another digest", 30, of(pki.CodeSignature, validMeter, func(p *Population, m *truth, t *Trial) {
			t.Args[1] = []byte(hex.EncodeToString(p.flipped(m.last().digest)))
		})},
		{"verify: another signature", 30, func(p *Population, t *Trial) bool {
			m := p.meter(validMeter)
			if m == nil {
				return false
			}
			digest, signature := p.said(m.last())
			return t.verifies(p, m.id, digest, p.flipped(signature), "", pki.CodeSignature, 0)
		}},
		{"verify: the higher s", 20, func(p *Population, t *Trial) bool {
			m := p.meter(p256)
			if m == nil {
				return false
			}
			digest, signature := p.said(m.last())
			var pair struct{ R, S *big.Int }
			_, err := asn1.Unmarshal(signature, &pair)
			must(err)
			pair.S.Sub(elliptic.P256().Params().N, pair.S)
			other, err := asn1.Marshal(pair)
			must(err)
			return t.verifies(p, m.id, digest, other, "", pki.CodeSignature, 0)
		}},
		{"verify: a digest of another length", 20, of(pki.CodeDigest, validMeter, func(p *Population, m *truth, t *Trial) {
			t.Args[1] = []byte(strings.Repeat("ab", one(p.random, []int{0, 1, 16, 20, 28, 31, 33, 48, 63, 65, 128})))
		})},
		{"verify: a digest that is no number", 5, spoilt(pki.CodeArguments, 1, func(_ *Population, old string) string { return old[1:] })},
		{"verify: a signature that is no base64", 5, spoilt(pki.CodeArguments, 2, func(_ *Population, old string) string { return "!" + old[1:] })},
		{"verify: a time that is none", 5, spoilt(pki.CodeArguments, 3, func(p *Population, _ string) string {
			return one(p.random, []string{"-1", "now", "1.5", "99999999999999999999"})
		})},
		{"verify: no signature", 5, spoilt(pki.CodeSignature, 2, func(*Population, string) string { return "" })},
	}
}
