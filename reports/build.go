package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"meterbench/bench/result"
)

// Build makes the report of a stored run. It never fails: what the run does not hold is said in the
// report.
func Build(run result.Run, sum result.Summary) Report {
	all := seriesOf(sum)
	fe := newEncryption(sum.FE, all)
	r := Report{
		Scenario:  sum.Scenario,
		Run:       sum.Run,
		Target:    sum.Target,
		Simulated: sum.Target == reference,
		Complete:  sum.Complete,
		Started:   run.Started,
		Ended:     run.Ended,
		Findings:  findings(run, sum, all, fe),
		Warnings:  warnings(sum, all),
		Manifest:  manifest(run, sum),
		Source:    run.Source,
		Topology:  indented(run.Topology),
	}
	add := func(s Section, ok bool) {
		if ok {
			r.Sections = append(r.Sections, s)
		}
	}
	add(claimsSection(sum.Claims))
	add(throughputSection(all), true)
	add(phasesSection(all))
	add(factorSection(all))
	add(latencySection(all), true)
	add(resourceSection(all, run.Host), true)
	add(encryptionSection(fe, run), true)
	add(checksSection(sum, all), true)
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

// warnings gathers what restricts the numbers: the run's own warnings, then every point that is not
// valid with its reasons, those with the same ones together.
func warnings(sum result.Summary, all []series) (ws []Warning) {
	for _, w := range sum.Notices {
		ws = append(ws, Warning{places(w.Where), w.Text})
	}
	ws = distinct(ws)
	var flagged []flag
	for _, s := range all {
		for _, l := range s.levels {
			for _, p := range l.points {
				if why := reasons(p); why != "" {
					flagged = append(flagged, flag{why, place(p, len(l.points) > 1)})
				}
			}
		}
	}
	for _, group := range GroupBy(flagged, func(f flag) string { return f.why }) {
		var where []string
		for _, f := range group {
			where = append(where, f.where)
		}
		ws = append(ws, Warning{places(where), group[0].why})
	}
	return ws
}

func places(where []string) string {
	if len(where) == 0 {
		return "" // the run as a whole
	}
	return listed(fewOf(where))
}

// A flag is why a point is not valid, and which point.
type flag struct{ why, where string }

func reasons(p result.Point) string {
	if !p.Valid && len(p.Reasons) == 0 {
		return "not valid, no reason stored"
	}
	return strings.Join(p.Reasons, "; ")
}

func place(p result.Point, repeated bool) string {
	where := fmt.Sprintf("%s at %s", p.Series, p.Load)
	if repeated {
		where += fmt.Sprintf(", repetition %d", p.Repetition)
	}
	return where
}
