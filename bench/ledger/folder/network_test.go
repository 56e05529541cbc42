package folder

import (
	"testing"

	"meterbench/bench/ledger"
	"meterbench/bench/result"
)

// A chaincode stands with the organisation of its peer, a process of no peer alone.
func TestRoles(t *testing.T) {
	peer := ledger.Node{Process: result.Process{Role: result.RolePeer, Name: "peer0.ptb"}, Organisation: "ptb"}
	n := network{nodes: []ledger.Node{peer}}
	n.addRoles(&result.Summary{Points: []result.Point{{Roles: map[string]result.Role{
		"peer0.ptb": result.RolePeer, "chaincode.peer0.ptb": result.RoleChaincode, "chaincode.peer0.other": result.RoleChaincode, "client": result.RoleClient,
	}}}})
	of := map[string]string{}
	for _, one := range n.nodes {
		of[one.Name] = one.Organisation
	}
	if len(of) != 3 || of["peer0.ptb"] != "ptb" || of["chaincode.peer0.ptb"] != "ptb" || of["chaincode.peer0.other"] != "" {
		t.Errorf("%v", of)
	}
}
