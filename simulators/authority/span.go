package authority

import "math/big"

// A span is the vector space that some functions span, as a basis in reduced
// form: each row has a pivot, a column in which it is 1 and all other rows are
// 0. It is over the integers modulo a prime, or over the rational numbers where
// there is no modulus. It is never changed; one without rows is that of no
// function.
type span struct {
	modulus *big.Int // nil: none
	rows    []row
}

// A row's numbers are whole and from 0 to modulus-1 where there is a modulus.
type row struct {
	values []*big.Rat
	pivot  int
}

// with returns the span together with another function.
func (s span) with(weights []int64) span {
	v := make([]*big.Rat, len(weights))
	for i, w := range weights {
		v[i] = s.reduce(new(big.Rat).SetInt64(w))
	}
	for _, r := range s.rows {
		v = s.subtract(v, v[r.pivot], r.values)
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
	inverse := s.reduce(new(big.Rat).Inv(v[pivot]))
	for i := range v {
		v[i] = s.reduce(new(big.Rat).Mul(v[i], inverse))
	}
	grown := span{s.modulus, make([]row, 0, len(s.rows)+1)}
	for _, r := range s.rows {
		grown.rows = append(grown.rows, row{s.subtract(r.values, r.values[pivot], v), r.pivot})
	}
	grown.rows = append(grown.rows, row{v, pivot})
	return grown
}

// subtract returns a - factor*b.
func (s span) subtract(a []*big.Rat, factor *big.Rat, b []*big.Rat) []*big.Rat {
	if factor.Sign() == 0 {
		return a
	}
	difference := make([]*big.Rat, len(a))
	for i := range a {
		if difference[i] = a[i]; b[i].Sign() != 0 {
			product := new(big.Rat).Mul(factor, b[i])
			difference[i] = s.reduce(product.Sub(a[i], product))
		}
	}
	return difference
}

// reduce returns a fraction modulo the modulus, of which its denominator is no
// multiple.
func (s span) reduce(x *big.Rat) *big.Rat {
	if s.modulus == nil {
		return x
	}
	n := new(big.Int).Set(x.Num())
	if !x.IsInt() {
		n.Mul(n, new(big.Int).ModInverse(x.Denom(), s.modulus))
	}
	return x.SetInt(n.Mod(n, s.modulus))
}

// revealed returns the lowest index whose unit vector is in the span, or -1.
// A vector of the span is the sum of the rows, each times the vector's entry in
// that row's pivot column. So a unit vector in the span is itself a row: that
// whose pivot is its 1.
func (s span) revealed() int {
	least := -1
	for _, r := range s.rows {
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
