// Package publications is the table of the publications whose claims can be tested.
//
// It stands above the packages of the publications, which build on package claims. A new publication is a
// package beside claims/closer2020, its study among the shipped scenarios, and a row here: commands, report
// and tests ask this table.
package publications

import (
	"fmt"
	"strings"

	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
	"meterbench/reports"
	"meterbench/reports/claims"
	"meterbench/reports/claims/closer2020"
	"meterbench/reports/claims/metroind2020"
	"meterbench/reports/claims/sensors2021"
)

// All returns every publication.
func All() []claims.Publication {
	return []claims.Publication{
		closer2020.Publication(),
		metroind2020.Publication(),
		sensors2021.Publication(),
	}
}

// Find returns the publication of an id.
func Find(id string) (claims.Publication, error) {
	var known []string
	for _, p := range All() {
		if p.ID == id {
			return p, nil
		}
		known = append(known, p.ID)
	}
	return claims.Publication{}, fmt.Errorf("there is no publication %q to reproduce; %s", id, strictyaml.Hint(id, known))
}

// Section shows what the verdicts of a stored run rest on. It is false for a run without claims.
func Section(run result.Run, sum result.Summary) (reports.Section, bool) {
	for _, p := range All() {
		if len(sum.Claims) > 0 && strings.HasPrefix(sum.Claims[0].ID, p.ID+"/") {
			return p.Section(&claims.Evidence{Run: run, Summary: sum}), true
		}
	}
	return reports.Section{}, false
}
