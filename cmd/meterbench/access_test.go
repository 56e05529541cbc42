package main

import (
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/network"
)

// A contract that stores no readings is not shown how to store one.
func TestUseOfContractWithoutReadings(t *testing.T) {
	r := &network.Record{Dir: "/net", Nodes: []network.Node{{Name: "peer0.ptb", Role: result.RolePeer, Organisation: "ptb", Operations: "127.0.0.1:9443"}}}
	r.Channels = []network.Channel{{Name: "metrology", Chaincodes: []network.Chaincode{{Name: "keyvalue"}}}}
	var out strings.Builder
	if err := printUse(&out, r); err != nil {
		t.Fatal(err)
	}
	for _, absent := range []string{"PutReading", "CountStored", "reading make"} {
		if strings.Contains(out.String(), absent) {
			t.Errorf("%s in\n%s", absent, out.String())
		}
	}
	for _, want := range []string{"has the contract keyvalue", "network status --env /net", "https://127.0.0.1:9443/metrics"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
}
