package authority

// packed returns the lowest index of a value that a function with these weights,
// not all zero, gives away by itself, as decimal places give away digits, or -1.
//
// Two readings with the same result differ by d with sum of w_j*d_j = 0. In
// value i they then differ by a multiple of c = g / gcd(g, w_i), where g is the
// greatest common divisor of the other weights, and by no more than the others
// can make up for: |w_i*d_i| <= sum of |w_j|*|d_j| over the others. Value i is
// given away if no d has d_i other than 0 and all |d_j| within half of the range
// of 0 to B, which leaves each value of a reading at least one way to differ:
// surely so if c is over that half, or |w_i|*c over it times the sum of the
// others' |w_j|. With two weights other than 0 these conditions are exact.
//
// Ordinary tariffs pass: where another value has the same weight c is 1.
func packed(weights []int64, bound int64) int {
	half := bound/2 + bound%2 // B/2 rounded up; weights are within B, below 2^24
	for i, w := range weights {
		if w == 0 {
			continue
		}
		var divisor, others int64
		for j, o := range weights {
			if j != i {
				divisor, others = gcd(divisor, o), others+max(o, -o)
			}
		}
		c := max(1, divisor/gcd(divisor, w))
		if c > half || max(w, -w)*c > half*others {
			return i
		}
	}
	return -1
}

// gcd returns the greatest common divisor of two numbers, which is not negative,
// and 0 only for zeros.
func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, -a)
}
