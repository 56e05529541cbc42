package authority

import (
	"errors"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"meterbench/workloads/fe"
)

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

// Keys that reveal a value modulo the order only: 20 functions with numbers up
// to 8192 of 24 values do so under ecddh.
func TestSpanModuloOrder(t *testing.T) {
	q, err := fe.Order(fe.Params{Scheme: "ecddh", Bits: 256, Length: 24, Bound: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	functions := chain(q, 8192, 24)
	if len(functions) != 20 {
		t.Fatalf("%d functions", len(functions))
	}
	results, keys := span{}, span{modulus: q}
	for i, y := range functions {
		results, keys = results.with(y), keys.with(y)
		if want := map[bool]int{true: 20, false: -1}[i == 19]; results.revealed() != -1 || keys.revealed() != want {
			t.Errorf("after function %d: %d is revealed by results, %d by keys; want %d", i, results.revealed(), keys.revealed(), want)
		}
	}
}

// And the other way round: results reveal a value where the order divides the
// denominator of their combination.
func TestSpanOverRationals(t *testing.T) {
	q := big.NewInt(101)
	results, keys := span{}, span{modulus: q}
	for _, y := range [][]int64{{100, 1, 1}, {-1, 1, 1}} {
		results, keys = results.with(y), keys.with(y)
	}
	if results.revealed() != 0 || keys.revealed() != -1 {
		t.Errorf("%d is revealed by results, %d by keys", results.revealed(), keys.revealed())
	}
}

func TestApproveModuloOrder(t *testing.T) {
	for _, p := range []fe.Params{
		{Scheme: "ecddh", Bits: 256, Length: 24, Bound: 10_000},
		{Scheme: "ddh", Bits: 1024, Length: 88, Bound: 10_000},
		{Scheme: "damgard", Bits: 1024, Length: 88, Bound: 10_000},
	} {
		a, err := New(t.Context(), Config{Params: p})
		if err != nil {
			t.Fatal(err)
		}
		q, err := fe.Order(p)
		if err != nil {
			t.Fatal(err)
		}
		functions := chain(q, 4096, p.Length)
		sum, power := new(big.Int), big.NewInt(1)
		for i, y := range functions {
			approval, err := a.Approve(tariff(y...))
			last := i == len(functions)-1
			if last != errors.Is(err, ErrReveals) || !last && err != nil {
				t.Fatalf("%v: function %d of %d: %v", p, i, len(functions), err)
			}
			if last { // what its holder would have
				if approval.Key, err = a.master.Derive(y); err != nil {
					t.Fatal(err)
				}
			}
			sum.Add(sum, new(big.Int).Mul(power, approval.Key.Secrets[0]))
			power.Mul(power, big.NewInt(4096))
		}
		single := make([]int64, p.Length)
		single[len(functions)] = 1
		key, err := a.master.Derive(single)
		if err != nil {
			t.Fatal(err)
		}
		if sum.Mod(sum, q).Cmp(key.Secrets[0]) != 0 {
			t.Errorf("%v: the functions do not make the key of value %d", p, len(functions))
		}
	}
}

// Modulo small primes the span agrees with all combinations there are.
func TestRevealedAgainstCombinations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.SampledFrom([]int64{2, 3, 5, 7}).Draw(t, "q")
		length := rapid.IntRange(1, 4).Draw(t, "length")
		functions := rapid.SliceOfN(rapid.SliceOfN(rapid.Int64Range(-9, 9), length, length), 0, 4).Draw(t, "functions")
		s, all := span{modulus: big.NewInt(q)}, [][]int64{make([]int64, length)}
		for _, y := range functions {
			s = s.with(y)
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
		want := -1
		for _, v := range all {
			for i := range length {
				unit := make([]int64, length)
				unit[i] = 1
				if slices.Equal(v, unit) && (want < 0 || i < want) {
					want = i
				}
			}
		}
		if got := s.revealed(); got != want {
			t.Fatalf("value %d is said to be revealed; by all combinations it is %d", got, want)
		}
	})
}
