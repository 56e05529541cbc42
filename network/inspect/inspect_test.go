package inspect

import (
	"crypto/tls"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"meterbench/bench/result"
	"meterbench/network/client"
	"meterbench/network/fabric"
	"meterbench/network/profile"
)

// answering returns a peer by TLS that has none of Fabric's services, as an address and the organisation that made it.
func answering(t *testing.T) (address string, org *fabric.Organisation) {
	t.Helper()
	org, err := fabric.NewOrganisation("org1", "Org1MSP")
	if err != nil {
		t.Fatal(err)
	}
	node, err := org.TLSCA.TLS("peer0.org1")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(node.Cert, node.Key)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert})))
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String(), org
}

// at returns a profile with one peer.
func at(address string, ca []byte) *profile.Profile {
	return &profile.Profile{
		Organisations: []profile.Organisation{{Name: "Org1", MSPID: "Org1MSP", Peers: []string{"peer0"}}},
		Peers: []profile.Peer{{MSPID: "Org1MSP", Node: profile.Node{
			Name: "peer0", Address: address, ServerName: "peer0.org1", TLS: client.TLS{CA: ca},
		}}},
	}
}

func codesOf(faults []Fault) (all []Code) {
	for _, f := range faults {
		all = append(all, f.Code)
	}
	return all
}

// A peer without the gateway service, as those of Fabric before 2.4, is told from one that is not reached.
func TestNetwork(t *testing.T) {
	address, org := answering(t)
	id := client.Identity{MSP: "Org1MSP", CertPEM: org.User.Cert, KeyPEM: org.User.Key}
	const gone = "127.0.0.1:1" // nobody listens
	other, err := fabric.NewOrganisation("org2", "Org2MSP")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		profile *profile.Profile
		channel string
		want    []Code
	}{
		"no services":         {at(address, org.TLSCA.PEM), "", []Code{NoGateway, NoChannel}},
		"no such channel":     {at(address, org.TLSCA.PEM), "mychannel", []Code{NoGateway, MayNotRead}},
		"another certificate": {at(address, other.TLSCA.PEM), "mychannel", []Code{Unreachable}},
		"nobody":              {at(gone, org.TLSCA.PEM), "", []Code{Unreachable}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Network(t.Context(), Config{Profile: c.profile, Identities: []client.Identity{id}, Channel: c.channel})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, codesOf(r.Faults())); diff != "" {
				t.Errorf("-want +got:\n%s\n%+v", diff, r)
			}
			for _, channel := range r.Channels {
				if r.Usable(channel) {
					t.Errorf("channel %s is usable", channel.Name)
				}
			}
		})
	}
}

// A peer that never answers costs the time that one may take, and no more.
func TestSilence(t *testing.T) {
	if testing.Short() {
		t.Skip("waits until nodes are given up")
	}
	t.Parallel()
	address, org := answering(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() // connections wait in its queue
	p := at(address, org.TLSCA.PEM)
	for range 5 {
		silent := p.Peers[0]
		silent.Address = listener.Addr().String()
		p.Peers = append(p.Peers, silent)
	}
	begin := time.Now()
	r, err := Network(t.Context(), Config{Profile: p, Identities: []client.Identity{{MSP: "Org1MSP", CertPEM: org.User.Cert, KeyPEM: org.User.Key}}})
	if took := time.Since(begin); err != nil || took > 5*Timeout { // which one after the other would take
		t.Errorf("after %s: %v", took, err)
	}
	if diff := cmp.Diff([]Code{NoGateway, Unreachable, Unreachable, Unreachable, Unreachable, Unreachable, NoChannel}, codesOf(r.Faults())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What is wrong is in the order of the report, and decides whether a scenario could run.
func TestFaults(t *testing.T) {
	no := errors.New("access denied")
	peer := func(name string, gateway bool) Node {
		return Node{Node: profile.Node{Name: name}, Role: result.RolePeer, Gateway: gateway}
	}
	ledger := []Ledger{{Peer: "peer0", Height: 7}}
	contract := []fabric.Committed{{Name: "basic"}}
	for name, c := range map[string]struct {
		nodes   []Node
		channel Channel
		want    []Code
		usable  bool
	}{
		"whole":               {[]Node{peer("peer0", true)}, Channel{Peers: ledger, Rights: []Right{{}}, Contracts: contract}, nil, true},
		"clock apart":         {[]Node{{Node: profile.Node{Name: "peer0"}, Role: result.RolePeer, Gateway: true, Timed: true, Ahead: -time.Minute}}, Channel{Peers: ledger, Rights: []Right{{}}, Contracts: contract}, []Code{ClockApart}, true},
		"one peer too old":    {[]Node{peer("peer0", true), peer("peer1", false)}, Channel{Peers: ledger, Rights: []Right{{}}, Contracts: contract}, []Code{NoGateway}, true},
		"the peer too old":    {[]Node{peer("peer0", false)}, Channel{Peers: ledger, Rights: []Right{{}}, Contracts: contract}, []Code{NoGateway}, true},
		"too old, and hidden": {[]Node{peer("peer0", false)}, Channel{Peers: ledger, Rights: []Right{{}}, Contracts: contract, Hidden: no}, []Code{NoGateway, NoDiscovery}, false},
		"reads only":          {[]Node{peer("peer0", true)}, Channel{Peers: ledger, Rights: []Right{{Write: no}}, Unknown: no}, []Code{MayNotWrite}, false},
		"one of two":          {[]Node{peer("peer0", true)}, Channel{Peers: ledger, Rights: []Right{{}, {Read: no, Write: no}}, Contracts: contract}, []Code{MayNotRead}, false},
		"not joined":          {[]Node{peer("peer0", true)}, Channel{Unknown: errNobody, Rights: []Right{{errNobody, errNobody}}}, []Code{NotJoined}, false},
		"no contract":         {[]Node{peer("peer0", true)}, Channel{Peers: ledger, Rights: []Right{{}}}, []Code{NoContract}, false},
		"without discovery":   {[]Node{peer("peer0", true)}, Channel{Peers: ledger, Rights: []Right{{}}, Contracts: contract, Hidden: no}, []Code{NoDiscovery}, true},
		"no configuration":    {[]Node{peer("peer0", true)}, Channel{Peers: ledger, Rights: []Right{{}}, Unknown: no}, []Code{Incomplete}, false},
		"policy beyond them":  {[]Node{peer("peer0", true)}, Channel{Peers: ledger, Rights: []Right{{}}, Contracts: contract, Found: fabric.Discovered{Unsatisfiable: map[string]string{"basic": "no"}}}, []Code{Unsatisfiable}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := Report{Nodes: c.nodes, Channels: []Channel{c.channel}}
			if diff := cmp.Diff(c.want, codesOf(r.Faults())); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got := r.Usable(c.channel); got != c.usable {
				t.Errorf("usable: %t", got)
			}
			if got, want := r.Direct(c.channel), name == "the peer too old"; got != want && c.usable {
				t.Errorf("direct only: %t", got)
			}
		})
	}
}

// A profile that lists the peers of all organisations as one's own does not decide whose they are.
func TestWhosePeers(t *testing.T) {
	node := func(name, address string) Node {
		return Node{Node: profile.Node{Name: name, Address: address, ServerName: name}, Role: result.RolePeer, MSPID: "Org1MSP"}
	}
	r := Report{
		Nodes: []Node{node("peer0.org1", "localhost:7041"), node("peer0.org2", "localhost:7061"), node("peer1.org2", "10.0.0.2:7071"),
			node("balancer", "10.0.0.3:1"), node("balancer", "10.0.0.4:1"),
			{Node: profile.Node{Address: "localhost:7030", ServerName: "peer0.org2"}, Role: result.RoleOrderer}},
		Channels: []Channel{{}, {Found: fabric.Discovered{Peers: []fabric.DiscoveredPeer{
			{MSPID: "Org1MSP", Address: "peer0.org1:7041"}, {MSPID: "Org2MSP", Address: "peer0.org2:7061"},
			{MSPID: "Org2MSP", Address: "10.0.0.2:7071"}, {MSPID: "Org2MSP", Address: "balancer:1"},
		}}}},
	}
	r.correct()
	var got []string
	for _, n := range r.Nodes {
		got = append(got, n.MSPID)
	}
	if diff := cmp.Diff([]string{"Org1MSP", "Org2MSP", "Org2MSP", "Org1MSP", "Org1MSP", ""}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
