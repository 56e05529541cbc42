package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const panicsRun = `name: panics
topology: minimal
chaincodes:
  - {name: assets, source: ./asset-contract}
workload: {kind: invoke, contract: assets, function: PutAsset, args: [{sequence: {prefix: c}}, anna, 1]}
load: {kind: closed, clients: 2, hold: 2s}
`

// A contract of the user's whose function ends its program when it is tried is refused with its place and last word, before
// any load.
func TestOwnContractThatPanics(t *testing.T) {
	needsNetwork(t)
	temp, work := t.TempDir(), t.TempDir()
	if err := os.CopyFS(filepath.Join(work, "asset-contract"), os.DirFS(filepath.Join(root, "examples", "asset-contract"))); err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob(filepath.Join(work, "asset-contract", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	const function = "value int) error {\n"
	for _, name := range sources {
		if err := os.WriteFile(name, []byte(strings.ReplaceAll(readText(t, name), function, function+"\tpanic(\"nobody owns it\")\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(work, "panics.yaml")
	if err := os.WriteFile(file, []byte(panicsRun), 0o600); err != nil {
		t.Fatal(err)
	}
	p, code := command(t, temp, "run", file, "--out", filepath.Join(work, "out"))
	text := strings.TrimSpace(p.stderr.String())
	last := text[strings.LastIndex(text, "\n")+1:]
	if want := file + ":4:28: chaincodes[0].source: ended (exit status 2): panic: nobody owns it; "; code != exitUsage || !strings.Contains(last, want) ||
		strings.Contains(text, "load level") {
		t.Errorf("exit code %d, want %d and %s\n%s", code, exitUsage, want, text)
	}
	nothingLeft(t, temp)
}
