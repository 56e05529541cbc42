package expect_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"meterbench/bench/expect"
	"meterbench/bench/topology"
)

// line has five sites at 0, 10, 30, 70 and 150 ms from the first one, in one direction.
func line() [][]time.Duration {
	places := []time.Duration{0, 10, 30, 70, 150}
	m := make([][]time.Duration, len(places))
	for i, from := range places {
		for _, to := range places {
			m[i] = append(m[i], (to-from).Abs()*time.Millisecond)
		}
	}
	return m
}

// raft3 has orderers at sites 0, 2 and 4; the one at 2 leads.
func raft3() expect.Network {
	return expect.Network{OneWay: line(), Orderers: []int{0, 2, 4}, Leader: 1, Consensus: topology.Raft, Quorum: 2, Timeout: 200 * time.Millisecond, Rate: 10}
}

// bft5 has an orderer at each site; the one at 0 leads.
func bft5() expect.Network {
	return expect.Network{OneWay: line(), Orderers: []int{0, 1, 2, 3, 4}, Consensus: topology.BFT, Quorum: 4, Timeout: 200 * time.Millisecond, Rate: 10}
}

// own is a path whose client, gateway and observer are at one site.
func own(site int, required int, endorsers ...int) expect.Path {
	p := expect.Path{Client: site, Gateway: site, Observer: site, Required: required, Endorsers: endorsers, Own: -1, Source: -1}
	for i, e := range endorsers {
		if e == site {
			p.Own = i
		}
	}
	return p
}

var near = cmpopts.EquateApprox(0, 1e-9)

// What was added up by hand.
func TestMean(t *testing.T) {
	all := []int{0, 1, 2, 3, 4}
	with := func(p expect.Path, source int) expect.Path { p.Source = source; return p }
	far := own(0, 1, 0)
	far.Client = 1
	watched := own(0, 1, 0)
	watched.Observer = 3
	slow := bft5()
	slow.Rate = 0
	for _, c := range []struct {
		name string
		net  expect.Network
		path expect.Path
		want expect.Parts
	}{
		// Submit to 0 (0), 2 (30) or 4 (150), forward 30, 0 or 120. Of the followers 30 and 120 away one makes the quorum: 60.
		{"any, the leader is the source", raft3(), with(own(0, 1, all...), 1),
			expect.Parts{0, 0.06, 0.05, 0, 0.06, 0.03}},
		// A follower learns of the commit 30 later, and is at the peer's own site.
		{"any, the source is near", raft3(), with(own(0, 1, all...), 0), expect.Parts{0, 0.06, 0.05, 0, 0.06, 0.03}},
		{"any, the source is far", raft3(), with(own(0, 1, all...), 2), expect.Parts{0, 0.06, 0.05, 0, 0.06, 0.27}},
		{"any, the source is unknown", raft3(), own(0, 1, all...), expect.Parts{0, 0.06, 0.05, 0, 0.06, 0.11}},
		// Round trips from site 0 are 20, 60, 140 and 300.
		{"own and one more", raft3(), with(own(0, 2, all...), 1), expect.Parts{0.13, 0.06, 0.05, 0, 0.06, 0.03}},
		// The farthest of two of four is the second in 1 of 6, the third in 2, the fourth in 3: (60 + 2·140 + 3·300)/6.
		{"own and two more", raft3(), with(own(0, 3, all...), 1), expect.Parts{1.240 / 6, 0.06, 0.05, 0, 0.06, 0.03}},
		{"all", raft3(), with(own(0, 5, all...), 1), expect.Parts{0.3, 0.06, 0.05, 0, 0.06, 0.03}},
		{"others only", raft3(), with(own(0, 1, 1, 2), 1), expect.Parts{0.04, 0.06, 0.05, 0, 0.06, 0.03}},
		{"all others", raft3(), with(own(0, 2, 1, 2), 1), expect.Parts{0.06, 0.06, 0.05, 0, 0.06, 0.03}},
		// 10 each way for the call that endorses, 10 to submit, 10 back with the commit.
		{"the client is elsewhere", raft3(), with(far, 1), expect.Parts{0.02, 0.07, 0.05, 0, 0.06, 0.04}},
		{"another peer is watched", raft3(), with(watched, 1), expect.Parts{0, 0.06, 0.05, 0, 0.06, 0.11}},
		{"one orderer", expect.Network{OneWay: line(), Orderers: []int{3}, Consensus: topology.Raft, Quorum: 1}, own(0, 1, all...),
			expect.Parts{0, 0.07, 0, 0, 0, 0.07}},
		// Proposed at 0, 10, 30, 70 and 150. Prepares of three others: at 0 from 10, 30 and 70: 140; likewise at 1, 130, at 2, 110
		// and at 3, 70, all from site 3 or, at 3, from 0 to 2; at 4 150 with its own proposal. Commits: at 0 those sent at 130,
		// 110 and 70 arrive at 140, 140 and 140.
		{"BFT, the leader is the source", slow, with(own(0, 1, all...), 0), expect.Parts{0, 0, 0, 0, 0.14, 0}},
		// At 4 commits arrive from 1 to 3 at 270, 230 and 150, from 0 at 290.
		{"BFT, a far source", slow, with(own(0, 1, all...), 4), expect.Parts{0, 0, 0, 0, 0.27, 0.15}},
		{"BFT, a far client", slow, with(own(4, 1, all...), 4), expect.Parts{0, 0.15, 0, 0, 0.27, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, expect.Mean(c.net.Cases(c.path)), near); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
		})
	}
}

// BFT's blocks wait for each other: with much to order every transaction meets cycles of T+C and waits half of that.
func TestTurn(t *testing.T) {
	full := bft5()
	full.Rate = 1e6
	for _, c := range []struct {
		name string
		net  expect.Network
		want float64
	}{
		{"full", full, 0.07},
		{"raft", raft3(), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := expect.Mean(c.net.Cases(own(0, 1, 0)))[expect.Turn]; math.Abs(got-c.want) > 1e-9 {
				t.Errorf("turn %g s, want %g", got, c.want)
			}
		})
	}
}

func TestRange(t *testing.T) {
	low, high := expect.Range(raft3().Cases(own(0, 2, 0, 1, 4)))
	// Endorsed within 20 or 300, submitted to 0, 2 or 4 and handed on within 30, 30 or 270, agreed on within 60, delivered
	// from 0, 2 or 4 within 30, 30 or 270.
	if want := [2]float64{0.14, 0.9}; math.Abs(low-want[0])+math.Abs(high-want[1]) > 1e-9 {
		t.Errorf("%g to %g s, want %g to %g", low, high, want[0], want[1])
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range expect.All() {
		seen[p.String()] = true
	}
	if len(seen) != len(expect.Parts{}) {
		t.Errorf("%d names of %d parts", len(seen), len(expect.Parts{}))
	}
}

// drawn makes any network and path.
func drawn(t *rapid.T) (expect.Network, expect.Path) {
	sites := rapid.IntRange(1, 6).Draw(t, "sites")
	delay := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(0, 200).Draw(t, "ms")) * time.Millisecond
	})
	site := rapid.IntRange(0, sites-1)
	n := expect.Network{Timeout: delay.Draw(t, "timeout"), Rate: float64(rapid.IntRange(0, 100).Draw(t, "rate"))}
	for range sites {
		n.OneWay = append(n.OneWay, rapid.SliceOfN(delay, sites, sites).Draw(t, "row"))
	}
	for i := range n.OneWay {
		n.OneWay[i][i] = 0
	}
	fewest := 1
	if n.Consensus = topology.Raft; rapid.Bool().Draw(t, "bft") {
		n.Consensus, fewest = topology.BFT, 4
	}
	n.Orderers = rapid.SliceOfN(site, fewest, 7).Draw(t, "orderers")
	n.Leader = rapid.IntRange(0, len(n.Orderers)-1).Draw(t, "leader")
	n.Quorum = topology.Orderers{Consensus: n.Consensus, Count: len(n.Orderers)}.Quorum()
	p := expect.Path{Client: site.Draw(t, "client"), Gateway: site.Draw(t, "gateway"), Observer: site.Draw(t, "observer")}
	p.Endorsers = rapid.SliceOfN(site, 1, 6).Draw(t, "endorsers")
	p.Own = rapid.IntRange(-1, len(p.Endorsers)-1).Draw(t, "own")
	if p.Own >= 0 {
		p.Endorsers[p.Own] = p.Gateway
	}
	p.Required = rapid.IntRange(1, len(p.Endorsers)).Draw(t, "required")
	p.Source = rapid.IntRange(-1, len(n.Orderers)-1).Draw(t, "source")
	return n, p
}

// Whatever the network, shares add up to 1, no part is negative, and without delays there is nothing to add.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, p := drawn(t)
		cases := n.Cases(p)
		var shares float64
		for _, c := range cases {
			shares += c.Share
			for part, s := range c.Parts {
				if s < 0 {
					t.Errorf("%s takes %g s", expect.Part(part), s)
				}
			}
		}
		if math.Abs(shares-1) > 1e-9 {
			t.Errorf("shares add up to %g", shares)
		}
		low, high := expect.Range(cases)
		if mean := expect.Mean(cases).Sum(); mean < low-1e-9 || mean > high+1e-9 {
			t.Errorf("mean %g is not within %g to %g", mean, low, high)
		}
		for i := range n.OneWay {
			clear(n.OneWay[i])
		}
		if diff := cmp.Diff(expect.Parts{}, expect.Mean(n.Cases(p))); diff != "" {
			t.Errorf("without distances (-want +got):\n%s", diff)
		}
	})
}

// A longer way between any two sites makes nothing faster.
func TestMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, p := drawn(t)
		before := expect.Mean(n.Cases(p)).Sum()
		from := rapid.IntRange(0, len(n.OneWay)-1).Draw(t, "from")
		to := rapid.IntRange(0, len(n.OneWay)-1).Draw(t, "to")
		if from == to {
			t.Skip("no way within a site")
		}
		n.OneWay[from][to] += time.Duration(rapid.IntRange(1, 500).Draw(t, "more")) * time.Millisecond
		if after := expect.Mean(n.Cases(p)).Sum(); after < before-1e-9 {
			t.Errorf("%g s, and %g s with a longer way", before, after)
		}
	})
}

// ExampleNetwork_Cases shows what the distance to an orderer elsewhere costs.
func ExampleNetwork_Cases() {
	const way = 25 * time.Millisecond
	net := expect.Network{OneWay: [][]time.Duration{{0, way}, {way, 0}}, Orderers: []int{1}, Consensus: topology.Raft, Quorum: 1}
	parts := expect.Mean(net.Cases(expect.Path{Endorsers: []int{0}, Required: 1}))
	for _, p := range expect.All() {
		if parts[p] > 0 {
			fmt.Printf("%s %.0f ms\n", p, parts[p]*1e3)
		}
	}
	// Output:
	// submit 25 ms
	// deliver 25 ms
}
