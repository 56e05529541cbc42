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
