package expect

import (
	"math"
	"slices"

	"meterbench/bench/topology"
)

// raft returns when each orderer knows that a block is committed, from when the leader proposed it: the leader at the
// acknowledgement that makes a quorum with its own, as it sends the block to all followers side by side, and a follower
// one way later, as the leader tells all at once (etcdraft sends the new commit index without waiting for the next block).
func (n Network) raft() []float64 {
	leader := n.Orderers[n.Leader]
	var trips []float64
	for o, site := range n.Orderers {
		if o != n.Leader {
			trips = append(trips, n.delay(leader, site)+n.delay(site, leader))
		}
	}
	quorum := smallest(trips, n.Quorum-1)
	at := make([]float64, len(n.Orderers))
	for o, site := range n.Orderers {
		if at[o] = quorum; o != n.Leader {
			at[o] += n.delay(leader, site)
		}
	}
	return at
}

// bft returns when each orderer has the block, from when the leader proposed it: the leader sends it to all; whoever has it
// sends a prepare to all; whoever has it and a quorum's prepares, its own among them, sends a commit to all; who has a
// quorum's commits has the block.
func (n Network) bft() []float64 {
	proposed := make([]float64, len(n.Orderers))
	for o, site := range n.Orderers {
		if o != n.Leader {
			proposed[o] = n.delay(n.Orderers[n.Leader], site)
		}
	}
	return n.phase(n.phase(proposed))
}

// phase returns when each orderer has a quorum's messages, if each has sent one to all others at an instant, before which it
// does not go on itself.
func (n Network) phase(sent []float64) []float64 {
	at := make([]float64, len(sent))
	for o, site := range n.Orderers {
		var arrivals []float64
		for from, other := range n.Orderers {
			if from != o {
				arrivals = append(arrivals, sent[from]+n.delay(other, site))
			}
		}
		at[o] = max(sent[o], smallest(arrivals, n.Quorum-1))
	}
	return at
}

// smallest returns the k-th smallest value, 0 for k = 0.
func smallest(values []float64, k int) float64 {
	if k == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(values))[k-1]
}

// turn returns how much longer a transaction waits on average until its block is cut than where orderers agree at once;
// c is how long the leader takes to have a block agreed on.
//
// With raft that is nothing: the timer runs from the first transaction of a block, and blocks are under way side by side.
// With BFT the leader waits for one batch timeout T, proposes what has arrived, and begins anew when the block is agreed on;
// where nothing had arrived it begins anew at once. Transactions that arrive at random, λ per second, so meet cycles of T,
// and of T+c with the share p of those at whose end something is proposed,
//
//	p = b / (1 - a + b),  a = 1 - exp(-λ(T+c)),  b = 1 - exp(-λT),
//
// and wait T/2 on average if they arrive in the first part, T + c/2 if in the second one:
//
//	(T·T/2 + p·c·(T + c/2)) / (T + p·c) - T/2 = p·c·(T + c) / 2(T + p·c).
//
// This is of blocks that the timer cuts.
func (n Network) turn(c float64) float64 {
	t := n.Timeout.Seconds()
	a, b := -math.Expm1(-n.Rate*(t+c)), -math.Expm1(-n.Rate*t)
	if n.Consensus != topology.BFT || !(b > 0 && c > 0) {
		return 0
	}
	p := b / (1 - a + b)
	return p * c * (t + c) / (2 * (t + p*c))
}

// farthest returns the distribution of the largest of k values drawn from all without putting back: the i-th smallest is it
// in C(i-1, k-1) of C(n, k) draws.
func farthest(values []float64, k int) (all []chance) {
	if k <= 0 {
		return []chance{{1, 0}}
	}
	sorted := slices.Sorted(slices.Values(values))
	draws := binomial(len(sorted), k)
	for i := k; i <= len(sorted); i++ {
		all = append(all, chance{binomial(i-1, k-1) / draws, sorted[i-1]})
	}
	return all
}

// binomial returns n over k as a float64.
func binomial(n, k int) float64 {
	b := 1.0
	for i := range k {
		b *= float64(n-i) / float64(i+1)
	}
	return b
}
