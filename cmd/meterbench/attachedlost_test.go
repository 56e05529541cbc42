package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
	ours "meterbench/network/client"
)

const spareTopology = `name: spare
organisations: [{name: org1, peers: 2}, {name: org2, peers: 2}]
orderers: {consensus: bft, count: 4}
channels:
  - name: mychannel
    batch: {timeout: 200ms, messages: 100, preferred_bytes: 2MiB, absolute_bytes: 10MiB}
    chaincodes: [{name: readings, endorsement: all}]
`

const spareRun = `name: attached
target:
  kind: fabric
  profile: %s
  channel: mychannel
  identities: [{mspid: Org1MSP, msp: %s}]
warmup: 300ms
workload: {kind: plain, length: 4, meters: 10}
load: {kind: closed, clients: 8, hold: 1s}
`

// spare is a network of this process, which lives on when nodes of it are killed, and a scenario that is measured there.
type spare struct {
	*network.Network
	temp, file string
}

func startSpare(t *testing.T) spare {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "spare.yaml")
	if err := os.WriteFile(file, []byte(spareTopology), 0o600); err != nil {
		t.Fatal(err)
	}
	top, err := topology.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Start(t.Context(), top, network.Config{Dir: filepath.Join(dir, "net")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	scenario := filepath.Join(dir, "attached.yaml")
	if err := os.WriteFile(scenario, fmt.Appendf(nil, spareRun, n.Profile, n.Access("org1").User.MSP), 0o600); err != nil {
		t.Fatal(err)
	}
	return spare{n, t.TempDir(), scenario}
}

// start starts a run with some keys set.
func (s spare) start(t *testing.T, out string, sets ...string) *program {
	t.Helper()
	args := []string{"run", s.file, "--out", out}
	for _, set := range sets {
		args = append(args, "--set", set)
	}
	return start(t, s.temp, args...)
}

// refused makes sure that a run is refused at a place, before any load.
func (s spare) refused(t *testing.T, want string, sets ...string) {
	t.Helper()
	p := s.start(t, filepath.Join(s.temp, "refused"), sets...)
	if code := p.exit(t); code != exitUsage || !strings.Contains(lastLine(p.stderr.String()), want) || strings.Contains(p.stderr.String(), "load level") {
		t.Errorf("exit code %d, %s, want %q", code, lastLine(p.stderr.String()), want)
	}
}

func (s spare) signal(t *testing.T, node string, signal syscall.Signal) {
	t.Helper()
	at := slices.IndexFunc(s.Nodes, func(n network.Node) bool { return n.Name == node })
	if err := syscall.Kill(s.Nodes[at].PID, signal); err != nil {
		t.Fatal(err)
	}
}

// On a network of others, who has no right to measure it is refused before the load; identities take turns; and nodes that are
// lost during the load, by whichever driver, are named, while all else goes on.
func TestAttachedLosses(t *testing.T) {
	needsNetwork(t)
	s := startSpare(t)
	second := s.Access("org2").User.MSP
	identities := fmt.Sprintf("target.identities=[{mspid: Org2MSP, msp: %s}", second)
	t.Run("not the operator", func(t *testing.T) {
		for _, driver := range []result.Driver{result.DriverWire, result.DriverDirect} {
			s.refused(t, "target.identities[0]: no identity may call RegisterMeters of contract readings, as the set-up does: OPERATOR_ONLY: ",
				identities+"]", "load.client="+string(driver))
		}
	})
	t.Run("identities in turn", func(t *testing.T) { s.turns(t, identities) })
	t.Run("may read only", func(t *testing.T) {
		s.readOnly(t, "org2")
		s.refused(t, "target.identities[1]: an identity of Org2MSP may not transact on channel mychannel: ",
			fmt.Sprintf("target.identities=[{mspid: Org1MSP, msp: %s}, {mspid: Org2MSP, msp: %s}]", s.Access("org1").User.MSP, second))
	})
	kill := func(node string) func(*testing.T) {
		return func(t *testing.T) { s.signal(t, node, syscall.SIGKILL) }
	}
	s.loses(t, "peer1.org1", result.NoticeConnection, kill("peer1.org1"), "load.client=wire", "target.gateways=[peer0.org1, peer1.org1]")
	s.loses(t, "orderer0", result.NoticeConnection, kill("orderer0"), "load.client=direct", "target.gateways=one")
	s.loses(t, "peer0.org2", result.NoticeSilence, func(t *testing.T) {
		s.signal(t, "peer0.org2", syscall.SIGSTOP)
		time.Sleep(9 * time.Second)
		s.signal(t, "peer0.org2", syscall.SIGCONT)
	}, "load.client=gateway", "load.hold=9s", "target.gateways=[peer0.org2, peer0.org1]")
	t.Run("policy cannot be satisfied", func(t *testing.T) {
		kill("peer0.org2")(t)
		kill("peer1.org2")(t)
		s.refused(t, "target.contracts: contract readings cannot be endorsed, which takes 2 of [Org1MSP, Org2MSP], through peer peer0.org1: ", "target.gateways=[peer0.org1]")
		s.refused(t, "target.contracts: client: direct cannot be used: ", "target.gateways=[peer0.org1]", "load.client=direct")
	})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	nothingLeft(t, s.temp)
}

// loses makes a run during which a node is lost: it ends well, and says so.
func (s spare) loses(t *testing.T, node string, by result.Notice, lose func(*testing.T), sets ...string) {
	t.Run("loses "+node, func(t *testing.T) {
		out := t.TempDir()
		p := s.start(t, out, append([]string{"load.hold=4s"}, sets...)...)
		p.says(t, &p.stderr, "run 1 load level")
		time.Sleep(time.Second)
		lose(t)
		if code := p.exit(t); code != exitOK {
			t.Fatalf("exit code %d\n%s%s", code, &p.stdout, &p.stderr)
		}
		sum := runSummary(t, out, "attached")
		checkSums(t, sum)
		audit := audited(t, sum)
		equal(t, "foreign", audit.Foreign, uint64(0))
		equal(t, "contradicted", audit.Contradicted, uint64(0))
		at := slices.IndexFunc(sum.Incidents, func(in result.Incident) bool { return in.Name == node })
		if at < 0 {
			t.Fatalf("incidents %+v", sum.Incidents)
		}
		in, point := sum.Incidents[at], sum.Points[0]
		if in.Kind != result.Unreachable || in.Noticed != by || in.Until.IsZero() != (by == result.NoticeConnection) || point.Valid {
			t.Errorf("incident %+v, valid %v, %q", in, point.Valid, point.Reasons)
		}
		if text := strings.Join(strings.Fields(p.stdout.String()), " "); !strings.Contains(text, node+": unreachable at") {
			t.Errorf("the report says\n%s", text)
		}
		t.Logf("%v; %+v", point.Outcomes, audit)
	})
}

// turns makes sure that the creators of transactions on the ledger are the identities, in turn.
func (s spare) turns(t *testing.T, identities string) {
	app := s.application(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	blocks, err := app.BlockEvents(ctx)
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	p := s.start(t, out, identities+", {mspid: Org1MSP, msp: "+s.Access("org1").User.MSP+"}]", "target.gateways=[peer0.org1, peer0.org2]")
	if code := p.exit(t); code != exitOK {
		t.Fatalf("exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	left := int(audited(t, runSummary(t, out, "attached")).Found) + 1 // the registration of meters
	by := map[string]int{}
	for ; left > 0; left-- {
		var block *common.Block
		select {
		case block = <-blocks:
		case <-ctx.Done():
			t.Fatalf("%d transactions are missing", left)
		}
		for i, data := range block.GetData().GetData() {
			creator := creatorOf(t, data)
			if by[creator]++; i > 0 {
				left--
			}
		}
	}
	if difference := by["Org1MSP"] - by["Org2MSP"]; len(by) != 2 || difference < 0 || difference > 2 {
		t.Errorf("transactions by creator: %v, want the half each, and the set-up of the operator", by)
	}
}

// creatorOf returns the MSP id of who has sent a transaction.
func creatorOf(t *testing.T, data []byte) string {
	t.Helper()
	var envelope common.Envelope
	var payload common.Payload
	var header common.SignatureHeader
	var creator msp.SerializedIdentity
	for _, part := range []struct {
		data func() []byte
		into proto.Message
	}{
		{func() []byte { return data }, &envelope}, {func() []byte { return envelope.GetPayload() }, &payload},
		{func() []byte { return payload.GetHeader().GetSignatureHeader() }, &header}, {func() []byte { return header.GetCreator() }, &creator},
	} {
		if err := proto.Unmarshal(part.data(), part.into); err != nil {
			t.Fatal(err)
		}
	}
	return creator.GetMspid()
}

// application returns the channel as an application of the first organisation uses it.
func (s spare) application(t *testing.T) *client.Network {
	t.Helper()
	access := s.Access("org1")
	at := slices.IndexFunc(s.Nodes, func(n network.Node) bool { return n.Name == "peer0.org1" })
	pair := ours.TLS{CA: []byte(readText(t, access.TLSCA)), Cert: []byte(readText(t, access.User.TLSCert)), Key: []byte(readText(t, access.User.TLSKey))}
	conn, err := ours.Connect(s.Nodes[at].Address, "peer0.org1", pair)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	certificate, err1 := identity.CertificateFromPEM([]byte(readText(t, access.User.Cert)))
	key, err2 := identity.PrivateKeyFromPEM([]byte(readText(t, access.User.Key)))
	shown, err3 := identity.CertificateFromPEM(pair.Cert)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	id, err1 := identity.NewX509Identity(access.MSP, certificate)
	sign, err2 := identity.NewPrivateKeySign(key)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	gateway, err := client.Connect(id, client.WithSign(sign), client.WithClientConnection(conn), client.WithTLSClientCertificateHash(sum256(shown.Raw)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gateway.Close() })
	return gateway.GetNetwork("mychannel")
}
