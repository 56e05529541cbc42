package fe

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"flag"
	"math/big"
	mathrand "math/rand/v2"
	"slices"
	"testing"
	"time"

	"filippo.io/edwards25519"

	"meterbench/simulators/fe/codec"
	"meterbench/simulators/reading"
)

var mutations = flag.Int("mutations", 20_000, "how many mutated ciphertexts, signatures and keys TestMutations tries")

// A submission is what a ledger and a gateway hold: a ciphertext, the meter's
// signature over the reading's number and the ciphertext, and an evaluation key.
type submission struct {
	ciphertext, signature []byte
	key                   Key
}

func (s submission) clone() submission {
	s.ciphertext, s.signature = slices.Clone(s.ciphertext), slices.Clone(s.signature)
	s.key.Function, s.key.Secrets = slices.Clone(s.key.Function), slices.Clone(s.key.Secrets)
	return s
}

// A victim is an honest signed ciphertext, another one of the same meter's, and
// those who check and evaluate them.
type victim struct {
	honest, other submission
	x             []int64
	meter         *ecdsa.PrivateKey
	evaluator     Evaluator
	shift         func(element []byte, random *mathrand.Rand) []byte // element * g^d, d not 0
}

// TestMutations holds that whatever becomes of a ciphertext, its signature or
// the evaluation key, checking the signature and evaluating never gives a
// result other than that of the meter's values and the key's function, and
// nothing panics. Evaluation alone holds
// that too, but for ciphertexts altered by who knows the scheme: those encrypt
// related vectors, which is why the signature covers them.
func TestMutations(t *testing.T) {
	count := *mutations
	if testing.Short() {
		count /= 10
	}
	const seed = 20
	random := mathrand.New(mathrand.NewPCG(seed, 1))
	// One in five over the slow group.
	victims := []*victim{newVictim(t, Params{"ddh", 1024, 2, 100})}
	for range 4 {
		victims = append(victims, newVictim(t, Params{"ecddh", 256, 2, 100}))
	}
	var verified, evaluated, unsigned int
	for i := range count {
		v := victims[i%len(victims)]
		m, related := v.mutate(random)
		r := signable(1, m.ciphertext)
		r.Signature = m.signature
		signed := r.Verify(&v.meter.PublicKey) == nil
		if signed {
			verified++
			if !bytes.Equal(m.ciphertext, v.honest.ciphertext) || !bytes.Equal(m.signature, v.honest.signature) {
				t.Fatalf("mutation %d of seed %d: signature %x of %x verifies, and is not the meter's", i, seed, m.signature, m.ciphertext)
			}
		}
		if related && !signed {
			continue
		}
		result, err := v.evaluator.Evaluate(t.Context(), m.ciphertext, m.key)
		switch {
		case err == nil && result != dot(v.x, m.key.Function):
			t.Fatalf("mutation %d of seed %d: result %d, want %d or an error; %v %x %x", i, seed, result, dot(v.x, m.key.Function), m.key, m.ciphertext, m.signature)
		case err == nil && signed:
			evaluated++
		case err == nil:
			unsigned++
		}
	}
	t.Logf("%d mutations: %d with a good signature, of which %d gave the right result; %d gave it without one", count, verified, evaluated, unsigned)
}

func signable(number uint64, ciphertext []byte) reading.Reading {
	return reading.Reading{Kind: reading.Encrypted, Meter: "m", Number: number, Time: time.Unix(0, 0), Payload: ciphertext}
}

func newVictim(t *testing.T, p Params) *victim {
	t.Helper()
	authority := mustSetup(t, p)
	encryptor := authority.Encryptor()
	meter, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(number uint64, x, y []int64) (s submission) {
		if s.ciphertext, err = encryptor.Encrypt(x); err != nil {
			t.Fatal(err)
		}
		r := signable(number, s.ciphertext)
		if err = r.Sign(meter); err != nil {
			t.Fatal(err)
		}
		s.signature = r.Signature
		if s.key, err = authority.Derive(y); err != nil {
			t.Fatal(err)
		}
		return s
	}
	v := &victim{x: []int64{42, -17}, meter: meter}
	v.honest, v.other = sign(1, v.x, []int64{3, 7}), sign(2, []int64{1, 99}, []int64{-5, 2})
	v.evaluator = mustEvaluator(t, encryptor.Public())
	switch e := v.evaluator.(type) {
	case *cipherEvaluator[*big.Int]:
		group := e.group.(zpGroup)
		v.shift = func(element []byte, random *mathrand.Rand) []byte {
			c := new(big.Int).SetBytes(element)
			newMultiplier(group.p).multiply(c, group.power(1+random.Int64N(20)))
			return c.FillBytes(make([]byte, len(element)))
		}
	case *cipherEvaluator[*edwards25519.Point]:
		group := e.group.(curveGroup)
		v.shift = func(element []byte, random *mathrand.Rand) []byte {
			c, err := group.decode(element)
			if err != nil {
				return element
			}
			return group.encode(c.Add(c, group.power(1+random.Int64N(20))))
		}
	}
	return v
}

// mutate returns one to three mutations of the honest original, and whether any
// of them makes use of the scheme.
func (v *victim) mutate(random *mathrand.Rand) (m submission, related bool) {
	m = v.honest.clone()
	for range 1 + random.IntN(3) {
		switch random.IntN(10) {
		case 0, 1, 2, 3:
			m.ciphertext = damaged(m.ciphertext, random)
		case 4:
			m.signature = damaged(m.signature, random)
		case 5:
			m.signature = negated(m.signature)
		case 6, 7:
			v.mutateKey(&m.key, random)
		case 8:
			v.moveElements(m.ciphertext, random)
			related = true
		case 9:
			switch random.IntN(3) {
			case 0:
				m.ciphertext = slices.Clone(v.other.ciphertext)
			case 1:
				m.signature = slices.Clone(v.other.signature)
			case 2:
				m.key = v.other.clone().key
			}
			related = true
		}
	}
	return m, related
}

// damaged changes bytes without regard to what they mean.
func damaged(b []byte, random *mathrand.Rand) []byte {
	if len(b) == 0 {
		return []byte{byte(random.Uint32())}
	}
	at := random.IntN(len(b))
	switch random.IntN(6) {
	case 0, 1:
		b[at] ^= 1 << random.IntN(8)
	case 2:
		b[at] = byte(random.Uint32())
	case 3:
		return b[:at]
	case 4:
		return append(b, byte(random.Uint32()))
	case 5:
		for i := at; i < min(at+1+random.IntN(64), len(b)); i++ {
			b[i] = byte(random.Uint32())
		}
	}
	return b
}

// negated returns (r, n-s) of a signature (r, s), and what is none as it is.
func negated(signature []byte) []byte {
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &pair); err != nil {
		return signature
	}
	pair.S.Sub(elliptic.P256().Params().N, pair.S)
	other, err := asn1.Marshal(pair)
	if err != nil {
		return signature
	}
	return other
}

// moveElements does to elements what keeps them in the group: shift one by a
// power of g, exchange two, or take one from another ciphertext.
func (v *victim) moveElements(ciphertext []byte, random *mathrand.Rand) {
	h, elements, err := codec.Unmarshal(ciphertext)
	if err != nil {
		return
	}
	i, j := random.IntN(len(elements)), random.IntN(len(elements))
	switch random.IntN(3) {
	case 0:
		copy(elements[i], v.shift(elements[i], random))
	case 1:
		swap := slices.Clone(elements[i])
		copy(elements[i], elements[j])
		copy(elements[j], swap)
	case 2:
		copy(elements[i], v.other.ciphertext[codec.HeaderSize+j*h.ElementSize():])
	}
}

// mutateKey changes the function, the secret or the parameters of a key.
func (v *victim) mutateKey(key *Key, random *mathrand.Rand) {
	if len(key.Secrets) == 0 || key.Secrets[0] == nil {
		return // by an earlier mutation
	}
	switch random.IntN(7) {
	case 0:
		key.Function[random.IntN(len(key.Function))] += random.Int64N(200) - 100
	case 1:
		slices.Reverse(key.Function)
	case 2:
		key.Function = key.Function[:1]
	case 3:
		key.Secrets[0] = new(big.Int).Xor(key.Secrets[0], new(big.Int).Lsh(big.NewInt(1), uint(random.IntN(260))))
	case 4:
		key.Secrets[0] = new(big.Int).Add(key.Secrets[0], big.NewInt(random.Int64N(9)-4))
	case 5:
		key.Secrets = [][]*big.Int{nil, {nil}, {v.other.key.Secrets[0]}, {big.NewInt(0)}, {key.Secrets[0], key.Secrets[0]}}[random.IntN(5)]
	case 6:
		key.Params = []Params{{}, {"ddh", 2048, 2, 100}, {key.Params.Scheme, key.Params.Bits, 3, 100}, {key.Params.Scheme, key.Params.Bits, 2, 1 << 40}}[random.IntN(4)]
	}
}
