package saturation

import (
	"math"

	"gonum.org/v1/gonum/stat"

	"meterbench/bench/result"
)

// spans is the number of equal parts of a window whose arrivals a Tally counts.
const spans = 10

// Tally collects what a Step of a search needs to know of each transaction, in constant memory and in any order.
type Tally struct {
	from, to  float64 // the window, in seconds since the level's start
	objective float64 // seconds, 0 for none
	late      uint64
	arrivals  [spans]float64
	commits   map[uint16]*commits // by channel, answers among them
}

// commits are those of one channel in the window. Times are in seconds.
type commits struct {
	n, inFirst  uint64 // in all, and in the first block
	block       uint64 // the first one's number
	first, last float64
}

// NewTally returns the empty tally of a window, whose ends are in seconds, and of a latency objective in seconds, 0 for none.
func NewTally(from, to, objective float64) *Tally {
	return &Tally{from: from, to: to, objective: objective, commits: map[uint16]*commits{}}
}

// Add adds a transaction. It belongs to the window by its intended instant, its commit, or its answer where that is all,
// by the instant at which it was seen.
func (t *Tally) Add(r *result.Record) {
	intended, done, block := r.Intended.Seconds(), r.Committed.Seconds(), r.Block
	if r.Outcome == result.Answered { // comes on its own
		done, block = r.Endorsed.Seconds(), r.Seq
	}
	if r.Outcome == result.Confirmed { // it was committed before, unseen, and is no part of a rate
		done = r.Ended.Seconds()
	}
	succeeded := r.Outcome.Class() == result.Succeeded
	if intended >= t.from && intended < t.to {
		t.arrivals[min(spans-1, int(spans*(intended-t.from)/(t.to-t.from)))]++
		if !succeeded || done-intended > t.objective {
			t.late++
		}
	}
	if !succeeded || r.Outcome == result.Confirmed || done < t.from || done >= t.to {
		return
	}
	c := t.commits[r.Channel]
	if c == nil {
		c = &commits{first: math.Inf(1), last: math.Inf(-1)}
		t.commits[r.Channel] = c
	}
	c.n++
	c.last = max(c.last, done)
	switch {
	case c.inFirst > 0 && block == c.block:
		c.inFirst++
		c.first = min(c.first, done)
	case done < c.first:
		c.block, c.inFirst, c.first = block, 1, done
	}
}

// Fill sets Late, Served and Scatter of a Step.
func (t *Tally) Fill(s *Step) {
	if t.objective > 0 {
		s.Late = t.late
	}
	s.Served = 0
	for _, c := range t.commits {
		if !(c.last > c.first) { // a single block says nothing about a rate
			s.Served = 0
			break
		}
		s.Served += float64(c.n-c.inFirst) / (c.last - c.first)
	}
	length := t.to - t.from
	s.Scatter = math.Sqrt(slopeFactor*spans*stat.Variance(t.arrivals[:], nil)) / length
}

// slopeFactor is the variance of the slope of a straight line through a random walk, over that of its end less its
// beginning, both per unit of time.
const slopeFactor = 6. / 5
