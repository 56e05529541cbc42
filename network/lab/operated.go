package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"meterbench/internal/refusal"
	"meterbench/network"
	"meterbench/network/chaincode"
	"meterbench/network/client"
)

// operated returns a contract as its operator uses it: where the set-up calls what only that may, through the first identity
// that the contract takes for it. It is asked by a call that is refused for its argument, if not for its caller.
func (s *attachedSite) operated(ctx context.Context, connected *client.Client, of network.Deployed) (client.Contract, error) {
	own, _ := chaincode.Contracts().Find(of.Contract)
	if own.SetUp == "" || !s.lab.setsUp(of.Contract) {
		return connected.Contract(of.Name, "")
	}
	var refused *refusal.Refusal
	for _, id := range s.net.Identities {
		contract, err := connected.Contract(of.Name, id.MSP)
		if err != nil {
			return contract, err
		}
		_, err = contract.Evaluate(ctx, own.SetUp, nil)
		r, is := errors.AsType[*refusal.Refusal](err)
		if !is || r.Code.Status != http.StatusForbidden {
			return contract, nil // what else is wrong the set-up says
		}
		refused = cmp.Or(refused, r)
	}
	return client.Contract{}, s.lab.refuse(&network.AttachError{
		Part: network.AttachIdentity, Reason: fmt.Sprintf("no identity may call %s of contract %s, as the set-up does: %v", own.SetUp, of.Name, refused),
		Remedy: "give one of the contract's operator, or have a contract of your own deployed under another name by target.deploy",
	})
}
