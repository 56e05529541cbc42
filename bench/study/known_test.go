package study

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
	"meterbench/internal/race"
)

// Truths of a scenario by key of a Point: of its throughput, and of the latency of valid transactions.
type truth map[string]float64

// truthKeys are the figures whose intervals are held against the truth.
var truthKeys = []string{"throughput_per_s", "commit_s", "commit_p50_s", "commit_p95_s", "commit_p99_s"}

// A known is a scenario whose truth is known.
type known struct {
	name   string
	ledger reference.Config
	series scenario.Series
	truth  func() truth
}

func expTimes(mean time.Duration) reference.Distribution {
	return reference.Distribution{Kind: reference.Exponential, Mean: mean}
}

func fixedTimes(mean time.Duration) reference.Distribution {
	return reference.Distribution{Kind: reference.Constant, Mean: mean}
}

func logTimes(mean time.Duration, cv float64) reference.Distribution {
	return reference.Distribution{Kind: reference.Lognormal, Mean: mean, CV: cv}
}

func servers(n int, d reference.Distribution) *reference.Stage {
	return &reference.Stage{Servers: n, Service: d}
}

func committed(n int, d reference.Distribution, per reference.Per) *reference.Commit {
	return &reference.Commit{Stage: *servers(n, d), Per: per}
}

func poisson(rate float64, hold time.Duration) scenario.Series {
	s := open("s", hold, rate)
	s.Load.Arrivals.Kind, s.Load.Slots = scenario.Poisson, 100_000
	return s
}

func evenly(rate float64, hold time.Duration) scenario.Series {
	s := open("s", hold, rate)
	s.Load.Slots = 100_000
	return s
}

func clients(n int, think, hold time.Duration) scenario.Series {
	s := closed("s", hold, n)
	s.Load.Think = think
	return s
}

// simulated returns the truth of an open load by a simulation of its own: stage by stage, over a million transactions.
func simulated(rate float64, even bool, c reference.Config, lost float64) func() truth {
	return func() truth {
		const n, settle = 1_000_000, 20_000
		rng := rand.New(rand.NewPCG(77, 99))
		arrivals, at := make([]float64, n), 0.0
		for i := range arrivals {
			if even {
				at = float64(i) / rate
			} else {
				at += rng.ExpFloat64() / rate
			}
			arrivals[i] = at
		}
		done := slices.Clone(arrivals)
		order := make([]int, n) // by time
		for i := range order {
			order[i] = i
		}
		pass := func(s *reference.Stage) {
			if s == nil {
				return
			}
			free := make([]float64, s.Servers)
			for _, i := range order {
				first := 0
				for k := range free {
					if free[k] < free[first] {
						first = k
					}
				}
				free[first] = max(free[first], done[i]) + drawOf(s.Service, rng)
				done[i] = free[first]
			}
			slices.SortFunc(order, func(a, b int) int { return cmp.Compare(done[a], done[b]) })
		}
		pass(c.Endorse)
		pass(c.Order)
		block := make([]int, n) // last of the block, in order
		if b := c.Batch; b != nil {
			for from := 0; from < n; {
				deadline, to := done[order[from]]+b.Timeout.Seconds(), from
				for to < n && to-from < b.Messages && done[order[to]] <= deadline {
					to++
				}
				cut := deadline
				if to-from == b.Messages {
					cut = done[order[to-1]]
				}
				for i := from; i < to; i++ {
					done[order[i]], block[i] = cut, to
				}
				from = to
			}
		}
		if c.Commit != nil {
			free := make([]float64, c.Commit.Servers)
			for from := 0; from < n; {
				to := from + 1
				if c.Batch != nil {
					to = block[from]
				}
				first := 0
				for k := range free {
					if free[k] < free[first] {
						first = k
					}
				}
				services := to - from
				if c.Commit.Per == reference.PerBlock {
					services = 1
				}
				free[first] = max(free[first], done[order[from]])
				for range services {
					free[first] += drawOf(c.Commit.Service, rng)
				}
				for i := from; i < to; i++ {
					done[order[i]] = free[first]
				}
				from = to
			}
		}
		latency := make([]float64, 0, n)
		for i := settle; i < n-settle; i++ {
			latency = append(latency, done[i]-arrivals[i])
		}
		slices.Sort(latency)
		q := func(p float64) float64 { return latency[int(p*float64(len(latency)))] }
		return truth{"throughput_per_s": rate * (1 - lost), "commit_s": stats.Mean(latency), "commit_p50_s": q(0.5), "commit_p95_s": q(0.95), "commit_p99_s": q(0.99)}
	}
}

func drawOf(d reference.Distribution, rng *rand.Rand) float64 {
	mean := d.Mean.Seconds()
	switch d.Kind {
	case reference.Exponential:
		return mean * rng.ExpFloat64()
	case reference.Lognormal:
		sigma := math.Sqrt(math.Log(1 + d.CV*d.CV))
		return mean * math.Exp(sigma*rng.NormFloat64()-sigma*sigma/2)
	}
	return mean
}

// repairman returns the truth of a closed load on one exponential server, whatever the distribution of the think time
// (Baskett, Chandy, Muntz and Palacios, Open, Closed, and Mixed Networks of Queues, Journal of the ACM 22, 1975): with N
// clients of think time Z, p(k) is proportional to N!/(N-k)! (S/Z)^k.
func repairman(n int, service, think float64) func() truth {
	return func() truth {
		p, sum := 1.0, 1.0
		idle := 1.0
		for k := 1; k <= n; k++ {
			p *= float64(n-k+1) * service / think
			sum += p
		}
		x := (1 - idle/sum) / service
		return truth{"throughput_per_s": x, "commit_s": float64(n)/x - think}
	}
}

// scenarios are those whose truth is known.
func scenarios() []known {
	const ms = time.Millisecond
	var all []known
	add := func(name string, rate float64, even bool, hold time.Duration, c reference.Config) {
		s := poisson(rate, hold)
		if even {
			s = evenly(rate, hold)
		}
		lost := 0.0
		for _, f := range c.Failures {
			lost += f.Share
		}
		all = append(all, known{name, c, s, simulated(rate, even, c, lost)})
	}
	add("M/M/1 endorse 0.5", 500, false, 21*time.Second, reference.Config{Endorse: servers(1, expTimes(ms))})
	add("M/M/1 order 0.7", 700, false, 21*time.Second, reference.Config{Order: servers(1, expTimes(ms))})
	add("M/M/1 commit 0.8", 800, false, 31*time.Second, reference.Config{Commit: committed(1, expTimes(ms), reference.PerTransaction)})
	add("M/D/1 0.8", 800, false, 21*time.Second, reference.Config{Order: servers(1, fixedTimes(ms))})
	add("M/D/4 0.6", 1200, false, 11*time.Second, reference.Config{Endorse: servers(4, fixedTimes(2*ms))})
	add("M/D/4 0.8", 1600, false, 11*time.Second, reference.Config{Endorse: servers(4, fixedTimes(2*ms))})
	add("M/M/4 0.9", 900, false, 31*time.Second, reference.Config{Endorse: servers(4, expTimes(4*ms))})
	add("M/M/16 0.5", 400, false, 21*time.Second, reference.Config{Commit: committed(16, expTimes(20*ms), reference.PerTransaction)})
	add("tandem 0.5, 0.6, 0.7", 500, false, 21*time.Second, reference.Config{
		Endorse: servers(1, expTimes(ms)), Order: servers(1, expTimes(1200*time.Microsecond)), Commit: committed(1, expTimes(1400*time.Microsecond), reference.PerTransaction)})
	add("lognormal CV 1.5 0.6", 600, false, 21*time.Second, reference.Config{Order: servers(1, logTimes(ms, 1.5))})
	add("two servers, lognormal CV 0.5 0.8", 800, false, 21*time.Second, reference.Config{Order: servers(2, logTimes(2*ms, 0.5))})
	add("D/M/1 0.8", 800, true, 21*time.Second, reference.Config{Endorse: servers(1, expTimes(ms))})
	add("timer 200 ms", 400, false, 21*time.Second, reference.Config{Endorse: servers(8, expTimes(5*ms)), Batch: &reference.Batch{Messages: 1000, Timeout: 200 * ms}})
	add("timer 1 s, few blocks", 200, false, 26*time.Second, reference.Config{Endorse: servers(8, expTimes(5*ms)), Batch: &reference.Batch{Messages: 1000, Timeout: time.Second}})
	add("count 500 of 1000/s", 1000, true, 21*time.Second, reference.Config{Batch: &reference.Batch{Messages: 500, Timeout: 2 * time.Second}})
	add("count 100, commit per block", 400, false, 21*time.Second, reference.Config{
		Batch: &reference.Batch{Messages: 100, Timeout: time.Second}, Commit: committed(1, fixedTimes(50*ms), reference.PerBlock)})
	add("timer 100 ms, commit per transaction", 400, false, 21*time.Second, reference.Config{
		Batch: &reference.Batch{Messages: 1000, Timeout: 100 * ms}, Commit: committed(1, expTimes(1500*time.Microsecond), reference.PerTransaction)})
	add("2 % lost", 500, false, 21*time.Second, reference.Config{
		Endorse: servers(1, expTimes(ms)), GiveUp: time.Second, Failures: []reference.Failure{{Outcome: result.Unknown, Share: 0.02}}})
	add("3 % conflicts", 500, false, 21*time.Second, reference.Config{
		Endorse: servers(1, expTimes(ms)), Failures: []reference.Failure{{Outcome: result.MVCCConflict, Share: 0.03}}})
	for _, c := range []struct {
		n       int
		service time.Duration
		think   time.Duration
	}{{10, 2 * ms, 30 * ms}, {40, 2 * ms, 100 * ms}, {25, ms, 50 * ms}} {
		all = append(all, known{fmt.Sprintf("%d machines and a repairman", c.n), reference.Config{Order: servers(1, expTimes(c.service))},
			clients(c.n, c.think, 21*time.Second), repairman(c.n, c.service.Seconds(), c.think.Seconds())})
	}
	all = append(all, known{"8 clients and a timer of 100 ms", reference.Config{Batch: &reference.Batch{Messages: 100, Timeout: 100 * ms}},
		clients(8, 0, 21*time.Second), func() truth {
			return truth{"throughput_per_s": 80, "commit_s": 0.1, "commit_p50_s": 0.1, "commit_p95_s": 0.1, "commit_p99_s": 0.1}
		}})
	return all
}

// Over scenarios of known truth, through the whole study, intervals cover what they say, and a p99 is that of the ledger's
// own log.
func TestIntervalsCoverTheTruth(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	if race.Enabled {
		t.Skip("other tests show the race detector as much as so many levels")
	}
	seeds := 4
	if testing.Short() {
		seeds = 1
	}
	type tally struct{ given, held, of int }
	total := map[string]*tally{}
	for _, key := range truthKeys {
		total[key] = &tally{}
	}
	for i, one := range scenarios() {
		if testing.Short() && i%4 != 0 {
			continue
		}
		truths := one.truth()
		line := ""
		sums, figures := map[string]float64{}, map[string]float64{}
		for seed := range seeds {
			one.series.Name = one.name // so that scenarios of one rate draw arrivals of their own
			s := series(one.series)
			s.Seed = uint64(1000 + seed)
			at := queues(t, one.ledger)
			o := conduct(t, s, at, nil)
			if o.err != nil {
				t.Fatal(one.name, o.err)
			}
			p := &o.summary.Points[0]
			commit := p.Latency[result.PartCommit.String()]
			if off := offTheLog(o, at.queue.log, p); commit.N >= 10_000 && math.Abs(off) > 0.05 {
				t.Errorf("%s: the p99 is off the ledger's own by %.2f %%", one.name, 100*off)
			}
			measured := map[string]*float64{"throughput_per_s": &p.Throughput, "commit_s": &commit.Mean, "commit_p50_s": commit.P50, "commit_p95_s": commit.P95, "commit_p99_s": commit.P99}
			for _, key := range truthKeys {
				want, ok := truths[key]
				if !ok || measured[key] == nil {
					continue
				}
				sums[key] += *measured[key] / want
				figures[key]++
				i, given := p.Intervals[key]
				total[key].of++
				if !given {
					line += fmt.Sprintf("\n    %s seed %d: no interval", key, seed)
					continue
				}
				total[key].given++
				const rounding = 2e-3 // of histograms
				if i.Low <= want*(1+rounding) && i.High >= want*(1-rounding) {
					total[key].held++
				} else {
					line += fmt.Sprintf("\n    %s seed %d: %.5g to %.5g misses %.5g (%s)", key, seed, i.Low, i.High, want, i.Method)
				}
			}
		}
		for _, key := range truthKeys {
			if figures[key] > 0 {
				line += fmt.Sprintf("\n    %s: %.4f of the truth", key, sums[key]/figures[key])
			}
		}
		t.Logf("%s%s", one.name, line)
	}
	var all tally
	for _, key := range truthKeys {
		c := total[key]
		t.Logf("%s: %d of %d intervals hold the truth, of %d figures", key, c.held, c.given, c.of)
		all.held, all.given, all.of = all.held+c.held, all.given+c.given, all.of+c.of
	}
	share := float64(all.held) / float64(all.given)
	t.Logf("all: %d of %d (%.1f %%), of %d figures", all.held, all.given, 100*share, all.of)
	most := 0.98
	if testing.Short() {
		most = 1 // of few figures
	}
	between(t, "coverage", share, 0.9, most)
	between(t, "figures with an interval", float64(all.given)/float64(all.of), 0.95, 1)
}

// offTheLog returns by what share the p99 of a point is larger than that of the same transactions in the ledger's log.
func offTheLog(o outcome, log map[[32]byte]reference.True, p *result.Point) float64 {
	const from = time.Second // the warm-up
	to := from + time.Duration(p.Window*float64(time.Second))
	var real []float64
	for _, r := range o.rows {
		if r.Outcome == result.Valid && r.Repetition > 0 && r.Intended >= from && r.Intended < to {
			x := log[r.TxID]
			real = append(real, x.Committed.Sub(x.Arrived).Seconds())
		}
	}
	if p.Latency[result.PartCommit.String()].P99 == nil || len(real) == 0 {
		return 0
	}
	slices.Sort(real)
	return *p.Latency[result.PartCommit.String()].P99/real[int(0.99*float64(len(real)))] - 1
}
