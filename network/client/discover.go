package client

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/discovery"
	"github.com/hyperledger/fabric-protos-go-apiv2/gossip"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// discover asks the observing peer which peers can endorse a chaincode, in what numbers together.
func (c *Client) discover(ctx context.Context, chaincode string) (selection, error) {
	p := c.instead(c.observing())
	descriptor, err := p.descriptor(ctx, c.config.Channel, chaincode)
	if err != nil {
		return nil, fmt.Errorf("endorsers of %s: discovery at %s: %w", chaincode, p.name, err)
	}
	groups := map[string]*group{}
	for name, members := range descriptor.GetEndorsersByGroups() {
		g := &group{}
		for _, member := range members.GetPeers() {
			address, err := endpointOf(member)
			if err != nil {
				return nil, fmt.Errorf("endorsers of %s: discovery at %s: %w", chaincode, p.name, err)
			}
			if known := c.at(address); known != nil {
				g.peers = append(g.peers, known)
			}
		}
		groups[name] = g
	}
	found := &layouts{}
	for _, l := range descriptor.GetLayouts() {
		var possible layout
		for _, name := range slices.Sorted(maps.Keys(l.GetQuantitiesByGroup())) {
			g, n := groups[name], int(l.GetQuantitiesByGroup()[name])
			if g == nil || len(g.peers) < n {
				possible = nil
				break
			}
			possible = append(possible, quantity{g, n})
		}
		if possible != nil {
			found.all = append(found.all, possible)
		}
	}
	if len(found.all) == 0 {
		return nil, status.Errorf(codes.FailedPrecondition, "no peers that this client knows satisfy the endorsement policy of %s", chaincode)
	}
	return found, nil
}

// at returns the endpoint that gossip knows by an address: by the same one, or by the name that its certificate has.
func (c *Client) at(address string) *endpoint {
	host, _, err := net.SplitHostPort(address)
	for i, g := range c.config.Gateways {
		if g.Address == address || err == nil && (host == g.Name || host == g.ServerName) {
			return c.peers[i]
		}
	}
	return nil
}

// descriptor asks the peer's discovery service about a chaincode's endorsement.
func (p *endpoint) descriptor(ctx context.Context, channel, chaincode string) (*discovery.EndorsementDescriptor, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	payload, err := proto.Marshal(&discovery.Request{
		Authentication: &discovery.AuthInfo{ClientIdentity: p.signer.creator, ClientTlsCertHash: p.certificate},
		Queries: []*discovery.Query{{Channel: channel, Query: &discovery.Query_CcQuery{CcQuery: &discovery.ChaincodeQuery{
			Interests: []*peer.ChaincodeInterest{{Chaincodes: []*peer.ChaincodeCall{{Name: chaincode}}}}}}}},
	})
	if err != nil {
		return nil, err
	}
	signature, err := p.signer.sign(payload)
	if err != nil {
		return nil, err
	}
	response, err := discovery.NewDiscoveryClient(p.conn).Discover(ctx, &discovery.SignedRequest{Payload: payload, Signature: signature})
	if err != nil {
		return nil, err
	}
	if len(response.GetResults()) != 1 {
		return nil, fmt.Errorf("%d results to one query", len(response.GetResults()))
	}
	result := response.GetResults()[0]
	content := result.GetCcQueryRes().GetContent()
	switch {
	case result.GetError() != nil:
		return nil, status.Error(codes.FailedPrecondition, result.GetError().GetContent())
	case len(content) != 1:
		return nil, fmt.Errorf("%d answers about one chaincode", len(content))
	}
	return content[0], nil
}

// endpointOf returns the address by which gossip knows a peer.
func endpointOf(p *discovery.Peer) (string, error) {
	var message gossip.GossipMessage
	if err := proto.Unmarshal(p.GetMembershipInfo().GetPayload(), &message); err != nil {
		return "", fmt.Errorf("membership of a peer: %w", err)
	}
	return message.GetAliveMsg().GetMembership().GetEndpoint(), nil
}
