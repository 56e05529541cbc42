package reference

import "time"

// clock converts between the time since the ledger's start and the ledger's own time, which stands
// still during a stall, so that only the clock knows of stalls. Reading it costs a step per stall.
type clock []Stall

// ledger returns the ledger's time at a time since the start.
func (c clock) ledger(since time.Duration) time.Duration {
	stood := time.Duration(0)
	for _, s := range c {
		if since <= s.At {
			break
		}
		stood += min(since-s.At, s.For)
	}
	return since - stood
}

// since is the inverse of ledger. At the instant of a stall it returns the end of the stall: what
// is due then happens when the ledger goes on.
func (c clock) since(ledger time.Duration) time.Duration {
	for _, s := range c {
		if ledger < s.At {
			break
		}
		ledger += s.For
	}
	return ledger
}
