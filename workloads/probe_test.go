package workloads

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/scenario"
	"meterbench/workloads/values"
)

// A contract is tried with the transactions of the load, transient data included, on every channel until it takes one.
func TestProbe(t *testing.T) {
	w, err := newInvoke(t.Context(), Spec{First: 7, Channels: []string{"a", "b"}, Workload: scenario.Workload{Options: Invocation{
		Contract: "assets", Function: "Put", Args: []values.Value{values.Literal("x")}, Transient: map[string]values.Value{"secret": values.Literal("s")},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	var channels []int
	probe := func(takes func(tx bench.Transaction) bool) error {
		channels = nil
		return w.(Prober).Probe(t.Context(), func(_ context.Context, tx bench.Transaction) error {
			channels = append(channels, tx.Channel)
			if !takes(tx) {
				return refused
			}
			return nil
		})
	}
	secret := func(tx bench.Transaction) bool {
		return string(tx.Transient["secret"]) == "s" && tx.Function == "Put" && len(tx.Args) == 1
	}
	if err := probe(secret); err != nil {
		t.Errorf("what needs transient data refuses: %v", err)
	}
	if diff := cmp.Diff([]int{0, 1}, channels); diff != "" {
		t.Error(diff)
	}
	err = probe(func(tx bench.Transaction) bool { return tx.Channel == 0 })
	if !errors.Is(err, refused) || !strings.Contains(err.Error(), "contract assets took none of 5 calls of Put") || len(channels) != 2*probes {
		t.Errorf("%v after %d tries", err, len(channels))
	}
}
