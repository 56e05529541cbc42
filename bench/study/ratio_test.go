package study

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/race"
)

// A farNetwork simulates levels of a raft between sites, without any formula of the packages: transactions arrive at random and
// take the gateways in turn, an orderer at random takes each to the leader, whose timer runs from a block's first
// transaction; blocks are slower and faster for a while, as on a machine that others use.
type farNetwork struct {
	rate    float64 // per second
	timeout float64 // of a batch, in seconds
	wander  float64 // standard deviation of what a block takes beside, in seconds, with a correlation time of 1 s
	endorse []float64
	submit  [][]float64 // by gateway and orderer, to the leader
	deliver []float64   // from the leader until a gateway's peer shows the block, the orderers' agreement included
}

// distance is the mean of what the ways take.
func (n farNetwork) distance() (sum float64) {
	for g := range n.endorse {
		sum += (n.endorse[g] + stats.Mean(n.submit[g]) + n.deliver[g]) / float64(len(n.endorse))
	}
	return sum
}

// near is the network at distance 0.
func (n farNetwork) near() farNetwork {
	zero := n
	zero.endorse, zero.deliver = make([]float64, len(n.endorse)), make([]float64, len(n.endorse))
	zero.submit = make([][]float64, len(n.endorse))
	for g := range zero.submit {
		zero.submit[g] = make([]float64, len(n.submit[g]))
	}
	return zero
}

// level returns a level's mean commit latency, with its interval where it has one, as a study has them.
func (n farNetwork) level(rng *rand.Rand, window float64) (mean float64, interval *stats.Interval) {
	const settle = 3
	type transaction struct {
		gateway int
		at      float64 // at the leader
		record  result.Record
	}
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	var all []transaction
	for at, i := rng.ExpFloat64()/n.rate, 0; at < window+2*settle; at, i = at+rng.ExpFloat64()/n.rate, i+1 {
		g := i % len(n.endorse)
		endorsed := at + n.endorse[g] + 0.01*math.Exp(0.5*rng.NormFloat64())
		t := transaction{g, endorsed + n.submit[g][rng.IntN(len(n.submit[g]))], result.Record{Outcome: result.Valid, Intended: seconds(at)}}
		t.record.Started, t.record.Prepared = t.record.Intended, t.record.Intended
		t.record.Endorsed, t.record.Submitted = seconds(endorsed), seconds(t.at)
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b transaction) int { return cmp.Compare(a.at, b.at) })
	log := newBlockLog(seconds(settle), seconds(settle+window))
	var latencies []float64
	drift, before := rng.NormFloat64(), 0.0
	for from, block := 0, uint64(1); from < len(all); block++ {
		cut, to := all[from].at+n.timeout, from
		phi := math.Exp(before - cut)
		drift, before = phi*drift+math.Sqrt(1-phi*phi)*rng.NormFloat64(), cut
		shown := cut + 0.005*(1+rng.ExpFloat64()) + n.wander*drift
		for ; to < len(all) && all[to].at <= cut; to++ {
			r := &all[to].record
			r.Block, r.Committed = block, seconds(shown+n.deliver[all[to].gateway])
			log.add(r, uint64(to))
			if r.Intended >= log.from && r.Intended < log.to {
				latencies = append(latencies, (r.Committed - r.Intended).Seconds())
			}
		}
		from = to
	}
	mean = stats.Mean(latencies)
	p := result.Point{
		Load: result.Load{Kind: result.LoadOpen}, Window: window, Intervals: map[string]stats.Interval{},
		Latency: map[string]stats.Quantiles{result.PartCommit.String(): {Mean: mean, N: uint64(len(latencies))}},
	}
	(&session{study: &study{}}).intervals(&p, level{}, log)
	if i, ok := p.Intervals[result.PartCommit.String()+"_s"]; ok {
		interval = &i
	}
	return mean, interval
}

// Of levels at low loads, and as many at distance 0, 95 % of the intervals of measured / expected hold what that is in the long
// run, which is 1 to a hundredth.
func TestSimulatedRatioIntervalsCover(t *testing.T) {
	if race.Enabled {
		t.Skip("it only calculates")
	}
	trials := 400
	if testing.Short() {
		trials = 60
	}
	far := farNetwork{
		rate: 25, timeout: 0.2,
		endorse: []float64{0.2, 0.2, 0.38, 0.19, 0.32},
		submit:  [][]float64{{0, 0.2, 0.19}, {0.01, 0.2, 0.19}, {0.1, 0.1, 0.28}, {0.09, 0.29, 0.09}, {0.1, 0.26, 0.15}},
		deliver: []float64{0.19, 0.2, 0.29, 0.28, 0.25},
	}
	change := func(change func(*farNetwork)) farNetwork {
		n := far
		change(&n)
		return n
	}
	tenth := change(func(n *farNetwork) {
		scale := func(s []float64) (all []float64) {
			for _, v := range s {
				all = append(all, v/10)
			}
			return all
		}
		n.endorse, n.deliver, n.submit = scale(n.endorse), scale(n.deliver), slices.Clone(n.submit)
		for g := range n.submit {
			n.submit[g] = scale(n.submit[g])
		}
	})
	for _, c := range []struct {
		name   string
		net    farNetwork
		window float64
	}{
		{"15 s", far, 15},
		{"30 s", far, 30},
		{"30 s, a tenth as far", tenth, 30},
		{"30 s, blocks wander by 20 ms", change(func(n *farNetwork) { n.wander = 0.02 }), 30},
		{"30 s, a tenth as far, blocks wander by 20 ms", farNetwork{tenth.rate, tenth.timeout, 0.02, tenth.endorse, tenth.submit, tenth.deliver}, 30},
		{"30 s at 5/s", change(func(n *farNetwork) { n.rate = 5 }), 30},
		{"15 s, blocks of 1 s", change(func(n *farNetwork) { n.timeout = 1 }), 15},
		{"30 s, blocks of 1 s", change(func(n *farNetwork) { n.timeout = 1 }), 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(14, 6))
			near := c.net.near()
			long, _ := c.net.level(rng, 5000)
			base, _ := near.level(rng, 5000)
			truth := long / (base + c.net.distance())
			if math.Abs(truth-1) > 0.01 {
				t.Errorf("in the long run the ratio is %.3f", truth)
			}
			given, held, width := 0, 0, 0.0
			for range trials {
				e := result.Expected{Distance: c.net.distance()}
				e.Measured, e.MeasuredInterval = c.net.level(rng, c.window)
				var b result.Baseline
				b.Mean, b.Interval = near.level(rng, c.window)
				e.Compare(&b)
				if i := e.RatioInterval; i != nil {
					given++
					width += i.High - i.Low
					if i.Low <= truth && truth <= i.High {
						held++
					}
				}
			}
			share := float64(held) / float64(given)
			t.Logf("truth %.4f; %d of %d have an interval, %.3f wide on average; %.3f of them hold", truth, given, trials, width/float64(given), share)
			if least := 0.93 - 2*math.Sqrt(0.95*0.05/float64(trials)); share < least || given < trials*8/10 {
				t.Errorf("%d of %d have an interval, %.3f of them hold", given, trials, share)
			}
		})
	}
}
