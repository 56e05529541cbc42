package expect_test

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"meterbench/bench/expect"
	"meterbench/bench/topology"
)

// A world simulates messages between nodes, without any formula of the package: an event happens at its instant, and may
// send others.
type world struct {
	now    float64
	number int
	queue  events
	net    expect.Network
}

type event struct {
	at     float64
	number int // of equal instants in their order
	happen func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].number < e[j].number
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// after has something happen later.
func (w *world) after(seconds float64, happen func()) {
	w.number++
	heap.Push(&w.queue, event{w.now + seconds, w.number, happen})
}

// send has something happen at another site, once a message is there.
func (w *world) send(from, to int, happen func()) { w.after(w.net.OneWay[from][to].Seconds(), happen) }

// run has everything happen until stop says so or nothing is left.
func (w *world) run(stop func() bool) {
	for len(w.queue) > 0 && !stop() {
		next := heap.Pop(&w.queue).(event)
		w.now = next.at
		next.happen()
	}
}

// transact sends one transaction along a path and returns when its client knows of the commit; blocks are cut at once.
func (w *world) transact(p expect.Path, random *rand.Rand) float64 {
	done := false
	gateway := p.Gateway
	commit := func() { w.send(p.Observer, p.Client, func() { done = true }) }
	source := p.Source
	if source < 0 {
		source = random.IntN(len(w.net.Orderers))
	}
	deliver := func(orderer int) { // an orderer has the block
		if orderer == source {
			w.send(w.net.Orderers[orderer], p.Observer, commit)
		}
	}
	order := w.raft
	if w.net.Consensus == topology.BFT {
		order = w.bft
	}
	submit := func() {
		w.send(p.Client, gateway, func() {
			if w.net.Consensus == topology.BFT {
				for o, site := range w.net.Orderers {
					w.send(gateway, site, func() {
						if o == w.net.Leader {
							order(deliver)
						}
					})
				}
				return
			}
			to := w.net.Orderers[random.IntN(len(w.net.Orderers))]
			w.send(gateway, to, func() { w.send(to, w.net.Orderers[w.net.Leader], func() { order(deliver) }) })
		})
	}
	w.send(p.Client, gateway, func() {
		missing := 1 // the gateway's own peer
		endorsed := func() {
			if missing--; missing == 0 {
				w.send(gateway, p.Client, submit)
			}
		}
		var others []int
		for i, site := range p.Endorsers {
			if i != p.Own {
				others = append(others, site)
			}
		}
		random.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
		needed := p.Required
		if p.Own >= 0 {
			needed--
		}
		missing += needed
		for _, site := range others[:needed] {
			w.send(gateway, site, func() { w.send(site, gateway, endorsed) })
		}
		endorsed()
	})
	begin := w.now
	w.run(func() bool { return done })
	took := w.now - begin
	w.run(func() bool { return false }) // what is still under way
	return took
}

// raft has the leader replicate a block.
func (w *world) raft(deliver func(orderer int)) {
	leader, acknowledged, committed := w.net.Leader, 0, false
	acknowledge := func() {
		if acknowledged++; acknowledged < w.net.Quorum || committed {
			return
		}
		committed = true
		deliver(leader)
		for o, site := range w.net.Orderers {
			if o != leader {
				w.send(w.net.Orderers[leader], site, func() { deliver(o) })
			}
		}
	}
	for o, site := range w.net.Orderers {
		if o != leader {
			w.send(w.net.Orderers[leader], site, func() { w.send(site, w.net.Orderers[leader], acknowledge) })
		}
	}
	acknowledge()
}

// bft has the orderers agree on a block by pre-prepare, prepare and commit.
func (w *world) bft(deliver func(orderer int)) {
	type replica struct {
		proposed, prepared, decided bool
		prepares, commits           int
	}
	replicas := make([]replica, len(w.net.Orderers))
	var advance func(o int)
	broadcast := func(from int, count func(to *replica)) {
		for to, site := range w.net.Orderers {
			if to != from {
				w.send(w.net.Orderers[from], site, func() {
					count(&replicas[to])
					advance(to)
				})
			}
		}
	}
	advance = func(o int) {
		r := &replicas[o]
		if r.proposed && !r.prepared && r.prepares >= w.net.Quorum-1 {
			r.prepared = true
			broadcast(o, func(to *replica) { to.commits++ })
		}
		if r.prepared && !r.decided && r.commits >= w.net.Quorum-1 {
			r.decided = true
			deliver(o)
		}
	}
	propose := func(o int) {
		replicas[o].proposed = true
		broadcast(o, func(to *replica) { to.prepares++ })
		advance(o)
	}
	for o, site := range w.net.Orderers {
		if o != w.net.Leader {
			w.send(w.net.Orderers[w.net.Leader], site, func() { propose(o) })
		}
	}
	propose(w.net.Leader)
}

// Simulated transactions take the ways that are computed, as often.
func TestSimulation(t *testing.T) {
	const transactions = 300
	rapid.Check(t, func(t *rapid.T) {
		n, p := drawn(t)
		n.Rate = 0 // blocks are cut at once
		cases := n.Cases(p)
		w := &world{net: n}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var sum, squares float64
		for range transactions {
			took := w.transact(p, random)
			sum, squares = sum+took, squares+took*took
			known := false
			for _, c := range cases {
				known = known || math.Abs(c.Sum()-took) < 1e-6
			}
			if !known {
				t.Fatalf("took %g s, which is none of the computed ways", took)
			}
		}
		mean := sum / transactions
		deviation := math.Sqrt(max(0, squares/transactions-mean*mean) / transactions)
		if want := expect.Mean(cases).Sum(); math.Abs(mean-want) > 5*deviation+0.004 {
			t.Errorf("mean of %d transactions %g s (± %g), computed %g", transactions, mean, deviation, want)
		}
	})
}

// A leader that cuts no block before the one before is agreed on lets transactions wait as long as computed.
func TestSimulatedTurn(t *testing.T) {
	for _, rate := range []float64{0.5, 3, 20, 100} {
		n := bft5()
		n.Rate = rate
		path := own(0, 1, 0)
		path.Source = 0 // the leader
		parts := expect.Mean(n.Cases(path))
		agreed := parts[expect.Agree]
		random := rand.New(rand.NewPCG(1, uint64(rate)))
		timeout := n.Timeout.Seconds()
		var now, waited, count float64 // now: the leader begins to wait
		arrival := random.ExpFloat64() / rate
		for count < 200_000 {
			cut := now + timeout
			any := false
			for ; arrival < cut; arrival += random.ExpFloat64() / rate {
				waited, count, any = waited+cut-arrival, count+1, true
			}
			if now = cut; any {
				now += agreed
			}
		}
		want := timeout/2 + parts[expect.Turn]
		if got := waited / count; math.Abs(got-want) > 0.001 {
			t.Errorf("%g/s: waited %g s, computed %g", rate, got, want)
		}
	}
}
