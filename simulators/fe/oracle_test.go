package fe

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"testing"

	"github.com/fentec-project/gofe/data"
	"github.com/fentec-project/gofe/innerprod/fullysec"
	"github.com/fentec-project/gofe/innerprod/simple"
	"pgregory.net/rapid"

	"meterbench/simulators/fe/codec"
)

// A knownAnswer is computed by an independent program from the
// papers' formulas, with gofe's groups and RFC 9496. Numbers as strings are hexadecimal.
type knownAnswer struct {
	Scheme     string   `json:"scheme"`
	Bits       int      `json:"bits"`
	Length     int      `json:"length"`
	Bound      int64    `json:"bound"`
	S          []string `json:"s"` // master secret
	T          []string `json:"t"` // its second half, damgard only
	R          string   `json:"r"` // random number of the ciphertext, ecddh only
	X          []int64  `json:"x"` // ecddh only
	Y          []int64  `json:"y"`
	Key        []string `json:"key"`
	Public     string   `json:"public"` // ecddh only
	Ciphertext string   `json:"ciphertext"`
	Result     int64    `json:"result"`
}

func knownAnswers(t testing.TB) []knownAnswer {
	return append(known[knownAnswer](t, "testdata/vectors.json"), known[knownAnswer](t, "testdata/ecddh.json")...)
}

// known returns the known answers in a file.
func known[T any](t testing.TB, file string) (answers []T) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &answers)
	}
	if err != nil || len(answers) == 0 {
		t.Fatalf("%s: %d answers, %v", file, len(answers), err)
	}
	return answers
}

func (k knownAnswer) params() Params { return Params{Name(k.Scheme), k.Bits, k.Length, k.Bound} }

func numbers(t testing.TB, hexadecimal []string) data.Vector {
	t.Helper()
	out := make(data.Vector, len(hexadecimal))
	for i, s := range hexadecimal {
		var ok bool
		if out[i], ok = new(big.Int).SetString(s, 16); !ok {
			t.Fatalf("%q is not hexadecimal", s)
		}
	}
	return out
}

// authority returns the Authority that holds the answer's master secret.
func (k knownAnswer) authority(t testing.TB) Authority {
	t.Helper()
	s, p := numbers(t, k.S), k.params()
	if k.Scheme == "ecddh" {
		authority, err := ecddhAuthority(p, s)
		if err != nil {
			t.Fatal(err)
		}
		return authority
	}
	scheme, err := zp(newDDH).scheme(p)
	if err != nil {
		t.Fatal(err)
	}
	secrets, group := []data.Vector{s}, scheme.group
	h := make(data.Vector, len(s))
	for i := range s {
		h[i] = new(big.Int).Exp(group.g, s[i], group.p)
	}
	if k.Scheme == "damgard" {
		damgard, err := fullysec.NewDamgardPrecomp(p.Length, p.Bits, big.NewInt(p.Bound))
		if err != nil {
			t.Fatal(err)
		}
		if scheme, err = zp(newDamgard).scheme(p); err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, numbers(t, k.T))
		for i := range s {
			h[i].Mul(h[i], new(big.Int).Exp(damgard.Params.H, secrets[1][i], group.p)).Mod(h[i], group.p)
		}
	}
	authority, err := scheme.authority(p, secrets, h)
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func TestKnownAnswers(t *testing.T) {
	for _, k := range knownAnswers(t) {
		t.Run(k.params().String(), func(t *testing.T) {
			if testing.Short() && k.Bits > 2048 {
				t.Skip("the table takes long at this size")
			}
			authority := k.authority(t)
			key, err := authority.Derive(k.Y)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range numbers(t, k.Key) {
				if key.Secrets[i].Cmp(want) != 0 {
					t.Errorf("secret %d = %x, want %x", i, key.Secrets[i], want)
				}
			}
			ciphertext, err := hex.DecodeString(k.Ciphertext)
			if err != nil {
				t.Fatal(err)
			}
			if len(ciphertext) != k.params().CiphertextSize() {
				t.Errorf("%d bytes, CiphertextSize says %d", len(ciphertext), k.params().CiphertextSize())
			}
			got, err := mustEvaluator(t, authority.Encryptor().Public()).Evaluate(t.Context(), ciphertext, key)
			if err != nil || got != k.Result {
				t.Errorf("Evaluate = %d, %v, want %d", got, err, k.Result)
			}
		})
	}
}

// Where the randomness can be given, public key and ciphertext are known answers too.
func TestKnownCiphertexts(t *testing.T) {
	count := 0
	for _, k := range knownAnswers(t) {
		if k.Scheme != "ecddh" {
			continue
		}
		count++
		public := k.authority(t).Encryptor().Public()
		if got := hex.EncodeToString(public); got != k.Public {
			t.Errorf("%v: public key %s, want %s", k.params(), got, k.Public)
		}
		keys, err := newECDDHKeys(k.params(), public[codec.PublicHeaderSize:])
		if err != nil {
			t.Fatal(err)
		}
		got, err := codec.Marshal(k.params().header(), keys.encrypt(k.X, numbers(t, []string{k.R})[0]))
		if err != nil || hex.EncodeToString(got) != k.Ciphertext {
			t.Errorf("%v: ciphertext %x, %v, want %s", k.params(), got, err, k.Ciphertext)
		}
	}
	if count < 5 {
		t.Errorf("%d known answers of ecddh", count)
	}
}

// Schemes agree with each other and with the plaintext on random vectors, with
// encryptors made from public keys alone.
func TestSchemesAgree(t *testing.T) {
	type holder struct {
		authority Authority
		encryptor Encryptor
		evaluator Evaluator
	}
	var holders []holder
	const bound = 1000
	for _, p := range []Params{{"ddh", 1024, 4, bound}, {"damgard", 1024, 4, bound}, {"ecddh", 256, 4, bound}} {
		authority := mustSetup(t, p)
		encryptor, err := NewEncryptor(authority.Encryptor().Public())
		if err != nil {
			t.Fatal(err)
		}
		holders = append(holders, holder{authority, encryptor, mustEvaluator(t, encryptor.Public())})
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(-bound, bound), 4, 4)
		x, y := values.Draw(t, "x"), values.Draw(t, "y")
		for _, h := range holders {
			ciphertext, err := h.encryptor.Encrypt(x)
			if err != nil {
				t.Fatal(err)
			}
			key, err := h.authority.Derive(y)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := h.evaluator.Evaluate(context.Background(), ciphertext, key); err != nil || got != dot(x, y) {
				t.Fatalf("%v: Evaluate = %d, %v, want %d", key.Params, got, err, dot(x, y))
			}
		}
	})
}

// gofe's own decryption is the oracle here. Each call leaves a goroutine
// behind, so the calls and the bound are few and small.
func TestAgreesWithGofe(t *testing.T) {
	for _, name := range []Name{DDH, Damgard} {
		p := Params{name, 1024, 3, 20}
		t.Run(string(name), func(t *testing.T) {
			authority := mustSetup(t, p)
			evaluator := mustEvaluator(t, authority.Encryptor().Public())
			for _, c := range []struct{ x, y []int64 }{
				{[]int64{1, 2, 3}, []int64{1, 1, 1}},
				{[]int64{20, -20, 20}, []int64{20, -20, 20}},
				{[]int64{-20, 20, -20}, []int64{20, -20, 20}},
				{[]int64{0, 0, 7}, []int64{20, 3, -1}},
			} {
				ciphertext, err := authority.Encryptor().Encrypt(c.x)
				if err != nil {
					t.Fatal(err)
				}
				key, err := authority.Derive(c.y)
				if err != nil {
					t.Fatal(err)
				}
				got, err := evaluator.Evaluate(t.Context(), ciphertext, key)
				if err != nil {
					t.Fatal(err)
				}
				if want := gofeDecrypt(t, p, ciphertext, key); got != want {
					t.Errorf("%v · %v = %d, gofe says %d", c.x, c.y, got, want)
				}
			}
		})
	}
}

func gofeDecrypt(t testing.TB, p Params, ciphertext []byte, key Key) int64 {
	t.Helper()
	_, octets, err := codec.Unmarshal(ciphertext)
	if err != nil {
		t.Fatal(err)
	}
	elements := make(data.Vector, len(octets))
	for i := range octets {
		elements[i] = new(big.Int).SetBytes(octets[i])
	}
	var z *big.Int
	if p.Scheme == "ddh" {
		scheme, schemeErr := simple.NewDDHPrecomp(p.Length, p.Bits, big.NewInt(p.Bound))
		if schemeErr != nil {
			t.Fatal(schemeErr)
		}
		z, err = scheme.Decrypt(elements, key.Secrets[0], vector(key.Function))
	} else {
		scheme, schemeErr := fullysec.NewDamgardPrecomp(p.Length, p.Bits, big.NewInt(p.Bound))
		if schemeErr != nil {
			t.Fatal(schemeErr)
		}
		z, err = scheme.Decrypt(elements, &fullysec.DamgardDerivedKey{Key1: key.Secrets[0], Key2: key.Secrets[1]}, vector(key.Function))
	}
	if err != nil {
		t.Fatal(err)
	}
	return z.Int64()
}
