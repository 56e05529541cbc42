package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/network"
)

// goEnv returns variables of the Go toolchain, so that it finds them from another home folder.
func goEnv(t *testing.T, names ...string) (env []string) {
	t.Helper()
	for _, name := range names {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(value)))
	}
	return env
}

// A newcomer benchmarks a contract from an empty folder with the file and the
// two commands of docs/contracts.md.
func TestOwnContractFromAnEmptyFolder(t *testing.T) {
	needsNetwork(t)
	_, section, _ := strings.Cut(text(t, "docs/contracts.md"), "\n## One file, two commands\n")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := fence.FindAllStringSubmatch(section, -1)
	if len(blocks) != 2 || strings.Count(blocks[1][2], "\n") != 2 {
		t.Fatalf("the section has %d blocks: one file and two commands are promised", len(blocks))
	}
	temp, home, empty := t.TempDir(), t.TempDir(), t.TempDir()
	abs, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(abs, filepath.Join(home, "meterbench")); err != nil {
		t.Fatal(err)
	}
	file := strings.ReplaceAll(blocks[0][2], "hold: 10s", "hold: 3s") // there is no figure to be had here
	if err := os.WriteFile(filepath.Join(empty, "bench.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir() // of the daemons
	if err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("sh", "-e", "-c", blocks[1][2])
	shell.Dir = empty
	shell.Env = slices.Concat(os.Environ(), goEnv(t, "GOCACHE", "GOMODCACHE", "GOPROXY"), []string{"HOME=" + home, "TMPDIR=" + temp, "XDG_CACHE_HOME=" + cache})
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	nothingLeft(t, temp)
	summary := readJSON[result.Summary](t, filepath.Join(runFolder(t, filepath.Join(empty, "out"), "assets"), "summary.json"))
	equal(t, "points", len(summary.Points), 3)
	for _, p := range summary.Points {
		if p.Failed || p.Throughput == 0 {
			t.Errorf("%v clients: %v tx/s; %v", p.Load.Clients, p.Throughput, p.Reasons)
		}
		if p.Roles["chaincode.peer0.ptb"] != result.RoleChaincode || p.CPU["chaincode.peer0.ptb"] == 0 {
			t.Errorf("%v clients: the chaincode used %v of a core, as %s", p.Load.Clients, p.CPU["chaincode.peer0.ptb"], p.Roles["chaincode.peer0.ptb"])
		}
	}
	audit := audited(t, summary)
	equal(t, "problem of the ledger", audit.Problem(), "")
}

// Two channels of a held network differ in members, contracts and policies. The
// series of a scenario each run on the one that has its contract.
const (
	twoContracts = `name: two-contracts
organisations: [{name: ptb}, {name: cmi}]
channels:
  - name: metrology
    batch: {timeout: 200ms, messages: 100}
    chaincodes:
      - {name: readings, endorsement: all}
  - name: internal
    members: [cmi]
    batch: {timeout: 200ms, messages: 100}
    chaincodes:
      - {name: assets, source: ./asset-contract, endorsement: any}
`
	onTwoContracts = `name: on-two-contracts
warmup: 500ms
series:
  - name: readings
    workload: {kind: plain, meters: 5}
    load: {kind: closed, clients: 8, hold: 3s}
  - name: assets
    workload: {kind: invoke, contract: assets, function: PutAsset, args: [{sequence: {prefix: a}}, anna, 1]}
    load: {kind: closed, clients: 8, hold: 3s}
`
)

func TestOwnContractOnHeldNetwork(t *testing.T) {
	needsNetwork(t)
	temp, work := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{"two.yaml": twoContracts, "on-two.yaml": onTwoContracts} {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(work, "asset-contract"), os.DirFS(filepath.Join(root, "examples", "asset-contract"))); err != nil {
		t.Fatal(err)
	}
	held := up(t, temp, filepath.Join(work, "two.yaml"), "--dir", filepath.Join(work, "net"))
	out := filepath.Join(work, "out")
	p, code := command(t, temp, "run", filepath.Join(work, "on-two.yaml"), "--on", filepath.Join(work, "net"), "--out", out)
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	summary := readJSON[result.Summary](t, filepath.Join(runFolder(t, out, "on-two-contracts"), "summary.json"))
	policies := map[string]string{}
	for _, point := range summary.Points {
		policies[point.Series] = point.Conditions.Policy
		if point.Failed || point.Throughput == 0 {
			t.Errorf("%s: %v tx/s; %v", point.Series, point.Throughput, point.Reasons)
		}
	}
	equal(t, "policies", policies, map[string]string{"readings": "all", "assets": "any"})
	audit := audited(t, summary)
	equal(t, "problem of the ledger", audit.Problem(), "")
	net := filepath.Join(work, "net")
	n, err := network.Open(net)
	if err != nil {
		t.Fatal(err)
	}
	refuseCalls(t, temp, net, []string{"--set", "target.kind=fabric", "--set", "target.profile=" + n.Access("cmi").Profile, "--set", "target.channel=internal"})
	down(t, temp, held)
}
