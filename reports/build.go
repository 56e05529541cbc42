package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"meterbench/bench/result"
)

// Build makes the report of a stored run. It never fails: what the run does
// not hold is said in the report.
func Build(run result.Run, sum result.Summary) Report {
	all := seriesOf(sum)
	fe := newEncryption(sum.FE, all)
	r := Report{
		Scenario:  sum.Scenario,
		Run:       sum.Run,
		Target:    sum.Target,
		Simulated: sum.Target == "reference",
		Complete:  sum.Complete,
		Started:   run.Started,
		Ended:     run.Ended,
		Findings:  findings(run, sum, all, fe),
		Warnings:  warnings(sum, all),
		Manifest:  manifest(run, sum),
		Source:    run.Source,
		Topology:  indented(run.Topology),
	}
	if s, ok := claimsSection(sum.Claims); ok {
		r.Sections = append(r.Sections, s)
	}
	r.Sections = append(r.Sections, throughputSection(all))
	if s, ok := phasesSection(all); ok {
		r.Sections = append(r.Sections, s)
	}
	if s, ok := factorSection(all); ok {
		r.Sections = append(r.Sections, s)
	}
	r.Sections = append(r.Sections,
		latencySection(all),
		resourceSection(all, run.Host),
		encryptionSection(fe, run),
		checksSection(sum, all))
	return r
}

// FE makes the report of encryption costs that were measured without a run.
func FE(costs []result.FECost) Report {
	e := newEncryption(costs, nil)
	return Report{Scenario: "Cost of functional encryption on this machine", Complete: true, Sections: []Section{{
		ID: "encryption", Title: "Functional encryption", Figures: e.costFigures(), Tables: []Table{e.costTable(), e.schemeTable()},
	}}}
}

func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return string(raw)
	}
	return b.String()
}

// warnings gathers what restricts the numbers: the run's own warnings, then
// every point that is not valid with its reasons, those with the same ones
// together.
func warnings(sum result.Summary, all []series) []Warning {
	var ws []Warning
	seen := map[string]bool{}
	for _, w := range sum.Warnings {
		if !seen[w] {
			seen[w] = true
			ws = append(ws, Warning{Text: w})
		}
	}
	var order []string
	where := map[string][]string{}
	for _, s := range all {
		for _, l := range s.levels {
			for _, p := range l.points {
				why := reasons(p)
				if why == "" {
					continue
				}
				if where[why] == nil {
					order = append(order, why)
				}
				where[why] = append(where[why], place(p, len(l.points) > 1))
			}
		}
	}
	for _, why := range order {
		ws = append(ws, Warning{strings.Join(fewOf(where[why]), "; "), why})
	}
	return ws
}

func reasons(p result.Point) string {
	if !p.Valid && len(p.Reasons) == 0 {
		return "not valid, no reason stored"
	}
	return strings.Join(p.Reasons, "; ")
}

func place(p result.Point, repeated bool) string {
	if repeated {
		return fmt.Sprintf("%s at %s, repetition %d", p.Series, at(p.Load), p.Repetition)
	}
	return fmt.Sprintf("%s at %s", p.Series, at(p.Load))
}
