package sensors2021

import (
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/network/lab"
)

// The shipped study has series for every question, at the institutes' distances and beside it at none, cuts off one and two
// institutes of every network, and has one join in both ways.
func TestShippedStudy(t *testing.T) {
	s, err := scenario.Read(t.Context(), Publication().Study, nil, lab.Catalog())
	if err != nil {
		t.Fatal(err)
	}
	found, cut, joins := map[string]bool{}, map[string]bool{}, map[result.JoinFrom]bool{}
	for _, series := range s.Series {
		for _, question := range append(low(), joinQuestion, lossQuestion) {
			base, _, _ := strings.Cut(series.Name, "/")
			if base == question || strings.HasPrefix(base, question+"-") {
				found[question+" "+series.Network.Distance] = true
			}
		}
		var sites []string
		for _, e := range series.Events.Events {
			switch e.Kind {
			case result.EventCut:
				sites = append(sites, e.Sites...)
			case result.EventJoin:
				joins[e.From] = true
			}
		}
		if sites != nil {
			cut[series.Network.Topology+" "+strings.Join(sites, " ")] = true
		}
	}
	for _, question := range append(low(), joinQuestion, lossQuestion) {
		if !found[question+" 1"] {
			t.Errorf("no series at the institutes' distances for %s", question)
		}
		if slices.Contains([]string{siteQuestion, leaderQuestion, policyQuestion, consensusQuestion}, question) && !found[question+" 0"] {
			t.Errorf("no series at distance 0 for %s", question)
		}
	}
	for _, network := range networks() {
		if !cut[network+" inmetro"] || !cut[network+" inmetro nmij"] {
			t.Errorf("%s: cut off are %v", network, cut)
		}
	}
	if !cut["inter-nmi ptb"] {
		t.Error("the leader's institute is not cut off")
	}
	for _, from := range result.JoinFroms() {
		if !joins[from] {
			t.Errorf("nobody joins from %s", from)
		}
	}
}
