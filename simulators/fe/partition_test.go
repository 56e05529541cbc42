package fe

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPartition(t *testing.T) {
	for _, c := range []struct {
		name      string
		functions [][]int64
		value     int
		size      int
	}{
		{"no function", nil, -1, -1},
		{"no weight", [][]int64{{0, 0, 0, 0}}, -1, -1},
		{"one price", [][]int64{{3, 3, 3, 3}}, 0, 4},
		{"one value", [][]int64{{0, 0, 7, 0}}, 2, 1},
		{"two prices", [][]int64{{1, 1, 1, 1, -1, -1, -1}}, 4, 3},
		{"the first of equal classes", [][]int64{{2, 1, 1, 2}}, 0, 2},
		{"what has no weight does not count", [][]int64{{0, 1, 1, 1, 1}}, 1, 4},
		{"the same twice, and its multiple", [][]int64{{1, 1, 2, 2}, {1, 1, 2, 2}, {-3, -3, -6, -6}}, 0, 2},
		{"another price of one value", [][]int64{{1, 1, 1, 1, 1}, {1, 1, 1, 2, 1}}, 3, 1},
		{"a value left out", [][]int64{{1, 1, 1, 1, 1}, {1, 1, 1, 1, 0}}, 4, 1},
		{"hours that move", [][]int64{{1, 1, 1, 1, 2, 2, 2, 2}, {1, 1, 1, 2, 2, 2, 2, 1}}, 3, 1},
		{"what the first leaves out", [][]int64{{1, 1, 1, 1, 0, 0, 0, 0}, {0, 0, 0, 0, 1, 1, 1, 1}}, 0, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := NewPartition(8)
			if len(c.functions) > 0 {
				p = NewPartition(len(c.functions[0]))
			}
			for _, y := range c.functions {
				p = p.Refine(y)
			}
			type smallest struct{ Value, Size int }
			value, size := p.Smallest()
			if d := cmp.Diff(smallest{c.value, c.size}, smallest{value, size}); d != "" {
				t.Error(d)
			}
			if _, _, reveals := p.Reveals(); reveals != (size >= 0 && size < MinClass) {
				t.Errorf("reveals: %t with %d values", reveals, size)
			}
		})
	}
}

// Two values are of one class exactly if all functions weigh them alike, in whatever order they come, and refining
// leaves what was refined as it is.
func TestPartitionIsThatOfTheWeights(t *testing.T) { rapid.Check(t, checkPartition) }

func FuzzPartition(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkPartition)) }

func checkPartition(t *rapid.T) {
	length := rapid.IntRange(1, 9).Draw(t, "length")
	functions := rapid.SliceOfN(rapid.SliceOfN(rapid.Int64Range(-1, 1), length, length), 0, 4).Draw(t, "functions")
	p, reversed := NewPartition(length), NewPartition(length)
	for i, y := range functions {
		before := slices.Clone(p.class)
		next := p.Refine(y)
		if d := cmp.Diff(before, p.class); d != "" {
			t.Fatalf("refining changed what was refined: %s", d)
		}
		p, reversed = next, reversed.Refine(functions[len(functions)-1-i])
	}
	for a := range length {
		weighed := slices.ContainsFunc(functions, func(y []int64) bool { return y[a] != 0 })
		if (p.class[a] > 0) != weighed {
			t.Fatalf("value %d is of class %d; weighed: %t", a, p.class[a], weighed)
		}
		for b := range length {
			alike := !slices.ContainsFunc(functions, func(y []int64) bool { return y[a] != y[b] })
			if (p.class[a] == p.class[b]) != alike || (reversed.class[a] == reversed.class[b]) != alike {
				t.Fatalf("values %d and %d; weighed alike: %t, classes %v, %v in reverse", a, b, alike, p.class, reversed.class)
			}
		}
	}
}

// Every value has as many candidates as the doc comment of Partition says, counted over all vectors of small ranges.
func TestPartitionCandidates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		highest := rapid.Int64Range(1, 3).Draw(t, "highest")
		length := rapid.IntRange(1, 7-int(highest)).Draw(t, "length")
		weight := rapid.SampledFrom(rapid.SliceOfN(rapid.Int64Range(-20, 20), 1, 2).Draw(t, "prices"))
		functions := rapid.SliceOfN(rapid.SliceOfN(weight, length, length), 1, 3).Draw(t, "functions")
		p := NewPartition(length)
		for _, y := range functions {
			p = p.Refine(y)
		}
		sizes := map[int]int64{}
		for _, class := range p.class {
			sizes[class]++
		}
		found := map[string][]map[int64]bool{} // by results, the candidates of every value
		forAll(length, highest, func(x []int64) {
			of := found[results(functions, x)]
			if of == nil {
				of = make([]map[int64]bool, length)
				for j := range of {
					of[j] = map[int64]bool{}
				}
				found[results(functions, x)] = of
			}
			for j, value := range x {
				of[j][value] = true
			}
		})
		forAll(length, highest, func(x []int64) {
			sums := map[int]int64{}
			for j, class := range p.class {
				sums[class] += x[j]
			}
			for j, class := range p.class {
				n, sum := sizes[class], sums[class]
				want := 1 + min(highest, sum, n*highest-sum)
				if class == 0 {
					want = 1 + highest
				}
				if got := int64(len(found[results(functions, x)][j])); n > 1 && got < want {
					t.Fatalf("value %d of %v has %d candidates of 0 to %d, want %d", j, x, got, highest, want)
				}
			}
		})
	})
}

func results(functions [][]int64, x []int64) string {
	all := make([]int64, len(functions))
	for i, y := range functions {
		for j := range y {
			all[i] += y[j] * x[j]
		}
	}
	return fmt.Sprint(all)
}

// forAll calls see with every vector of numbers from 0 to highest, each time in the same slice.
func forAll(length int, highest int64, see func(x []int64)) {
	x := make([]int64, length)
	for {
		see(x)
		j := 0
		for ; j < length && x[j] == highest; j++ {
			x[j] = 0
		}
		if j == length {
			return
		}
		x[j]++
	}
}
