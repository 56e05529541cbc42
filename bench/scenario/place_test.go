package scenario

import (
	"fmt"
	"strings"
	"testing"
)

// What a device does not make is refused where the device is capped, and only
// there.
func TestDevice(t *testing.T) {
	const hint = "; leave caps.device out"
	for given, want := range map[string]string{
		"kind: plain":                               "",
		"kind: padded":                              "",
		"kind: encrypted":                           "",
		"kind: encrypted, encryption: {bank: 9}":    "a.yaml:4:41: workload.encryption: a device encrypts every reading when it is due; use encryption: inline",
		"kind: encrypted, scheme: dmcfe, length: 2": "a.yaml:4:37: workload.scheme: the keys of a group of dmcfe are agreed on in the load generator, not in the device" + hint,
		"kind: billing, length: 2":                  "a.yaml:4:18: workload.kind: bills are computed in the load generator, not in the device" + hint,
	} {
		text := strings.Replace(single, "kind: encrypted", given, 1)
		if _, err := Parse("a.yaml", []byte(text), nil); err != nil {
			t.Errorf("%s without a cap: %v", given, err)
		}
		text = strings.Replace(text, "workload:", "caps: {device: {cpus: 0.5}}\nworkload:", 1)
		_, err := Parse("a.yaml", []byte(text), nil)
		if err == nil && want == "" {
			continue
		}
		if fmt.Sprint(err) != want {
			t.Errorf("%s: %v, want %s", given, err, want)
		}
	}
	mix := "name: a\ntopology: minimal\ncaps: {device: {memory: 64MiB}}\nworkloads: [{kind: plain, weight: 1}, {kind: encrypted, encryption: {bank: 3}, weight: 2}]\nload: {kind: closed, clients: [1], hold: 3s}\n"
	if _, err := Parse("a.yaml", []byte(mix), nil); err == nil || !strings.HasPrefix(err.Error(), "a.yaml:4:69: workloads[1].encryption: a device encrypts") {
		t.Errorf("got %v", err)
	}
	trace := "name: a\ntopology: minimal\ncaps: {device: {cpus: 0.5}}\nworkload: {kind: plain}\nload: {kind: open, arrivals: {trace: t.csv}, hold: 3s}\n"
	if _, err := Parse("a.yaml", []byte(trace), nil); err == nil || !strings.Contains(err.Error(), "takes no trace; leave caps.device out") {
		t.Errorf("got %v", err)
	}
}
