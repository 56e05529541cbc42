package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"meterbench/bench/result"
)

// incidentFindings has a headline for every process that ended unasked, hung or was not reached.
func incidentFindings(sum result.Summary) (fs []Finding) {
	for _, in := range sum.Incidents {
		f := Finding{Subject: in.Subject(), Value: string(in.Kind) + " at " + clockTime(in.Since), Verdict: Bad, To: "table-incidents"}
		switch {
		case in.Kind == result.Ended && in.Continued:
			f.Verdict = Caution
			f.Text = fmt.Sprintf("It ended unasked (%s), and the run went on without it, as the scenario says. ", in.Status)
		case in.Kind == result.Ended:
			f.Text = fmt.Sprintf("It ended unasked (%s), and with it the run. ", in.Status)
		case in.Kind == result.Unreachable && in.Until.IsZero():
			f.Verdict = Caution
			f.Text = fmt.Sprintf("From then on %s, and the run went on without it. ", in.Noticed)
		case in.Kind == result.Unreachable:
			f.Verdict = Caution
			f.Text = fmt.Sprintf("For %s %s, and the run went on without it. ", Seconds.Format(in.Until.Sub(in.Since).Seconds()), in.Noticed)
		case in.Until.IsZero():
			f.Text = fmt.Sprintf("Since then it did not work: %s. ", in.Noticed)
		default:
			f.Text = fmt.Sprintf("For %s it did not work: %s. ", Seconds.Format(in.Until.Sub(in.Since).Seconds()), in.Noticed)
		}
		f.Text += strings.Join(disruptionsBy(sum, in), " ")
		fs = append(fs, f)
	}
	return fs
}

// disruptionsBy says what an incident meant for the points that it concerns: the worth of the window that it fell into, and
// how many levels lie behind it.
func disruptionsBy(sum result.Summary, in result.Incident) (texts []string) {
	after := 0
	for _, p := range sum.Points {
		at := slices.IndexFunc(p.Disruptions, func(d result.Disruption) bool {
			return d.Process == in.Process && d.Kind == in.Kind && (d.Since.IsZero() || d.Since.Equal(in.Since))
		})
		if at < 0 {
			continue
		}
		d := p.Disruptions[at]
		if d.At < 0 {
			after++
			continue
		}
		text := fmt.Sprintf("%s at %s: %s into the level", p.Series, p.Load, Seconds.Format(d.At))
		if d.Window > 0 {
			text += fmt.Sprintf("; until then %s over %s of its window", PerSecond.Format(d.Throughput), Seconds.Format(d.Window))
		}
		if !p.Valid {
			text += "; the point is not valid"
		}
		texts = append(texts, text+".")
	}
	if after > 0 {
		texts = append(texts, fmt.Sprintf("Levels that began later: %d.", after))
	}
	return texts
}

// incidentTable lists them with the last lines of their logs, and is none where there are no incidents.
func incidentTable(all []result.Incident) []Table {
	if len(all) == 0 {
		return nil
	}
	t := Table{ID: "incidents", Title: "Processes that ended unasked, hung or were not reached", Detail: true, Columns: []Column{
		{Key: "process", Title: "process"}, {Key: "what", Title: "what"}, {Key: "since", Title: "since"}, {Key: "until", Title: "until"},
		{Key: "noticed", Title: "noticed by"}, {Key: "status", Title: "status"}, {Key: "log", Title: "log"}, {Key: "tail", Title: "last lines of the log"},
	}}
	for _, in := range all {
		t.Rows = append(t.Rows, []Cell{{Text: in.Subject()}, {Text: string(in.Kind)}, {Text: instant(in.Since)}, {Text: instant(in.Until)},
			{Text: string(in.Noticed)}, {Text: in.Status}, {Text: in.Log}, {Text: strings.Join(in.Tail, " / ")}})
	}
	return []Table{t}
}

func clockTime(at time.Time) string { return at.UTC().Format(time.TimeOnly + " MST") }
