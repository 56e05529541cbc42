package authority

import "math/big"

// A span is the vector space over the rational numbers that some functions
// span, as a basis in reduced form: each row has a pivot, a column in which it
// is 1 and all other rows are 0. It is never changed; the zero span is that of
// no function.
type span []row

type row struct {
	values []*big.Rat
	pivot  int
}

// with returns the span together with another function.
func (s span) with(weights []int64) span {
	v := make([]*big.Rat, len(weights))
	for i, w := range weights {
		v[i] = new(big.Rat).SetInt64(w)
	}
	for _, r := range s {
		v = subtract(v, v[r.pivot], r.values)
	}
	pivot := -1
	for i := range v {
		if v[i].Sign() != 0 {
			pivot = i
			break
		}
	}
	if pivot < 0 {
		return s // it is in the span already
	}
	inverse := new(big.Rat).Inv(v[pivot])
	for i := range v {
		v[i] = new(big.Rat).Mul(v[i], inverse)
	}
	grown := make(span, 0, len(s)+1)
	for _, r := range s {
		grown = append(grown, row{subtract(r.values, r.values[pivot], v), r.pivot})
	}
	return append(grown, row{v, pivot})
}

// subtract returns a - factor*b.
func subtract(a []*big.Rat, factor *big.Rat, b []*big.Rat) []*big.Rat {
	if factor.Sign() == 0 {
		return a
	}
	difference := make([]*big.Rat, len(a))
	for i := range a {
		if difference[i] = a[i]; b[i].Sign() != 0 {
			product := new(big.Rat).Mul(factor, b[i])
			difference[i] = product.Sub(a[i], product)
		}
	}
	return difference
}

// revealed returns the lowest index whose unit vector is in the span, or -1.
// A vector of the span is the sum of the rows, each times the vector's entry in
// that row's pivot column. So a unit vector in the span is itself a row: that
// whose pivot is its 1.
func (s span) revealed() int {
	least := -1
	for _, r := range s {
		single := true
		for i, v := range r.values {
			single = single && (i == r.pivot || v.Sign() == 0)
		}
		if single && (least < 0 || r.pivot < least) {
			least = r.pivot
		}
	}
	return least
}
