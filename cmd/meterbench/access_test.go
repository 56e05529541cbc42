package main

import (
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
)

// Each contract has calls that fit it, by a peer of its channel and under its own endorsement.
func TestUseOfContracts(t *testing.T) {
	node := func(name, organisation, port string) network.Node {
		return network.Node{Name: name, Role: result.RolePeer, Organisation: organisation, Address: "127.0.0.1:1" + port, Operations: "127.0.0.1:2" + port}
	}
	r := &network.Record{Dir: "/net", Nodes: []network.Node{node("peer0.ptb", "ptb", "0"), node("peer0.cmi", "cmi", "1")}}
	channel := func(name string, members []string, contracts ...topology.Chaincode) {
		c := network.Channel{Name: name}
		for _, m := range members {
			c.Peers = append(c.Peers, "peer0."+m)
		}
		for _, cc := range contracts {
			c.Chaincodes = append(c.Chaincodes, network.Chaincode{Name: cc.Name, Operator: members[0]})
		}
		r.Channels = append(r.Channels, c)
		r.Topology.Channels = append(r.Topology.Channels, topology.Channel{Name: name, Members: members, Chaincodes: contracts})
	}
	channel("metrology", []string{"ptb", "cmi"}, topology.Chaincode{Name: "keyvalue", Endorsement: "all"}, topology.Chaincode{Name: "pki", Endorsement: "any"})
	channel("internal", []string{"cmi"}, topology.Chaincode{Name: "readings", Source: "./mine", Endorsement: "any"})
	var out strings.Builder
	if err := printUse(t.Context(), &out, r); err != nil {
		t.Fatal(err)
	}
	for _, absent := range []string{"PutReading", "CountStored", "reading make"} {
		if strings.Contains(out.String(), absent) {
			t.Errorf("%s in\n%s", absent, out.String())
		}
	}
	rest := out.String()
	for _, want := range []string{
		"has the contract keyvalue:\n", "has the contract pki:\n", "channel internal has your contract readings, which does not say what functions it has\n",
		"network status --env /net --peer peer0.ptb)\"\npeer chaincode invoke ",
		"  --peerAddresses 127.0.0.1:10 --tlsRootCertFiles /net/organisations/ptb/tlsca.pem \\\n  --peerAddresses 127.0.0.1:11 ",
		`-C metrology -n keyvalue --waitForEvent -c '{"Args":["Put","key","value"]}'` + "\n",
		`peer chaincode query -C metrology -n keyvalue -c '{"Args":["Get","key"]}'` + "\n",
		`peer chaincode query -C metrology -n pki -c '{"Args":["Count","",""]}'` + "\n",
		"network status --env /net --peer peer0.cmi)\"\n# peer chaincode invoke ",
		`#   -C internal -n readings --waitForEvent -c '{"Args":["FUNCTION","ARGUMENT"]}'` + "\n",
		"https://127.0.0.1:20/metrics",
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("no %q in\n%s", want, rest)
		}
		rest = after
	}
}
