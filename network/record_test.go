package network

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestProfile(t *testing.T) {
	r := &Record{
		Dir: t.TempDir(), Topology: shape("two", 1, 1, "ptb", "inmetro"),
		Nodes: []Node{
			{Name: "peer0.ptb", Kind: KindPeer, Organisation: "ptb", Address: "127.0.0.1:1"},
			{Name: "peer0.inmetro", Kind: KindPeer, Organisation: "inmetro", Address: "127.0.0.1:2"},
			{Name: "orderer0", Kind: KindOrderer, Organisation: "ordering", Address: "127.0.0.1:3"},
			{Name: "chaincode.peer0.ptb", Kind: KindChaincode, Organisation: "ptb", Address: "127.0.0.1:4"},
		},
		Channels: []Channel{{Name: "metrology", Peers: []string{"peer0.ptb", "peer0.inmetro"}}},
	}
	if err := r.writeProfiles(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(r.Profile)
	if err != nil {
		t.Fatal(err)
	}
	type node struct {
		URL         string
		TLSCACerts  struct{ Path string }
		GRPCOptions map[string]string
	}
	var p struct {
		Client        struct{ Organization string }
		Organizations map[string]struct {
			MSPID string
			Peers []string
		}
		Peers, Orderers map[string]node
		Channels        map[string]struct{ Peers map[string]any }
	}
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	if p.Client.Organization != "ptb" || p.Organizations["inmetro"].MSPID != "InmetroMSP" || p.Organizations["ptb"].Peers[0] != "peer0.ptb" {
		t.Errorf("profile is %s", data)
	}
	if len(p.Peers) != 2 || len(p.Orderers) != 1 || len(p.Channels["metrology"].Peers) != 2 {
		t.Errorf("profile is %s", data)
	}
	peer := p.Peers["peer0.inmetro"]
	if peer.URL != "grpcs://127.0.0.1:2" || peer.GRPCOptions["ssl-target-name-override"] != "peer0.inmetro" ||
		peer.TLSCACerts.Path != organisationDir(r.Dir, "inmetro")+"/tlsca.pem" {
		t.Errorf("peer is %+v", peer)
	}
}

func FuzzParseLeads(f *testing.F) {
	f.Add("# HELP consensus_etcdraft_is_leader The leadership status\n" +
		"consensus_etcdraft_is_leader{channel=\"metrology\"} 1\nconsensus_etcdraft_is_leader{channel=\"pki\"} 0\n")
	f.Add("consensus_etcdraft_is_leader{channel=\"")
	f.Add("consensus_etcdraft_is_leader{channel=\"\"} 1")
	f.Fuzz(func(t *testing.T, metrics string) {
		leads, err := parseLeads(strings.NewReader(metrics))
		for channel := range leads {
			if err == nil && !strings.Contains(metrics, leaderMetric+`{channel="`+channel+`"}`) {
				t.Errorf("channel %q is not in the metrics", channel)
			}
		}
	})
}

func TestParseLeads(t *testing.T) {
	leads, err := parseLeads(strings.NewReader("# TYPE consensus_etcdraft_is_leader gauge\n" +
		"consensus_etcdraft_is_leader{channel=\"metrology\"} 1\nconsensus_etcdraft_is_leader{channel=\"pki\"} 0\nother 1\n"))
	if err != nil || len(leads) != 2 || !leads["metrology"] || leads["pki"] {
		t.Errorf("parseLeads = %v, %v", leads, err)
	}
}
