package fe

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fentec-project/bn256"
	"github.com/fentec-project/gofe/data"
	"github.com/fentec-project/gofe/innerprod/fullysec"
	"pgregory.net/rapid"
)

func mustGroup(t testing.TB, p Params) []*Member {
	t.Helper()
	members, err := NewGroup(t.Context(), p, true)
	if err != nil {
		t.Fatal(err)
	}
	return members
}

func groupKey(t fataler, members []*Member, y []int64) GroupKey {
	shares := make([][]byte, len(members))
	for i, m := range members {
		var err error
		if shares[i], err = m.DeriveShare(y); err != nil {
			t.Fatal(err)
		}
	}
	key, err := CombineShares(members[0].params, y, shares)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func mustGroupEvaluator(t fataler, key GroupKey, tables *Tables) *GroupEvaluator {
	e, err := NewGroupEvaluator(context.Background(), key, tables)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// seal returns what encrypts the values of the members.
func seal(t fataler, members []*Member) []*SealedMember {
	sealed := make([]*SealedMember, len(members))
	for i, m := range members {
		key, err := m.Seal()
		if err != nil {
			t.Fatal(err)
		}
		if sealed[i], err = NewSealedMember(m.params, key); err != nil {
			t.Fatal(err)
		}
	}
	return sealed
}

func encryptAll(t fataler, sealed []*SealedMember, label uint64, x []int64) [][]byte {
	ciphertexts := make([][]byte, len(sealed))
	for i, m := range sealed {
		var err error
		if ciphertexts[i], err = m.Encrypt(label, x[i]); err != nil {
			t.Fatal(err)
		}
	}
	return ciphertexts
}

// A fataler is a *testing.T or a *rapid.T.
type fataler interface{ Fatal(...any) }

// A groupAnswer holds members to what they computed once, with gofe as the
// oracle: dmcfe has no randomness but the members' secrets. Numbers as strings
// are hexadecimal.
type groupAnswer struct {
	Length  int         `json:"length"`
	Bound   int64       `json:"bound"`
	Label   uint64      `json:"label"`
	X       []int64     `json:"x"`
	Y       []int64     `json:"y"`
	Secrets [][3]string `json:"secrets"` // of each member: two to encrypt, one to agree
	Public  string      `json:"public"`
	Shares  []string    `json:"shares"`
	Values  []string    `json:"ciphertexts"`
	Key     string      `json:"key"`
	Result  int64       `json:"result"`
}

func groupAnswers(t testing.TB) []groupAnswer { return known[groupAnswer](t, "testdata/dmcfe.json") }

// members returns the members that hold the answer's secrets.
func (k groupAnswer) members(t testing.TB) []*Member {
	t.Helper()
	members, keys := make([]*Member, k.Length), make([][]byte, k.Length)
	for i, secrets := range k.Secrets {
		s := numbers(t, secrets[:])
		public := new(bn256.G1).ScalarBaseMult(s[2])
		p := Params{"dmcfe", 256, k.Length, k.Bound}
		members[i] = &Member{
			params: p,
			reveal: true,
			client: &fullysec.DMCFEClient{Idx: i, S: s[:2], ClientSecKey: s[2], ClientPubKey: public},
			own:    public.Marshal(),
		}
		keys[i] = members[i].PublicKey()
	}
	for _, m := range members {
		if err := m.Agree(keys); err != nil {
			t.Fatal(err)
		}
	}
	return members
}

func TestGroupKnownAnswers(t *testing.T) {
	tables := mustTables(t, 1<<8)
	for _, k := range groupAnswers(t) {
		members := k.members(t)
		same := func(what string, got []byte, want string) {
			if hex.EncodeToString(got) != want {
				t.Errorf("%s %x, want %s", what, got, want)
			}
		}
		same("public keys", members[0].Public(), k.Public)
		for i, m := range members {
			share, err := m.DeriveShare(k.Y)
			if err != nil {
				t.Fatal(err)
			}
			same("share", share, k.Shares[i])
		}
		ciphertexts := encryptAll(t, seal(t, members), k.Label, k.X)
		for i, c := range ciphertexts {
			same("ciphertext", c, k.Values[i])
		}
		key := groupKey(t, members, k.Y)
		same("key", key.Secret, k.Key)
		z, err := mustGroupEvaluator(t, key, tables).Evaluate(t.Context(), k.Label, ciphertexts)
		if err != nil || z != k.Result || z != dot(k.X, k.Y) {
			t.Errorf("Evaluate = %d, %v, want %d", z, err, k.Result)
		}
	}
}

// TestGroupElementIsGofes computes the element of G_T as gofe's decryption
// does, up to its search for the logarithm, which has a data race.
func TestGroupElementIsGofes(t *testing.T) {
	p := Params{"dmcfe", 256, 3, 9}
	members := mustGroup(t, p)
	x, y := []int64{9, -4, 0}, []int64{1, -9, 5}
	key := groupKey(t, members, y)
	ciphertexts := encryptAll(t, seal(t, members), 77, x)
	evaluator := mustGroupEvaluator(t, key, mustTables(t, 1<<8))
	var points []*bn256.G1
	var shares []data.VectorG2
	for i, m := range members {
		point, err := m.client.Encrypt(big.NewInt(x[i]), "77")
		if err != nil {
			t.Fatal(err)
		}
		points = append(points, point)
		if !bytes.Equal(ciphertexts[i][6:], point.Marshal()) {
			t.Errorf("ciphertext %d is not gofe's", i)
		}
		share, err := m.client.DeriveKeyShare(vector(y))
		if err != nil {
			t.Fatal(err)
		}
		shares = append(shares, share)
	}
	got, err := evaluator.combine(points, 77)
	if err != nil {
		t.Fatal(err)
	}
	want := bn256.Pair(weighted(points, y), new(bn256.G2).ScalarBaseMult(big.NewInt(1)))
	for i := range 2 {
		sum := new(bn256.G2).ScalarBaseMult(new(big.Int))
		for _, share := range shares {
			sum.Add(sum, share[i])
		}
		hash, err := bn256.HashG1([]string{"0 77", "1 77"}[i])
		if err != nil {
			t.Fatal(err)
		}
		pair := bn256.Pair(hash, sum)
		want.Add(want, pair.Neg(pair))
	}
	if !(gtGroup{}).equal(got, want) || !(gtGroup{}).equal(got, (gtGroup{}).power(dot(x, y))) {
		t.Error("the element is not that of gofe, or not g^(x·y)")
	}
}

func TestGroupAgreesWithDDH(t *testing.T) {
	p := Params{"dmcfe", 256, 3, 30}
	members, tables := mustGroup(t, p), mustTables(t, 1<<8)
	sealed := seal(t, members)
	ddh := mustSetup(t, Params{"ddh", 1024, p.Length, p.Bound})
	ddhEvaluator := mustEvaluator(t, ddh.Encryptor().Public())
	number := rapid.OneOf(rapid.Int64Range(-p.Bound, p.Bound), rapid.SampledFrom([]int64{-p.Bound, -1, 0, 1, p.Bound}))
	label := uint64(0)
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(number, 3, 3).Draw(t, "x")
		y := rapid.SliceOfN(number, 3, 3).Draw(t, "y")
		label++
		z, err := mustGroupEvaluator(t, groupKey(t, members, y), tables).Evaluate(context.Background(), label, encryptAll(t, sealed, label, x))
		if err != nil || z != dot(x, y) {
			t.Fatalf("%v · %v = %d, %v", x, y, z, err)
		}
		ciphertext, err := ddh.Encryptor().Encrypt(x)
		if err != nil {
			t.Fatal(err)
		}
		key, err := ddh.Derive(y)
		if err != nil {
			t.Fatal(err)
		}
		if other, err := ddhEvaluator.Evaluate(context.Background(), ciphertext, key); err != nil || other != z {
			t.Fatalf("ddh says %d, %v; dmcfe %d", other, err, z)
		}
	})
}

func TestGroupRefuses(t *testing.T) {
	p := Params{"dmcfe", 256, 3, 10}
	members, tables := mustGroup(t, p), mustTables(t, 1<<8)
	key := groupKey(t, members, []int64{1, 2, 3})
	evaluator := mustGroupEvaluator(t, key, tables)
	sealed := seal(t, members)
	good := encryptAll(t, sealed, 1, []int64{1, 2, 3})
	later := encryptAll(t, sealed, 2, []int64{1, 2, 3})
	for _, c := range []struct {
		name, want string
		label      uint64
		edit       func(c [][]byte) [][]byte
	}{
		{"another label", ErrNoResult.Error(), 2, func(c [][]byte) [][]byte { return c }},
		{"one of another label", ErrNoResult.Error(), 1, func(c [][]byte) [][]byte { c[1] = later[1]; return c }},
		{"one of another member", ErrNoResult.Error(), 1, func(c [][]byte) [][]byte { c[1] = c[0]; return c }},
		{"one too few", "2 ciphertexts; the group has 3", 1, func(c [][]byte) [][]byte { return c[:2] }},
		{"nil", "ciphertext 0", 1, func(c [][]byte) [][]byte { c[0] = nil; return c }},
		{"not on the curve", "malformed point", 1, func(c [][]byte) [][]byte { c[2][69] ^= 1; return c }},
		{"zero", "is zero", 1, func(c [][]byte) [][]byte { clear(c[2][6:]); return c }},
		{"another group's size", "length 4", 1, func(c [][]byte) [][]byte { c[2][5] = 4; return c }},
	} {
		t.Run(c.name, func(t *testing.T) {
			ciphertexts := make([][]byte, len(good))
			for i := range good {
				ciphertexts[i] = bytes.Clone(good[i])
			}
			if z, err := evaluator.Evaluate(t.Context(), c.label, c.edit(ciphertexts)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Evaluate = %d, %v, want %q", z, err, c.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := evaluator.Evaluate(ctx, 1, good); !errors.Is(err, context.Canceled) {
		t.Errorf("Evaluate of a context that is done: %v", err)
	}

	wrong := func(name, want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	_, err := sealed[0].Encrypt(1, 1)
	wrong("a label twice", "label 1 is used", err)
	_, err = sealed[0].Encrypt(3, 11)
	wrong("a value over the bound", "over the bound 10", err)
	if _, err := sealed[0].Encrypt(3, 10); err != nil {
		t.Errorf("a label whose value was refused: %v", err)
	}
	_, err = members[0].DeriveShare([]int64{1, 2})
	wrong("a function of two", "vector of length 2", err)
	_, err = members[0].DeriveShare([]int64{1, 2, -11})
	wrong("a weight over the bound", "over the bound 10", err)
	_, err = CombineShares(p, []int64{1, 2, 3}, [][]byte{nil, nil})
	wrong("two shares", "2 shares of 3", err)
	_, err = CombineShares(p, []int64{1, 2, 3}, make([][]byte, 3))
	wrong("empty shares", "share 0", err)
	altered := key
	altered.Secret = bytes.Clone(key.Secret)
	altered.Secret[40] ^= 1
	_, err = NewGroupEvaluator(t.Context(), altered, tables)
	wrong("an altered key", "malformed point", err)
	altered.Secret = key.Secret[:129]
	_, err = NewGroupEvaluator(t.Context(), altered, tables)
	wrong("half a key", "not enough data", err)
	altered = key
	altered.Function = []int64{1, 1, 1}
	_, err = mustGroupEvaluator(t, altered, tables).Evaluate(t.Context(), 1, good)
	wrong("a key of another function", ErrNoResult.Error(), err)
	far := Params{"dmcfe", 256, 1, 1 << 22}
	_, err = NewGroupEvaluator(t.Context(), GroupKey{far, []int64{1 << 22}, key.Secret}, tables)
	wrong("results beyond the tables", "discrete logarithms are searched up to", err)

	lone, err := NewMember(p, 2, false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = lone.DeriveShare([]int64{1, 2, 3})
	wrong("no agreement", "has not agreed", err)
	if lone.Public() != nil {
		t.Error("a public key of a group that did not agree")
	}
	wrong("others' keys", "must be the member's own", lone.Agree([][]byte{members[0].own, members[1].own, members[2].own}))
	wrong("two keys", "2 public keys", lone.Agree([][]byte{members[0].own, lone.own}))
	wrong("a key that is no point", "public key 1", lone.Agree([][]byte{members[0].own, make([]byte, 64), lone.own}))
	wrong("a key twice", "public key 1 is that of member 0 too", lone.Agree([][]byte{members[0].own, members[0].own, lone.own}))
	wrong("its own key twice", "public key 2 is that of member 1 too", lone.Agree([][]byte{members[0].own, lone.own, lone.own}))
	keys := [][]byte{members[0].own, members[1].own, lone.own}
	if err := lone.Agree(keys); err != nil { // what was refused left nothing behind
		t.Fatal(err)
	}
	public := lone.Public()
	wrong("the same keys again", "has agreed", lone.Agree(keys))
	wrong("other keys", "has agreed", lone.Agree([][]byte{members[1].own, members[0].own, lone.own}))
	if !bytes.Equal(lone.Public(), public) {
		t.Error("a second agreement changed the group")
	}
	_, err = NewMember(p, 3, false)
	wrong("member 3", "member 3 of a group of 3", err)
	_, err = NewMember(Params{"ddh", 1024, 3, 10}, 0, false)
	wrong("a scheme with an authority", "has an authority", err)
	_, err = Setup(t.Context(), p)
	wrong("an authority", "has no authority", err)
	_, err = NewEncryptor(members[0].Public())
	wrong("an encryptor", "has no authority", err)
	_, err = NewGroup(ctx, p, false)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("NewGroup of a context that is done: %v", err)
	}
}

// A member keeps its share of a function that would tell members apart to itself, alone or with the functions before.
func TestMembersRevealNothing(t *testing.T) {
	for _, c := range []struct {
		name    string
		before  [][]int64
		y       []int64
		reveals bool
	}{
		{"another's value, or its own", nil, []int64{0, 7, 0}, true},
		{"a negative weight", nil, []int64{-1, 0, 0}, true},
		{"a group of one", nil, []int64{1}, true},
		{"a group of three", nil, []int64{1, 1, 1}, true},
		{"the sum", nil, []int64{1, 1, 1, 1, 1}, false},
		{"nothing", nil, []int64{0, 0, 0, 0, 0}, false},
		{"all but one", nil, []int64{1, 1, 1, 1, 0}, false},
		{"all but one after the sum", [][]int64{{1, 1, 1, 1, 1}}, []int64{1, 1, 1, 1, 0}, true},
		{"digits", nil, []int64{1, 1, 1, 1, 10}, true},
		{"the sum again", [][]int64{{1, 1, 1, 1, 1}}, []int64{2, 2, 2, 2, 2}, false},
		{"two halves", [][]int64{{1, 1, 1, 1, 0, 0, 0, 0}}, []int64{1, 1, 1, 1, 9, 9, 9, 9}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Params{"dmcfe", 256, len(c.y), 10}
			guarded, err := NewGroup(t.Context(), p, false)
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range guarded {
				for _, y := range c.before {
					if _, err := m.DeriveShare(y); err != nil {
						t.Fatal(err)
					}
				}
				for range 2 { // a refusal changes nothing
					if _, err := m.DeriveShare(c.y); errors.Is(err, ErrReveals) != c.reveals || !c.reveals && err != nil {
						t.Errorf("member %d: error %v", i, err)
					}
				}
			}
			for i, m := range mustGroup(t, p) {
				for _, y := range append(c.before, c.y) {
					if _, err := m.DeriveShare(y); err != nil {
						t.Errorf("member %d, where it is allowed: %v", i, err)
					}
				}
			}
		})
	}
}

// An encoding of coordinates that are not reduced is a second one of its point.
func TestPointsHaveOneEncoding(t *testing.T) {
	modulus, _ := new(big.Int).SetString("65000549695646603732796438742359905742825358107623003571877145026864184071783", 10)
	small := 0
	for k := int64(1); k < 400 && small == 0; k++ {
		encoded := new(bn256.G1).ScalarBaseMult(big.NewInt(k)).Marshal()
		if _, err := readG1(encoded); err != nil {
			t.Fatal(err)
		}
		y := new(big.Int).SetBytes(encoded[32:])
		if y.Add(y, modulus); y.BitLen() <= 256 {
			small++
			y.FillBytes(encoded[32:])
			if _, err := new(bn256.G1).Unmarshal(encoded); err != nil {
				t.Fatalf("bn256 refuses what is not reduced: %v", err)
			}
			if _, err := readG1(encoded); err == nil {
				t.Error("a second encoding of a point is taken")
			}
		}
	}
	if small == 0 {
		t.Error("no point has a second encoding")
	}
}

func TestOnlyG2IsInG2(t *testing.T) {
	point := new(bn256.G2).ScalarBaseMult(big.NewInt(12345))
	if !isG2(point) {
		t.Error("a multiple of the generator is not in G_2")
	}
	hash, err := bn256.HashG2("meter")
	if err != nil || !isG2(hash) {
		t.Errorf("a hash is not in G_2: %v", err)
	}
	// The curve y^2 = x^3 + b has other points, at most abscissas that it has.
	generator := new(bn256.G2).ScalarBaseMult(big.NewInt(1))
	encoded := generator.Marshal() // makes it affine
	b, cube := generator.P.X, generator.P.X
	cube.Square(&generator.P.X).Mul(&cube, &generator.P.X)
	b.Square(&generator.P.Y).Sub(&b, &cube)
	other := new(bn256.G2).Set(generator)
	for err = errors.New("none yet"); err != nil; {
		other.P.X.X[0]++
		cube.Square(&other.P.X).Mul(&cube, &other.P.X).Add(&cube, &b)
		_, err = other.P.Y.Sqrt(&cube)
	}
	again, err := readShare(append(other.Marshal(), encoded...))
	if err != nil {
		t.Fatal(err)
	}
	if isG2(other) || isG2(again[0]) {
		t.Error("a point of the curve that is not in G_2 counts as one that is")
	}
	if !isG2(again[1]) {
		t.Error("the generator is not in G_2")
	}
	outside := GroupKey{Params{"dmcfe", 256, 1, 1}, []int64{1}, append(other.Marshal(), encoded...)}
	if _, err := NewGroupEvaluator(t.Context(), outside, mustTables(t, 1<<8)); err == nil || !strings.Contains(err.Error(), "not in G_2") {
		t.Errorf("a key outside of G_2: %v", err)
	}
	if _, err := readShare(append(bytes.Clone(encoded), encoded...)); err != nil {
		t.Error(err)
	}
	if _, err := readShare(append(bytes.Clone(encoded), 0, 0)); err == nil {
		t.Error("bytes after the points are taken")
	}
}

// The table over G_T has entries for both signs, so the edges are at w = 2m-1.
func TestFindInGT(t *testing.T) {
	logs := newLogTable(gtGroup{}, mustEntries(t, 1<<4))
	one := bn256.Pair(new(bn256.G1).ScalarBaseMult(big.NewInt(1)), new(bn256.G2).ScalarBaseMult(big.NewInt(1)))
	if !(gtGroup{}).equal((gtGroup{}).power(1), one) {
		t.Fatal("the generator is not e(g_1, g_2)")
	}
	for _, bound := range []int64{0, 1, 15, 16, 31, 100} {
		for z := -bound - 5; z <= bound+5; z++ {
			got, err := logs.find(t.Context(), gtGroup{}.power(z), bound)
			if z < -bound || z > bound {
				if !errors.Is(err, ErrNoResult) {
					t.Errorf("bound %d: g^%d gives %d, %v; want ErrNoResult", bound, z, got, err)
				}
			} else if err != nil || got != z {
				t.Errorf("bound %d: g^%d gives %d, %v", bound, z, got, err)
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := logs.find(ctx, gtGroup{}.power(1<<40), 1<<35); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a long search ends with %v", err)
	}
}

func mustEntries(t *testing.T, count int) []uint64 {
	entries, err := logEntries(t.Context(), gtGroup{}, count)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestGroupIsSafeAtOnce(t *testing.T) {
	p := Params{"dmcfe", 256, 2, 100}
	members := mustGroup(t, p)
	sealed := seal(t, members)
	evaluator := mustGroupEvaluator(t, groupKey(t, members, []int64{1, 1}), mustTables(t, 1<<8))
	var all sync.WaitGroup
	for label := range uint64(8) {
		all.Go(func() {
			var ciphertexts [][]byte
			for i, m := range sealed {
				c, err := m.Encrypt(label, int64(label)*int64(i+1))
				if err != nil {
					t.Error(err)
					return
				}
				ciphertexts = append(ciphertexts, c)
			}
			if z, err := evaluator.Evaluate(t.Context(), label, ciphertexts); err != nil || z != 3*int64(label) {
				t.Errorf("label %d: %d, %v", label, z, err)
			}
		})
	}
	all.Wait()
	if ranges := sealed[0].used.ranges; !slices.Equal(ranges, []labelRange{{0, 7}}) {
		t.Errorf("used labels %v", ranges)
	}
}

// FuzzGroup evaluates whatever comes as key and as the ciphertext of a member.
func FuzzGroup(f *testing.F) {
	tables := mustTables(f, 1<<8)
	for _, k := range groupAnswers(f) {
		f.Add(unhex(f, k.Key), unhex(f, k.Values[0]), k.Label, min(k.Bound, 1<<8), k.Y[0])
	}
	f.Fuzz(func(t *testing.T, secret, ciphertext []byte, label uint64, bound, weight int64) {
		p := Params{"dmcfe", 256, 1, bound}
		if bound > 1<<8 { // keeps the searches short
			return
		}
		evaluator, err := NewGroupEvaluator(t.Context(), GroupKey{p, []int64{weight}, secret}, tables)
		if err != nil {
			return
		}
		z, err := evaluator.Evaluate(t.Context(), label, [][]byte{ciphertext})
		if reach := p.reach([]int64{weight}); err == nil && (z > reach || z < -reach) {
			t.Errorf("%d is beyond the reach %d of the function", z, reach)
		}
	})
}

// A byte changed in a ciphertext or in a key gives no other result.
func TestGroupMutations(t *testing.T) {
	members, tables := mustGroup(t, Params{"dmcfe", 256, 2, 1000}), mustTables(t, 1<<8)
	key := groupKey(t, members, []int64{1, 20})
	honest := encryptAll(t, seal(t, members), 5, []int64{123, -7})
	evaluator := mustGroupEvaluator(t, key, tables)
	rapid.Check(t, func(t *rapid.T) {
		ciphertexts, use := [][]byte{honest[0], bytes.Clone(honest[1])}, evaluator
		change := byte(rapid.IntRange(1, 255).Draw(t, "change"))
		if rapid.Bool().Draw(t, "key") {
			altered := key
			altered.Secret = bytes.Clone(key.Secret)
			altered.Secret[rapid.IntRange(0, len(key.Secret)-1).Draw(t, "at")] ^= change
			var err error
			if use, err = NewGroupEvaluator(context.Background(), altered, tables); err != nil {
				return
			}
		} else {
			ciphertexts[1][rapid.IntRange(0, len(honest[1])-1).Draw(t, "at")] ^= change
		}
		if z, err := use.Evaluate(context.Background(), 5, ciphertexts); err == nil {
			t.Fatalf("the result is %d", z)
		}
	})
}
