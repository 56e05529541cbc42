package authority

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"meterbench/simulators/fe"
)

// An attack asks for keys of functions, in their order, evaluates a ciphertext with those that are issued, and tells
// values of the reading from the results.
type attack struct {
	name      string
	reading   []int64
	highest   int64 // that the attacker knows no value to exceed
	functions [][]int64
	// solve returns the values that follow from the results of functions, by their index. It claims none that
	// could be another.
	solve    func(functions [][]int64, results []int64, length int, highest int64) map[int]int64
	schemes  []fe.Params // by turns for the keys; length and bound are filled in
	revealed int         // how many values the attack finds where keys may reveal them, at least
	issued   int         // how many of the keys an authority issues that guards values
}

const attackBound = 10_000

var (
	curve   = fe.Params{Scheme: fe.ECDDH, Bits: 256}
	residue = fe.Params{Scheme: fe.DDH, Bits: 1024}
)

// windows returns functions of the sums over windows of so many values.
func windows(length, width int) (all [][]int64) {
	for first := range length - width + 1 {
		y := make([]int64, length)
		for j := range width {
			y[first+j] = 1
		}
		all = append(all, y)
	}
	return all
}

func attacks() []attack {
	random := rand.New(rand.NewPCG(7, 11))
	prices := func(n int) []int64 {
		y := make([]int64, n)
		for j := range y {
			y[j] = 1 + random.Int64N(1000)
		}
		return y
	}
	day := make([]int64, 24) // of a household, in Wh an hour
	pairs := make([][]int64, 12)
	for i := range day {
		day[i] = 40 + random.Int64N(700)
	}
	for i := range pairs {
		pairs[i] = make([]int64, 24)
		pairs[i][2*i], pairs[i][2*i+1] = 1, 1000
	}
	few := []int64{0, 3, 1, 2, 3, 0, 1, 2}
	ones := slices.Repeat([]int64{1}, 8)
	return []attack{
		{"digits: twelve functions with the weights 1 and 1000", day, 999, pairs, digits, []fe.Params{curve}, 24, 0},
		{"digits: one function of three places", []int64{7, 3, 9}, 9, [][]int64{{1, 10, 100}}, digits, []fe.Params{curve}, 3, 0},
		{"lattice: prices of every hour, three of them", []int64{3, 14, 15, 9, 2, 6, 5, 8, 0, 7}, 15, [][]int64{prices(10), prices(10), prices(10)}, lattice, []fe.Params{curve}, 10, 0},
		{"small ranges: the bits of an occupied house", []int64{0, 1, 1, 0, 1, 0, 0, 1}, 1, [][]int64{{1, 2, 4, 8, 16, 32, 64, 128}}, enumeration, []fe.Params{curve}, 8, 0},
		{"small ranges: prices without a common factor", few, 3, [][]int64{{901, 907, 911, 919, 929, 937, 941, 947}, prices(8)}, enumeration, []fe.Params{curve}, 8, 0},
		{"repeated keys: a sum over hours that slide", few, 3, windows(8, 4), enumeration, []fe.Params{curve}, 1, 2},
		{"repeated keys: one tariff over and over, and its multiples", few, 3, [][]int64{ones, ones, slices.Repeat([]int64{7}, 8), slices.Repeat([]int64{-3}, 8)}, enumeration, []fe.Params{curve}, 0, 4},
		{"keys of two schemes: the sum, and the sum of all but one", few, 3, [][]int64{ones, {1, 1, 1, 1, 1, 1, 1, 0}}, enumeration, []fe.Params{curve, residue}, 1, 1},
		{"keys of two sizes: two hours change their prices", few, 3, [][]int64{{5, 5, 5, 5, 1, 1, 1, 1}, {1, 5, 5, 5, 5, 1, 1, 1}}, enumeration, []fe.Params{residue, {Scheme: fe.DDH, Bits: 1536}}, 2, 1},
		{"keys over time: the hours of the day move every year", few, 3, [][]int64{{1, 2, 2, 2, 2, 1, 1, 1}, {1, 1, 2, 2, 2, 2, 1, 1}}, enumeration, []fe.Params{curve}, 2, 1},
		{"a difference of two values at the ends of their range", few, 3, [][]int64{{1, -1, 0, 0, 0, 0, 0, 0}}, enumeration, []fe.Params{curve}, 2, 0},
		{"parity: one odd price", []int64{1, 0, 1, 1, 0, 1, 1, 0}, 1, [][]int64{{2, 2, 2, 2, 2, 2, 2, 3}}, enumeration, []fe.Params{curve}, 1, 0},
	}
}

// Every attack works where keys may reveal values, on real ciphertexts, and finds nothing where the authority guards them.
func TestAttacks(t *testing.T) {
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			if issued, found := a.run(t, true); issued != len(a.functions) || len(found) < a.revealed {
				t.Errorf("without the criterion: %d keys, %d values found; want %d keys and %d values", issued, len(found), len(a.functions), a.revealed)
			} else {
				for j, value := range found {
					if value != a.reading[j] {
						t.Errorf("value %d is found to be %d; it is %d", j, value, a.reading[j])
					}
				}
			}
			if issued, found := a.run(t, false); issued != a.issued || len(found) > 0 {
				t.Errorf("%d keys were issued, want %d; they reveal the values %v", issued, a.issued, found)
			}
		})
	}
}

// run has authorities issue the keys, which judge them together, and returns how many they issued and what follows.
func (a attack) run(t *testing.T, reveal bool) (issued int, found map[int]int64) {
	t.Helper()
	tables, err := fe.NewTables(fe.TableConfig{Entries: 1 << 12})
	if err != nil {
		t.Fatal(err)
	}
	record := NewRecord(len(a.reading))
	authorities, evaluators, ciphertexts := make([]*Authority, len(a.schemes)), make([]fe.Evaluator, len(a.schemes)), make([][]byte, len(a.schemes))
	for i, params := range a.schemes {
		params.Length, params.Bound = len(a.reading), attackBound
		if authorities[i], err = New(t.Context(), Config{Params: params, Reveal: reveal, Record: record}); err != nil {
			t.Fatal(err)
		}
		if ciphertexts[i], err = authorities[i].master.Encryptor().Encrypt(a.reading); err != nil {
			t.Fatal(err)
		}
		if evaluators[i], err = fe.NewEvaluator(t.Context(), authorities[i].Public(), tables); err != nil {
			t.Fatal(err)
		}
	}
	var functions [][]int64
	var results []int64
	for n, y := range a.functions {
		i := n % len(a.schemes)
		approval, err := authorities[i].Approve(Tariff{Name: fmt.Sprint("t", n), From: time.Unix(int64(n)*365*24*3600, 0).UTC(), Weights: y})
		if err != nil {
			continue
		}
		result, err := evaluators[i].Evaluate(t.Context(), ciphertexts[i], approval.Key)
		if err != nil {
			t.Fatal(err)
		}
		functions, results = append(functions, y), append(results, result)
	}
	if len(functions) == 0 {
		return 0, nil
	}
	return len(functions), a.solve(functions, results, len(a.reading), a.highest)
}

// digits takes each result apart, if its weights keep sums of values apart as places keep digits apart.
func digits(functions [][]int64, results []int64, _ int, highest int64) map[int]int64 {
	found := map[int]int64{}
	for i, y := range functions {
		places := map[int64][]int{}
		for j, weight := range y {
			if weight != 0 {
				places[weight] = append(places[weight], j)
			}
		}
		var weights []int64
		var most int64 // that the lower places may add up to
		apart := true
		for weight := range places {
			weights = append(weights, weight)
		}
		slices.Sort(weights)
		for _, weight := range weights {
			apart = apart && weight > most
			most += weight * highest * int64(len(places[weight]))
		}
		for _, weight := range slices.Backward(weights) {
			if digit := results[i] / weight; apart && len(places[weight]) == 1 {
				found[places[weight][0]] = digit
			}
			results[i] %= weight
		}
	}
	return found
}

// lattice looks for the reading as a short vector: those with y·z = t*result for all functions are a lattice, in which the
// reading with t = 1 is short. A value is found if no short vector of those with y·z = 0 leads to another.
func lattice(functions [][]int64, results []int64, length int, highest int64) map[int]int64 {
	inside := func(x vector) bool {
		return !slices.ContainsFunc(x, func(n *big.Int) bool { return n.Sign() < 0 || n.Cmp(big.NewInt(highest)) > 0 })
	}
	rows := make([][]int64, len(functions))
	for i, y := range functions {
		rows[i] = append(slices.Clone(y), -results[i])
	}
	var x vector
	for _, z := range kernel(rows, length+1) {
		if z[length].CmpAbs(big.NewInt(1)) == 0 {
			if z[length].Sign() < 0 {
				z.subtract(big.NewInt(2), slices.Clone(z))
			}
			if inside(z[:length]) {
				x = z[:length]
			}
		}
	}
	found := map[int]int64{}
	if x == nil {
		return found
	}
	for j, value := range x {
		found[j] = value.Int64()
	}
	for _, z := range kernel(functions, length) {
		for _, sign := range []int64{1, -1} {
			other := make(vector, length)
			for j := range other {
				other[j] = new(big.Int).Set(x[j])
			}
			if other.subtract(big.NewInt(sign), z); inside(other) {
				for j := range other {
					if other[j].Cmp(x[j]) != 0 {
						delete(found, j)
					}
				}
			}
		}
	}
	return found
}

// enumeration tries all readings.
func enumeration(functions [][]int64, results []int64, length int, highest int64) map[int]int64 {
	found := map[int]int64{}
	for j, candidates := range enumerate(functions, length, highest)[fmt.Sprint(results)] {
		if len(candidates) == 1 {
			for value := range candidates {
				found[j] = value
			}
		}
	}
	return found
}

// enumerate returns by the results of functions the candidates for each value, of all readings from 0 to highest.
func enumerate(functions [][]int64, length int, highest int64) map[string][]map[int64]bool {
	found := map[string][]map[int64]bool{}
	for x := range box(length, 0, highest) {
		k := key(functions, x)
		if found[k] == nil {
			found[k] = make([]map[int64]bool, length)
			for j := range found[k] {
				found[k][j] = map[int64]bool{}
			}
		}
		for j, value := range x {
			found[k][j][value] = true
		}
	}
	return found
}

// key is the results of functions as a key of a map.
func key(functions [][]int64, x []int64) string {
	results := make([]int64, len(functions))
	for i, y := range functions {
		results[i] = product(y, x)
	}
	return fmt.Sprint(results)
}
