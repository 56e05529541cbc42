package sensors2021

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/bench/topology"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// The figures of a loss.
const (
	nextCommit  = "next commit"
	afterReturn = "next commit after the return"
)

// A loss is what became of a level while institutes were cut off from all others.
type loss struct {
	point    result.Point
	cut      []string           // sites, in the order of the events
	at       float64            // when the last of them was cut, in seconds since the start of the level
	back     float64            // when the last of them was healed, in seconds since at; +Inf if it never was
	next     map[string]float64 // by site that was not cut: next commit since at; none within the level: no entry
	observed float64            // until the end of the level, since at
	fullRate *float64           // since at
	quorum   bool               // of the orderers is left
}

// losses returns one for each valid level in which so many institutes were cut off.
func losses(e *claims.Evidence, institutes int) (all []loss) {
	for _, p := range e.Summary.Points {
		if l, ok := lossOf(p); ok && p.Valid && len(l.cut) == institutes {
			all = append(all, l)
		}
	}
	return all
}

// lossOf reads a point's events; false where no site was cut off from all others.
func lossOf(p result.Point) (l loss, ok bool) {
	l = loss{point: p, back: math.Inf(1), next: map[string]float64{}}
	last := -1 // the cut that came last
	for i, event := range p.Events {
		if event.Failed != "" || len(event.Sites) != 1 {
			continue
		}
		switch event.Kind {
		case result.EventCut:
			l.cut, last = append(l.cut, event.Sites[0]), i
			l.at = event.At
		case result.EventHeal:
			l.back = event.At - l.at
		}
	}
	if last < 0 {
		return l, false
	}
	for _, r := range p.Recoveries {
		if r.Event != last {
			continue
		}
		l.observed, l.fullRate = r.Observed, r.FullRate
		for _, s := range r.Sites {
			if s.NextCommit != nil && !slices.Contains(l.cut, s.Site) {
				l.next[s.Site] = *s.NextCommit
			}
		}
	}
	t, err := topology.Load(p.Conditions.Topology)
	l.quorum = err == nil && left(t.Orderers, l.cut) >= t.Orderers.Quorum()
	return l, l.observed > 0
}

// left counts the orderers whose sites are not cut off. Institutes stand at sites of their own names.
func left(o topology.Orderers, cut []string) (n int) {
	for i := range o.Count {
		if !slices.Contains(cut, o.Owner(i)) {
			n++
		}
	}
	return n
}

// String names what was lost of which network, and of which leader.
func (l loss) String() string {
	text := fmt.Sprintf("%s without %s", l.point.Conditions.Topology, strings.Join(l.cut, " and "))
	if leader := l.point.Conditions.Leader; slices.Contains(l.cut, leader) {
		text += " (leader)"
	}
	return text
}

// after returns when the next commit of a site's clients came, in seconds since the loss: where there was none it is later
// than the level.
func (l loss) after(site string) claims.Estimate {
	if at, ok := l.next[site]; ok {
		return claims.Known(at, 1)
	}
	return claims.Estimate{Value: l.observed, Interval: stats.Interval{Low: l.observed, High: math.Inf(1), N: 1}}
}

// others are the institutes that were not cut off.
func (l loss) others() []string {
	return slices.DeleteFunc(institutes(), func(site string) bool { return slices.Contains(l.cut, site) })
}

// rows returns a row for each institute that was not cut off.
func (l loss) rows() (rows []result.ClaimRow) {
	for _, site := range l.others() {
		setting := fmt.Sprintf("%s, %s", l, site)
		next := l.after(site)
		if l.quorum {
			row := claims.AtMost(l.back).Row(setting, nextCommit, result.UnitSeconds, next)
			row.Note = "a quorum is left"
			rows = append(rows, row)
			continue
		}
		since := next
		since.Value, since.Low, since.High = next.Value-l.back, next.Low-l.back, next.High-l.back
		row := claims.Range{From: 0, To: resume}.Row(setting, afterReturn, result.UnitSeconds, since)
		row.Note = "no quorum is left"
		rows = append(rows, row)
	}
	return rows
}

// complete returns the finding of losses, of which there has to be one on each network.
func complete(e *claims.Evidence, all []loss, missing string) claims.Finding {
	if len(all) == 0 {
		return e.Missing(lossQuestion, "%s", missing)
	}
	var rows []result.ClaimRow
	for _, l := range all {
		rows = append(rows, l.rows()...)
	}
	for _, network := range networks() {
		if !slices.ContainsFunc(all, func(l loss) bool { return l.point.Conditions.Topology == network }) {
			rows = append(rows, nothing(claims.AtMost(0).Row(network, nextCommit, result.UnitSeconds, claims.Estimate{}), 0))
		}
	}
	return claims.Find(rows, claims.BySetting)
}

func oneLost(e *claims.Evidence) claims.Finding {
	return complete(e, losses(e, 1), "a level in which one institute is cut off")
}

func twoLost(e *claims.Evidence) claims.Finding {
	return complete(e, losses(e, 2), "a level in which two institutes are cut off")
}

// nothingLost asks the audit of the whole run, in which institutes were cut off.
func nothingLost(e *claims.Evidence) claims.Finding {
	a := e.Summary.Audit
	if a == nil || len(losses(e, 1))+len(losses(e, 2)) == 0 {
		return e.Missing(lossQuestion, "an audit of levels in which institutes are cut off")
	}
	const setting = "all levels"
	count := func(quantity string, n uint64) result.ClaimRow {
		return claims.AtMost(0).Row(setting, quantity, result.UnitCount, claims.Known(float64(n), int(a.Expected)))
	}
	rows := []result.ClaimRow{
		claims.Context(setting, "seen committed", result.UnitCount, claims.Known(float64(a.Expected), int(a.Expected))),
		count("missing on the ledger", a.Missing), count("there twice", a.Duplicated+twice(a.InDoubt)),
		count("contradicted by the ledger", a.Contradicted),
	}
	if d := a.InDoubt; d != nil {
		rows = append(rows, claims.Context(setting, "in doubt", result.UnitCount, claims.Known(float64(d.Total), int(a.Expected))),
			count("in doubt and undecided", d.Total-d.Committed-d.Invalid-d.NotCommitted))
	}
	f := claims.Find(rows, claims.BySetting)
	f.Evidence = fmt.Sprintf("Of %d readings that clients saw committed %d are missing on the ledger.", a.Expected, a.Missing)
	if a.Expected == 0 {
		f.Verdict = result.Inconclusive
	}
	return f
}

func twice(d *result.InDoubt) uint64 {
	if d == nil {
		return 0
	}
	return d.Twice
}

// lossTable has a row for each institute that a loss left, and one for those that were cut off.
func lossTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "losses", Title: "Institutes that fall silent", Columns: []reports.Column{
		{Key: "topology", Title: "topology"}, {Key: "cut", Title: "cut off"}, {Key: "quorum", Title: "quorum of orderers"},
		{Key: "back_s", Title: "back after", Unit: reports.Seconds}, {Key: "site", Title: "clients at"},
		{Key: "next_commit_s", Title: "next commit", Unit: reports.Seconds}, {Key: "full_rate_s", Title: "full rate", Unit: reports.Seconds, Rank: 1},
	}, Notes: []string{"Times are since the loss. Next commit: of the first transaction that a client of the site intended after it. Full rate: from " +
		"then on the throughput of all sites is that before the loss."}}
	for _, l := range slices.Concat(losses(e, 1), losses(e, 2)) {
		quorum := "lost"
		if l.quorum {
			quorum = "left"
		}
		for _, site := range l.others() {
			next, found := l.next[site]
			full := math.NaN()
			if l.fullRate != nil {
				full = *l.fullRate
			}
			t.Rows = append(t.Rows, claims.Row(l.point.Conditions.Topology, strings.Join(l.cut, ", "), quorum,
				claims.Unless(math.IsInf(l.back, 0), "not before the end of the level", l.back), site,
				claims.Unless(!found, "none before the end of the level", next), claims.Unless(l.fullRate == nil, "not before the end of the level", full)))
		}
	}
	return t
}

// doubtTable says what became of transactions whose end the clients did not see.
func doubtTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "losses-in-doubt", Title: "Transactions in doubt while institutes fall silent", Detail: true, Columns: []reports.Column{
		{Key: "topology", Title: "topology"}, {Key: "cut", Title: "cut off"}, {Key: "sent", Title: "sent", Unit: reports.Count},
		{Key: "in_doubt", Title: "in doubt", Unit: reports.Count}, {Key: "committed", Title: "committed", Unit: reports.Count},
		{Key: "not_committed", Title: "not committed", Unit: reports.Count}, {Key: "twice", Title: "twice", Unit: reports.Count},
	}, Notes: []string{"By the audit of the ledger after the run; of transactions that were intended in the measured window."}}
	for _, l := range slices.Concat(losses(e, 1), losses(e, 2)) {
		d := l.point.InDoubt
		if d == nil {
			d = &result.InDoubt{}
		}
		t.Rows = append(t.Rows, claims.Row(l.point.Conditions.Topology, strings.Join(l.cut, ", "),
			l.point.Scheduled, d.Total, d.Committed, d.NotCommitted, d.Twice))
	}
	return t
}
