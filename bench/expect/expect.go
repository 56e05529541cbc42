// Package expect computes what distances between sites add to the commit latency of a transaction, before anything is
// measured: from one-way delays, where client, gateway, endorsers and orderers stand, and how the orderers agree. What the
// nodes themselves take is not in it: that is the latency of the same load at distance zero.
//
// Data flow: a Network and a Path go in, Parts come out; Of makes both from a topology and what its nodes report.
//
// The paths were read in Fabric's code, 2.5.9 to 3.1.1 (internal/pkg/gateway/endorse.go, registry.go and submit.go;
// orderer/consensus/etcdraft/chain.go and node.go; common/deliverclient/blocksprovider) and in SmartBFT's
// (internal/bft/view.go, controller.go and batcher.go). All times are of messages that fit the first window of a
// connection: a block that is larger takes further round trips.
package expect

import (
	"time"

	"meterbench/bench/topology"
)

// A Network says where orderers stand and how they agree on blocks.
type Network struct {
	OneWay    [][]time.Duration // delay of a message by site, from and to
	Orderers  []int             // the site of each orderer
	Leader    int               // which of them leads
	Consensus topology.Consensus
	Quorum    int // orderers that agree on a block, the leader one of them
	// Timeout is the batch timer and Rate what is ordered per second on the channel: with BFT blocks wait for each other.
	Timeout time.Duration
	Rate    float64
}

// A Path is the way of a client's transactions.
type Path struct {
	Client, Gateway int // sites
	// Endorsers are the sites of the organisations that may endorse, of which Required have to. Own is the one of them
	// that is the gateway's, -1 where that is none of them.
	Endorsers []int
	Required  int
	Own       int
	// Observer is the site of the peer that shows the commit, and Source the orderer from which it pulls blocks, -1 where that
	// is unknown: then each orderer is as likely.
	Observer, Source int
}

// A Part of the way of a transaction takes longer by distance.
type Part uint8

// The parts, in the order of the way.
const (
	// Endorse is the client's round trip to the gateway and the gateway's to the farthest of the endorsers that it asks.
	Endorse Part = iota
	// Submit is the way of the endorsed transaction from the client by the gateway to an orderer; with BFT to the leader.
	Submit
	// Forward is the way from that orderer to the leader.
	Forward
	// Turn is how much longer a transaction waits until the leader cuts its block: with BFT not before the orderers have
	// agreed on the block before.
	Turn
	// Agree is the time from the cut until the orderers have agreed on the block: with raft until the leader knows, with BFT
	// the orderer of which the observing peer pulls blocks.
	Agree
	// Deliver is the rest of the way: with raft from the leader to the orderer of which the peer pulls blocks, then to that
	// peer, and on to the client.
	Deliver
	parts
)

// String returns the part's name in results.
func (p Part) String() string {
	return [...]string{"endorse", "submit", "forward", "turn", "agree", "deliver"}[p]
}

// All returns the parts in their order.
func All() (all []Part) {
	for p := range parts {
		all = append(all, p)
	}
	return all
}

// Parts is what distance adds to each part of a latency, in seconds.
type Parts [parts]float64

// Sum returns what distance adds in all.
func (p Parts) Sum() (sum float64) {
	for _, s := range p {
		sum += s
	}
	return sum
}

// A Case is one way that a transaction may take, by what is left to chance: which endorsers the gateway asks, to which
// orderer it submits, and of which orderer the peer pulls blocks where that is unknown.
type Case struct {
	Share float64 // probability
	Parts
}

// Mean returns the mean of cases, whose shares need not add up to 1.
func Mean(cases []Case) (mean Parts) {
	var all float64
	for _, c := range cases {
		all += c.Share
	}
	for _, c := range cases {
		for p := range mean {
			mean[p] += c.Share / all * c.Parts[p]
		}
	}
	return mean
}

// Range returns the least and the largest sum of cases.
func Range(cases []Case) (low, high float64) {
	for i, c := range cases {
		sum := c.Sum()
		if i == 0 {
			low, high = sum, sum
		}
		low, high = min(low, sum), max(high, sum)
	}
	return low, high
}

// Cases returns the ways that the path's transactions take. What is left to chance is drawn for each on its own, so that
// they are all combinations.
func (n Network) Cases(p Path) (cases []Case) {
	client := n.delay(p.Client, p.Gateway)
	back := n.delay(p.Gateway, p.Client)
	shown := n.delay(p.Observer, p.Client)
	agreed := n.agreement()
	turn := n.turn(agreed[n.Leader])
	for _, endorsed := range n.endorsements(p) {
		for _, s := range n.submissions(p.Gateway) {
			for _, delivered := range n.deliveries(p, agreed) {
				c := Case{Share: endorsed.share * s.share * delivered.share}
				c.Parts = Parts{
					Endorse: client + back + endorsed.seconds,
					Submit:  client + s.submit, Forward: s.forward,
					Turn: turn, Agree: agreed[delivered.agreed],
					Deliver: delivered.seconds - agreed[delivered.agreed] + shown,
				}
				cases = append(cases, c)
			}
		}
	}
	return cases
}

// A chance is a time that something takes with some probability.
type chance struct{ share, seconds float64 }

func (n Network) delay(from, to int) float64 { return n.OneWay[from][to].Seconds() }

// endorsements returns the round trip to the farthest endorser, for each set of organisations that the gateway may ask.
//
// The gateway has a peer of its own organisation process the proposal first, whatever the policy, and asks the others
// side by side once it has that answer. Of the sets of organisations that fulfil the policy it takes one at random among
// those that its own organisation is in, or, where there is none, among all.
func (n Network) endorsements(p Path) (all []chance) {
	var others []float64 // round trips
	required := p.Required
	if p.Own >= 0 {
		required--
	}
	for i, site := range p.Endorsers {
		if i != p.Own {
			others = append(others, n.delay(p.Gateway, site)+n.delay(site, p.Gateway))
		}
	}
	return farthest(others, required)
}

// A submission is the way of a transaction from the gateway to the leader.
type submission struct{ share, submit, forward float64 }

// submissions returns the ways to the leader, by the orderer to which the gateway submits: with raft one at random, which
// hands the transaction on; with BFT to all, of which the leader is the one that puts it into a block.
func (n Network) submissions(gateway int) (all []submission) {
	leader := n.Orderers[n.Leader]
	if n.Consensus == topology.BFT {
		return []submission{{share: 1, submit: n.delay(gateway, leader)}}
	}
	share := 1 / float64(len(n.Orderers))
	for _, site := range n.Orderers {
		all = append(all, submission{share, n.delay(gateway, site), n.delay(site, leader)})
	}
	return all
}

// agreement returns when each orderer has a block, from when the leader cut it.
func (n Network) agreement() []float64 {
	if n.Consensus == topology.BFT {
		return n.bft()
	}
	return n.raft()
}

// A delivery is when the observing peer has a block, from when the leader cut it. agreed is the orderer whose agreement
// counts.
type delivery struct {
	share, seconds float64
	agreed         int
}

// deliveries returns the ways of a block that the orderers have at the instants agreed.
func (n Network) deliveries(p Path, agreed []float64) (all []delivery) {
	sources := []int{p.Source}
	if p.Source < 0 {
		sources = nil
		for o := range n.Orderers {
			sources = append(sources, o)
		}
	}
	for _, source := range sources {
		d := delivery{1 / float64(len(sources)), agreed[source] + n.delay(n.Orderers[source], p.Observer), n.Leader}
		if n.Consensus == topology.BFT {
			d.agreed = source
		}
		all = append(all, d)
	}
	return all
}
