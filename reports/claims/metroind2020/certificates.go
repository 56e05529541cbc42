package metroind2020

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// A pair is an operation on the ledger beside the one that does the same with certificates.
type pair struct {
	name       string
	ledger, ca operation
}

// perMeterPairs are what happens to a meter's key, perReadingPairs what happens to each reading.
func perMeterPairs() []pair {
	return []pair{
		{"register / enrol", register(), enrol()}, {"register in batches / enrol", registerBatch(), enrol()},
		{"rotate / renew", rotate(), renew()}, {"revoke / revoke", revoke(), revokeAtCA()},
	}
}

func perReadingPairs() []pair {
	return []pair{
		{"query / CRL", verifyQuery(), verifyCRL()}, {"query / OCSP", verifyQuery(), verifyOCSP()},
		{"ordered / CRL", verifySubmit(), verifyCRL()}, {"ordered / OCSP", verifySubmit(), verifyOCSP()},
	}
}

func perMeter(e *claims.Evidence) claims.Finding   { return extraCost(e, perMeterPairs()) }
func perReading(e *claims.Evidence) claims.Finding { return extraCost(e, perReadingPairs()) }

// extraCost asks whether the ledger costs no more than certificates, currency by currency: the interval of the ratio
// decides.
func extraCost(e *claims.Evidence, pairs []pair) claims.Finding {
	var rows []result.ClaimRow
	some := false
	for _, p := range pairs {
		ledger, okLedger := p.ledger.find(e)
		ca, okCA := p.ca.find(e)
		some = some || okLedger && okCA
		for _, c := range currencies() {
			row := openRow(claims.AtMost(noExtra), p.name, c.name, result.UnitRatio)
			if okLedger && okCA {
				row = ratioRow(p.name, c, ledger, ca)
			}
			if !(c.isTime && okLedger && ledger.perTransaction() > 1) { // the meters of a batch wait for each other
				rows = append(rows, row)
			}
		}
	}
	if !some {
		f := e.Missing(caQuestion, "operations on the ledger beside those of a certification authority")
		if f.Verdict != result.NotMeasured {
			f = e.Missing(pairs[0].ledger.question, "operations on the ledger beside those of a certification authority")
		}
		return f
	}
	f := claims.Find(rows, claims.ByFigure)
	if extra := largest(rows); extra != "" {
		f.Conditions = extra
	}
	return f
}

// ratioRow relates what an operation costs on the ledger to what it costs with certificates.
func ratioRow(setting string, c currency, ledger, ca measured) result.ClaimRow {
	a, b := c.of(ledger), c.of(ca)
	if math.IsNaN(a.Value) || math.IsNaN(b.Value) {
		return openRow(claims.AtMost(noExtra), setting, c.name, result.UnitRatio)
	}
	note := fmt.Sprintf("%s / %s", c.unit.Format(a.Value), c.unit.Format(b.Value))
	row := claims.AtMost(noExtra).Row(setting, c.name, result.UnitRatio, over(a, b))
	switch {
	case b.Value == 0 && a.Value == 0:
		row = claims.Context(setting, c.name, result.UnitRatio, claims.Exactly(math.NaN()))
		note = "none on either side"
	case b.Value == 0 && a.Low > 0:
		row.Standing, note = result.Above, note+": the CA needs none"
	}
	row.Note = note
	return row
}

// over returns the ratio of two estimates, none where the second is 0.
func over(a, b claims.Estimate) claims.Estimate {
	switch {
	case !(b.Value > 0):
		return claims.Exactly(math.NaN())
	case a.Value == 0 && a.N > 0 && b.N > 0:
		return claims.Known(0, min(a.N, b.N))
	}
	return claims.Ratio(a, b)
}

// largest names the figure in which the ledger costs most and the one in which it costs least.
func largest(rows []result.ClaimRow) string {
	found := slices.DeleteFunc(slices.Clone(rows), func(r result.ClaimRow) bool { return r.Value == nil })
	if len(found) == 0 {
		return ""
	}
	by := func(a, b result.ClaimRow) int { return cmp.Compare(*a.Value, *b.Value) }
	least, most := slices.MinFunc(found, by), slices.MaxFunc(found, by)
	return fmt.Sprintf("From %s the certificates' %s (%s) to %s their %s (%s).",
		ratio(*least.Value), least.Quantity, least.Setting, ratio(*most.Value), most.Quantity, most.Setting)
}

func ratio(v float64) string { return reports.Times.Format(v) }
