package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sync/errgroup"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/network"
	"meterbench/network/client"
	"meterbench/network/profile"
	"meterbench/simulators/reading"
)

const attachedRun = `name: attached
target:
  kind: fabric
  profile: org1.example.com/connection-org1.yaml
  channel: mychannel
  identities: [{mspid: Org1MSP, msp: org1.example.com/users/User1@org1.example.com/msp}]
warmup: 500ms
workload: {kind: plain, length: 4, meters: 10}
load: {kind: closed, clients: 16, hold: %s}
`

// attachTo attaches to the test network.
func attachTo(t *testing.T, dir string) *network.Attached {
	t.Helper()
	p, err := profile.Read(filepath.Join(dir, "org1.example.com", "connection-org1.yaml"), os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	id, err := profile.Identity{MSPID: "Org1MSP", MSP: "org1.example.com/users/User1@org1.example.com/msp"}.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	peer := p.Peers[0]
	a, err := network.Attach(t.Context(), network.Attachment{
		Channel: "mychannel", Identities: []client.Identity{id}, Contracts: []network.Deployed{{Contract: "readings", Name: "readings"}},
		Gateways: []client.Gateway{{Name: peer.Name, Address: peer.Address, ServerName: peer.ServerName, TLS: peer.TLS}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// foreign connects to the test network as another application does.
func foreign(t *testing.T, of *network.Attached) *client.Client {
	t.Helper()
	c, err := of.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// register commits so many transactions of its own, each of which registers a meter. It returns their blocks.
func register(t *testing.T, c *client.Client, n int) (blocks map[uint64]bool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var group errgroup.Group
	group.SetLimit(64)
	seen := make([]atomic.Uint64, n)
	for i := range n {
		group.Go(func() error {
			meter := reading.Registration{Meter: fmt.Sprintf("foreign-%d", i), Key: append([]byte{2 + point[64]&1}, point[1:33]...), Verify: true}
			wire, err := reading.MarshalRegistrations([]reading.Registration{meter})
			if err != nil {
				return err
			}
			receipt, err := c.Submit(t.Context(), bench.Transaction{Function: reading.FnRegister, Args: [][]byte{wire}, Wait: result.WaitCommit})
			seen[i].Store(receipt.Block)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	blocks = map[uint64]bool{}
	for i := range seen {
		blocks[seen[i].Load()] = true
	}
	return blocks
}

// A network in the layout of fabric-samples' test network is measured through its own files, while another application
// uses it: the audit is exact, and says how much the other committed.
func TestAttachedNetwork(t *testing.T) {
	needsNetwork(t)
	const others = 1000
	temp, out, work := t.TempDir(), t.TempDir(), t.TempDir()
	held, dir := samples(t, temp, work, "2.5.9")
	file := filepath.Join(dir, "attached.yaml")
	write := func(hold string) {
		if err := os.WriteFile(file, fmt.Appendf(nil, attachedRun, hold), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("5m")
	attached := attachTo(t, dir)
	other := foreign(t, attached)
	p := start(t, temp, "run", file, "--out", out)
	p.says(t, &p.stderr, "run 1 load level")
	blocks := register(t, other, others)
	p.signal(t, syscall.SIGINT) // what others committed until then is on the ledger that is audited
	if code := p.exit(t); code != exitInterrupted {
		t.Fatalf("exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	s := runSummary(t, out, "attached")
	audit := audited(t, s)
	equal(t, "target", s.Target, result.TargetAttached)
	equal(t, "others' transactions", audit.Others, uint64(others))
	equal(t, "found", audit.Found, audit.Expected)
	equal(t, "foreign", audit.Foreign, uint64(0))
	if audit.Expected == 0 || len(blocks) < 2 {
		t.Errorf("%d transactions of ours, %d blocks of others", audit.Expected, len(blocks))
	}
	c := s.Points[0].Conditions
	if c.BatchTimeout != 0.2 || c.BatchMessages != 100 || c.Policy != "2 of [Org1MSP, Org2MSP]" || c.Fabric != "" || c.Topology != "test-network-org1" {
		t.Errorf("conditions %+v", c)
	}
	equal(t, "aspects not seen", len(s.NotSeen), len(result.Aspects()))
	if text := strings.Join(strings.Fields(p.stdout.String()), " "); strings.Count(text, "not seen from outside:") != 1 || !strings.Contains(text, "others committed 1000 transactions") ||
		!strings.Contains(text, "the set-up put on the ledger of mychannel: 1 x readings.RegisterMeters") {
		t.Errorf("the report says\n%s", text)
	}

	// What cannot be measured is refused in one line, and nothing is put on the ledger.
	before, err := other.Height(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	write("3s")
	wrong := filepath.Join(dir, "wrong.yaml")
	if err := os.WriteFile(wrong, []byte(strings.ReplaceAll(readText(t, filepath.Join(dir, "org1.example.com", "connection-org1.yaml")),
		": peer0.org1\n", ": peer9.org1\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := func(sets, want string) {
		args := []string{"run", file, "--out", filepath.Join(out, "refused")}
		for _, set := range strings.Split(sets, "\n") {
			args = append(args, "--set", set)
		}
		p, code := command(t, temp, args...)
		text := p.stderr.String()
		last := text[strings.LastIndex(strings.TrimSpace(text), "\n")+1:]
		if code != exitUsage || !strings.Contains(last, want) {
			t.Errorf("%s: exit code %d, %s", sets, code, last)
		}
	}
	const meters = "target.contracts={readings: meters}"
	const admin = "{mspid: Org1MSP, msp: org1.example.com/users/Admin@org1.example.com/msp}"
	both := "target.profile=" + filepath.Join(work, "net", "connection-org1.json")
	address := fmt.Sprintf("target.deploy={address: \"127.0.0.1:%d\", admins: [%s", unusedPorts(t, 1), admin)
	deploying := address + "]}"
	for set, want := range map[string]string{
		"target.channel=yourchannel":                                                  "target.channel: peer peer0.org1.example.com is not on a channel yourchannel; ",
		"target.contracts={readings: basic}":                                          "target.contracts.readings: channel mychannel has no contract basic; known are readings",
		"target.profile=" + wrong:                                                     "answers with a certificate that does not have the name peer9.org1",
		"target.identities[0].mspid=Org2MSP":                                          "target.identities[0]: an identity of Org2MSP is no member of channel mychannel",
		"target.operations={peer0: 127.0.0.1:1}":                                      "target.operations: peer0 is no node of the profile, and no orderer of channel mychannel; ",
		"target.operations={peer0.org1.example.com: 127.0.0.1:1}":                     "target.operations: the metrics of peer0.org1.example.com at http://127.0.0.1:1 cannot be read: ",
		deploying + "\n" + meters + "\ntarget.logs={peer0.org1.example.com: nowhere}": "target.logs: the log of peer0.org1.example.com cannot be read: ",
		deploying + "\n" + meters + "\ntarget.identities[0].mspid=Org2MSP":            "target.identities[0]: an identity of Org2MSP is no member of channel mychannel",
		deploying + "\n" + meters:                                                     "target.deploy: meters would be endorsed by majority of the 2 members of channel mychannel, which takes 2, and administrators of 1 are given; ",
		address + ", {mspid: Org2MSP, msp: org2.example.com/users/User1@org2.example.com/msp}]}\n" + meters + "\n" + both: "target.deploy: the administrator of " +
			"Org2MSP may not install on peer peer0.org2: ",
		address + ", {mspid: Org2MSP, msp: org2.example.com/users/Admin@org2.example.com/msp}]}\n" + both: "target.deploy: channel mychannel has a contract readings " +
			"already, which meterbench has not deployed for Org1MSP; ",
	} {
		refused(set, want)
	}
	after, err := other.Height(t.Context())
	if err != nil || after != before {
		t.Errorf("%d blocks were added, %v", after-before, err)
	}
	attachedDirect(t, temp, file, attached.Agreed.Endpoints[0].Address)
	down(t, temp, held)
}

func readText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
