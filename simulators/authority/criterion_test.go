package authority

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"meterbench/simulators/fe"
)

// judged returns the functions that an authority without keys approves of those given, in their order, and what they
// reveal together.
func judged(bound int64, functions ...[]int64) (approved [][]int64, p fe.Partition) {
	length := len(functions[0])
	a := Authority{config: Config{Params: fe.Params{Length: length, Bound: bound}}}
	p = fe.NewPartition(length)
	for _, y := range functions {
		if refined := p.Refine(y); a.refuse(refined) == nil {
			approved, p = append(approved, y), refined
		}
	}
	return approved, p
}

func TestCriterion(t *testing.T) {
	day := slices.Repeat([]int64{1}, 24)
	for i := 6; i < 18; i++ {
		day[i] = 100
	}
	for _, c := range []struct {
		name      string
		bound     int64
		functions [][]int64
		approved  int // how many of them
	}{
		{"day and night", 10_000, [][]int64{day}, 1},
		{"one price, as high as it may be", 10_000, [][]int64{{10_000, 10_000, 10_000, 10_000}}, 1},
		{"values up to 2", 2, [][]int64{{1, 1, 1, 1}}, 1},
		{"values of 0 and 1, of which a sum shows all when it is 0", 1, [][]int64{{1, 1, 1, 1}}, 0},
		{"alone", 10_000, [][]int64{{0, 3, 0, 0}}, 0},
		{"alone, of one value", 10_000, [][]int64{{3}}, 0},
		{"three values", 10_000, [][]int64{{1, 1, 1, 0, 0}}, 0},
		{"decimal places", 10_000, [][]int64{{1, 10_000, 0}}, 0},
		{"decimal places for values far below the bound", 10_000, [][]int64{{1, 1_000, 0, 0}}, 0},
		{"no common factor", 10_000, [][]int64{{9_999, 10_000, 9_999, 10_000}}, 0},
		{"hourly prices", 10_000, [][]int64{{7_919, 6_007, 9_733, 8_111, 5_303}}, 0},
		{"a difference", 10_000, [][]int64{{1, -1, 0, 0}}, 0},
		{"a difference of sums", 10_000, [][]int64{{1, 1, 1, 1, -1, -1, -1, -1}}, 1},
		{"a combination of one value", 10_000, [][]int64{{1, 1, 1, 1, 1}, {2, 1, 1, 1, 1}}, 1},
		{"single modulo 101 only", 100, [][]int64{{100, 1, 1, 1, 1}, {1, 1, 1, 1, 1}}, 1},
		{"the same, its multiple and its opposite", 100, [][]int64{{1, 1, 1, 1, 2, 2, 2, 2}, {3, 3, 3, 3, 6, 6, 6, 6}, {-1, -1, -1, -1, -2, -2, -2, -2}}, 3},
		{"an hour that moves from night to day", 100, [][]int64{{1, 1, 1, 1, 1, 2, 2, 2, 2}, {1, 1, 1, 1, 2, 2, 2, 2, 2}}, 1},
		{"what was refused does not count", 100, [][]int64{{1, 2, 3, 4}, {1, 1, 1, 1}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, _ := judged(c.bound, c.functions...); len(got) != c.approved {
				t.Errorf("approved %v; want %d of them", got, c.approved)
			}
		})
	}
}

// Whatever functions are asked for, each value of a reading has candidates left that every approved function confirms,
// as many as the package promises: counted over all readings of small ranges, in which the sums of classes know nothing
// of the bound.
func TestApprovedAgainstAllReadings(t *testing.T) {
	accepted, least := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		highest := rapid.Int64Range(1, 3).Draw(t, "highest")
		length := []int{0, 9, 8, 7}[highest]
		price := rapid.SampledFrom(rapid.SliceOfN(rapid.Int64Range(-100, 100), 1, 3).Draw(t, "prices"))
		half := rapid.Custom(func(t *rapid.T) []int64 { // the same halves every time, so that some are approved
			first, second := price.Draw(t, "first"), price.Draw(t, "second")
			return append(slices.Repeat([]int64{first}, 4), slices.Repeat([]int64{second}, length-4)...)
		})
		functions := rapid.SliceOfN(rapid.OneOf(half, rapid.SliceOfN(price, length, length)), 1, 5).Draw(t, "functions")
		approved, _ := judged(100, functions...)
		if len(approved) == 0 {
			return
		}
		accepted++
		candidates := enumerate(approved, length, highest)
		classes := byWeights(approved, length)
		for x := range box(length, 0, highest) {
			left := candidates[key(approved, x)]
			for _, class := range classes {
				var sum int64
				for _, j := range class {
					sum += x[j]
				}
				want := int(1 + min(highest, sum, int64(len(class))*highest-sum))
				for _, j := range class {
					if len(left[j]) < want {
						t.Fatalf("value %d of reading %v has the candidates %v; want %d, the functions approved are %v", j, x, left[j], want, approved)
					}
				}
				if least == 0 || want < least {
					least = want
				}
			}
		}
	})
	if accepted == 0 || least != 1 {
		t.Errorf("%d lists of functions were accepted, with %d candidates at least; the edge was not met", accepted, least)
	}
}

// byWeights returns the values with the same weights in all functions, of those that have any.
func byWeights(functions [][]int64, length int) [][]int {
	classes := map[string][]int{}
	for j := range length {
		unit := make([]int64, length)
		unit[j] = 1
		if k := key(functions, unit); slices.ContainsFunc(functions, func(y []int64) bool { return y[j] != 0 }) {
			classes[k] = append(classes[k], j)
		}
	}
	var all [][]int
	for _, class := range classes {
		all = append(all, class)
	}
	return all
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

// No combination of approved functions, modulo small primes, tells a value from the others of its class: in particular
// none is of one value, or of the difference of two.
func TestApprovedAgainstCombinations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.SampledFrom([]int64{3, 5, 7}).Draw(t, "q")
		length := rapid.IntRange(4, 8).Draw(t, "length")
		price := rapid.SampledFrom(rapid.SliceOfN(rapid.Int64Range(-9, 9), 1, 3).Draw(t, "prices"))
		functions := rapid.SliceOfN(rapid.SliceOfN(price, length, length), 1, 4).Draw(t, "functions")
		approved, _ := judged(100, functions...)
		all := [][]int64{make([]int64, length)}
		for _, y := range approved {
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
		for _, v := range all {
			alike := map[int64]int{}
			for _, weight := range v {
				alike[weight]++
			}
			for weight, n := range alike {
				if weight != 0 && n < fe.MinClass {
					t.Fatalf("combination %v of %v tells %d values from the others", v, approved, n)
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
// modulo the order of ristretto255 (RFC 9496), 20 of them: none is approved.
func TestModuloOrder(t *testing.T) {
	q, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	functions := chain(q, 8192, 24)
	if len(functions) != 20 {
		t.Fatalf("%d functions", len(functions))
	}
	if got, _ := judged(10_000, functions...); len(got) > 0 {
		t.Errorf("approved %v", got)
	}
}

// Many tariffs of day and night are approved at any length, prices that differ for each of 1024 values are not.
func TestCriterionAtLength(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, length := range []int{96, 1024} {
		var tariffs [][]int64
		for i := range int64(1000) {
			y := make([]int64, length)
			for j := range y {
				y[j] = 1 + i%7
				if j >= length/4 && j < 3*length/4 {
					y[j] += 1 + i/7%5
				}
			}
			tariffs = append(tariffs, y)
		}
		if got, _ := judged(10_000, tariffs...); len(got) != len(tariffs) {
			t.Errorf("length %d: %d of %d tariffs were approved", length, len(got), len(tariffs))
		}
		hourly := make([]int64, length)
		for j := range hourly {
			hourly[j] = 1 + random.Int64N(10_000)
		}
		if got, _ := judged(10_000, hourly); len(got) > 0 {
			t.Errorf("length %d: prices for each value were approved", length)
		}
	}
}

// Authorities that share a record refuse what keys of one of them reveal together with keys of the other; those that do
// not share one know nothing of each other.
func TestRecordIsShared(t *testing.T) {
	sum, less := tariff(1, 1, 1, 1, 1), tariff(1, 1, 1, 1, 0)
	record := NewRecord(5)
	open := func(r *Record, scheme fe.Name, bits int, reveal bool) *Authority {
		a, err := New(t.Context(), Config{Params: fe.Params{Scheme: scheme, Bits: bits, Length: 5, Bound: 100}, Reveal: reveal, Record: r})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	first, second, alone := open(record, fe.DDH, 1024, false), open(record, fe.ECDDH, 256, false), open(nil, fe.ECDDH, 256, false)
	revealing := open(record, fe.ECDDH, 256, true)
	if _, err := first.Approve(sum); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Approve(less); !errors.Is(err, ErrReveals) {
		t.Errorf("by another scheme: error %v", err)
	}
	if _, err := second.Approve(sum); err != nil {
		t.Errorf("the same function by another scheme: %v", err)
	}
	if _, err := alone.Approve(less); err != nil {
		t.Errorf("without the record: %v", err)
	}
	if _, err := revealing.Approve(less); err != nil {
		t.Errorf("where it is allowed: %v", err)
	}
	if _, err := first.Approve(sum); !errors.Is(err, ErrReveals) { // now its result shows the last value
		t.Errorf("after a key that reveals: error %v", err)
	}
	if _, err := New(t.Context(), Config{Params: fe.Params{Scheme: fe.ECDDH, Bits: 256, Length: 4, Bound: 100}, Record: record}); err == nil {
		t.Error("a record of other readings was taken")
	}
}
