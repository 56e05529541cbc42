package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const callsRun = `name: calls
warmup: 500ms
workload: {kind: invoke, contract: assets, function: PutAsset, args: [{sequence: {prefix: c}}, anna, 1]}
load: {kind: closed, clients: 2, hold: 2s}
`

// refuseCalls makes sure that a call which the contract assets of a held network does not take is refused at its place in the
// scenario, before any load, and whoever runs the network: attached has the overrides for it to be one of others.
func refuseCalls(t *testing.T, temp, held string, attached []string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "calls.yaml")
	if err := os.WriteFile(file, []byte(callsRun), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, on := range [][]string{{"--on", held}, attached} {
		for set, want := range map[string]string{
			"workload.function=PutAset":                                  "workload.function: contract assets has no function PutAset; ",
			"workload.before=[{function: CreateAset, args: [a]}]":        "workload.before[0].function: contract assets has no function CreateAset; ",
			"workload.before=[{function: CreateAsset, args: [a]}]":       "workload.before: ",
			"workload.args=[a]":                                          "calls.yaml:3:54: workload.function: contract assets took none of 5 calls of PutAsset: ",
			"workload.contract=asets":                                    "asets",
			"workload={kind: invoke, contract: keyvalue, function: Get}": "keyvalue",
		} {
			out := filepath.Join(dir, "out")
			args := append([]string{"run", file, "--out", out, "--set", set}, on...)
			p, code := command(t, temp, args...)
			text := strings.TrimSpace(p.stderr.String())
			last := text[strings.LastIndex(text, "\n")+1:]
			if code != exitUsage || !strings.Contains(last, want) || strings.Contains(text, "load level") {
				t.Errorf("%s: exit code %d, %s", set, code, text)
			}
		}
	}
}
