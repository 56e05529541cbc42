package result

import (
	"fmt"
	"testing"
)

// Processes that only idle beside a transaction have no part in it.
func TestCarriedBy(t *testing.T) {
	enrol := Conditions{Workload: CA, Issuer: IssuerFabricCA, Operation: OpEnrol}
	status, chain, list, inProcess := enrol, enrol, enrol, enrol
	status.Operation, chain.Operation, list.Operation, inProcess.Issuer = OpVerifyOCSP, OpVerifyChain, OpVerifyCRL, IssuerInProcess
	ledger := Conditions{Workload: PKI, Operation: OpRegister}
	for _, test := range []struct {
		of   Conditions
		by   Role
		want bool
	}{
		{enrol, RoleCA, true}, {enrol, RoleResponder, true}, {enrol, RoleClient, true}, {enrol, RolePeer, false},
		{status, RoleCA, true}, {status, RoleResponder, true},
		{chain, RoleCA, false}, {chain, RoleClient, true}, {list, RoleResponder, false},
		{inProcess, RoleCA, false}, {inProcess, RoleResponder, false}, {inProcess, RoleClient, true}, {inProcess, RolePeer, false},
		{ledger, RoleCA, false}, {ledger, RolePeer, true}, {ledger, RoleClient, true}, {ledger, RoleOther, false}, {ledger, RoleEmulation, false},
	} {
		t.Run(fmt.Sprintf("%s %s %s by %s", test.of.Workload, test.of.Issuer, test.of.Operation, test.by), func(t *testing.T) {
			if got := test.of.CarriedBy(test.by); got != test.want {
				t.Errorf("%t, want %t", got, test.want)
			}
		})
	}
}
