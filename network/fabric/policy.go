package fabric

import (
	"fmt"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
)

// OutOf is the signature policy that n of the organisations, given by their MSP ids, must each sign
// with a member of that role.
func OutOf(n int, role msp.MSPRole_MSPRoleType, msps []string) (*common.SignaturePolicyEnvelope, error) {
	if n < 1 || n > len(msps) {
		return nil, fmt.Errorf("policy: %d of %d organisations cannot sign", n, len(msps))
	}
	msps = slices.Sorted(slices.Values(msps)) // equal policies are equal bytes
	envelope := &common.SignaturePolicyEnvelope{}
	var rules []*common.SignaturePolicy
	var e encoder
	for i, id := range msps {
		envelope.Identities = append(envelope.Identities, &msp.MSPPrincipal{
			PrincipalClassification: msp.MSPPrincipal_ROLE, Principal: e.bytes(&msp.MSPRole{MspIdentifier: id, Role: role}),
		})
		rules = append(rules, &common.SignaturePolicy{Type: &common.SignaturePolicy_SignedBy{SignedBy: int32(i)}})
	}
	envelope.Rule = &common.SignaturePolicy{Type: &common.SignaturePolicy_NOutOf_{
		NOutOf: &common.SignaturePolicy_NOutOf{N: int32(n), Rules: rules},
	}}
	wrap(&e.err, "policy")
	return envelope, e.err
}
