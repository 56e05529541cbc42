package result

import (
	"fmt"
	"strings"
)

// Measured reports whether the instrument did its part. Where nothing succeeded the point is not valid even so.
func (p *Point) Measured() bool { return p.Valid || p.Failed && len(p.Reasons) == 1 }

// MarkFailed marks a point at which nothing succeeded as failed, and as not valid: it describes a system that did not
// work. So does a mix of which queries were answered and nothing was committed. Transactions that an interruption cut off do
// not count; where all others are, nothing is known. It may be called again.
func (p *Point) MarkFailed() {
	done := p.Succeeded()
	if p.Conditions.Commits() {
		done = p.Outcomes[Valid.String()] + p.Outcomes[Confirmed.String()]
	}
	ended := p.Outcomes[Answered.String()] + p.Outcomes[Interrupted.String()]
	if p.Failed || done > 0 || p.Scheduled <= ended {
		return
	}
	p.Failed, p.Valid = true, false
	p.Reasons = append(p.Reasons, p.failure())
}

// failure says what became of the transactions of a point at which nothing succeeded.
func (p *Point) failure() string {
	ended := "committed as valid"
	if !p.Conditions.Commits() {
		ended = "answered"
	}
	var instead []string
	for _, o := range Outcomes() {
		if n := p.Outcomes[o.String()]; n > 0 {
			instead = append(instead, fmt.Sprintf("%d %s", n, o))
		}
	}
	return fmt.Sprintf("none of %d transactions was %s: %s", p.Scheduled, ended, strings.Join(instead, ", "))
}
