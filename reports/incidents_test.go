package reports

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// Whoever ended or hung is a headline with the time, how that was noticed, and what the window was worth until then; the last
// lines of a log stand in the details alone.
func TestIncidentFindings(t *testing.T) {
	at := time.Date(2026, 11, 28, 9, 10, 3, 0, time.UTC)
	orderer := result.Process{Role: result.RoleOrderer, Name: "orderer1"}
	in := result.Incident{Process: orderer, Kind: result.Ended, Noticed: result.NoticeExit, Since: at, Status: "signal: killed", Log: "logs/orderer1.log", Tail: []string{"last words"}}
	went := in
	went.Continued = true
	hung := result.Incident{Process: orderer, Kind: result.Hung, Noticed: result.NoticeState, Since: at}
	back := hung
	back.Until = at.Add(5 * time.Second)
	still := result.Incident{Process: result.Process{Name: "metrology"}, Kind: result.Hung, Noticed: result.NoticeHeight, Since: at}
	away := result.Incident{Process: orderer, Kind: result.Unreachable, Noticed: result.NoticeConnection, Since: at}
	silent := result.Incident{Process: orderer, Kind: result.Unreachable, Noticed: result.NoticeSilence, Since: at, Until: at.Add(5 * time.Second)}
	tests := []struct {
		name string
		in   result.Incident
		d    []result.Disruption // of consecutive points
		want Finding
	}{
		{"ended", in, []result.Disruption{{Process: orderer, Kind: result.Ended, At: 12.34, Window: 11.1, Throughput: 123.4}},
			Finding{Subject: "orderer1", Value: "ended at 09:10:03 UTC", Verdict: Bad, Text: "It ended unasked (signal: killed), and with it the run. " +
				"plain at 8 clients: 12.3 s into the level; until then 123 tx/s over 11.1 s of its window; the point is not valid."}},
		{"continued", went, []result.Disruption{{Process: orderer, Kind: result.Ended, At: 0.2}, {Process: orderer, Kind: result.Ended, At: -3}},
			Finding{Subject: "orderer1", Value: "ended at 09:10:03 UTC", Verdict: Caution, Text: "It ended unasked (signal: killed), and the run went on without it, " +
				"as the scenario says. plain at 8 clients: 200 ms into the level; the point is not valid. Levels that began later: 1."}},
		{"hung", hung, nil, Finding{Subject: "orderer1", Value: "hung at 09:10:03 UTC", Verdict: Bad, Text: "Since then it did not work: the kernel says that it is stopped. "}},
		{"back", back, nil, Finding{Subject: "orderer1", Value: "hung at 09:10:03 UTC", Verdict: Bad, Text: "For 5.00 s it did not work: the kernel says that it is stopped. "}},
		{"unreachable", away, []result.Disruption{{Process: orderer, Kind: result.Unreachable, At: 1.5}}, Finding{Subject: "orderer1",
			Value: "unreachable at 09:10:03 UTC", Verdict: Caution, Text: "From then on it cannot be connected to, and the run went on without it. " +
				"plain at 8 clients: 1.50 s into the level; the point is not valid."}},
		{"silent", silent, nil, Finding{Subject: "orderer1", Value: "unreachable at 09:10:03 UTC", Verdict: Caution,
			Text: "For 5.00 s it does not answer, and the run went on without it. "}},
		{"height", still, nil, Finding{Subject: "channel metrology", Value: "hung at 09:10:03 UTC", Verdict: Bad,
			Text: "Since then it did not work: transactions wait for a block, and none comes. "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sum := result.Summary{Incidents: []result.Incident{tt.in}}
			for _, d := range tt.d {
				p := result.Point{Series: "plain", Load: result.Load{Kind: result.LoadClosed, Clients: 8}, Disruptions: []result.Disruption{d}}
				sum.Points = append(sum.Points, p)
			}
			tt.want.To = "table-incidents"
			rep := Build(result.Run{}, sum)
			if diff := cmp.Diff([]Finding{tt.want}, incidentFindings(sum)); diff != "" {
				t.Error(diff)
			}
			for _, f := range rep.Findings {
				if strings.Contains(f.Text, "last words") {
					t.Errorf("the log stands in a finding: %+v", f)
				}
			}
			var table Table
			for _, s := range rep.Sections {
				for _, one := range s.AllTables() {
					if one.ID == "incidents" {
						table = one
					}
				}
			}
			if !table.Detail || len(table.Rows) != 1 || table.Rows[0][len(table.Columns)-1].Text != strings.Join(tt.in.Tail, " / ") {
				t.Errorf("details: %+v", table)
			}
		})
	}
	if rep := Build(result.Run{}, result.Summary{}); len(incidentTable(nil)) > 0 || len(rep.Findings) > 0 && rep.Findings[0].To == "table-incidents" {
		t.Error("incidents where there are none")
	}
}

// Who hung twice has a finding each time, with what that time meant.
func TestIncidentsOfOneProcess(t *testing.T) {
	at := time.Date(2026, 11, 28, 9, 10, 3, 0, time.UTC)
	first := result.Incident{Process: result.Process{Role: result.RolePeer, Name: "peer0.ptb"}, Kind: result.Hung, Noticed: result.NoticeHealth, Since: at, Until: at.Add(time.Second)}
	second := first
	second.Since, second.Until = at.Add(5*time.Second), at.Add(6*time.Second)
	var p result.Point
	for i, in := range []result.Incident{first, second} {
		p.Disruptions = append(p.Disruptions, result.Disruption{Process: in.Process, Kind: in.Kind, Since: in.Since, At: 1 + 5*float64(i)})
	}
	fs := incidentFindings(result.Summary{Incidents: []result.Incident{first, second}, Points: []result.Point{p}})
	for i, want := range []string{"1.00 s into the level", "6.00 s into the level"} {
		if !strings.Contains(fs[i].Text, want) {
			t.Errorf("%s: %s, want %s", fs[i].Value, fs[i].Text, want)
		}
	}
}
