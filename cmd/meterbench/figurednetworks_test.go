package main

import (
	"os"
	"path/filepath"
	"testing"
)

// figuredTopology has two channels with the same contract.
const figuredTopology = `name: two
organisations: [{name: ptb}, {name: cmi}]
orderers: {consensus: raft, count: 1}
channels:
  - {name: a, batch: {timeout: 100ms, messages: 50}, chaincodes: [{name: readings, endorsement: any}]}
  - {name: b, batch: {timeout: 100ms, messages: 50}, chaincodes: [{name: readings, endorsement: any}]}
`

// networked are scenarios on networks, by name.
var networked = map[string]string{
	"mixed": `name: mixed
topology: minimal
warmup: 1s
workloads:
  - {kind: plain, length: 24, weight: 8}
  - {kind: encrypted, scheme: ecddh, length: 24}
  - {kind: billing, scheme: ecddh, length: 24, readings: 10, meters: 20}
load: {kind: closed, clients: [4, 16], hold: 6s}
`,
	"conflicts": `name: conflicts
topology: minimal
chaincodes: [{name: keyvalue}]
warmup: 1s
workload: {kind: invoke, contract: keyvalue, function: Update, args: [{uniform: {keys: 20, prefix: k}}, {text: {size: 100B}}]}
load: {kind: closed, clients: [4, 32], hold: 5s}
`,
	"channels": `name: channels
topology: two.topology.yaml
warmup: 1s
workload: {kind: plain}
load: {kind: closed, clients: 8, hold: 5s}
`,
	"faults": `name: faults
topology: four-peer-raft3
workload: {kind: plain}
warmup: 2s
load: {kind: open, rate: 20/s, arrivals: poisson, hold: 20s}
batch: {timeout: 250ms}
events:
  - {at: 4s, kill: {orderer: leader}}
  - {at: 9s, restart: {orderer: leader}}
  - {at: 13s, kill: peer0.cmi}
  - {at: 16s, restart: peer0.cmi}
`,
}

// Whatever is measured on a network, the page shows of it what is stored: levels second by second, blocks, transactions.
func TestFiguresOfNetworks(t *testing.T) {
	for name, text := range networked {
		t.Run(name, func(t *testing.T) {
			needsNetwork(t)
			dir, temp := t.TempDir(), t.TempDir()
			file, out := filepath.Join(dir, name+".yaml"), filepath.Join(dir, "out")
			for path, content := range map[string]string{file: text, filepath.Join(dir, "two.topology.yaml"): figuredTopology} {
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p := start(t, temp, "run", file, "--live", "--out", out)
			p.says(t, &p.stderr, "live page: http")
			studies, ledgers := watchAll(t, liveAddress(t, p.stderr.String()), 5)
			if code := p.exit(t); code != exitOK || len(studies) != 1 {
				t.Fatalf("exit code %d, %d studies\n%s", code, len(studies), &p.stderr)
			}
			run := runFolder(t, out, name)
			studies[0].agrees(t, run)
			ledgers.agrees(t, run, true)
			nothingLeft(t, temp)
		})
	}
}
