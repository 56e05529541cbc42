package authority

import "math/big"

// A vector has integers of any size.
type vector []*big.Int

// kernel returns a basis of all integer vectors z of that width with row·z = 0 for each of the rows, reduced
// so that it is short: of n vectors the i-th is at most 2^((n-1)/2) times as long as the longest of any i
// that are independent, and as a rule about as short as they can be.
func kernel(rows [][]int64, width int) []vector {
	basis := make([]vector, width)
	for i := range basis {
		basis[i] = make(vector, width)
		for j := range basis[i] {
			basis[i][j] = new(big.Int)
		}
		basis[i][i].SetInt64(1)
	}
	for _, row := range rows {
		numbers := make(vector, width)
		for j := range row {
			numbers[j] = big.NewInt(row[j])
		}
		basis = orthogonal(basis, numbers)
	}
	return basis
}

// orthogonal returns a reduced basis of the spanned vectors that have product 0 with the row. Euclid's algorithm on the
// products leaves one vector of the basis whose product is not 0; a combination has product 0 only without it.
func orthogonal(basis []vector, row vector) []vector {
	products := make(vector, len(basis))
	for i, b := range basis {
		products[i] = dot(b, row)
	}
	for {
		least, others := -1, false
		for i, p := range products {
			if p.Sign() != 0 {
				others = others || least >= 0
				if least < 0 || p.CmpAbs(products[least]) < 0 {
					least = i
				}
			}
		}
		if least < 0 {
			return basis
		}
		if !others {
			basis = append(basis[:least], basis[least+1:]...)
			reduce(basis)
			return basis
		}
		for i, p := range products {
			if i != least && p.Sign() != 0 {
				q := nearest(p, products[least])
				basis[i].subtract(q, basis[least])
				p.Sub(p, new(big.Int).Mul(q, products[least]))
			}
		}
	}
}

// reduce is the algorithm of A. K. Lenstra, H. W. Lenstra and Lovász, "Factoring polynomials with rational
// coefficients" (Mathematische Annalen 261, 1982), in integers throughout (de Weger, "Solving exponential
// Diophantine equations using lattice basis reduction algorithms", J. Number Theory 26, 1987). With b* the
// vectors made orthogonal, mu the coefficients that this takes, and d_i the product of the |b*|^2 of the
// first i, all d_i and l_ij = mu_ij*d_(j+1) are integers.
func reduce(basis []vector) {
	n := len(basis)
	d, l := make(vector, n+1), make([]vector, n)
	d[0] = big.NewInt(1)
	for k := range basis {
		l[k] = make(vector, k)
		for j := range k + 1 {
			u := dot(basis[k], basis[j])
			for i := range j {
				u.Mul(u, d[i+1])
				u.Sub(u, new(big.Int).Mul(l[k][i], l[j][i]))
				u.Quo(u, d[i]) // exactly
			}
			if j < k {
				l[k][j] = u
			} else {
				d[k+1] = u
			}
		}
	}
	shorten := func(k, j int) { // so that |mu_kj| <= 1/2
		q := nearest(l[k][j], d[j+1])
		if q.Sign() == 0 {
			return
		}
		basis[k].subtract(q, basis[j])
		l[k][:j].subtract(q, l[j])
		l[k][j].Sub(l[k][j], q.Mul(q, d[j+1]))
	}
	for k := 1; k < n; {
		shorten(k, k-1)
		// Lovász' condition, |b*_k|^2 >= (3/4 - mu^2) |b*_(k-1)|^2, times 4 d_k^2.
		left := new(big.Int).Mul(d[k+1], d[k-1])
		left.Add(left, new(big.Int).Mul(l[k][k-1], l[k][k-1]))
		right := new(big.Int).Mul(d[k], d[k])
		if left.Lsh(left, 2).Cmp(right.Mul(right, big.NewInt(3))) >= 0 {
			for j := k - 2; j >= 0; j-- {
				shorten(k, j)
			}
			k++
			continue
		}
		swap(basis, d, l, k)
		k = max(1, k-1)
	}
}

// swap exchanges vectors k-1 and k of a basis that reduce works on.
func swap(basis []vector, d vector, l []vector, k int) {
	basis[k], basis[k-1] = basis[k-1], basis[k]
	for j := range k - 1 {
		l[k][j], l[k-1][j] = l[k-1][j], l[k][j]
	}
	mu := l[k][k-1]
	next := new(big.Int).Mul(d[k-1], d[k+1])
	next.Add(next, new(big.Int).Mul(mu, mu))
	next.Quo(next, d[k])
	for _, row := range l[k+1:] {
		t := new(big.Int).Set(row[k])
		row[k].Mul(d[k+1], row[k-1])
		row[k].Sub(row[k], new(big.Int).Mul(mu, t))
		row[k].Quo(row[k], d[k])
		row[k-1].Mul(next, t)
		row[k-1].Add(row[k-1], new(big.Int).Mul(mu, row[k]))
		row[k-1].Quo(row[k-1], d[k+1])
	}
	d[k] = next
}

func dot(a, b vector) *big.Int {
	sum, product := new(big.Int), new(big.Int)
	for i := range a {
		if a[i].Sign() != 0 && b[i].Sign() != 0 {
			sum.Add(sum, product.Mul(a[i], b[i]))
		}
	}
	return sum
}

// subtract sets v to v - q*w.
func (v vector) subtract(q *big.Int, w vector) {
	product := new(big.Int)
	for i := range v {
		if w[i].Sign() != 0 {
			v[i].Sub(v[i], product.Mul(q, w[i]))
		}
	}
}

// nearest returns an integer next to a/b, for b other than 0.
func nearest(a, b *big.Int) *big.Int {
	q, rest := new(big.Int).QuoRem(a, b, new(big.Int))
	if rest.Lsh(rest, 1).CmpAbs(b) > 0 {
		q.Add(q, big.NewInt(int64(a.Sign()*b.Sign())))
	}
	return q
}
