package metroind2020

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/network/lab"
)

// The shipped study has a series for every operation that is set side by side, on the published number of peers, and
// describes the fleet whose sources the report names.
func TestShippedStudy(t *testing.T) {
	s, err := scenario.Read(t.Context(), Publication().Study, nil, lab.Catalog())
	if err != nil {
		t.Fatal(err)
	}
	standard := result.DefaultLifecycle()
	if diff := cmp.Diff(&standard, s.Lifecycle); diff != "" {
		t.Errorf("the fleet is not the default's (-want +got):\n%s", diff)
	}
	for _, o := range operations() {
		found := false
		for _, series := range s.Series {
			c := result.Conditions{Wait: series.Load.Wait}
			series.Workload.Options.Describe(&c)
			answers := series.Name == o.question || strings.HasPrefix(series.Name, o.question+"-")
			found = found || answers && o.is(c) && series.Network.Topology == "four-peer"
		}
		if !found {
			t.Errorf("no series of the study measures %q", o.name)
		}
	}
}

// Levels of one round are measured in the order of the series: ledger and certification authority alternate in it, but
// where there are more operations of one than of the other.
func TestShippedStudyAlternates(t *testing.T) {
	s, err := scenario.Read(t.Context(), Publication().Study, nil, lab.Catalog())
	if err != nil {
		t.Fatal(err)
	}
	var row []string
	for _, series := range s.Series {
		if series.Network.Topology != "four-peer" {
			continue
		}
		if len(row) > 0 && strings.HasPrefix(row[0], caQuestion+"-") != strings.HasPrefix(series.Name, caQuestion+"-") {
			row = nil
		}
		if row = append(row, series.Name); len(row) > 2 {
			t.Errorf("%v follow each other on one system", row)
		}
	}
}

// Operations that are ordered are measured by what clients wait for, each at one client and at several.
func TestShippedStudyByWait(t *testing.T) {
	s, err := scenario.Read(t.Context(), Publication().Study, nil, lab.Catalog())
	if err != nil {
		t.Fatal(err)
	}
	found := map[result.Operation]map[result.Wait][]int{}
	for _, series := range s.Series {
		var c result.Conditions
		series.Workload.Options.Describe(&c)
		if c.Workload != result.PKI || c.Query || c.Batch > 1 || series.Network.Topology != "four-peer" {
			continue
		}
		if found[c.Operation] == nil {
			found[c.Operation] = map[result.Wait][]int{}
		}
		found[c.Operation][series.Load.Wait] = series.Load.Clients
	}
	waits := map[result.Wait][]int{result.WaitCommit: {1, 8, 64}, result.WaitAcknowledge: {1, 8}}
	want := map[result.Operation]map[result.Wait][]int{
		result.OpRegister: waits, result.OpVerifySubmit: waits, result.OpRotate: waits, result.OpRevoke: waits,
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
