package values

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"meterbench/internal/strictyaml"
)

// Keys are a number of keys, 1 to MaxKeys; 0 where none is given.
type Keys int

// UnmarshalNode reads a number of keys: a 0 that is written is no default.
func (k *Keys) UnmarshalNode(n *strictyaml.Node) error {
	var number int
	if err := n.Decode(&number); err != nil {
		return err
	}
	if p := strictyaml.Between("", number, 1, MaxKeys); p != nil {
		return n.Locate(p)
	}
	*k = Keys(number)
	return nil
}

// A Space is a number of keys: a prefix with 0, 1, 2 … behind it.
type Space struct {
	Prefix string `yaml:"prefix"` // that every key begins with
	Keys   Keys   `yaml:"keys"`   // 1 to 1e9; default the workload's
}

// maxPrefix is the most bytes of a prefix.
const maxPrefix = 256

func (s Space) keys(d Defaults) int {
	if s.Keys != 0 {
		return int(s.Keys)
	}
	return int(d.Keys)
}

func (s Space) checkPrefix(at string) *strictyaml.Problem {
	if len(s.Prefix) > maxPrefix {
		return strictyaml.Problemf("", at+".prefix", "has %d bytes, more than %d", len(s.Prefix), maxPrefix)
	}
	return nil
}

func (s Space) check(at string, d Defaults) *strictyaml.Problem {
	if s.keys(d) == 0 {
		return strictyaml.Problemf("give keys: 10000, here or in the workload", at+".keys", "the number of keys is missing")
	}
	return s.checkPrefix(at)
}

// key appends the key of a number.
func (s Space) key(to []byte, n uint64) []byte {
	return strconv.AppendUint(append(to, s.Prefix...), n, 10)
}

func (s Space) most(Defaults) int { return len(s.Prefix) + len(strconv.Itoa(MaxKeys)) }

func (s Space) describe(what string) string {
	if s.Keys > 0 {
		what += fmt.Sprintf(" %d", s.Keys)
	}
	return what
}

// Uniform are keys of a space, each as often.
type Uniform struct {
	Space
}

func (u *Uniform) bind(place string, b Binding) Maker {
	keys := uint64(u.keys(b.Defaults))
	return func(to []byte, t *Turn) []byte {
		return u.key(to, b.stream(place, t.Seq).Rand().Uint64N(keys))
	}
}

func (u *Uniform) String() string { return u.describe("uniform") }

// Zipf are keys of a space, key k as often as (k+1)^-s says: the first ones are hot.
type Zipf struct {
	Space
	S float64 `yaml:"s"` // exponent, above 0 to 10; default 0.99, as YCSB's
}

// UnmarshalNode reads a Zipf with its default.
func (z *Zipf) UnmarshalNode(n *strictyaml.Node) error {
	type plain Zipf
	*z = Zipf{S: 0.99}
	return n.Decode((*plain)(z))
}

const maxExponent = 10

func (z *Zipf) check(at string, d Defaults) *strictyaml.Problem {
	if !(z.S > 0) || z.S > maxExponent {
		return strictyaml.Problemf("uniform is the law for 0", at+".s", "must be above 0 and at most %d, got %v", maxExponent, z.S)
	}
	return z.Space.check(at, d)
}

func (z *Zipf) bind(place string, b Binding) Maker {
	law := newZipfLaw(z.S, z.keys(b.Defaults))
	return func(to []byte, t *Turn) []byte {
		return z.key(to, law.rank(b.stream(place, t.Seq).Rand())-1)
	}
}

func (z *Zipf) String() string { return z.describe(fmt.Sprintf("zipf s=%g", z.S)) }

// A zipfLaw has ranks 1 to n, rank k with a probability proportional to k^-s. It is sampled by rejection-inversion: W.
// Hörmann and G. Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions", ACM
// TOMACS 6(3), 1996. A number is drawn under the hat x^-s from 1/2 on, whose integral is inverted, and rounded to a
// rank; it counts where it is under that rank's own rectangle, which takes at most 1.1 draws on average. The library's
// own, of math/rand/v2, has exponents above 1 only.
type zipfLaw struct {
	s, n        float64
	least, most float64 // of the integral over which is drawn
	inside      float64 // a rank that exceeds the draw by no more than this counts without a look
}

func newZipfLaw(s float64, n int) *zipfLaw {
	z := &zipfLaw{s: s, n: float64(n)}
	z.least, z.most = z.integral(1.5)-1, z.integral(z.n+0.5)
	z.inside = 2 - z.inverse(z.integral(2.5)-z.density(2))
	return z
}

func (z *zipfLaw) density(x float64) float64 { return math.Exp(-z.s * math.Log(x)) }

// integral is that of the density from 1 to x, (x^(1-s)-1)/(1-s), in a form that holds around s = 1 too.
func (z *zipfLaw) integral(x float64) float64 {
	l := math.Log(x)
	return l * ratio(math.Expm1((1-z.s)*l), (1-z.s)*l)
}

// inverse is the inverse of integral.
func (z *zipfLaw) inverse(y float64) float64 {
	t := max(-1, (1-z.s)*y) // below -1 by rounding alone
	return math.Exp(y * ratio(math.Log1p(t), t))
}

// ratio is a/b for functions a of b that are b + O(b^2), and 1 at 0.
func ratio(a, b float64) float64 {
	if math.Abs(b) < 1e-12 {
		return 1
	}
	return a / b
}

// rank draws a rank, from 1 on.
func (z *zipfLaw) rank(r *rand.Rand) uint64 {
	for {
		u := z.most + r.Float64()*(z.least-z.most)
		x := z.inverse(u)
		k := min(max(1, math.Round(x)), z.n)
		if k-x <= z.inside || u >= z.integral(k+0.5)-z.density(k) {
			return uint64(k)
		}
	}
}
