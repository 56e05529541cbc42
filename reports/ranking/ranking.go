// Package ranking shows what each level of a factor reaches: a table and figures for a planner, dominated settings greyed.
//
// Data flow: a rank.Ranking comes in; a section of a run's report, or a report of its own about many runs, goes out.
package ranking

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/rank"
	"meterbench/bench/result"
	"meterbench/reports"
)

// ID is that of the section and of its table.
const ID = "ranking"

// Add puts the ranking of a run that varies one factor into its report, behind what it says of factors. There is none where a
// run varies none or several, or where fewer than two of its settings have a capacity.
func Add(rep *reports.Report, folder *result.Folder) {
	section, ok := of(folder)
	if !ok {
		return
	}
	at := slices.IndexFunc(rep.Sections, func(s reports.Section) bool { return s.ID == "factors" })
	rep.Sections = slices.Insert(rep.Sections, at+1, section)
}

func of(folder *result.Folder) (reports.Section, bool) {
	factor, ok := rank.Varied(&folder.Summary)
	if !ok {
		return reports.Section{}, false
	}
	r, err := rank.Rank([]*result.Folder{folder}, rank.Options{Factor: factor})
	if err != nil {
		return reports.Section{}, false
	}
	known := 0
	for _, g := range r.Groups {
		for _, s := range g.Settings {
			if s.Capacity.Known() {
				known++
			}
		}
	}
	return Section(r), known > 1
}

// Section shows a ranking.
func Section(r *rank.Ranking) reports.Section {
	drawn := slices.DeleteFunc(figures(r), func(f reports.Figure) bool { return f.Empty != "" })
	return reports.Section{
		ID: ID, Title: "Ranking by " + r.Factor,
		Intro: fmt.Sprintf("What each setting of %s reaches at saturation, and what a transaction takes at %.0f %% of that, a load that leaves room for peaks. "+
			"Settings that another one beats are greyed.", r.Factor, 100*rank.Share),
		Figures: drawn, Tables: []reports.Table{table(r)},
	}
}

// Report shows a ranking of some runs by itself.
func Report(r *rank.Ranking, runs []*result.Folder) reports.Report {
	rep := reports.Report{
		Scenario: "Ranking by " + r.Factor, Simulated: r.Simulated, Complete: true, Lead: lead(r, runs),
		Findings: findings(r), Warnings: warnings(r, runs), Sections: []reports.Section{Section(r)},
		Manifest: reports.Table{ID: "manifest", Title: "Runs", Columns: []reports.Column{
			{Key: "folder", Title: "folder"}, {Key: "scenario", Title: "scenario"}, {Key: "run", Title: "run"}, {Key: "started", Title: "started"},
		}},
	}
	for _, f := range runs {
		rep.Manifest.Rows = append(rep.Manifest.Rows, []reports.Cell{
			{Text: f.Dir}, {Text: f.Run.Scenario}, {Text: f.Run.ID}, {Text: f.Run.Started.UTC().Format("2006-01-02 15:04:05 UTC")}})
	}
	return rep
}

// lead says what is ranked.
func lead(r *rank.Ranking, runs []*result.Folder) string {
	settings := map[string]bool{}
	for _, g := range r.Groups {
		for _, s := range g.Settings {
			settings[s.Level] = true
		}
	}
	of := "1 run"
	if len(runs) > 1 {
		of = fmt.Sprintf("%d runs", len(runs))
	}
	if n := len(r.Groups); n > 1 {
		of += fmt.Sprintf(", compared in each of %d series", n)
	}
	return fmt.Sprintf("%d settings of %s from %s.", len(settings), r.Factor, of)
}

// findings name the settings of each group that are worth a choice.
func findings(r *rank.Ranking) (all []reports.Finding) {
	for _, g := range r.Groups {
		var open, closed, unknown []string
		for _, s := range g.Settings {
			switch {
			case !s.Capacity.Known():
				unknown = append(unknown, s.Level)
			case len(s.DominatedBy) > 0:
				closed = append(closed, fmt.Sprintf("%s by %s", s.Level, listed(s.DominatedBy)))
			default:
				open = append(open, s.Level)
			}
		}
		f := reports.Finding{Subject: "Not dominated", Value: listed(open), Verdict: reports.Neutral, To: ID}
		if g.Name != "" {
			f.Subject += ", " + g.Name
		}
		if f.Text = "No setting is beaten in everything that counts."; len(closed) > 0 {
			f.Text = "Dominated: " + strings.Join(closed, "; ") + "."
		}
		if len(unknown) > 0 {
			f.Verdict = reports.Caution
			f.Text += fmt.Sprintf(" Without a saturation, and so left open: %s.", listed(unknown))
		}
		if len(open) == 0 {
			f.Value = "cannot tell"
		}
		all = append(all, f)
	}
	return all
}

// warnings say what beside the factor may be why settings differ.
func warnings(r *rank.Ranking, runs []*result.Folder) (all []reports.Warning) {
	for _, f := range runs {
		if !f.Summary.Complete {
			all = append(all, reports.Warning{Where: f.Dir, Text: "the run was interrupted; it counts with what it measured"})
		}
	}
	for _, g := range r.Groups {
		for _, d := range g.Differences {
			var parts []string
			for i, values := range d.Values {
				parts = append(parts, fmt.Sprintf("%s for %s", orNone(values), g.Settings[i].Level))
			}
			all = append(all, reports.Warning{Where: g.Name, Text: fmt.Sprintf("%s differs beside %s: %s", d.Key, r.Factor, strings.Join(parts, ", "))})
		}
	}
	if len(r.Without) > 0 {
		all = append(all, reports.Warning{Text: fmt.Sprintf("left out, without a level of %s: %s", r.Factor, listed(r.Without))})
	}
	return all
}

func orNone(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	return strings.Join(values, " or ")
}

// listed writes names as a list in a sentence.
func listed(names []string) string {
	if last := len(names) - 1; last > 0 {
		return strings.Join(slices.Clone(names[:last]), ", ") + " and " + names[last]
	}
	return strings.Join(names, "")
}
