package chaincode

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"meterbench/internal/refusal"
	"meterbench/simulators/pki"
)

// A Trial is a call of the contract pki of which is known what must come of it.
type Trial struct {
	Kind     string
	Sender   string // MSP id
	Function string
	Args     [][]byte
	Asks     bool         // changes nothing, so that it may also be asked
	Code     refusal.Code // of the refusal; zero: accepted
	Answer   string       // of an accepted Verify
}

// A Population makes trials from a seed: of honest owners, of those who may not do what they try, and of malformed ones. It knows the truth about its
// meters, as if all honest trials had been accepted in their order. Trials of one wave may be carried out in any order.
type Population struct {
	random     *rand.Rand
	seed       uint64
	channel    string
	prefix     string
	registrars []string // organisations with the registration role
	outsiders  []string // without it
	meters     []*truth
	wave       int
	signers    int
	badKeys    []badKey
	kinds      []trialKind
	total      int // of the kinds' weights
}

// A truth is what is true of a meter.
type truth struct {
	id, owner    string
	versions     []truthVersion
	wave         int // that changed it last
	registration []byte
	rotation     []byte // the last one, if there is one
}

type truthVersion struct {
	signer      *pki.Signer
	from, until int64 // seconds; 0: from the start, and still
	revoked     bool
	digest      []byte // of something that the meter signed
	signature   []byte
}

type badKey struct {
	name string
	text []byte
	code refusal.Code
}

type trialKind struct {
	name   string
	weight int
	make   func(p *Population, t *Trial) bool // false: there is no meter for it yet
}

// NewPopulation returns a population of meters on a channel, whose ids begin with a prefix.
func NewPopulation(t testing.TB, seed uint64, channel, prefix string, registrars, outsiders []string) *Population {
	p := &Population{
		random: rand.New(rand.NewPCG(seed, 13)), seed: seed, channel: channel, prefix: prefix, registrars: registrars, outsiders: outsiders,
		badKeys: badKeys(t), kinds: trialKinds(), wave: 1,
	}
	for _, k := range p.kinds {
		p.total += k.weight
	}
	return p
}

// Wave begins the next wave: what was tried before has been carried out.
func (p *Population) Wave() { p.wave++ }

// Next returns a trial.
func (p *Population) Next() Trial {
	for {
		at := p.random.IntN(p.total)
		i := 0
		for ; at >= p.kinds[i].weight; i++ {
			at -= p.kinds[i].weight
		}
		t := Trial{Kind: p.kinds[i].name}
		if p.kinds[i].make(p, &t) {
			return t
		}
	}
}

// Kinds returns how many kinds of trials there are.
func (p *Population) Kinds() int { return len(p.kinds) }

func one[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

// signer returns a key that nobody has.
func (p *Population) signer() *pki.Signer {
	p.signers++
	s, err := pki.NewSigner(p.seed, one(p.random, pki.Algorithms()), fmt.Sprint("trial ", p.prefix, p.signers))
	if err != nil {
		panic(err)
	}
	return s
}

// meter returns one of the meters that no trial of this wave has changed and for which a condition holds.
func (p *Population) meter(condition func(m *truth) bool) *truth {
	for range 30 {
		if len(p.meters) == 0 {
			return nil
		}
		if m := one(p.random, p.meters); m.wave < p.wave && condition(m) {
			return m
		}
	}
	return nil
}

func (m *truth) last() *truthVersion { return &m.versions[len(m.versions)-1] }
func (m *truth) version() uint32     { return uint32(len(m.versions)) }
func (m *truth) revoked() bool       { return m.last().revoked }
func anyMeter(*truth) bool           { return true }
func validMeter(m *truth) bool       { return !m.revoked() }
func revokedMeter(m *truth) bool     { return m.revoked() }
func rotatedMeter(m *truth) bool     { return !m.revoked() && len(m.versions) > 1 }
func (p *Population) later() int64   { return 1 + p.random.Int64N(100_000) }
func (p *Population) newID() string  { return fmt.Sprintf("%s-%06d", p.prefix, len(p.meters)) }
func (p *Population) unknown() string {
	return fmt.Sprintf("%s-x%06d", p.prefix, p.random.IntN(1_000_000))
}

// other returns an organisation that is not that one.
func (p *Population) other(than string) string {
	for {
		all := append(append([]string{}, p.registrars...), p.outsiders...)
		if o := one(p.random, all); o != than {
			return o
		}
	}
}

func must(err error) {
	if err != nil {
		panic(err) // the generator is wrong
	}
}

// registration returns that of a meter with a new key.
func (p *Population) registration(id, owner string, from int64) (pki.Registration, *pki.Signer) {
	s := p.signer()
	r, err := pki.NewRegistration(p.channel, id, owner, instant(from), s)
	must(err)
	return r, s
}

// registers makes a trial of a list of registrations.
func (t *Trial) registers(sender string, code refusal.Code, list ...pki.Registration) bool {
	wire, err := pki.MarshalRegistrations(list)
	must(err)
	t.Sender, t.Function, t.Args, t.Code = sender, pki.FnRegister, [][]byte{wire}, code
	return true
}

// changes makes a trial of a rotation or revocation.
func (t *Trial) changes(sender, function string, code refusal.Code, form interface{ Marshal() ([]byte, error) }) bool {
	wire, err := form.Marshal()
	must(err)
	t.Sender, t.Function, t.Args, t.Code = sender, function, [][]byte{wire}, code
	return true
}

// rotation returns one of a meter's to a new key, signed by a key.
func (p *Population) rotation(m *truth, version uint32, by *pki.Signer, next *pki.Signer, from int64) *pki.Rotation {
	r, err := pki.NewRotation(p.channel, m.id, version, instant(from), by, next)
	must(err)
	return &r
}

// said returns something that a version's key signed.
func (p *Population) said(v *truthVersion) (digest, signature []byte) {
	if v.digest == nil {
		v.digest = pki.Digest(v.signer.Algorithm(), []byte(fmt.Sprint("reading ", p.random.Uint64())))
		var err error
		v.signature, err = v.signer.Sign(v.digest)
		must(err)
	}
	return v.digest, v.signature
}

// verifies makes a trial of Verify, by anybody.
func (t *Trial) verifies(p *Population, meter string, digest, signature []byte, when string, code refusal.Code, version int) bool {
	t.Sender, t.Function, t.Code, t.Asks = p.other(""), pki.FnVerify, code, true
	t.Args = [][]byte{[]byte(meter), []byte(hex.EncodeToString(digest)), []byte(base64.StdEncoding.EncodeToString(signature)), []byte(when)}
	if version > 0 {
		t.Answer = strconv.Itoa(version)
	}
	return true
}

// within returns a time at which a version counted, false if it never did.
func (p *Population) within(v *truthVersion) (string, bool) {
	until := v.until
	if until == 0 {
		until = v.from + 1_000_000
	}
	if until <= v.from {
		return "", false
	}
	return strconv.FormatInt(v.from+p.random.Int64N(until-v.from), 10), true
}

// badKeys returns keys that are none, with what is wrong with them.
func badKeys(t testing.TB) (all []badKey) {
	t.Helper()
	folder := filepath.Join("..", "..", "simulators", "pki", "testdata", "pem")
	read := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join(folder, name+".pem"))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, name := range []string{"p224", "p384", "p521", "secp256k1", "brainpool", "rsa", "x25519", "ed448", "x448", "p256-explicit"} {
		all = append(all, badKey{name, read(name), pki.CodeKeyCurve})
	}
	good := read("p256")
	for name, text := range map[string][]byte{
		"compressed": read("p256-compressed"), "hybrid": read("p256-hybrid"), "nothing": {}, "no PEM": []byte("key"), "two": append(bytes.Clone(good), good...),
		"cut": good[:100], "lines": bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), "private": bytes.ReplaceAll(good, []byte("PUBLIC"), []byte("PRIVATE")),
	} {
		all = append(all, badKey{name, text, pki.CodeKeyMalformed})
	}
	encode := func(algorithm string, point ...byte) []byte {
		head, err := hex.DecodeString(algorithm)
		must(err)
		body := append(append(head, 3, byte(len(point)+1), 0), point...)
		return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: append([]byte{0x30, byte(len(body))}, body...)})
	}
	const p256, ed25519 = "301306072a8648ce3d020106082a8648ce3d030107", "300506032b6570"
	zero := make([]byte, 32)
	return append(all,
		badKey{"infinity", encode(p256, 0), pki.CodeKeyLowOrder},
		badKey{"order 1", encode(ed25519, append([]byte{1}, zero[1:]...)...), pki.CodeKeyLowOrder},
		badKey{"order 4", encode(ed25519, zero...), pki.CodeKeyLowOrder},
		badKey{"off P-256", encode(p256, append([]byte{4}, append(zero, zero...)...)...), pki.CodeKeyCurve},
		badKey{"off Ed25519", encode(ed25519, append([]byte{2}, zero[1:]...)...), pki.CodeKeyCurve},
		badKey{"no canonical form", encode(ed25519, bytes.Repeat([]byte{0xff}, 32)...), pki.CodeKeyMalformed},
	)
}

// broken returns bytes with one change that leaves no wire form.
func (p *Population) broken(wire []byte) []byte {
	switch p.random.IntN(4) {
	case 0:
		return wire[:p.random.IntN(len(wire))]
	case 1:
		return append(bytes.Clone(wire), byte(p.random.Uint32()))
	case 2:
		b := bytes.Clone(wire)
		b[0] += 1 + byte(p.random.IntN(30)) // the version, and no text
		return b
	}
	return []byte(strings.Repeat("{}", p.random.IntN(100)))
}
