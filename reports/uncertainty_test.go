package reports

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// A budget is shown with what each source contributes, what is missing and which source matters most.
func TestUncertainty(t *testing.T) {
	load := result.Load{Kind: result.LoadClosed, Clients: 8}
	throughput := result.Budget{Figure: "throughput_per_s", Series: "a", Load: load, Value: 100, Missing: []result.Source{result.SourceInstrument}}
	throughput.Add(result.SourceScatter, 3, 0)
	throughput.Add(result.SourceEndEffects, 4, 0)
	latency := result.Budget{Figure: "commit_p50_s", Series: "a", Load: load, Value: 0.2, Repetitions: 2}
	latency.Add(result.SourceObserver, 0.01, 1)
	r := Build(result.Run{}, result.Summary{Uncertainty: []result.Budget{latency, throughput}})
	for id, want := range map[string]string{
		"uncertainty-throughput": "series=a load=8 clients value=100 value_scatter=3 value_end-effects=4 value_standard=5 coverage_factor=2 value_expanded=10 " +
			"expanded_share=0.1 mostly=end effects, 64.0 % \n",
		"uncertainty-commit-p50": "series=a load=8 clients repetitions=2 value=0.2 value_observer=0.01 value_standard=0.01 coverage_factor=13.97 value_expanded=0.1397 " +
			"expanded_share=0.6984 mostly=observer, 100 % \n",
	} {
		if diff := cmp.Diff(want, printed(tableOf(t, r, id))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
	table := tableOf(t, r, "uncertainty-throughput")
	instrument := slices.IndexFunc(table.Columns, func(c Column) bool { return c.Title == string(result.SourceInstrument) })
	if instrument < 0 || table.Rows[0][instrument].Why != whyMissing {
		t.Errorf("the table does not say that nothing is known of the instrument: %v", table.Rows[0])
	}
	if slices.ContainsFunc(Build(result.Run{}, result.Summary{}).Sections, func(s Section) bool { return s.ID == "uncertainty" }) {
		t.Error("a run of an older version has a section of uncertainty")
	}
}
