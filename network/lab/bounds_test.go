package lab

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"meterbench/bench/scenario"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// A scenario that is read can be simulated: its bounds are those of the fleet,
// and a mix is not too large.
func TestScenariosHaveTheSimulatorsBounds(t *testing.T) {
	parts := func(n, weight int) string {
		return fmt.Sprintf("workloads: [{kind: plain, weight: %d}%s]", weight, strings.Repeat(", {kind: plain}", n-1))
	}
	for _, c := range []struct{ most, beyond string }{
		{fmt.Sprintf("workload: {kind: plain, meters: %d}", meter.MaxMeters), fmt.Sprintf("workload: {kind: plain, meters: %d}", meter.MaxMeters+1)},
		{fmt.Sprintf("workload: {kind: plain, interval: %s}", meter.MaxInterval), fmt.Sprintf("workload: {kind: plain, interval: %s}", meter.MaxInterval+time.Second)},
		{"workload: {kind: plain, interval: 1s}", "workload: {kind: plain, interval: 999ms}"},
		{"workload: {kind: plain, interval: 2s}", "workload: {kind: plain, interval: 1500ms}"},
		{fmt.Sprintf("workload: {kind: billing, form: plain, readings: %d}", reading.MaxBilled), fmt.Sprintf("workload: {kind: billing, form: plain, readings: %d}", reading.MaxBilled+1)},
		{parts(256, 1), parts(257, 1)},
		{parts(2, 999), parts(2, 1000)},
	} {
		t.Run(c.most, func(t *testing.T) {
			for text, right := range map[string]bool{c.most: true, c.beyond: false} {
				_, err := scenario.Parse("a.yaml", []byte("name: a\ntopology: minimal\n"+text+"\nload: {kind: closed, clients: 1, hold: 3s}\n"), nil, Catalog())
				switch {
				case (err == nil) != right:
					t.Errorf("%.80s: %v", text, err)
				case !right && !strings.HasPrefix(err.Error(), "a.yaml:3:"):
					t.Errorf("no place in %v", err)
				}
			}
		})
	}
}
