package reference_test

import (
	"math"
	"testing"
)

// mm1Quantile gives the quantiles of the time from arrival to the end of
// service in an M/M/1 queue of a utilisation and mean service time: it is
// exponential with the rate mu - lambda (Kleinrock, Queueing Systems, volume 1,
// 1975).
func mm1Quantile(rho, mean float64) func(q float64) float64 {
	return func(q float64) float64 { return -math.Log(1-q) * mean / (1 - rho) }
}

// mdcQuantile does the same for an M/D/c queue.
func mdcQuantile(rho float64, c int, service float64) func(q float64) float64 {
	m := newMDC(rho*float64(c), c)
	return func(q float64) float64 { return m.quantile(q) * service }
}

// An mdc is an M/D/c queue whose service takes one unit of time: the chance
// that at most j customers wait, for every j.
type mdc struct {
	lambda  float64 // arrivals per service time, below c
	c       int
	waiting []float64
}

// newMDC solves Crommelin's equations (Delay probability formulae when the
// holding times are constant, 1932): whoever is in service now has left one
// service time later, and whoever is there then waited now or arrived since,
//
//	p(j) = sum over k <= c of p(k) a(j) + sum over c < k <= c+j of p(k) a(j-k+c),
//
// a being the Poisson chances of mean lambda. All terms are positive, so that
// iterating to the fixed point is stable.
func newMDC(lambda float64, c int) *mdc {
	const states = 400 // beyond which no probability is left at a utilisation of 0.8
	a := make([]float64, states)
	a[0] = math.Exp(-lambda)
	for i := 1; i < states; i++ {
		a[i] = a[i-1] * lambda / float64(i)
	}
	p := make([]float64, states)
	p[0] = 1
	for change := 1.0; change > 1e-13; {
		next := make([]float64, states)
		free, total := 0.0, 0.0
		for _, x := range p[:c+1] {
			free += x
		}
		for j := range next {
			next[j] = free * a[j]
			for k := c + 1; k <= min(c+j, states-1); k++ {
				next[j] += p[k] * a[j-k+c]
			}
			total += next[j]
		}
		change = 0
		for j := range next {
			next[j] /= total
			change += math.Abs(next[j] - p[j])
		}
		p = next
	}
	m := &mdc{lambda: lambda, c: c}
	sum := 0.0
	for j, x := range p {
		if sum += x; j >= c {
			m.waiting = append(m.waiting, sum)
		}
	}
	return m
}

// waits returns the chance to wait at most x service times (Franx, A simple
// solution for the M/D/c waiting time distribution, Operations Research
// Letters 29, 2001): for k-1 <= x < k
//
//	P(W <= x) = exp(-u) sum over j < k c of Q(k c - j - 1) u^j / j!, u = lambda (k - x),
//
// Q(i) being the chance that at most i customers wait.
func (m *mdc) waits(x float64) float64 {
	k := math.Floor(x) + 1
	u := m.lambda * (k - x)
	term, sum := math.Exp(-u), 0.0
	n := int(k) * m.c
	for j := range n {
		q := 1.0
		if i := n - j - 1; i < len(m.waiting) {
			q = m.waiting[i]
		}
		sum += q * term
		term *= u / float64(j+1)
	}
	return sum
}

// quantile returns a quantile of the time from arrival to the end of service,
// in service times.
func (m *mdc) quantile(q float64) float64 {
	low, high := 0.0, 100.0
	if m.waits(0) >= q {
		return 1
	}
	for high-low > 1e-9 {
		if mid := (low + high) / 2; m.waits(mid) < q {
			low = mid
		} else {
			high = mid
		}
	}
	return high + 1
}

// With one server there is a formula of Erlang's that shares nothing with the
// above, P(W <= x) = (1 - rho) sum over j <= x of (rho (j-x))^j / j! exp(-rho (j-x)),
// and with any number the mean of a Poisson stream: by Little's law the queue
// is lambda times the mean wait.
func TestTheory(t *testing.T) {
	for _, rho := range []float64{0.5, 0.8} {
		m := newMDC(rho, 1)
		for x := 0.0; x < 8; x += 0.25 {
			want, factorial := 0.0, 1.0
			for j := 0.0; j <= x; j++ {
				if j > 0 {
					factorial *= j
				}
				want += (1 - rho) * math.Pow(rho*(j-x), j) / factorial * math.Exp(-rho*(j-x))
			}
			if got := m.waits(x); math.Abs(got-want) > 1e-9 {
				t.Errorf("M/D/1 at %g: P(W <= %g) = %.12f, Erlang has %.12f", rho, x, got, want)
			}
		}
		m = newMDC(4*rho, 4)
		queue, wait := 0.0, 0.0
		for _, q := range m.waiting {
			queue += 1 - q
		}
		const step = 1e-2
		for x := step / 2; x < 60; x += step {
			wait += (1 - m.waits(x)) * step
		}
		if math.Abs(m.lambda*wait/queue-1) > 1e-4 {
			t.Errorf("M/D/4 at %g: a mean wait of %g and a queue of %g disagree", rho, wait, queue)
		}
	}
}
