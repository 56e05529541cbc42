package authority

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// after returns what there is after functions, and the lowest index of a value
// for which no change is found, or -1.
func after(bound int64, functions ...[]int64) (knowledge, int) {
	s, value := newKnowledge(len(functions[0]), bound), -1
	for _, y := range functions {
		s, value = s.with(y)
	}
	return s, value
}

func TestIssued(t *testing.T) {
	day := make([]int64, 24)
	for i := range day {
		day[i] = 1
		if i >= 6 && i < 18 {
			day[i] = 100
		}
	}
	for _, c := range []struct {
		name      string
		bound     int64
		functions [][]int64
		want      int
	}{
		{"alone", 10_000, [][]int64{{0, 3}}, 1},
		{"alone, of one value", 10_000, [][]int64{{3}}, 0},
		{"decimal places", 10_000, [][]int64{{1, 10_000, 0}}, 0},
		{"the other way round", 10_000, [][]int64{{0, -10_000, 1}}, 1},
		{"just over a tenth of the bound", 10_000, [][]int64{{1, 1_001}}, 0},
		{"a tenth of the bound", 10_000, [][]int64{{1, 1_000}}, -1},
		{"no common factor", 10_000, [][]int64{{9_999, 10_000}}, 0},
		{"apart from two", 10_000, [][]int64{{1, 10_000, 10_000}}, 0},
		{"apart from two that share nothing", 10_000, [][]int64{{1, 9_999, 10_000}}, -1},
		{"two places", 10, [][]int64{{1, 10, 10}}, 0},
		{"a ratio", 10_000, [][]int64{{20, 30}}, -1},
		{"day and night", 10_000, [][]int64{day}, -1},
		{"the same weights", 2, [][]int64{{1, 1}}, -1},
		{"the same weights, at most", 10_000, [][]int64{{10_000, 10_000}}, -1},
		{"a difference", 2, [][]int64{{1, -1}}, -1},
		{"values of 0 and 1, of which a sum shows all when it is 0", 1, [][]int64{{1, 1}}, 0},
		{"hourly prices", 10_000, [][]int64{{7_919, 6_007, 9_733, 8_111, 5_303}}, -1},
		{"a combination of one value", 10_000, [][]int64{{1, 1, 1}, {2, 1, 1}}, 0},
		{"single modulo 101 only", 100, [][]int64{{100, 1, 1}, {1, 1, 1}}, 0},
		{"each of two that pack together", 100, [][]int64{{13, 5, 7}}, -1},
		{"each of two that pack together, the other", 100, [][]int64{{8, 30, 11}}, -1},
		{"two that pack together", 100, [][]int64{{13, 5, 7}, {8, 30, 11}}, 0}, // only multiples of (155, 87, -350) change neither
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, got := after(c.bound, c.functions...); got != c.want {
				t.Errorf("value %d has no change, want %d", got, c.want)
			}
		})
	}
}

// What with accepts keeps every value of every reading away from the ends
// ambiguous: some other reading with the same results differs in it. This is
// tried on all readings of small boxes.
func TestIssuedAgainstAllReadings(t *testing.T) {
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.Int64Range(1, 12).Draw(t, "bound")
		length := rapid.IntRange(1, 3).Draw(t, "length")
		weight := rapid.OneOf(rapid.Int64Range(-bound, bound), rapid.Just(int64(1))) // equal ones are accepted more often
		ones := rapid.Just(slices.Repeat([]int64{1}, length))
		functions := rapid.SliceOfN(rapid.OneOf(rapid.SliceOfN(weight, length, length), ones), 1, 2).Draw(t, "functions")
		s, value := after(bound, functions...)
		if value >= 0 {
			return
		}
		accepted++
		byResults := map[[2]int64][][]int64{}
		results := func(x []int64) (r [2]int64) {
			for i, y := range functions {
				for j := range y {
					r[i] += y[j] * x[j]
				}
			}
			return r
		}
		for x := range box(length, 0, bound) {
			r := results(x)
			byResults[r] = append(byResults[r], slices.Clone(x))
		}
		interior := 0
		for x := range box(length, s.limit, bound-s.limit) {
			interior++
			for j := range x {
				if !slices.ContainsFunc(byResults[results(x)], func(other []int64) bool { return other[j] != x[j] }) {
					t.Fatalf("value %d of reading %v follows from its results", j, x)
				}
			}
		}
		if interior == 0 {
			t.Fatal("functions are accepted that protect no reading")
		}
	})
	if accepted == 0 {
		t.Error("no function was accepted")
	}
}

// box yields all vectors with numbers from low to high, each in the same slice.
func box(length int, low, high int64) func(yield func([]int64) bool) {
	return func(yield func([]int64) bool) {
		x := make([]int64, length)
		var all func(i int) bool
		all = func(i int) bool {
			if i == length {
				return yield(x)
			}
			for x[i] = low; x[i] <= high; x[i]++ {
				if !all(i + 1) {
					return false
				}
			}
			return true
		}
		all(0)
	}
}

// Every change is one: small, of its value, and seen by no function.
func TestChanges(t *testing.T) { rapid.Check(t, checkChanges) }

func FuzzChanges(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkChanges)) }

func checkChanges(t *rapid.T) {
	bound := rapid.SampledFrom([]int64{2, 30, 1_000, 10_000}).Draw(t, "bound")
	length := rapid.IntRange(1, 40).Draw(t, "length")
	prices := rapid.SliceOfN(rapid.Int64Range(-bound, bound), 1, 6).Draw(t, "prices")
	functions := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(prices), length, length), 1, 6).Draw(t, "functions")
	s, value := after(bound, functions...)
	if len(s.functions) != len(functions) || len(s.changes) != length {
		t.Fatalf("%d functions, %d changes", len(s.functions), len(s.changes))
	}
	for j, c := range s.changes {
		if len(c) == 0 {
			if value < 0 || value > j {
				t.Fatalf("value %d has no change; value %d is said to be the first", j, value)
			}
			continue
		}
		z := make([]int64, length)
		for _, step := range c {
			z[step.value] += step.by
		}
		for _, by := range z {
			if max(by, -by) > (bound+9)/10 {
				t.Fatalf("a step of %d under the bound %d", by, bound)
			}
		}
		if z[j] == 0 {
			t.Fatalf("value %d does not change", j)
		}
		for _, y := range functions {
			var sum int64
			for i := range y {
				sum += y[i] * z[i]
			}
			if sum != 0 {
				t.Fatalf("function %v sees change %v", y, c)
			}
		}
	}
}

// A single value that keys reveal modulo the order of a group is refused too:
// tried with all combinations modulo small primes.
func TestIssuedAgainstCombinations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.SampledFrom([]int64{3, 5, 7}).Draw(t, "q")
		length := rapid.IntRange(1, 4).Draw(t, "length")
		functions := rapid.SliceOfN(rapid.SliceOfN(rapid.Int64Range(-9, 9), length, length), 1, 4).Draw(t, "functions")
		all := [][]int64{make([]int64, length)}
		for _, y := range functions {
			var more [][]int64
			for _, v := range all {
				for factor := range q {
					sum := slices.Clone(v)
					for i := range sum {
						sum[i] = ((sum[i]+factor*y[i])%q + q) % q
					}
					more = append(more, sum)
				}
			}
			all = more
		}
		s, _ := after(20, functions...) // changes are by 2 at most, below each q
		for _, v := range all {
			for i := range length {
				unit := make([]int64, length)
				unit[i] = 1
				if slices.Equal(v, unit) && s.changes[i] != nil {
					t.Fatalf("value %d follows from a combination of keys and has the change %v", i, s.changes[i])
				}
			}
		}
	})
}

// chain returns functions of which no combination over the rational numbers is
// one of a single value, but one is modulo q. The sum of base^j times function j
// is 0 in the first columns, where base and -1 cancel each other, q in the next,
// which has q's digits, and 1 in the last.
func chain(q *big.Int, base int64, length int) [][]int64 {
	var functions [][]int64
	var digits []int64
	for rest, digit := new(big.Int).Set(q), new(big.Int); rest.Sign() > 0; {
		rest.DivMod(rest, big.NewInt(base), digit)
		digits = append(digits, digit.Int64())
	}
	last := len(digits) - 1
	for j, digit := range digits {
		y := make([]int64, length)
		if j < last {
			y[j] = base
		}
		if j > 0 {
			y[j-1] = -1
		} else {
			y[last+1] = 1
		}
		y[last] += digit
		functions = append(functions, y)
	}
	return functions
}

// Functions with numbers up to 8192 whose keys together are that of one value
// modulo the order of ristretto255 (RFC 9496), 20 of them: refused before the last.
func TestIssuedModuloOrder(t *testing.T) {
	q, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	functions := chain(q, 8192, 24)
	if len(functions) != 20 {
		t.Fatalf("%d functions", len(functions))
	}
	if s, _ := after(10_000, functions...); s.changes[20] != nil {
		t.Errorf("value 20 has the change %v", s.changes[20])
	}
}

// Many tariffs of day and night, and prices that differ for each of 1024 values.
func TestIssuedAtLength(t *testing.T) {
	for _, length := range []int{96, 1024} {
		s, value := newKnowledge(length, 10_000), -1
		for i := range int64(1000) {
			y := make([]int64, length)
			for j := range y {
				y[j] = 1 + i%7
				if j >= length/4 && j < 3*length/4 {
					y[j] += 1 + i/7%5
				}
			}
			if s, value = s.with(y); value >= 0 {
				t.Fatalf("length %d: tariff %d leaves no change of value %d", length, i, value)
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, length := range []int{24, 96, 1024} {
		s, value := newKnowledge(length, 10_000), -1
		for i := range 2 {
			y := make([]int64, length)
			for j := range y {
				y[j] = 1 + random.Int64N(10_000)
			}
			if s, value = s.with(y); value >= 0 {
				t.Errorf("length %d: function %d leaves no change of value %d", length, i, value)
			}
		}
	}
}
