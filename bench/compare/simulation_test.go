package compare

import (
	"math"
	"math/rand/v2"
	"testing"

	"meterbench/bench/metric"
)

// A world makes the values of runs in time: how they vary by chance.
type world struct {
	cv      float64 // run-to-run coefficient of variation
	phi     float64 // correlation of neighbours in time, AR(1)
	shared  float64 // correlation of the metrics of a run
	metrics int
	block   float64 // standard deviation of a pace that holds for blockRuns runs
	outlier float64 // share of runs that are slower by half
	heavy   bool    // Student's t with 3 degrees of freedom in place of normal logarithms
	paced   float64 // standard deviation of the machine's pace from run to run, which is timed
	timed   float64 // standard deviation of how that is timed; 0, and paced 0: it is not
	slows   float64 // by how much more time a signature takes beside the head, whose figures do not depend on that
}

const blockRuns = 4

// sensitivity is how much of the machine's pace each metric of four has in it: a latency more than a throughput, a CPU time in
// signatures little.
var sensitivity = []float64{1, 1.2, 1.8, 0.2}

// runs returns the logarithms of n runs in time for each metric, in which positive is slower, and those of the paces that were
// timed, nil if none was.
func (w world) runs(r *rand.Rand, n int) (values [][]float64, paces []float64) {
	values = make([][]float64, w.metrics)
	for m := range values {
		values[m] = make([]float64, n)
	}
	noise := func() float64 {
		if !w.heavy {
			return r.NormFloat64()
		}
		a, b, c := r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
		return r.NormFloat64() / math.Sqrt(a*a+b*b+c*c) // t(3) over its standard deviation √3
	}
	own := make([]float64, w.metrics)
	var common, pace, machine float64
	from := r.IntN(blockRuns)
	for i := range n {
		keep, add := w.phi, math.Sqrt(1-w.phi*w.phi)
		if i == 0 {
			keep, add = 0, 1
		}
		common = keep*common + add*noise()
		if i == 0 || (i+from)%blockRuns == 0 {
			pace = w.block * r.NormFloat64()
		}
		if w.paced+w.timed > 0 {
			machine = keep*machine + add*w.paced*r.NormFloat64()
			paces = append(paces, machine+w.timed*r.NormFloat64())
		}
		slow := 0.0
		if r.Float64() < w.outlier {
			slow = math.Log(1.5)
		}
		for m := range values {
			own[m] = keep*own[m] + add*noise()
			values[m][i] = w.cv*(math.Sqrt(w.shared)*common+math.Sqrt(1-w.shared)*own[m]) + pace + machine*sensitivity[m%len(sensitivity)] + slow
		}
	}
	return values, paces
}

// A design says which of the runs in time are of the head.
type design int

const (
	interleaved design = iota
	sequential         // all of the base, then all of the head
)

// rates are the shares of simulated comparisons.
type rates struct {
	alarm    float64 // any gated metric is worse
	differs  float64 // or better
	noDiff   float64 // rows without a difference
	covered  float64 // rows whose interval holds the true difference
	smallest float64 // mean of Smallest
}

// simulate compares so many times n runs of a base and of a head that takes slower times as long, and has so much less throughput.
func (w world) simulate(seed uint64, times, n int, d design, slower float64) rates {
	r := rand.New(rand.NewPCG(seed, 15))
	var out rates
	for range times {
		values, paces := w.runs(r, 2*n)
		rows := make([]Row, w.metrics)
		for m := range rows {
			rows[m] = Row{Gated: true, Paired: d == interleaved, Metric: metric.Metric{Better: metric.Lower}}
			for i, v := range values[m] {
				head := i%2 == 1
				if d == sequential {
					head = i >= n
				}
				side := &rows[m].Base
				if head {
					side, v = &rows[m].Head, v+math.Log(slower)
				}
				side.Values = append(side.Values, math.Exp(v))
				pace := 0.0
				if paces != nil {
					pace = math.Exp(paces[i])
					if head {
						pace *= 1 + w.slows
					}
				}
				side.Paces = append(side.Paces, pace)
			}
		}
		decide(rows, DefaultAlpha, DefaultMinimum)
		var worse, better bool
		for _, row := range rows {
			worse, better = worse || row.Verdict == Worse, better || row.Verdict == Better
			if row.Verdict == NoDifference {
				out.noDiff++
			}
			if row.Interval.Low <= slower-1 && slower-1 <= row.Interval.High {
				out.covered++
			}
			out.smallest += row.Smallest
		}
		if worse {
			out.alarm++
		}
		if worse || better {
			out.differs++
		}
	}
	of := float64(times)
	out.alarm, out.differs = out.alarm/of, out.differs/of
	of *= float64(w.metrics)
	out.noDiff, out.covered, out.smallest = out.noDiff/of, out.covered/of, out.smallest/of
	return out
}

// The gate is wrong as seldom as docs/statistics.md says, and finds what it says. That of the issue are the first three: 10,000
// pairs of sides, eight runs each, a coefficient of variation of 3 % and a minimum effect of 5 %.
func TestErrorRates(t *testing.T) {
	const thorough, usual = 10_000, 1_000
	for _, c := range []struct {
		name  string
		world world
		design
		n, times int
		alarm    float64 // most, of equal sides
		differs  float64 // most, of equal sides: better or worse
		flagged  float64 // least, where the head is slower by 10 %
		covered  float64 // least
	}{
		{"independent", world{cv: .03, metrics: 4}, interleaved, 8, thorough, .01, .01, .99, .94},
		{"metrics correlated", world{cv: .03, metrics: 4, shared: .7}, interleaved, 8, thorough, .01, .01, .99, .94},
		{"neighbours correlated", world{cv: .03, metrics: 4, shared: .3, phi: .5}, interleaved, 8, thorough, .01, .01, .99, .94},
		{"one metric", world{cv: .03, metrics: 1}, interleaved, 8, usual, .02, .03, .99, .94},
		{"five loads", world{cv: .03, metrics: 20, shared: .5}, interleaved, 8, usual, .02, .02, .98, .94},
		{"six pairs", world{cv: .03, metrics: 4, shared: .5}, interleaved, 6, usual, .02, .02, .95, .94},
		// The minimum effect is no help here: the error rate is that of Holm.
		{"CV of 10 %", world{cv: .10, metrics: 4, shared: .3}, interleaved, 8, usual, .03, .055, .35, .94},
		{"CV of 10 %, neighbours correlated", world{cv: .10, metrics: 4, shared: .3, phi: .5}, interleaved, 8, usual, .02, .03, .6, .94},
		{"neighbours depend strongly", world{cv: .10, metrics: 4, shared: .3, phi: .8}, interleaved, 8, usual, .02, .02, .9, .94},
		{"pace of stretches", world{cv: .03, metrics: 4, block: .06}, interleaved, 8, usual, .02, .02, .8, .94},
		{"outliers", world{cv: .03, metrics: 4, shared: .3, outlier: .05}, interleaved, 8, usual, .01, .02, .4, .94},
		{"heavy tails", world{cv: .10, metrics: 4, shared: .3, heavy: true}, interleaved, 8, usual, .03, .05, .4, .94},
		// The machine's pace is timed in each run, which helps where it matters, and costs little where it does not.
		{"pace timed, of no influence", world{cv: .03, metrics: 4, shared: .3, timed: .03}, interleaved, 8, thorough, .01, .01, .97, .94},
		{"pace of 6 % timed", world{cv: .02, metrics: 4, shared: .3, paced: .06, timed: .01}, interleaved, 8, thorough, .01, .01, .97, .94},
		{"six pairs, pace of 6 % timed", world{cv: .02, metrics: 4, shared: .3, paced: .06, timed: .01}, interleaved, 6, thorough, .02, .02, .9, .94},
		{"pace of 6 % timed, neighbours correlated", world{cv: .02, metrics: 4, shared: .3, paced: .06, timed: .01, phi: .5}, interleaved, 8, usual, .02, .02, .97, .94},
		// What the head does to the pace itself costs power.
		{"pace timed, slowed by the head by its deviation", world{cv: .03, metrics: 4, shared: .3, timed: .01, slows: .01}, interleaved, 8, usual, .03, .05, .95, .94},
		{"pace timed, slowed by the head by twice its deviation", world{cv: .03, metrics: 4, shared: .3, timed: .01, slows: .02}, interleaved, 8, usual, .03, .05, .8, .94},
		{"pace timed, slowed by the head by three times its deviation", world{cv: .03, metrics: 4, shared: .3, timed: .01, slows: .03}, interleaved, 8, usual, .03, .05, .55, .94},
		{"pace of 6 % not timed", world{cv: .02, metrics: 4, shared: .3, paced: .06}, interleaved, 8, usual, .05, .05, .2, .94},
		// Without turns the correlation of neighbours is assumed.
		{"one after the other, independent", world{cv: .03, metrics: 4, shared: .3}, sequential, 8, thorough, .01, .01, .95, .98},
		{"one after the other, neighbours correlated", world{cv: .03, metrics: 4, shared: .3, phi: .5}, sequential, 8, thorough, .02, .03, .95, .94},
		{"one after the other, CV of 10 %, neighbours correlated", world{cv: .10, metrics: 4, shared: .3, phi: .5}, sequential, 8, usual, .02, .04, .1, .94},
		{"one after the other, six and neighbours correlated", world{cv: .10, metrics: 4, shared: .3, phi: .5}, sequential, 6, usual, .02, .04, .05, .94},
		{"one after the other, pace of stretches", world{cv: .03, metrics: 4, block: .06}, sequential, 8, usual, .05, .07, .2, .9},
		{"one after the other, outliers", world{cv: .03, metrics: 4, shared: .3, outlier: .05}, sequential, 8, usual, .01, .01, .3, .98},
		// Nothing helps against what is correlated more than that: see docs/statistics.md.
		{"one after the other, neighbours depend strongly", world{cv: .10, metrics: 4, shared: .3, phi: .8}, sequential, 8, usual, .12, .22, .3, .8},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			times := c.times
			if testing.Short() {
				times /= 20
			}
			slack := 3 * math.Sqrt(.05*.95/float64(times)) // what chance adds
			if times == thorough {
				slack = 0
			}
			equal, slower := c.world.simulate(1, times, c.n, c.design, 1), c.world.simulate(2, times, c.n, c.design, 1.1)
			faster := c.world.simulate(3, times/10, c.n, c.design, 1/1.1)
			t.Logf("equal: alarm %.2f %%, better or worse %.2f %%, no difference in %.1f %% of rows, interval covers %.1f %%, smallest %.1f %%; slower by 10 %%: flagged %.1f %%",
				100*equal.alarm, 100*equal.differs, 100*equal.noDiff, 100*equal.covered, 100*equal.smallest, 100*slower.alarm)
			if equal.alarm > c.alarm+slack || equal.differs > c.differs+slack {
				t.Errorf("equal sides alarm in %.2f %%, differ in %.2f %%", 100*equal.alarm, 100*equal.differs)
			}
			if slower.alarm < c.flagged-slack {
				t.Errorf("flagged in %.2f %%", 100*slower.alarm)
			}
			if slower.noDiff > .001 {
				t.Errorf("no difference in %.2f %% of rows, where there is one of 10 %%", 100*slower.noDiff)
			}
			if least := min(equal.covered, slower.covered); least < c.covered-slack {
				t.Errorf("the interval covers %.1f %%", 100*least)
			}
			if faster.alarm > .01+slack/2 && c.world.phi < .8 {
				t.Errorf("a faster head alarms in %.2f %%", 100*faster.alarm)
			}
		})
	}
}

// Smallest is what is found with the stated power, where the variance is known to be as in these data: the mean of Smallest of
// many comparisons, as a true difference, is found in about 80 % of others.
func TestSmallestIsFound(t *testing.T) {
	for _, n := range []int{6, 8, 12} {
		for _, d := range []design{interleaved, sequential} {
			w := world{cv: .10, metrics: 1}
			if d == sequential {
				w.phi = Correlated
			}
			smallest := w.simulate(1, 2000, n, d, 1).smallest
			if found := w.simulate(2, 2000, n, d, 1+smallest).alarm; found < .74 || found > .93 {
				t.Errorf("%d runs, design %d: a difference of %.1f %% is found in %.1f %%", n, d, 100*smallest, 100*found)
			}
		}
	}
}
