package study

import (
	"fmt"
	"math"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// littleCycles is the number of cycles, and of blocks, from which on the ends of a window move the law by less than
// result.LittleLimit: where all clients go in step, a window of c cycles sees one more or one less.
const littleCycles = 20

// little sums up what Little's law connects. One goroutine at a time may use it.
type little struct {
	from, to       time.Duration
	wait           result.Wait
	started, ended float64 // transactions intended, and over, in the window
	total          float64 // seconds that those started took
	inWindow       float64 // seconds within the window that all took
}

// add adds a transaction. One that was dropped never was on its way.
func (l *little) add(r *result.Record) {
	if r.Outcome == result.Dropped {
		return
	}
	end := r.Intended + r.Lasted()
	if l.wait == result.WaitAcknowledge && r.Submitted != result.NotReached {
		end = max(r.Intended, r.Submitted)
	}
	if r.Intended >= l.from && r.Intended < l.to {
		l.started++
		l.total += (end - r.Intended).Seconds()
	}
	if end >= l.from && end < l.to {
		l.ended++
	}
	l.inWindow += max(0, min(end, l.to)-max(r.Intended, l.from)).Seconds()
}

// check compares both sides of the law and marks a point in which they differ. A load that changes by itself is in no
// state that the law is about.
func (l *little) check(p *result.Point, of level, m bench.Result) {
	if l.ended == 0 || l.started == 0 || of.changing() || m.Held < of.series.Load.Hold {
		return
	}
	closed := of.load.Kind == result.LoadClosed
	c := &result.Little{Cycle: l.total/l.started + of.load.Think, Law: l.inWindow / l.ended}
	if closed {
		c.Law = float64(of.load.Clients) * (l.to - l.from).Seconds() / l.ended
	}
	if c.Cycle <= 0 {
		return
	}
	c.Deviation = c.Law/c.Cycle - 1
	inBlocks := of.series.Load.Wait == result.WaitCommit || of.series.Load.Wait == ""
	c.Judged = closed && p.Steady != stats.Drifting && p.Steady != stats.Overloaded &&
		(l.to-l.from).Seconds() >= littleCycles*c.Cycle && (!inBlocks || p.Blocks >= littleCycles)
	p.Little = c
	if c.Judged && math.Abs(c.Deviation) > result.LittleLimit {
		p.Valid = false
		p.Reasons = append(p.Reasons, fmt.Sprintf("Little's law does not hold: %d clients at %.4g ended per second take cycles of %.4g s, "+
			"measured are %.4g s (%+.1f %%)", of.load.Clients, l.ended/(l.to-l.from).Seconds(), c.Law, c.Cycle, 100*c.Deviation))
	}
}
