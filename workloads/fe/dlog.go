package fe

import (
	"context"
	"math"
	"math/big"
	"math/bits"
	"slices"
)

const (
	exponentBits = 20
	minBabySteps = 1 << 8
	maxBabySteps = 1 << exponentBits // 8 MiB
	// maxGiantSteps limits the search each way: with the largest table that is
	// about 5 s at 2048 bits, for results up to 2^40.
	maxGiantSteps = 1 << 20
	// stepsPerCheck is how many multiplications go by between two looks at the
	// context: below a millisecond.
	stepsPerCheck = 64
)

// babySteps returns how many baby steps balance the table against the search
// for results of at most bound either way, sqrt(2*bound), within the limits.
func babySteps(bound int64) int {
	return min(max(int(math.Ceil(math.Sqrt(2*float64(bound)))), minBabySteps), maxBabySteps)
}

// A logTable finds z in g^z for small z of either sign by baby steps and
// giant steps (Shanks): with m baby steps g^0 … g^(m-1) in the table,
// z = j*m + i is found when g^z * g^(-j*m) is the entry g^i. The search goes
// outward from zero, j = 0, -1, 1, -2, 2, …, so that it takes about 2*|z|/m
// multiplications.
//
// An entry is one word: the exponent i in the lowest 20 bits, the lowest 44
// bits of g^i above it. A match of those bits is verified.
type logTable struct {
	group   zpGroup
	steps   int64    // m
	entries []uint64 // ascending
	up      *big.Int // g^m
	down    *big.Int // g^-m
}

// newLogTable computes a table of the given number of baby steps, at most maxBabySteps.
func newLogTable(ctx context.Context, group zpGroup, steps int) (*logTable, error) {
	t := &logTable{group: group, steps: int64(steps), entries: make([]uint64, steps)}
	power := big.NewInt(1)
	by := newMultiplier(group.p)
	for i := range t.entries {
		if i%stepsPerCheck == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		t.entries[i] = lowBits(power)<<exponentBits | uint64(i)
		by.multiply(power, group.g)
	}
	slices.Sort(t.entries)
	t.up = power
	t.down = new(big.Int).ModInverse(power, group.p)
	return t, nil
}

// find returns the z with g^z = target and |z| <= bound, ErrNoResult if there
// is none, or the context's error. It does not change the target.
func (t *logTable) find(ctx context.Context, target *big.Int, bound int64) (int64, error) {
	by := newMultiplier(t.group.p)
	lower, upper := new(big.Int).Set(target), new(big.Int).Set(target)
	for origin := int64(0); ; origin += t.steps {
		if origin/t.steps%stepsPerCheck == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if i, ok := t.lookUp(upper); ok && origin+i <= bound {
			return origin + i, nil
		}
		if i, ok := t.lookUp(lower); ok && i-origin >= -bound && i-origin <= bound {
			return i - origin, nil
		}
		// Everything from -origin to origin+m-1 is ruled out.
		if origin >= bound {
			return 0, ErrNoResult
		}
		by.multiply(upper, t.down)
		by.multiply(lower, t.up)
	}
}

// lookUp returns the exponent of a power that is in the table.
func (t *logTable) lookUp(power *big.Int) (int64, bool) {
	key := lowBits(power) << exponentBits
	at, _ := slices.BinarySearch(t.entries, key)
	for ; at < len(t.entries) && t.entries[at]&^(maxBabySteps-1) == key; at++ {
		exponent := big.NewInt(int64(t.entries[at] & (maxBabySteps - 1)))
		if new(big.Int).Exp(t.group.g, exponent, t.group.p).Cmp(power) == 0 {
			return exponent.Int64(), true
		}
	}
	return 0, false
}

// lowBits returns the lowest 64 bits of a positive x.
func lowBits(x *big.Int) uint64 {
	words := x.Bits()
	low := uint64(words[0])
	if bits.UintSize == 32 && len(words) > 1 {
		low |= uint64(words[1]) << 32
	}
	return low
}

// A multiplier multiplies modulo p without allocating anew each time.
type multiplier struct{ p, product, quotient *big.Int }

func newMultiplier(p *big.Int) multiplier { return multiplier{p, new(big.Int), new(big.Int)} }

// multiply sets x to x*y modulo p.
func (m multiplier) multiply(x, y *big.Int) {
	m.product.Mul(x, y)
	m.quotient.QuoRem(m.product, m.p, x)
}
