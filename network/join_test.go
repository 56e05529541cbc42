package network

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/client"
	"meterbench/network/fabric"
	"meterbench/network/wan"
)

// An organisation that joins, in either way, has the ledger that the others have, endorses and answers; nothing of it stays.
func TestJoin(t *testing.T) {
	needsNetwork(t)
	dir := t.TempDir()
	n := up(t, shape("join", 1, 1, "ptb", "cmi"), Config{Dir: dir})
	put(t, n, "metrology", "readings")
	for organisation, test := range map[string]struct {
		from  result.JoinFrom
		steps []result.StepName
	}{
		"nim": {result.FromBlocks, []result.StepName{result.StepUpdate, result.StepStart, result.StepCatchUp, result.StepApprove, result.StepAnswer}},
		"lne": {result.FromSnapshot, []result.StepName{
			result.StepUpdate, result.StepStart, result.StepSnapshot, result.StepCatchUp, result.StepApprove, result.StepAnswer,
		}},
	} {
		t.Run(string(test.from), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			node, steps, err := n.Join(ctx, organisation, test.from)
			if err != nil {
				t.Fatal(err)
			}
			var names []result.StepName
			for _, s := range steps {
				names = append(names, s.Name)
				moves := s.Name == result.StepSnapshot || s.Name == result.StepCatchUp && test.from == result.FromBlocks
				if s.Seconds <= 0 || moves && s.Bytes < 1000 {
					t.Errorf("step %+v", s)
				}
			}
			if diff := cmp.Diff(test.steps, names); diff != "" {
				t.Error(diff)
			}
			if node.Name != "peer0."+organisation || !runs(node.PID) {
				t.Errorf("the new peer is %+v", node)
			}
			t.Log(steps)
			put(t, n, "metrology", "readings")
			sameLedgers(t, n, node)
			endorses(t, n, node)
			if _, _, err := n.Join(ctx, organisation, test.from); err == nil {
				t.Errorf("joined twice: %v", err)
			}
		})
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range n.all() {
		if runs(c.PID) {
			t.Errorf("%d runs after Close", c.PID)
		}
	}
	if _, _, err := n.Join(t.Context(), "inm", result.FromBlocks); err == nil {
		t.Error("joined a network that is closed")
	}
}

func runs(pid int) bool { return unix.Kill(pid, 0) == nil }

// sameLedgers waits until the newcomer has as many blocks as the first peer, and compares the last ones: their hashes stand
// for all blocks before, those of the commits for the results and writes of all transactions since the first block.
func sameLedgers(t *testing.T, n *Network, newcomer Node) {
	t.Helper()
	first, second := lastBlock(t, n, n.node("peer0.ptb")), lastBlock(t, n, newcomer)
	for deadline := time.Now().Add(time.Minute); second.Header.Number != first.Header.Number && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
		first, second = lastBlock(t, n, n.node("peer0.ptb")), lastBlock(t, n, newcomer)
	}
	if diff := cmp.Diff(first.Header, second.Header, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	const commit = common.BlockMetadataIndex_COMMIT_HASH
	if one, other := first.Metadata.Metadata[commit], second.Metadata.Metadata[commit]; len(one) < 32 || !bytes.Equal(one, other) {
		t.Errorf("hashes of the commits: %x and %x", one, other)
	}
}

// lastBlock asks a peer, as its organisation's user.
func lastBlock(t *testing.T, n *Network, peer Node) *common.Block {
	t.Helper()
	_, user, err1 := fabric.ReadKeys(organisationDir(n.Dir, peer.Organisation), fabric.User)
	tls, err2 := n.tls(peer.Organisation, fabric.UsersTLS)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	address, dial := n.reached(peer, peer.Address)
	c, err := client.Dial(t.Context(), client.Config{
		Channel: "metrology", Chaincode: "readings",
		Gateways: []client.Gateway{{
			Name: peer.Name, Address: address, Dial: dial, TLS: tls,
			Identity: client.Identity{MSP: topology.MSP(peer.Organisation), CertPEM: user.Cert, KeyPEM: user.Key},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	queries, err := c.Contract("qscc", "")
	if err != nil {
		t.Fatal(err)
	}
	height, err := c.Height(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := queries.Evaluate(t.Context(), "GetBlockByNumber", []byte("metrology"), strconv.AppendUint(nil, height-1, 10))
	block := &common.Block{}
	if err == nil {
		err = proto.Unmarshal(bytes, block)
	}
	if err != nil {
		t.Fatal(err)
	}
	return block
}

// endorses has the newcomer alone endorse a call, through its own gateway.
func endorses(t *testing.T, n *Network, newcomer Node) {
	t.Helper()
	admin, conn := administrator(t, n, newcomer)
	if err := admin.Answers(t.Context(), conn, "metrology", "readings", []string{topology.MSP(newcomer.Organisation)}); err != nil {
		t.Error(err)
	}
}

// administrator returns that of an organisation, and its connection to a peer.
func administrator(t *testing.T, n *Network, peer Node) (*fabric.Admin, *grpc.ClientConn) {
	t.Helper()
	_, c, err1 := fabric.ReadKeys(organisationDir(n.Dir, peer.Organisation), fabric.Admins)
	tls, err2 := n.tls(peer.Organisation, fabric.AdminsTLS)
	admin, err3 := fabric.NewAdmin(topology.MSP(peer.Organisation), c)
	address, dial := n.reached(peer, peer.Address)
	conn, err4 := dial.Connect(address, peer.Name, tls)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return admin, conn
}

// One that joins from far away stands at the site of its name: there its peer fetches what the others have.
func TestJoinAtDistance(t *testing.T) {
	needsNetwork(t)
	if err := wan.Check(); err != nil {
		t.Skip(err)
	}
	of, err := topology.Load("inter-nmi-six")
	if err != nil {
		t.Fatal(err)
	}
	n := up(t, of, Config{})
	put(t, n, "metrology", "readings")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	node, steps, err := n.Join(ctx, "nim", result.FromSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(steps)
	if node.Site != "nim" || node.Host == "" {
		t.Errorf("the new peer stands at %q", node.Site)
	}
	put(t, n, "metrology", "readings")
	sameLedgers(t, n, node)
	endorses(t, n, node)
}

// A change without the consent of a majority is refused by the orderers, and nobody joins.
func TestJoinWithoutConsent(t *testing.T) {
	needsNetwork(t)
	n := up(t, shape("refused", 1, 1, "ptb", "cmi"), Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	nim, err := fabric.NewOrganisation("nim", "NimMSP")
	if err != nil {
		t.Fatal(err)
	}
	ptb, conn := administrator(t, n, n.node("peer0.ptb"))
	cmi, _ := administrator(t, n, n.node("peer0.cmi"))
	foreign, err := fabric.NewAdmin(nim.MSP, nim.Admin)
	if err != nil {
		t.Fatal(err)
	}
	for name, consent := range map[string][]*fabric.Admin{"nobody": nil, "one of two": {ptb}, "one twice": {cmi, cmi}, "the newcomer": {ptb, foreign}} {
		t.Run(name, func(t *testing.T) {
			change, err := ptb.AddMember(ctx, conn, "metrology", fabric.Member{Organisation: nim})
			if err != nil {
				t.Fatal(err)
			}
			if err := ptb.Reconfigure(ctx, conn, change, consent); err == nil || ctx.Err() != nil {
				t.Errorf("the error is %v", err)
			}
		})
	}
	if agreed, err := ptb.Agreed(ctx, conn, "metrology"); err != nil || len(agreed.Members) != 2 {
		t.Errorf("members are %v, %v", agreed.Members, err)
	}
}

func TestCheckJoin(t *testing.T) {
	of := shape("check", 1, 1, "ptb", "cmi")
	for organisation, ok := range map[string]bool{"nim": true, "ptb": false, "cmi": false, topology.Ordering: false} {
		if err := CheckJoin(of, organisation); (err == nil) != ok {
			t.Errorf("%s: %v", organisation, err)
		}
	}
}
