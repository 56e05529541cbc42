package fe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/fentec-project/bn256"
)

// A GroupEvaluator computes one function of the values that a group's members encrypted under one label. Many
// goroutines may use it at once; it starts none.
type GroupEvaluator struct {
	params   Params
	function []int64
	key      [2]*bn256.G2
	logs     *logTable[*bn256.GT]
}

// NewGroupEvaluator makes the evaluator of a key. The table of discrete logarithms comes from tables, which
// may need to compute it first; with 2^20 entries that takes about 6 s. It refuses a function whose results
// may be beyond the reach of the tables, and fails with the context's error.
func NewGroupEvaluator(ctx context.Context, key GroupKey, tables *Tables) (*GroupEvaluator, error) {
	if err := key.Params.validateGroup(); err != nil {
		return nil, err
	}
	if err := tables.Check(key.Params, key.Function); err != nil {
		return nil, err
	}
	points, err := readShare(key.Secret)
	if err == nil && !(isG2(points[0]) && isG2(points[1])) {
		err = errors.New("a point is not in G_2")
	}
	if err != nil {
		return nil, fmt.Errorf("fe: key of a group: %w", err)
	}
	logs, err := tableOf(ctx, tables, gtGroup{})
	if err != nil {
		return nil, err
	}
	return &GroupEvaluator{key.Params, slices.Clone(key.Function), points, logs}, nil
}

// Table implements Searcher.
func (e *GroupEvaluator) Table() TableOrigin { return e.logs.from }

// Evaluate returns the sum of y_i*x_i over the members' values of the label, from their ciphertexts in the
// order of the members. It checks the ciphertexts first, fails with ErrNoResult if they do not fit the key or
// the label, and with the context's error as soon as that is done.
func (e *GroupEvaluator) Evaluate(ctx context.Context, label uint64, ciphertexts [][]byte) (int64, error) {
	if len(ciphertexts) != e.params.Length {
		return 0, fmt.Errorf("fe: evaluate: %d ciphertexts; the group has %d members", len(ciphertexts), e.params.Length)
	}
	points := make([]*bn256.G1, len(ciphertexts))
	for i, ciphertext := range ciphertexts {
		elements, err := e.params.open(ciphertext)
		if err == nil {
			points[i], err = readG1(elements[0])
		}
		if err != nil {
			return 0, fmt.Errorf("fe: evaluate: ciphertext %d: %w", i, err)
		}
	}
	target, err := contain(func() (*bn256.GT, error) { return e.combine(points, label) })
	var z int64
	if err == nil {
		z, err = e.logs.find(ctx, target, e.params.reach(e.function))
	}
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	return z, nil
}

// combine returns e(sum of y_i*c_i, g_2) / e(H(label), key).
func (e *GroupEvaluator) combine(points []*bn256.G1, label uint64) (*bn256.GT, error) {
	left := []*bn256.G1{weighted(points, e.function)}
	right := []*bn256.G2{new(bn256.G2).ScalarBaseMult(big.NewInt(1))}
	for i, part := range e.key {
		hash, err := bn256.HashG1(fmt.Sprintf("%d %s", i, labelText(label))) // as gofe hashes it
		if err != nil {
			return nil, err
		}
		left, right = append(left, hash.Neg(hash)), append(right, new(bn256.G2).Set(part))
	}
	return pairings(left, right), nil
}

// A gtGroup is the logGroup of G_T with the generator e(g_1, g_2). An element and its inverse are conjugates,
// which differ in their first half alone, so that the fingerprint is of the second.
type gtGroup struct{}

var _ logGroup[*bn256.GT] = gtGroup{}

func (gtGroup) id() string { return "bn256-gt" }

func (gtGroup) symmetric() bool { return true }

func (gtGroup) power(z int64) *bn256.GT {
	x := new(bn256.GT).ScalarBaseMult(big.NewInt(max(z, -z)))
	if z < 0 {
		x.Neg(x)
	}
	return x
}

func (gtGroup) equal(x, y *bn256.GT) bool { return *x.P == *y.P }

func (gtGroup) walk(x, step *bn256.GT, prints []uint64) *bn256.GT {
	x = new(bn256.GT).Set(x)
	for i := range prints {
		prints[i] = x.P.Y.X.X[0]
		x.Add(x, step)
	}
	return x
}

// readG1 decodes a point of G_1 other than zero. It refuses a second encoding of a point, with coordinates
// that are not reduced, which bn256 accepts.
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

// pairings returns the product of e(a_i, b_i), with one final exponentiation. A pair with a zero in it has no
// part in the product.
func pairings(a []*bn256.G1, b []*bn256.G2) *bn256.GT {
	product := bn256.GetGTOne()
	for i := range a {
		if !a[i].P.IsInfinity() && !b[i].P.IsInfinity() {
			product.Add(product, bn256.Miller(a[i], b[i]))
		}
	}
	return product.Finalize()
}
