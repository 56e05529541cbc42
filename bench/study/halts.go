package study

import (
	"fmt"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/internal/heartbeat"
)

// The time for which the load generator may not run within a window, beyond the schedule lag that is tolerated: where
// transactions are due all the time, a halt makes a lateShare of them later than that, which is what the p99 of the lag
// allows. Clients of a closed load hide a halt from that quantile, for each has only one transaction that is late. A
// mostHalt is no matter of a busy machine, however long the window.
const (
	lateShare = 0.01 // of the window
	mostHalt  = time.Second
)

// tolerated returns the schedule lag and the pause, in seconds, up to which the client did not shape a point.
func tolerated(p *result.Point) float64 {
	limit := delayFloor.Seconds()
	if whole := p.Latency[p.Conditions.Whole().String()].P50; whole != nil {
		limit = max(limit, delayShare**whole)
	}
	return limit
}

// watchHalts notices when the load generator does not run. stop ends that and returns when it did not.
func watchHalts() (stop func() []heartbeat.Gap) { return heartbeat.Start().Stop }

// A span of a level in which a halt changes what is measured: from the begin of the window until the last transaction of
// the window has ended. One goroutine at a time may use it.
type exposure struct{ from, to, until time.Duration }

func (e *exposure) add(r *result.Record) {
	if r.Intended >= e.from && r.Intended < e.to {
		e.until = max(e.until, r.Intended+r.Lasted())
	}
}

// exposed reports whether a gap changes what is measured. What piled up before a window may take as long again to work off.
func (e *exposure) exposed(epoch time.Time, g heartbeat.Gap) bool {
	start, end := g.Start.Sub(epoch), g.End.Sub(epoch)
	return start < max(e.until, e.to) && end+g.Halted > e.from
}

// judge stores the gaps of the load generator that can have changed a point, and marks the point where one is too long.
func (e *exposure) judge(p *result.Point, m bench.Result, gaps []heartbeat.Gap) {
	p.ClientGap = &result.ClientGap{}
	for _, g := range gaps {
		if e.exposed(m.Epoch, g) {
			p.ClientGap.Longest = max(p.ClientGap.Longest, g.Length.Seconds())
			p.ClientGap.Halted = max(p.ClientGap.Halted, g.Halted.Seconds())
			p.ClientGap.Suspended = max(p.ClientGap.Suspended, g.Suspended.Seconds())
		}
	}
	limit := tolerated(p) + min(lateShare*(e.to-e.from).Seconds(), mostHalt.Seconds())
	p.ClientGap.Tolerated = limit
	if halted := p.ClientGap.Halted; p.ClientGap.TooLong() {
		how := "stopped, or frozen with its control group"
		if p.ClientGap.Suspended > 0 {
			how = "the machine was suspended"
		}
		p.Valid = false
		p.Reasons = append(p.Reasons, fmt.Sprintf("the load generator did not run for %.3g s, more than %.3g s: %s", halted, limit, how))
	}
}
