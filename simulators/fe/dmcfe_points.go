package fe

import (
	"bytes"
	"errors"
	"math/big"

	"github.com/fentec-project/bn256"
)

// readG1 decodes a point of G_1 other than zero. It refuses a second encoding of a point, with
// coordinates that are not reduced, which bn256 accepts.
func readG1(b []byte) (*bn256.G1, error) {
	return contain(func() (*bn256.G1, error) {
		point := new(bn256.G1)
		if _, err := point.Unmarshal(b); err != nil {
			return nil, err
		}
		if !bytes.Equal(point.Marshal(), b) || point.P.IsInfinity() {
			return nil, errors.New("not the encoding of a point of G_1, or zero")
		}
		return point, nil
	})
}

// readShare decodes two points of the curve that G_2 is part of.
func readShare(b []byte) ([2]*bn256.G2, error) {
	return contain(func() (points [2]*bn256.G2, err error) {
		rest, again := b, []byte(nil)
		for i := range points {
			points[i] = new(bn256.G2)
			if rest, err = points[i].Unmarshal(rest); err != nil {
				return points, err
			}
			again = append(again, points[i].Marshal()...)
		}
		if !bytes.Equal(again, b) {
			return points, errors.New("not the encoding of two points")
		}
		return points, nil
	})
}

// isG2 reports whether a point of the curve is in G_2: whether its order divides the group's.
func isG2(point *bn256.G2) bool {
	return new(bn256.G2).ScalarMult(point, bn256.Order).P.IsInfinity()
}

// weighted returns the sum of y_i*c_i.
func weighted(points []*bn256.G1, y []int64) *bn256.G1 {
	sum := new(bn256.G1).ScalarBaseMult(new(big.Int))
	for i, c := range points {
		switch {
		case y[i] == 0:
			continue
		case y[i] < 0:
			c = new(bn256.G1).Neg(c)
		}
		if size := max(y[i], -y[i]); size > 1 {
			c = new(bn256.G1).ScalarMult(c, big.NewInt(size))
		}
		sum.Add(sum, c)
	}
	return sum
}

// pairings returns the product of e(a_i, b_i), with one final exponentiation. A pair with a zero in it
// has no part in the product.
func pairings(a []*bn256.G1, b []*bn256.G2) *bn256.GT {
	product := bn256.GetGTOne()
	for i := range a {
		if !a[i].P.IsInfinity() && !b[i].P.IsInfinity() {
			product.Add(product, bn256.Miller(a[i], b[i]))
		}
	}
	return product.Finalize()
}
