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

// judge stores the gaps of the load generator that can have changed a point, and marks the point where one is too long. That of a
// worker has marked it already.
func (e *exposure) judge(p *result.Point, m bench.Result, gaps []heartbeat.Gap) {
	gap := e.gap(p, m, gaps)
	p.ClientGap = &gap
	if gap.TooLong() && p.Workers == nil {
		p.Valid = false
		p.Reasons = append(p.Reasons, "the load generator "+halted(gap))
	}
}

// gap returns the gaps that can have changed a point.
func (e *exposure) gap(p *result.Point, m bench.Result, gaps []heartbeat.Gap) (of result.ClientGap) {
	for _, g := range gaps {
		if e.exposed(m.Epoch, g) {
			of.Longest = max(of.Longest, g.Length.Seconds())
			of.Halted = max(of.Halted, g.Halted.Seconds())
			of.Suspended = max(of.Suspended, g.Suspended.Seconds())
		}
	}
	of.Tolerated = tolerated(p) + min(lateShare*(e.to-e.from).Seconds(), mostHalt.Seconds())
	return of
}

// halted says what a process did that halted for too long.
func halted(of result.ClientGap) string {
	how := "stopped, or frozen with its control group"
	if of.Suspended > 0 {
		how = "the machine was suspended"
	}
	return fmt.Sprintf("did not run for %.3g s, more than %.3g s: %s", of.Halted, of.Tolerated, how)
}
