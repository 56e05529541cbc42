package closer2020

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// clientsAtLimit is the figure of the claim of the peer's limit: the fewest that reach the plateau.
const clientsAtLimit = "clients"

// peerLimit finds for every setting how many clients reach the plateau, and what limits it: the interval of their number
// decides.
func peerLimit(e *claims.Evidence) claims.Finding {
	var rows []result.ClaimRow
	for _, s := range e.Question(limitQuestion) {
		rows = append(rows, limitOf(s))
	}
	if len(slices.DeleteFunc(slices.Clone(rows), func(r result.ClaimRow) bool { return r.Low == nil })) < 2 {
		f := e.Missing(limitQuestion, "valid points of different numbers of clients under two settings at least")
		f.Rows = rows
		return f
	}
	return claims.Find(rows, claims.BySetting)
}

// limitOf judges the series: where its plateau begins, and whether a peer limits it.
func limitOf(s claims.Series) result.ClaimRow {
	p := s.Plateau()
	row := claims.Range{From: limitFrom + 1, To: limitTo}.Row(setting(s.Conditions), clientsAtLimit, result.UnitCount, p.Clients)
	row.Limit = p.Limit
	if row.Standing == result.Inside && !p.Limit.By(result.RolePeer) {
		if row.Standing = result.OtherLimit; p.Limit.Kind == result.LimitHost || p.Limit.Open() {
			row.Standing = result.Unsettled // even where a peer uses most of the host, more of it could move the limit
		}
	}
	switch {
	case p.Throughput.Value == 0:
		row.Note = "no valid points with commits"
	case p.AtLeast:
		row.Note = fmt.Sprintf("plateau unknown, at least %s", perSecond(p.Throughput.Value))
	default:
		row.Note = "plateau " + claims.Rate(p.Throughput)
		if p.Clients.AtLeast() {
			row.Note += ", not confirmed"
		}
	}
	return row
}

// usualTopology is that of the series that do not vary it.
const usualTopology = "minimal"

// setting names the conditions that a series of this study is about.
func setting(c result.Conditions) string {
	text := fmt.Sprintf("%s, wait: %s", batch(c), c.Wait)
	if q := c.Caps.Peer.CPUs; q > 0 {
		text += fmt.Sprintf(", peer at %g core", q)
	}
	if c.Topology != usualTopology {
		text = c.Topology + ", " + text
	}
	return text
}

func batch(c result.Conditions) string {
	return fmt.Sprintf("batch %d / %s", c.BatchMessages, reports.Seconds.Tick(c.BatchTimeout))
}
