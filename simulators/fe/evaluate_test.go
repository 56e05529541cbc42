package fe

import (
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"meterbench/simulators/fe/codec"
)

// The holders of one scheme's keys.
type holders struct {
	params    Params
	group     zpGroup
	authority Authority
	evaluator Evaluator
}

func newHolders(t testing.TB, p Params) holders {
	t.Helper()
	scheme, err := newDDH(p)
	if err != nil {
		t.Fatal(err)
	}
	authority := mustSetup(t, p)
	return holders{p, scheme.group, authority, mustEvaluator(t, authority.Encryptor().Public())}
}

func (h holders) make(t testing.TB, x, y []int64) ([]byte, Key) {
	t.Helper()
	ciphertext, err := h.authority.Encryptor().Encrypt(x)
	if err != nil {
		t.Fatal(err)
	}
	key, err := h.authority.Derive(y)
	if err != nil {
		t.Fatal(err)
	}
	return ciphertext, key
}

// edited returns the ciphertext with its elements changed.
func edited(t testing.TB, ciphertext []byte, edit func(elements []*big.Int)) []byte {
	t.Helper()
	header, elements, err := codec.Unmarshal(ciphertext)
	if err != nil {
		t.Fatal(err)
	}
	var numbers []*big.Int
	for _, octets := range elements {
		numbers = append(numbers, new(big.Int).SetBytes(octets))
	}
	edit(numbers)
	if elements, err = encode(numbers, header.ElementSize()); err != nil {
		t.Fatal(err)
	}
	b, err := codec.Marshal(header, elements)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTamperedCiphertextRefused(t *testing.T) {
	for _, name := range []Name{DDH, Damgard} {
		h := newHolders(t, Params{name, 1024, 2, 100})
		other := newHolders(t, Params{name, 1024, 1, 100})
		good, key := h.make(t, []int64{3, 4}, []int64{1, 1})
		foreign, _ := other.make(t, []int64{3}, []int64{1})
		p := h.group.p
		for _, c := range []struct {
			name, want string
			ciphertext []byte
		}{
			{"nil", "0 bytes", nil},
			{"cut off", "bytes; " + string(name), good[:len(good)-1]},
			{"of another length", "length 1; the evaluator is for " + string(name) + " 1024 l=2", foreign},
			{"first element negated", "element 0 of the ciphertext: not in the group", edited(t, good, func(e []*big.Int) { e[0].Sub(p, e[0]) })},
			{"one value's element negated", ErrNoResult.Error(), edited(t, good, func(e []*big.Int) { e[len(e)-1].Sub(p, e[len(e)-1]) })},
			{"element p", "of the ciphertext: not in the group", edited(t, good, func(e []*big.Int) { e[len(e)-1].Set(p) })},
			{"head -1", "element 0 of the ciphertext: not in the group", edited(t, good, func(e []*big.Int) { e[0].Sub(p, big.NewInt(1)) })},
			{"another group element", ErrNoResult.Error(), edited(t, good, func(e []*big.Int) { e[1].Mul(e[1], e[1]).Mod(e[1], p) })},
			{"elements swapped", ErrNoResult.Error(), edited(t, good, func(e []*big.Int) { e[0], e[1] = e[1], e[0] })},
		} {
			t.Run(string(name)+"/"+c.name, func(t *testing.T) {
				z, err := h.evaluator.Evaluate(t.Context(), c.ciphertext, key)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Evaluate = %d, %v, want %q", z, err, c.want)
				}
			})
		}
	}
}

func TestTamperedCurveCiphertextRefused(t *testing.T) {
	authority := mustSetup(t, Params{"ecddh", 256, 2, 100})
	evaluator := mustEvaluator(t, authority.Encryptor().Public())
	good, err := authority.Encryptor().Encrypt([]int64{3, 4})
	if err != nil {
		t.Fatal(err)
	}
	key, err := authority.Derive([]int64{2, -5})
	if err != nil {
		t.Fatal(err)
	}
	if z, err := evaluator.Evaluate(t.Context(), good, key); err != nil || z != -14 {
		t.Fatalf("untouched: %d, %v", z, err)
	}
	group := newCurveGroup()
	element := func(b []byte, i int) []byte { return b[codec.HeaderSize+32*i:][:32] }
	for _, c := range []struct {
		name, want string
		edit       func(b []byte)
	}{
		{"sign bit", "element 1 of the ciphertext: not the canonical encoding", func(b []byte) { element(b, 1)[31] |= 0x80 }},
		{"odd number", "element 0 of the ciphertext: not the canonical encoding", func(b []byte) { element(b, 0)[0] |= 1 }},
		{"identity", "element 2 is zero", func(b []byte) { clear(element(b, 2)) }},
		{"elements swapped", ErrNoResult.Error(), func(b []byte) { copy(element(b, 1), element(good, 2)); copy(element(b, 2), element(good, 1)) }},
		{"another element", ErrNoResult.Error(), func(b []byte) { copy(element(b, 0), group.encode(group.power(3))) }},
		{"other scheme", "dmcfe of 256 bits and length 2 has 70", func(b []byte) { b[1] = codec.DMCFE.Number() }},
		{"other length", "length 3 has 134", func(b []byte) { b[5] = 3 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := slices.Clone(good)
			c.edit(b)
			if z, err := evaluator.Evaluate(t.Context(), b, key); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Evaluate = %d, %v, want %q", z, err, c.want)
			}
		})
	}
}

// Signs of the values' elements that cancel in the product change nothing:
// the result is that of the ciphertext without them.
func TestSignsThatCancel(t *testing.T) {
	for _, name := range []Name{DDH, Damgard} {
		h := newHolders(t, Params{name, 1024, 3, 100})
		good, _ := h.make(t, []int64{3, 4, 5}, []int64{1, 1, 1})
		signs := edited(t, good, func(e []*big.Int) {
			for i := len(e) - 2; i < len(e); i++ {
				e[i].Sub(h.group.p, e[i])
			}
		})
		for _, c := range []struct {
			y    []int64
			want int64 // 0: none
		}{{[]int64{1, 1, 1}, 12}, {[]int64{1, 1, -3}, -8}, {[]int64{1, 2, 2}, 21}, {[]int64{1, 2, 1}, 0}, {[]int64{1, 0, -1}, 0}} {
			key, err := h.authority.Derive(c.y)
			if err != nil {
				t.Fatal(err)
			}
			got, err := h.evaluator.Evaluate(t.Context(), signs, key)
			if c.want == 0 {
				if !errors.Is(err, ErrNoResult) {
					t.Errorf("%s: %v gives %d, %v, want no result", name, c.y, got, err)
				}
			} else if err != nil || got != c.want {
				t.Errorf("%s: %v gives %d, %v, want %d", name, c.y, got, err, c.want)
			}
		}
	}
}

func TestWrongKeyRefused(t *testing.T) {
	for _, name := range []Name{DDH, Damgard} {
		h := newHolders(t, Params{name, 1024, 2, 100})
		ciphertext, key := h.make(t, []int64{3, 4}, []int64{1, 1})
		stranger, err := mustSetup(t, h.params).Derive([]int64{1, 1})
		if err != nil {
			t.Fatal(err)
		}
		with := func(edit func(k *Key)) Key {
			k := Key{key.Params, slices.Clone(key.Function), slices.Clone(key.Secrets)}
			edit(&k)
			return k
		}
		for _, c := range []struct {
			name, want string
			key        Key
		}{
			{"empty", "key: made for  0 l=0", Key{}},
			{"other parameters", "with bound 99, the evaluator for", with(func(k *Key) { k.Params.Bound = 99 })},
			{"no secrets", "0 secrets", with(func(k *Key) { k.Secrets = nil })},
			{"nil secret", "secret 0 is missing", with(func(k *Key) { k.Secrets[0] = nil })},
			{"negative secret", "secret 0 is negative or not below the order", with(func(k *Key) { k.Secrets[0] = big.NewInt(-1) })},
			{"secret of the order", "secret 0 is negative or not below the order", with(func(k *Key) { k.Secrets[0] = h.group.q })},
			{"short function", "vector of length 1", with(func(k *Key) { k.Function = k.Function[:1] })},
			{"weight over the bound", "value 1 of the vector is over the bound", with(func(k *Key) { k.Function[1] = 101 })},
			{"secrets of another function", ErrNoResult.Error(), with(func(k *Key) { k.Function = []int64{1, 2} })},
			{"another authority", ErrNoResult.Error(), stranger},
		} {
			t.Run(string(name)+"/"+c.name, func(t *testing.T) {
				z, err := h.evaluator.Evaluate(t.Context(), ciphertext, c.key)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Evaluate = %d, %v, want %q", z, err, c.want)
				}
			})
		}
		if z, err := h.evaluator.Evaluate(t.Context(), ciphertext, key); err != nil || z != 7 {
			t.Errorf("the untouched key: %d, %v, want 7", z, err)
		}
	}
}

func TestFunctionBeyondTableRefused(t *testing.T) {
	p := Params{"ddh", 1024, 1, 1 << 23}
	scheme, err := newDDH(p)
	if err != nil {
		t.Fatal(err)
	}
	group := scheme.group
	logs := mustTable(t, group, minEntries)
	evaluator := &cipherEvaluator[*big.Int]{p, group, logs}
	h := holders{p, group, mustSetup(t, p), evaluator}

	ciphertext, key := h.make(t, []int64{5}, []int64{1 << 23})
	if z, err := evaluator.Evaluate(t.Context(), ciphertext, key); err == nil || !strings.Contains(err.Error(), "results of this function of ddh 1024 l=1 may reach 70368744177664, discrete logarithms are searched up to 268435456") {
		t.Errorf("Evaluate = %d, %v", z, err)
	}
	ciphertext, key = h.make(t, []int64{5}, []int64{-2})
	if z, err := evaluator.Evaluate(t.Context(), ciphertext, key); err != nil || z != -10 {
		t.Errorf("a function within reach: %d, %v, want -10", z, err)
	}
}

// FuzzEvaluate holds that whatever bytes come from a ledger, Evaluate returns
// an error or a result within the bound, and never panics.
func FuzzEvaluate(f *testing.F) {
	type target struct {
		answer    knownAnswer
		good      []byte
		key       Key
		evaluator Evaluator
	}
	targets := map[string]target{}
	for _, answer := range knownAnswers(f) {
		if answer.Length != 1 {
			continue
		}
		good, err := hex.DecodeString(answer.Ciphertext)
		if err != nil {
			f.Fatal(err)
		}
		authority := answer.authority(f)
		key, err := authority.Derive(answer.Y)
		if err != nil {
			f.Fatal(err)
		}
		targets[answer.Scheme] = target{answer, good, key, mustEvaluator(f, authority.Encryptor().Public())}
		f.Add(answer.Scheme, good)
		f.Add(answer.Scheme, good[:len(good)-1])
		f.Add(answer.Scheme, edited(f, good, func(e []*big.Int) { e[0].SetInt64(1) }))
		f.Add(answer.Scheme, edited(f, good, func(e []*big.Int) { e[0].SetInt64(1); e[1].SetInt64(1) }))
	}
	f.Fuzz(func(t *testing.T, scheme string, ciphertext []byte) {
		target, ok := targets[scheme]
		if !ok {
			return
		}
		z, err := target.evaluator.Evaluate(t.Context(), ciphertext, target.key)
		if err != nil {
			return
		}
		if limit := target.answer.params().reach(target.answer.Y); z > limit || z < -limit {
			t.Fatalf("result %d beyond %d", z, limit)
		}
		if slices.Equal(ciphertext, target.good) && z != target.answer.Result {
			t.Fatalf("result %d, want %d", z, target.answer.Result)
		}
	})
}

func TestNoResultIsRecognised(t *testing.T) {
	h := newHolders(t, Params{"ddh", 1024, 1, 100})
	ciphertext, key := h.make(t, []int64{3}, []int64{1})
	key.Secrets[0] = new(big.Int).Xor(key.Secrets[0], big.NewInt(1))
	if _, err := h.evaluator.Evaluate(t.Context(), ciphertext, key); !errors.Is(err, ErrNoResult) {
		t.Errorf("Evaluate = %v, want ErrNoResult", err)
	}
}
