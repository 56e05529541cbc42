package fabric

import (
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// A Collection is private data of a chaincode as the members of a channel agree on it.
type Collection struct {
	Name        string
	MSPs        []string // ids of the organisations that store it
	Required    int      // other peers that must have it before a proposal is endorsed
	Maximum     int      // other peers to which it is sent
	BlockToLive uint64   // blocks after which it is deleted; 0: never
	// Only clients of the organisations may read, or write it.
	MemberOnlyRead, MemberOnlyWrite bool
	Endorsement                     Policy // of what writes it; zero: the chaincode's
}

// A Policy is how many of the organisations, given by their MSP ids, must endorse.
type Policy struct {
	N    int
	MSPs []string
}

// application returns the policy as chaincode definitions have it.
func (p Policy) application() (*peer.ApplicationPolicy, error) {
	policy, err := OutOf(p.N, msp.MSPRole_PEER, p.MSPs)
	return &peer.ApplicationPolicy{Type: &peer.ApplicationPolicy_SignaturePolicy{SignaturePolicy: policy}}, err
}

// collectionPackage returns collections as a definition has them, nil if there are none. Any peer of a member stores one.
func collectionPackage(collections []Collection) (*peer.CollectionConfigPackage, error) {
	if len(collections) == 0 {
		return nil, nil
	}
	all := &peer.CollectionConfigPackage{}
	for _, c := range collections {
		members, err := OutOf(1, msp.MSPRole_MEMBER, c.MSPs)
		if err != nil {
			return nil, err
		}
		config := &peer.StaticCollectionConfig{
			Name: c.Name, RequiredPeerCount: int32(c.Required), MaximumPeerCount: int32(c.Maximum), BlockToLive: c.BlockToLive,
			MemberOnlyRead: c.MemberOnlyRead, MemberOnlyWrite: c.MemberOnlyWrite,
			MemberOrgsPolicy: &peer.CollectionPolicyConfig{Payload: &peer.CollectionPolicyConfig_SignaturePolicy{SignaturePolicy: members}},
		}
		if c.Endorsement.N > 0 {
			if config.EndorsementPolicy, err = c.Endorsement.application(); err != nil {
				return nil, err
			}
		}
		all.Config = append(all.Config, &peer.CollectionConfig{Payload: &peer.CollectionConfig_StaticCollectionConfig{StaticCollectionConfig: config}})
	}
	return all, nil
}
