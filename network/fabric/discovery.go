package fabric

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"

	"github.com/hyperledger/fabric-protos-go-apiv2/discovery"
	"github.com/hyperledger/fabric-protos-go-apiv2/gossip"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// Discovered is what a peer's service discovery knows of a channel.
type Discovered struct {
	Peers    []DiscoveredPeer // by address
	Orderers []string         // host:port, sorted
	// Unsatisfiable are chaincodes whose endorsement policy the peers that are up and have them do not satisfy, with the
	// service's reason.
	Unsatisfiable map[string]string
}

// DiscoveredPeer is one that gossip knows to be up.
type DiscoveredPeer struct {
	MSPID   string
	Address string // host:port
	Height  uint64 // blocks that it has of the channel
}

// Discover asks the service discovery of the peer behind conn for a channel, and whether the policies of chaincodes can
// be satisfied. hash is the SHA-256 of the client's certificate of that connection, without which the service answers none.
func (a *Admin) Discover(ctx context.Context, conn grpc.ClientConnInterface, hash []byte, channel string, chaincodes []string) (_ Discovered, err error) {
	defer wrap(&err, "discover %s", channel)
	queries := []*discovery.Query{
		{Channel: channel, Query: &discovery.Query_PeerQuery{PeerQuery: &discovery.PeerMembershipQuery{}}},
		{Channel: channel, Query: &discovery.Query_ConfigQuery{ConfigQuery: &discovery.ConfigQuery{}}},
	}
	for _, name := range chaincodes {
		queries = append(queries, &discovery.Query{Channel: channel, Query: &discovery.Query_CcQuery{CcQuery: &discovery.ChaincodeQuery{
			Interests: []*peer.ChaincodeInterest{{Chaincodes: []*peer.ChaincodeCall{{Name: name}}}},
		}}})
	}
	var e encoder
	payload := e.bytes(&discovery.Request{
		Authentication: &discovery.AuthInfo{ClientIdentity: a.creator, ClientTlsCertHash: hash}, Queries: queries,
	})
	signed := &discovery.SignedRequest{Payload: payload, Signature: a.sign(&e, payload)}
	if e.err != nil {
		return Discovered{}, e.err
	}
	answer, err := discovery.NewDiscoveryClient(conn).Discover(ctx, signed)
	if err != nil {
		return Discovered{}, err
	}
	if got := len(answer.GetResults()); got != len(queries) {
		return Discovered{}, fmt.Errorf("%d answers to %d questions", got, len(queries))
	}
	for _, r := range answer.GetResults()[:2] {
		if refused := r.GetError(); refused != nil {
			return Discovered{}, errors.New(refused.GetContent())
		}
	}
	return readDiscovered(answer.GetResults(), chaincodes), nil
}

// readDiscovered reads the answers about peers, orderers and chaincodes, in this order. What is damaged is left out.
func readDiscovered(results []*discovery.QueryResult, chaincodes []string) Discovered {
	d := Discovered{Unsatisfiable: map[string]string{}}
	members := results[0].GetMembers().GetPeersByOrg()
	for _, mspid := range slices.Sorted(maps.Keys(members)) {
		for _, p := range members[mspid].GetPeers() {
			var alive, state gossip.GossipMessage
			if proto.Unmarshal(p.GetMembershipInfo().GetPayload(), &alive) != nil || proto.Unmarshal(p.GetStateInfo().GetPayload(), &state) != nil {
				continue
			}
			d.Peers = append(d.Peers, DiscoveredPeer{
				MSPID: mspid, Address: alive.GetAliveMsg().GetMembership().GetEndpoint(), Height: state.GetStateInfo().GetProperties().GetLedgerHeight(),
			})
		}
	}
	slices.SortFunc(d.Peers, func(a, b DiscoveredPeer) int { return cmp.Compare(a.Address, b.Address) })
	for _, all := range results[1].GetConfigResult().GetOrderers() {
		for _, o := range all.GetEndpoint() {
			d.Orderers = append(d.Orderers, net.JoinHostPort(o.GetHost(), strconv.Itoa(int(o.GetPort()))))
		}
	}
	slices.Sort(d.Orderers)
	for i, name := range chaincodes {
		if refused := results[2+i].GetError(); refused != nil {
			d.Unsatisfiable[name] = refused.GetContent()
		}
	}
	return d
}

// Channels asks the peer behind conn which channels it has joined, which it answers members of its own organisation only.
func (a *Admin) Channels(ctx context.Context, conn grpc.ClientConnInterface) (names []string, err error) {
	defer wrap(&err, "channels")
	var answer peer.ChannelQueryResponse
	if err := a.call(ctx, conn, &answer, "", "cscc", []byte("GetChannels")); err != nil {
		return nil, err
	}
	for _, c := range answer.GetChannels() {
		names = append(names, c.GetChannelId())
	}
	slices.Sort(names)
	return names, nil
}
