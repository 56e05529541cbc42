package metroind2020

import (
	"cmp"
	"fmt"
	"strings"

	"meterbench/bench/result"
	"meterbench/internal/group"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// trustTable says whom each system has to trust: whoever could have something false accepted on the live system.
func trustTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "trusted", Title: "Whom each system has to trust", Detail: true, Columns: []reports.Column{
		{Key: "system", Title: "system"}, {Key: "trusted", Title: "trusted"}, {Key: "accepted", Title: "what was accepted of them"},
	}, Notes: []string{"From attempts on the live systems of this run, as counted below: a system trusts whoever could have something false accepted."}}
	for _, system := range []result.System{result.SystemLedger, result.SystemCA} {
		tried, _ := probes(e, system)
		for _, of := range group.By(tried, func(p result.Probe) result.Trust { return p.Trust }) {
			var kinds []string
			for _, p := range of {
				if !p.Honest && p.Accepted > 0 {
					kinds = append(kinds, fmt.Sprintf("%s (%d of %d)", claims.Tried(p.Kind), p.Accepted, p.Attempts))
				}
			}
			if kinds != nil {
				t.Rows = append(t.Rows, claims.Row(systemName(system), claims.Trusted(of[0].Trust), strings.Join(kinds, "; ")))
			}
		}
	}
	return t
}

// outageTable says what works and what stops while processes of a system are down.
func outageTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "outages", Title: "What stops while a part of a system is down", Detail: true, Columns: []reports.Column{
		{Key: "system", Title: "system"}, {Key: "down", Title: "down"}, {Key: "later_s", Title: "later", Unit: reports.Seconds},
		{Key: "stops", Title: "stops"}, {Key: "works", Title: "works"},
	}, Notes: []string{"Tried on the live systems of this run: processes were killed, then each operation was attempted. Later: after so long by the " +
		"verifier's clock."}}
	if e.Summary.Integrity == nil {
		return t
	}
	type setting struct {
		system result.System
		down   string
		later  float64
	}
	for _, of := range group.By(e.Summary.Integrity.Outages, func(o result.Outage) setting { return setting{o.System, down(o), o.Later} }) {
		var stops, works []string
		for _, o := range of {
			switch {
			case o.Worked == o.Attempts:
				works = append(works, string(o.Operation))
			case o.Worked == 0:
				stops = append(stops, string(o.Operation))
			default:
				stops = append(stops, fmt.Sprintf("%s (%d of %d)", o.Operation, o.Attempts-o.Worked, o.Attempts))
			}
		}
		t.Rows = append(t.Rows, claims.Row(systemName(of[0].System), down(of[0]), of[0].Later, orNothing(stops), orNothing(works)))
	}
	return t
}

// orNothing writes a list of operations.
func orNothing(operations []string) string { return cmp.Or(strings.Join(operations, ", "), "nothing") }

// down names the processes that were killed.
func down(o result.Outage) string {
	if o.Down == "" {
		return "none"
	}
	return fmt.Sprintf("%s: %s", o.Down, strings.Join(o.Nodes, ", "))
}
