package authority

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// The kernel is whole: as many vectors as the rank leaves, all with product 0,
// and no integer vector of their span is missing, because their largest minors
// share no factor. The first is short, as LLL promises.
func TestKernel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 5).Draw(t, "width")
		rows := rapid.SliceOfN(rapid.SliceOfN(rapid.Int64Range(-9, 9), width, width), 0, 4).Draw(t, "rows")
		basis := kernel(rows, width)
		if want := width - rank(rows); len(basis) != want {
			t.Fatalf("%d vectors, want %d", len(basis), want)
		}
		if len(basis) == 0 {
			return
		}
		numbers := make([][]int64, len(basis))
		for i, b := range basis {
			for _, n := range b {
				numbers[i] = append(numbers[i], n.Int64())
			}
			for _, row := range rows {
				if product(row, numbers[i]) != 0 {
					t.Fatalf("%v is not orthogonal to %v", b, row)
				}
			}
		}
		shared := new(big.Int)
		for columns := range 1 << width {
			if minor := pick(numbers, 1<<len(numbers)-1, columns); len(minor) == len(numbers) {
				shared.GCD(nil, nil, shared, new(big.Int).Abs(big.NewInt(determinant(minor))))
			}
		}
		if shared.Cmp(big.NewInt(1)) != 0 {
			t.Fatalf("the largest minors share the factor %v", shared)
		}
		first := product(numbers[0], numbers[0])
		for z := range box(width, -2, 2) {
			kernel := product(z, z) > 0
			for _, row := range rows {
				kernel = kernel && product(row, z) == 0
			}
			if kernel && first > product(z, z)<<(len(basis)-1) {
				t.Fatalf("the first is %v, and there is %v", numbers[0], z)
			}
		}
	})
}

// Weights of four digits have changes of a few steps only, if there are enough of
// them, and their kernel's basis is of such changes.
func TestKernelIsShort(t *testing.T) {
	weights := []int64{7919, 6007, 9733, 8111, 5303, 9001, 4409, 3571, 2903, 7103, 6211, 5051}
	for _, z := range kernel([][]int64{weights}, len(weights)) {
		for _, n := range z {
			if n.CmpAbs(big.NewInt(5)) > 0 {
				t.Errorf("%v", z)
				break
			}
		}
	}
}

func product(a, b []int64) (sum int64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// rank is the size of the largest minor that is not 0.
func rank(rows [][]int64) int {
	best := 0
	if len(rows) == 0 {
		return 0
	}
	for r := range 1 << len(rows) {
		for c := range 1 << len(rows[0]) {
			minor := pick(rows, r, c)
			if len(minor) > best && determinant(minor) != 0 {
				best = len(minor)
			}
		}
	}
	return best
}

// pick returns the square matrix of the rows and columns in the bit sets, or none.
func pick(rows [][]int64, r, c int) (minor [][]int64) {
	for i, row := range rows {
		if r>>i&1 == 0 {
			continue
		}
		var picked []int64
		for j, v := range row {
			if c>>j&1 == 1 {
				picked = append(picked, v)
			}
		}
		minor = append(minor, picked)
	}
	if len(minor) > 0 && len(minor) != len(minor[0]) {
		return nil
	}
	return minor
}

func determinant(m [][]int64) (sum int64) {
	if len(m) == 1 {
		return m[0][0]
	}
	sign := int64(1)
	for j := range m {
		var rest [][]int64
		for _, row := range m[1:] {
			rest = append(rest, append(append([]int64(nil), row[:j]...), row[j+1:]...))
		}
		sum += sign * m[0][j] * determinant(rest)
		sign = -sign
	}
	return sum
}
