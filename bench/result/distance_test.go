package result

import (
	"math"
	"testing"
)

func TestAtLeast(t *testing.T) {
	// By hand: 1 - (1-p)^n, and all of n.
	for _, test := range []struct {
		k, n    int
		p, want float64
	}{{0, 10, 0.1, 1}, {1, 10, 0.1, 1 - math.Pow(0.9, 10)}, {10, 10, 0.5, 1.0 / 1024}, {1, 5, 0, 0}} {
		if got := atLeast(test.k, test.n, test.p); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}
