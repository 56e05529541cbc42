package fe

import (
	"context"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fentec-project/gofe/data"
	"pgregory.net/rapid"

	"meterbench/simulators/fe/codec"
)

// A paillierAnswer is computed by an independent program from the paper's
// formulas. Numbers as strings are hexadecimal.
type paillierAnswer struct {
	Bits       int      `json:"bits"`
	Length     int      `json:"length"`
	Bound      int64    `json:"bound"`
	N          string   `json:"n"`
	G          string   `json:"g"`
	S          []string `json:"s"` // master secret
	Y          []int64  `json:"y"`
	Key        string   `json:"key"`
	Public     string   `json:"public"`
	Ciphertext string   `json:"ciphertext"`
	Result     int64    `json:"result"`
}

func paillierAnswers(t testing.TB) []paillierAnswer {
	return known[paillierAnswer](t, "testdata/paillier.json")
}

func (k paillierAnswer) params() Params { return Params{"paillier", k.Bits, k.Length, k.Bound} }

func (k paillierAnswer) group(t testing.TB) paillierGroup {
	n := numbers(t, []string{k.N})[0]
	return paillierGroup{n: n, square: new(big.Int).Mul(n, n), g: numbers(t, []string{k.G})[0]}
}

// authority returns the Authority that holds the answer's master secret.
func (k paillierAnswer) authority(t testing.TB) Authority {
	t.Helper()
	group, s := k.group(t), numbers(t, k.S)
	h := s.Apply(func(x *big.Int) *big.Int { return new(big.Int).Exp(group.g, x, group.square) })
	authority, err := group.scheme(k.params()).authority(k.params(), []data.Vector{s}, h)
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

// testPaillier makes an Authority in the group of a known answer, so that no
// modulus has to be searched.
func testPaillier(t testing.TB, p Params) (Authority, Evaluator) {
	t.Helper()
	answers := paillierAnswers(t)
	at := slices.IndexFunc(answers, func(k paillierAnswer) bool { return k.Bits == p.Bits })
	authority, err := answers[at].group(t).setup(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return authority, paillierEvaluatorOf(t, authority)
}

func paillierEvaluatorOf(t testing.TB, authority Authority) Evaluator {
	t.Helper()
	evaluator, err := NewEvaluator(t.Context(), authority.Encryptor().Public(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return evaluator
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPaillierKnownAnswers(t *testing.T) {
	for _, k := range paillierAnswers(t) {
		t.Run(k.params().String(), func(t *testing.T) {
			authority := k.authority(t)
			if got := hex.EncodeToString(authority.Encryptor().Public()); got != k.Public {
				t.Errorf("public key %s, want %s", got, k.Public)
			}
			key, err := authority.Derive(k.Y)
			if err != nil {
				t.Fatal(err)
			}
			if want := numbers(t, []string{k.Key})[0]; key.Secrets[0].Cmp(want) != 0 {
				t.Errorf("key %x, want %x", key.Secrets[0], want)
			}
			got, err := paillierEvaluatorOf(t, authority).Evaluate(t.Context(), unhex(t, k.Ciphertext), key)
			if err != nil || got != k.Result {
				t.Errorf("Evaluate = %d, %v, want %d", got, err, k.Result)
			}
		})
	}
}

// gofe's own decryption is the oracle, ddh on the same vectors another.
func TestPaillierAgreesWithGofeAndDDH(t *testing.T) {
	p := Params{"paillier", 1024, 3, 50}
	authority, evaluator := testPaillier(t, p)
	scheme := authority.(paillierAuthority).group.gofe(p)
	ddh := mustSetup(t, Params{"ddh", 1024, p.Length, p.Bound})
	ddhEvaluator := mustEvaluator(t, ddh.Encryptor().Public())
	number := rapid.OneOf(rapid.Int64Range(-p.Bound, p.Bound), rapid.SampledFrom([]int64{-p.Bound, -1, 0, 1, p.Bound}))
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(number, 3, 3).Draw(t, "x")
		y := rapid.SliceOfN(number, 3, 3).Draw(t, "y")
		want := x[0]*y[0] + x[1]*y[1] + x[2]*y[2]
		evaluate := func(a Authority, e Evaluator) (int64, []byte, Key) {
			ciphertext, err := a.Encryptor().Encrypt(x)
			if err != nil {
				t.Fatal(err)
			}
			key, err := a.Derive(y)
			if err != nil {
				t.Fatal(err)
			}
			z, err := e.Evaluate(context.Background(), ciphertext, key)
			if err != nil {
				t.Fatal(err)
			}
			return z, ciphertext, key
		}
		got, ciphertext, key := evaluate(authority, evaluator)
		same, _, _ := evaluate(ddh, ddhEvaluator)
		octets, err := p.open(ciphertext)
		if err != nil {
			t.Fatal(err)
		}
		elements := make(data.Vector, len(octets))
		for i, o := range octets {
			elements[i] = new(big.Int).SetBytes(o)
		}
		gofe, err := scheme.Decrypt(elements, key.Secrets[0], vector(y))
		if err != nil {
			t.Fatal(err)
		}
		if got != want || same != want || gofe.Int64() != want {
			t.Fatalf("%v · %v = %d; paillier says %d, ddh %d, gofe %v", x, y, want, got, same, gofe)
		}
	})
}

func TestPaillierPublicKeyTravels(t *testing.T) {
	p := Params{"paillier", 1024, 2, 1000}
	authority, evaluator := testPaillier(t, p)
	public := authority.Encryptor().Public()
	encryptor, err := NewEncryptor(public)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(encryptor.Public(), public) {
		t.Error("the public key changes on its way")
	}
	ciphertext, err := encryptor.Encrypt([]int64{-1000, 7})
	if err != nil {
		t.Fatal(err)
	}
	if len(ciphertext) != p.CiphertextSize() || len(ciphertext) != 6+3*256 {
		t.Errorf("%d bytes, CiphertextSize says %d", len(ciphertext), p.CiphertextSize())
	}
	key, err := authority.Derive([]int64{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	if z, err := evaluator.Evaluate(t.Context(), ciphertext, key); err != nil || z != -993 {
		t.Errorf("Evaluate = %d, %v, want -993", z, err)
	}
}

func TestPaillierRefuses(t *testing.T) {
	p := Params{"paillier", 1024, 2, 1000}
	authority, evaluator := testPaillier(t, p)
	group := authority.(paillierAuthority).group
	ciphertext, err := authority.Encryptor().Encrypt([]int64{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	key, err := authority.Derive([]int64{3, 4})
	if err != nil {
		t.Fatal(err)
	}
	put := func(b []byte, at int, n *big.Int) { n.FillBytes(b[6+256*at:][:256]) }
	for _, c := range []struct {
		want string
		edit func(ciphertext []byte, key *Key)
	}{
		{"element 1 of the ciphertext: not between 0 and n^2", func(c []byte, _ *Key) { put(c, 1, group.square) }},
		{"element 2 is zero", func(c []byte, _ *Key) { put(c, 2, new(big.Int)) }},
		{"common factor with n", func(c []byte, _ *Key) { put(c, 0, group.n) }},
		{ErrNoResult.Error(), func(c []byte, _ *Key) { put(c, 1, big.NewInt(1)) }},
		{ErrNoResult.Error(), func(_ []byte, k *Key) { k.Function = []int64{4, 3} }},
		{ErrNoResult.Error(), func(_ []byte, k *Key) { k.Secrets = []*big.Int{big.NewInt(1)} }},
		{"0 secrets; paillier has 1", func(_ []byte, k *Key) { k.Secrets = nil }},
		{"secret 0 is missing", func(_ []byte, k *Key) { k.Secrets = []*big.Int{nil} }},
		{"at most 2617 bits", func(_ []byte, k *Key) { k.Secrets = []*big.Int{new(big.Int).Lsh(big.NewInt(-1), 2617)} }},
		{"made for", func(_ []byte, k *Key) { k.Params.Bound++ }},
		{"over the bound", func(_ []byte, k *Key) { k.Function = []int64{1001, 0} }},
	} {
		altered, other := slices.Clone(ciphertext), key
		c.edit(altered, &other)
		if z, err := evaluator.Evaluate(t.Context(), altered, other); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Evaluate = %d, %v, want %q", z, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := evaluator.Evaluate(ctx, ciphertext, key); !errors.Is(err, context.Canceled) {
		t.Errorf("Evaluate of a context that is done: %v", err)
	}
	if _, err := authority.(Renewer).Renew(t.Context(), Params{"paillier", 2048, 2, 1000}); err == nil {
		t.Error("keys of 2048 bits in a group of 1024")
	}
}

func TestPaillierRefusesPublicKeys(t *testing.T) {
	authority, _ := testPaillier(t, Params{"paillier", 1024, 1, 9})
	public := authority.Encryptor().Public()
	n := public[15:][:128]
	for want, edit := range map[string]func(public []byte){
		"n is even or has 1024":         func(b []byte) { b[15+127] &^= 1 },
		"n is even or has 102":          func(b []byte) { b[15] &= 0x7f },
		"common factor with n":          func(b []byte) { copy(b[15+128:][:256], append(make([]byte, 128), n...)) },
		"is not between 0 and n^2":      func(b []byte) { b[15+128+256] = 0xff; b[15+128+257] = 0xff },
		"bound 0":                       func(b []byte) { b[14] = 0 },
		"paillier of 1025 bits":         func(b []byte) { b[4] = 1 },
		"begin with the mark of a publ": func(b []byte) { b[0] = 1 },
	} {
		altered := slices.Clone(public)
		edit(altered)
		if _, err := NewEncryptor(altered); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewEncryptor: %v, want %q", err, want)
		}
		if _, err := NewEvaluator(t.Context(), altered, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewEvaluator: %v, want %q", err, want)
		}
	}
}

// A public key that hides nothing is refused: with n all ones and every element
// 1 a ciphertext is 1 + x*n.
func TestPaillierRefusesBadModuli(t *testing.T) {
	p := Params{"paillier", 1024, 2, 9}
	authority, _ := testPaillier(t, p)
	public := authority.Encryptor().Public()
	one := big.NewInt(1)
	good := authority.(paillierAuthority).group
	found := func(bits uint, rest int64, prime bool) *big.Int { // the first number of that size with a remainder modulo 12
		n := new(big.Int).Lsh(big.NewInt(3), bits-2)
		n.Sub(n, new(big.Int).Mod(n, big.NewInt(12))).Add(n, big.NewInt(rest))
		for n.ProbablyPrime(0) != prime {
			n.Add(n, big.NewInt(12))
		}
		return n
	}
	safe := found(512, 11, true)
	for _, c := range []struct {
		name, want string
		n, g, h    *big.Int
	}{
		{"the group itself", "", good.n, good.g, good.g},
		{"all ones", "n has the factor 3", new(big.Int).Sub(new(big.Int).Lsh(one, 1024), one), one, one},
		{"a small factor", "n has the factor 4093", new(big.Int).Mul(big.NewInt(4093), found(1012, 1, true)), good.g, good.g},
		{"a prime", "n is prime", found(1024, 1, true), big.NewInt(4), big.NewInt(9)},
		{"a square", "n is a square", new(big.Int).Mul(safe, safe), big.NewInt(4), big.NewInt(9)},
		{"primes that are not safe", "not the product of two safe primes", new(big.Int).Mul(safe, found(512, 5, true)), big.NewInt(4), big.NewInt(9)},
		{"generator 1", "element 0 is 1", good.n, one, good.g},
		{"element 1", "element 2 is 1", good.n, good.g, one},
		{"generator -1", "element 0 is 1 or -1", good.n, new(big.Int).Sub(good.square, one), good.g},
		{"1 modulo n", "element 2 is 1", good.n, good.g, new(big.Int).Add(good.n, one)},
		{"no square", "or no square", good.n, noSquare(good.n), good.g},
	} {
		t.Run(c.name, func(t *testing.T) {
			altered := withKey(t, public, func(key []byte) {
				c.n.FillBytes(key[:128])
				c.g.FillBytes(key[128:384])
				good.g.FillBytes(key[384:640])
				if c.n.Cmp(good.n) != 0 {
					c.h.FillBytes(key[384:640])
				}
				c.h.FillBytes(key[640:])
			})
			_, err := NewEncryptor(altered)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("NewEncryptor: %v, want %q", err, c.want)
			}
			if _, again := NewEvaluator(t.Context(), altered, nil); (again == nil) != (err == nil) {
				t.Errorf("NewEvaluator: %v", again)
			}
		})
	}
}

func noSquare(n *big.Int) *big.Int {
	x := big.NewInt(2)
	for big.Jacobi(x, n) == 1 {
		x.Add(x, big.NewInt(1))
	}
	return x
}

// -1 is no residue that a ciphertext consists of, and nobody without the factors
// of n sees that it is in one. Whether it is must make no difference: with it in
// the head, results would tell whether the key is even.
func TestPaillierSigns(t *testing.T) {
	p := Params{"paillier", 1024, 2, 100}
	authority, evaluator := testPaillier(t, p)
	ciphertext, err := authority.Encryptor().Encrypt([]int64{7, 100})
	if err != nil {
		t.Fatal(err)
	}
	h, elements, err := codec.Unmarshal(ciphertext)
	if err != nil {
		t.Fatal(err)
	}
	square := evaluator.(*cipherEvaluator[*big.Int]).group.(paillierGroup).square
	parities := map[uint]bool{}
	for weight := int64(1); weight <= 100 && len(parities) < 2; weight++ {
		key, err := authority.Derive([]int64{weight, 1 - weight})
		if err != nil {
			t.Fatal(err)
		}
		if parities[key.Secrets[0].Bit(0)] {
			continue
		}
		parities[key.Secrets[0].Bit(0)] = true
		want := 7*weight + 100*(1-weight)
		for signs := range 8 {
			changed := slices.Clone(elements)
			for i, e := range elements {
				if signs>>i&1 == 1 {
					changed[i] = new(big.Int).Sub(square, new(big.Int).SetBytes(e)).FillBytes(make([]byte, len(e)))
				}
			}
			b, err := codec.Marshal(h, changed)
			if err != nil {
				t.Fatal(err)
			}
			if z, err := evaluator.Evaluate(t.Context(), b, key); z != want || err != nil {
				t.Errorf("weight %d, signs %03b: %d, %v, want %d", weight, signs, z, err, want)
			}
		}
	}
}

func TestSetupPaillier(t *testing.T) {
	p := Params{"paillier", 1024, 2, 100}
	authority, err := Setup(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	wider := Params{"paillier", 1024, 3, 10}
	renewed, err := authority.(Renewer).Renew(t.Context(), wider)
	if err != nil {
		t.Fatal(err)
	}
	n := authority.(paillierAuthority).group.n
	if n.BitLen() != 1024 || renewed.(paillierAuthority).group.n.Cmp(n) != 0 {
		t.Errorf("modulus of %d bits, renewed with another one or not", n.BitLen())
	}
	ciphertext, err := renewed.Encryptor().Encrypt([]int64{1, -2, 10})
	if err != nil {
		t.Fatal(err)
	}
	key, err := renewed.Derive([]int64{1, 1, -1})
	if err != nil {
		t.Fatal(err)
	}
	if z, err := paillierEvaluatorOf(t, renewed).Evaluate(t.Context(), ciphertext, key); err != nil || z != -11 {
		t.Errorf("Evaluate = %d, %v, want -11", z, err)
	}
}

func TestSafePrimes(t *testing.T) {
	primes := oddPrimesBelow(sievePrimes)
	if want := []uint64{3, 5, 7, 11, 13, 17, 19, 23}; !slices.Equal(primes[:8], want) || len(primes) != 12250 {
		t.Errorf("primes %v … of %d, want %v … of 12250", primes[:8], len(primes), want)
	}
	for _, bits := range []int{64, 128, 256} {
		p, err := safePrime(t.Context(), bits, primes)
		if err != nil {
			t.Fatal(err)
		}
		if p.BitLen() != bits || p.Bit(bits-2) != 1 {
			t.Errorf("%v has no %d bits, the two highest set", p, bits)
		}
		if half := new(big.Int).Rsh(p, 1); !p.ProbablyPrime(20) || !half.ProbablyPrime(20) {
			t.Errorf("%v is no safe prime", p)
		}
	}
}

// The sieve strikes out exactly those with a small factor, in itself or in
// twice itself plus one.
func TestSieve(t *testing.T) {
	primes := oddPrimesBelow(50)
	rapid.Check(t, func(t *rapid.T) {
		start := new(big.Int).SetUint64(rapid.Uint64Range(50, 1<<62).Draw(t, "start") | 1)
		for i, composite := range sieve(start, primes) {
			candidate := new(big.Int).Add(start, big.NewInt(int64(2*i)))
			safe := new(big.Int).Lsh(candidate, 1)
			safe.SetBit(safe, 0, 1)
			divides := func(r uint64) bool {
				of := new(big.Int).SetUint64(r)
				return new(big.Int).Mod(candidate, of).Sign() == 0 || new(big.Int).Mod(safe, of).Sign() == 0
			}
			if composite != slices.ContainsFunc(primes, divides) {
				t.Fatalf("%v: struck out is %v", candidate, composite)
			}
			if i > 500 {
				break
			}
		}
	})
}

func TestModulusSearchIsCancelled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	// At 4096 bits the search takes half a minute, and no chance makes it this short.
	if _, err := Setup(ctx, Params{"paillier", 4096, 1, 10}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Setup: %v, want the context's error", err)
	}
}

// FuzzPaillier evaluates whatever comes as public key, ciphertext and secret.
func FuzzPaillier(f *testing.F) {
	for _, k := range paillierAnswers(f) {
		if k.Bits == 1024 { // larger numbers make it slower, not better
			f.Add(unhex(f, k.Public), unhex(f, k.Ciphertext), numbers(f, []string{k.Key})[0].Bytes(), k.Y[0])
		}
	}
	f.Fuzz(func(t *testing.T, public, ciphertext, secret []byte, weight int64) {
		p, err := ReadParams(public)
		if err != nil || p.Scheme != "paillier" || p.Bits > 1024 {
			return
		}
		if encryptor, err := NewEncryptor(public); err == nil {
			if !slices.Equal(encryptor.Public(), public) {
				t.Error("a public key with two encodings")
			}
		}
		evaluator, err := NewEvaluator(t.Context(), public, nil)
		if err != nil {
			return
		}
		y := make([]int64, p.Length)
		y[0] = weight
		z, err := evaluator.Evaluate(t.Context(), ciphertext, Key{p, y, []*big.Int{new(big.Int).SetBytes(secret)}})
		if reach := p.reach(y); err == nil && (z > reach || z < -reach) {
			t.Errorf("%d is beyond the reach %d of the function", z, reach)
		}
	})
}

// A byte changed in a ciphertext or in a key gives no other result.
func TestPaillierMutations(t *testing.T) {
	p := Params{"paillier", 1024, 2, 1000}
	authority, evaluator := testPaillier(t, p)
	honest, err := authority.Encryptor().Encrypt([]int64{123, -7})
	if err != nil {
		t.Fatal(err)
	}
	key, err := authority.Derive([]int64{1, 20})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		ciphertext, altered := slices.Clone(honest), key
		change := byte(rapid.IntRange(1, 255).Draw(t, "change"))
		if rapid.Bool().Draw(t, "key") {
			secret := new(big.Int).Abs(key.Secrets[0]).Bytes()
			secret[rapid.IntRange(0, len(secret)-1).Draw(t, "at")] ^= change
			changed := new(big.Int).SetBytes(secret)
			if key.Secrets[0].Sign() < 0 {
				changed.Neg(changed)
			}
			altered.Secrets = []*big.Int{changed}
		} else {
			ciphertext[rapid.IntRange(0, len(honest)-1).Draw(t, "at")] ^= change
		}
		if z, err := evaluator.Evaluate(context.Background(), ciphertext, altered); err == nil {
			t.Fatalf("the result is %d", z)
		}
	})
}
