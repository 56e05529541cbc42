package scenario_test

import (
	"fmt"
	"strings"
	"testing"
)

// What no cap would count for is refused where the device is capped, and only
// there.
func TestDevice(t *testing.T) {
	for given, want := range map[string]string{
		"kind: plain":                               "",
		"kind: padded":                              "",
		"kind: encrypted":                           "",
		"kind: encrypted, encryption: {bank: 9}":    "a.yaml:4:41: workload.encryption: ciphertexts made before the load would have no cap when they count; use encryption: inline, or leave caps.device out",
		"kind: encrypted, scheme: dmcfe, length: 2": "",
		"kind: billing, length: 4":                  "",
	} {
		t.Run(given, func(t *testing.T) {
			text := strings.Replace(single, "kind: encrypted", given, 1)
			if _, err := parse(text); err != nil {
				t.Errorf("without a cap: %v", err)
			}
			text = strings.Replace(text, "workload:", "caps: {device: {cpus: 0.5}}\nworkload:", 1)
			_, err := parse(text)
			if err == nil && want == "" {
				return
			}
			if fmt.Sprint(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
	mix := "name: a\ntopology: minimal\ncaps: {device: {memory: 64MiB}}\nworkloads: [{kind: plain, weight: 1}, {kind: encrypted, encryption: {bank: 3}, weight: 2}]\nload: {kind: closed, clients: [1], hold: 3s}\n"
	if _, err := parse(mix); err == nil || !strings.HasPrefix(err.Error(), "a.yaml:4:69: workloads[1].encryption: ciphertexts made before the load") {
		t.Errorf("got %v", err)
	}
	trace := "name: a\ntopology: minimal\ncaps: {device: {cpus: 0.5}}\nworkload: {kind: plain}\nload: {kind: open, arrivals: {trace: t.csv}, hold: 3s}\n"
	if _, err := parse(trace); err != nil {
		t.Error(err)
	}
}
