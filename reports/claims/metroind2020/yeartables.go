package metroind2020

import (
	"fmt"
	"math"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// computedNote says of a table that none of it was measured.
const computedNote = "Computed, not measured: how often each event happens in a year, by the parameters of the fleet, times what it costs in this run. " +
	"It does not know what a system costs that does nothing, and supposes that costs stay the same with the number of keys."

// yearTable has what a year costs, by way: for one meter, and for the fleet.
func yearTable(e *claims.Evidence) reports.Table {
	l := lifecycle(e)
	t := reports.Table{ID: "yearly", Title: fmt.Sprintf("A year of %s meters, computed", reports.Count.Format(float64(l.Meters))), Columns: []reports.Column{
		{Key: "system", Title: "system"},
	}, Notes: []string{computedNote, "Cores: CPU time of the whole fleet over the time of a year. " +
		"What a verifier keeps of certificates for itself is not among the bytes stored."}}
	n := float64(l.Meters)
	for i, c := range used() {
		both := columns("meter_"+c.key, c.name+", per meter", c.unit, i+2)
		both[1].CSVOnly = true
		t.Columns = append(t.Columns, both...)
	}
	t.Columns = append(t.Columns, columns("fleet_cores", "fleet: cores", reports.Cores, 1)...)
	t.Columns = append(t.Columns, reports.Column{Key: "fleet_" + wireKey, Title: "fleet: bytes on the wire", Unit: reports.Bytes, Rank: 6},
		reports.Column{Key: "fleet_stored_bytes", Title: "fleet: bytes stored", Unit: reports.Bytes, Rank: 7})
	for _, w := range ways(e) {
		row := []any{w.name}
		total := map[string]claims.Estimate{}
		for _, c := range used() {
			x := claims.Exactly(math.NaN())
			if w.whole() {
				x = w.perYear(c)
			}
			total[c.key] = x
			row = append(row, cells(x.Times(1/n))...)
		}
		row = append(row, cells(total["cpu_s"].Times(1/year))...)
		row = append(row, cells(total[wireKey])[0], cells(total["stored_bytes"])[0])
		t.Rows = append(t.Rows, claims.Row(row...))
	}
	return t
}

// used are the currencies that add up over a year: all but time.
func used() []currency { return currencies()[1:] }

// eventTable has what each kind of event of a year costs.
func eventTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "yearly-events", Title: "What a year consists of, computed", Detail: true, Columns: []reports.Column{
		{Key: "system", Title: "system"}, {Key: "event", Title: "event"}, {Key: "times", Title: "times a year", Unit: reports.Count},
	}, Notes: []string{
		computedNote + " OCSP answers: beyond the verification by the chain.",
		fmt.Sprintf("CRLs fetched: as measured, and %d bytes on the wire for each certificate revoked within the lifetime of a key, the least that an entry takes "+
			"(RFC 5280, section 5.1.2.6).", listEntry),
	}}
	for _, c := range used() {
		t.Columns = append(t.Columns, reports.Column{Key: c.key, Title: c.name, Unit: c.unit})
	}
	for _, w := range ways(e) {
		for _, v := range w.events {
			row := []any{w.name, v.name, v.times}
			for _, c := range used() {
				x := claims.Exactly(math.NaN())
				if v.measured {
					x = v.perYear(c)
				}
				row = append(row, cells(x)[0])
			}
			t.Rows = append(t.Rows, claims.Row(row...))
		}
	}
	return t
}

// lifecycleTable has the parameters of the fleet, and where their defaults come from.
func lifecycleTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "lifecycle", Title: "The fleet for which a year is computed", Detail: true, Columns: []reports.Column{
		{Key: "parameter", Title: "parameter"}, {Key: "key", Title: "key of the scenario"}, {Key: "value", Title: "value"},
		{Key: "source", Title: "where it comes from"},
	}}
	own, standard := lifecycle(e), result.DefaultLifecycle()
	for _, p := range parameters() {
		source := "set by the scenario"
		if p.value(own) == p.value(standard) {
			source = p.source
		}
		t.Rows = append(t.Rows, claims.Row(p.name, "lifecycle."+p.key, p.unit.Tick(p.value(own))+p.after, source))
	}
	return t
}

// A parameter describes the fleet.
type parameter struct {
	name, key string
	value     func(result.Lifecycle) float64
	unit      reports.Unit
	after     string // what follows the number
	source    string // of the default
}

// parameters returns all of them. What is assumed says so.
func parameters() []parameter {
	return []parameter{
		{"meters", "meters", func(l result.Lifecycle) float64 { return float64(l.Meters) }, reports.Count, "", "assumed: the region of one grid operator"},
		{"readings of a meter per day", "readings_per_day", func(l result.Lifecycle) float64 { return l.Readings }, reports.Plain, "",
			"one each quarter of an hour, as the German Metering Point Operation Act (MsbG) has it for load profiles; assumed: each is signed and verified by itself"},
		{"lifetime of a key", "key_years", func(l result.Lifecycle) float64 { return l.KeyLifetime }, reports.Plain, " years",
			"two years, as certificates of the German smart metering PKI are renewed (https://www.telesec.de/de/serverpass/support/170-energyca, after the BSI's " +
				"certificate policy); assumed: a meter's too"},
		{"lifetime of a meter", "meter_years", func(l result.Lifecycle) float64 { return l.MeterLifetime }, reports.Plain, " years",
			"eight years, for which electronic electricity meters are verified in Germany (Mess- und Eichverordnung; " +
				"https://grimma.de/buergerservice/dienstleistungen/eichfristen-900000471-0.html)"},
		{"keys revoked per year", "revoked_per_year", func(l result.Lifecycle) float64 { return l.Revoked }, reports.Share, "",
			"8 % of the certificates of web servers were revoked within their lifetime (Liu et al., IMC 2015, https://sslresearch.org/imc15.html), over two years; " +
				"assumed: meters' as many, which is much"},
		{"verifiers", "verifiers", func(l result.Lifecycle) float64 { return float64(l.Verifiers) }, reports.Count, "",
			"assumed: supplier, grid operator and metering point operator, each for itself"},
		{"age of a revocation status", "status_age", func(l result.Lifecycle) float64 { return l.StatusAge / 3600 }, reports.Plain, " h",
			"the default age of a CRL of fabric-ca (crl.expiry: 24h)"},
	}
}
