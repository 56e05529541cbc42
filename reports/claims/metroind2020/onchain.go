package metroind2020

import (
	"fmt"
	"math"
	"slices"

	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// The figures of the first claim.
const (
	succeeded     = "succeeded"
	latencyAlone  = "latency alone"
	highestRate   = "highest rate"
	wronglyJudged = "wrongly decided"
)

// onChain asks whether the ledger does what the publication says of it: every operation has to work on four peers, and the
// contract to refuse on the live ledger what it has to refuse.
func onChain(e *claims.Evidence) claims.Finding {
	var rows []result.ClaimRow
	for _, o := range claimed() {
		rows = append(rows, worksRows(e, o)...)
	}
	if rows == nil {
		return e.Missing(registerQuestion, "operations on meters' keys on a network with %d peers", peersOfTheClaim)
	}
	if len(rows) < 3*len(claimed()) { // what is left out on a network that others run decides nothing
		if f := e.Missing(missingQuestion(e), "every operation on meters' keys"); f.Verdict == result.NotMeasured {
			f.Rows = rows
			return f
		}
		rows = append(rows, missingRows(e)...)
	}
	tried, ok := probes(e, result.SystemLedger)
	switch {
	case !ok && e.Summary.Target == result.TargetAttached:
		f := claims.NotMeasured("forgeries are not tried on a network that others run")
		f.Rows = rows
		return f
	case !ok:
		f := claims.Missing("attempts at forging on the live ledger")
		f.Rows = rows
		return f
	}
	rows = append(rows, contractRows(tried)...)
	f := claims.Find(rows, claims.BySetting)
	if f.Verdict == result.Depends && slices.ContainsFunc(rows, func(r result.ClaimRow) bool { return r.Quantity == wronglyJudged && r.Standing.Outside() }) {
		f.Verdict = result.NotReproduced // one forgery that the contract does not refuse refutes it
	}
	return f
}

// worksRows returns what the run shows of an operation on the published number of peers, nil where it did not measure it.
func worksRows(e *claims.Evidence, o operation) []result.ClaimRow {
	m, ok := o.find(e)
	if !ok || peers(m) != peersOfTheClaim {
		return nil
	}
	var good, all uint64
	for _, l := range m.levels {
		for _, p := range l.Points {
			good, all = good+p.Succeeded(), all+p.Scheduled
		}
	}
	if all == 0 {
		return nil
	}
	rate := claims.Context(o.name, highestRate, result.UnitPerSecond, m.loaded.Throughput())
	rate.Limit = claims.Limit(m.loaded)
	return []result.ClaimRow{
		claims.AtLeast(works).Row(o.name, succeeded, result.UnitShare, claims.Share(good, all)),
		claims.Context(o.name, latencyAlone, result.UnitSeconds, m.time()),
		rate,
	}
}

// peers returns how many peers took part.
func peers(m measured) (n int) {
	for _, role := range m.alone.Points[0].Roles {
		if role == result.RolePeer {
			n++
		}
	}
	return n
}

// missingQuestion returns the question of the first operation that was not measured.
func missingQuestion(e *claims.Evidence) string {
	for _, o := range claimed() {
		if worksRows(e, o) == nil {
			return o.question
		}
	}
	return ""
}

// missingRows returns an open row for every operation that was not measured: what is not known could turn the verdict.
func missingRows(e *claims.Evidence) (rows []result.ClaimRow) {
	for _, o := range claimed() {
		if worksRows(e, o) == nil {
			rows = append(rows, openRow(claims.AtLeast(works), o.name, succeeded, result.UnitShare))
		}
	}
	return rows
}

// openRow returns the row of a figure that was not measured.
func openRow(r claims.Range, setting, quantity string, unit result.ClaimUnit) result.ClaimRow {
	row := r.Row(setting, quantity, unit, claims.Exactly(math.NaN()))
	row.Note = "not measured"
	return row
}

// probes returns the kinds of attempts that were made on a system, false where there are none.
func probes(e *claims.Evidence, of result.System) (tried []result.Probe, ok bool) {
	if e.Summary.Integrity == nil {
		return nil, false
	}
	for _, p := range e.Summary.Integrity.Probes {
		if p.System == of && p.Attempts > 0 {
			tried = append(tried, p)
		}
	}
	return tried, tried != nil
}

// contractRows say what became of the attempts on the ledger: of what was decided rightly together, of faults by kind. What
// the design lets through, because it trusts somebody, is no fault of the contract, and has no row: the claim of the trusted
// third party is about that.
func contractRows(tried []result.Probe) (rows []result.ClaimRow) {
	for _, honest := range []bool{true, false} {
		var kinds []string
		var attempts uint64
		for _, p := range tried {
			if p.Honest == honest && p.Ruling() == result.RulingHeld {
				kinds, attempts = append(kinds, p.Kind), attempts+p.Attempts
			}
		}
		if attempts > 0 {
			setting := fmt.Sprintf("refuse what is false, of %d kinds", len(kinds))
			if honest {
				setting = fmt.Sprintf("accept what is honest, of %d kinds", len(kinds))
			}
			row := claims.AtMost(0).Row(setting, wronglyJudged, result.UnitShare, claims.Share(0, attempts))
			row.Standing = result.Inside // counts decide; the interval says what they could have missed
			row.Note = fmt.Sprintf("%d attempts", attempts)
			rows = append(rows, row)
		}
	}
	for _, p := range tried {
		if p.Ruling() == result.RulingFault {
			rows = append(rows, faultRow(p))
		}
	}
	return rows
}

// faultRow says what became of attempts of which some were wrongly decided. Something honest that was refused makes the
// refusals worthless.
func faultRow(p result.Probe) result.ClaimRow {
	bad := p.Accepted
	if p.Honest {
		bad = p.Attempts - p.Accepted
	}
	row := claims.AtMost(0).Row(p.Kind, wronglyJudged, result.UnitShare, claims.Share(bad, p.Attempts))
	row.Standing, row.Note = result.Above, claims.Tried(p.Kind)+": "+outcome(p)
	if p.Honest {
		row.Standing = result.Unsettled
	}
	return row
}
