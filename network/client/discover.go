package client

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"

	"github.com/hyperledger/fabric-protos-go-apiv2/discovery"
	"github.com/hyperledger/fabric-protos-go-apiv2/gossip"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// discover asks the observing peer which peers can endorse a chaincode, in what numbers together. Peers that are no
// gateways are connected to where those of the gateways do not satisfy the policy.
func (c *Client) discover(ctx context.Context, chaincode string) (selection, error) {
	p := c.instead(c.home.observing())
	descriptor, err := p.descriptor(ctx, c.config.Channel, chaincode)
	if err != nil {
		return nil, fmt.Errorf("endorsers of %s: service discovery at %s: %w", chaincode, p.name, err)
	}
	groups := map[string][]*candidate{}
	var others []*candidate
	for name, members := range descriptor.GetEndorsersByGroups() {
		for _, member := range members.GetPeers() {
			one, err := candidateOf(member)
			if err != nil {
				return nil, fmt.Errorf("endorsers of %s: service discovery at %s: %w", chaincode, p.name, err)
			}
			if one.peer = c.at(one.address); one.peer == nil {
				others = append(others, one)
			}
			groups[name] = append(groups[name], one)
		}
	}
	if found := layoutsOf(descriptor, groups, c.config.Turn); len(found.all) > 0 {
		return found, nil
	}
	refused := c.meet(ctx, others)
	if found := layoutsOf(descriptor, groups, c.config.Turn); len(found.all) > 0 {
		return found, nil
	}
	text := fmt.Sprintf("no peers that this client knows satisfy the endorsement policy of %s", chaincode)
	if refused != nil {
		text += ": " + refused.Error()
	}
	return nil, status.Error(codes.FailedPrecondition, text)
}

// A candidate is a peer that discovery names as an endorser.
type candidate struct {
	address string // by which gossip knows it
	member  string // MSP id
	peer    *endpoint
}

// candidateOf reads what discovery says of a peer.
func candidateOf(p *discovery.Peer) (*candidate, error) {
	var message gossip.GossipMessage
	if err := proto.Unmarshal(p.GetMembershipInfo().GetPayload(), &message); err != nil {
		return nil, fmt.Errorf("membership of a peer: %w", err)
	}
	var id msp.SerializedIdentity
	if err := proto.Unmarshal(p.GetIdentity(), &id); err != nil {
		return nil, fmt.Errorf("identity of a peer: %w", err)
	}
	return &candidate{address: message.GetAliveMsg().GetMembership().GetEndpoint(), member: id.GetMspid()}, nil
}

// layoutsOf returns the layouts of a policy for which there are connected endorsers enough. Turns begin with those of a number.
func layoutsOf(descriptor *discovery.EndorsementDescriptor, candidates map[string][]*candidate, first uint64) *layouts {
	groups := map[string]*group{}
	for name, all := range candidates {
		groups[name] = newGroup(first)
		for _, one := range all {
			if one.peer != nil {
				groups[name].peers = append(groups[name].peers, one.peer)
			}
		}
	}
	found := &layouts{}
	found.next.Store(first)
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
	return found
}

// at returns the endpoint that gossip knows by an address: by the same one, or by the name that its certificate has.
func (c *Client) at(address string) *endpoint {
	if i := slices.IndexFunc(c.config.Gateways, func(g Gateway) bool { return g.At(address) }); i >= 0 {
		return c.peers[i]
	}
	return nil
}

// mostMet bounds how many peers are connected to beside those of the gateways.
const mostMet = 64

// meet connects to peers that are no gateways, which endorse in the name of the first one's identity. The error says why some
// cannot be reached.
func (c *Client) meet(ctx context.Context, others []*candidate) (refused error) {
	others = others[:min(len(others), mostMet)]
	errs := make([]error, len(others))
	var group sync.WaitGroup
	for i, one := range others {
		group.Go(func() {
			g := c.reaching(one)
			if errs[i] = g.Dial.Reach(ctx, g.Address, cmp.Or(g.ServerName, g.Name), g.TLS); errs[i] != nil {
				errs[i] = fmt.Errorf("%s of %s: %w", g.Name, one.member, errs[i])
				return
			}
			one.peer, errs[i] = c.connect(g)
		})
	}
	group.Wait()
	for i, one := range others {
		if errs[i] != nil {
			refused = joined(refused, errs[i])
			continue
		}
		one.peer.member = one.member
		c.meeting.Lock()
		c.found = append(c.found, one.peer)
		c.meeting.Unlock()
	}
	return refused
}

// reaching returns how to reach a peer that discovery names: as the configuration says, or at the address that gossip knows.
func (c *Client) reaching(one *candidate) Gateway {
	first := c.config.Gateways[0]
	for _, g := range c.config.Peers {
		if g.At(one.address) {
			g.Identity = first.Identity
			return g
		}
	}
	host, _, _ := net.SplitHostPort(one.address) // an address that is none cannot be reached, which is said then
	g := Gateway{Name: one.address, Address: one.address, ServerName: host, TLS: first.TLS, Identity: first.Identity}
	g.TLS.CA = c.config.Authorities[one.member]
	return g
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
