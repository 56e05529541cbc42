package scenario_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"meterbench/bench/scenario"
	"meterbench/bench/threshold"
	"meterbench/network/lab"
	"meterbench/workloads"
)

// parse reads a scenario from its text, with the tables that the program has.
func parse(text string, sets ...string) (scenario.Scenario, error) {
	return scenario.Parse("a.yaml", []byte(text), sets, lab.Catalog())
}

// equal reports how a value differs from the one that is wanted.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := diff(want, got); d != "" {
		t.Errorf("%s differs from what is wanted:\n%s", what, d)
	}
}

// options returns what only workloads of readings and bills have.
func options(w scenario.Workload) workloads.Options { return w.Options.(workloads.Options) }

// diff returns how two values differ, but for what says where they stand in the file.
func diff(want, got any) string {
	return cmp.Diff(want, got, cmpopts.IgnoreFields(scenario.TargetKind{}, "New"),
		cmpopts.IgnoreUnexported(scenario.Scenario{}, scenario.Series{}, scenario.Search{}, scenario.Schedule{}, scenario.Event{}, scenario.Random{}, workloads.Options{}, threshold.Threshold{}),
		cmp.Exporter(func(t reflect.Type) bool { return strings.HasPrefix(t.PkgPath(), "meterbench/workloads") }))
}

// read reads a scenario likewise, by its name or from a file.
func read(nameOrPath string, sets ...string) (scenario.Scenario, error) {
	return scenario.Read(context.Background(), nameOrPath, sets, lab.Catalog())
}
