package fabric

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/discovery"
	"github.com/hyperledger/fabric-protos-go-apiv2/gossip"
	"google.golang.org/protobuf/proto"
)

// discovered returns the answers of a service discovery about two peers, an orderer and two chaincodes.
func discovered(t testing.TB) []*discovery.QueryResult {
	t.Helper()
	var e encoder
	member := func(address string, height uint64) *discovery.Peer {
		return &discovery.Peer{
			MembershipInfo: &gossip.Envelope{Payload: e.bytes(&gossip.GossipMessage{Content: &gossip.GossipMessage_AliveMsg{
				AliveMsg: &gossip.AliveMessage{Membership: &gossip.Member{Endpoint: address}},
			}})},
			StateInfo: &gossip.Envelope{Payload: e.bytes(&gossip.GossipMessage{Content: &gossip.GossipMessage_StateInfo{
				StateInfo: &gossip.StateInfo{Properties: &gossip.Properties{LedgerHeight: height}},
			}})},
		}
	}
	results := []*discovery.QueryResult{
		{Result: &discovery.QueryResult_Members{Members: &discovery.PeerMembershipResult{PeersByOrg: map[string]*discovery.Peers{
			"Org2MSP": {Peers: []*discovery.Peer{member("a:9051", 7)}},
			"Org1MSP": {Peers: []*discovery.Peer{member("b:7051", 8), {MembershipInfo: &gossip.Envelope{Payload: []byte{1}}}}},
		}}}},
		{Result: &discovery.QueryResult_ConfigResult{ConfigResult: &discovery.ConfigResult{Orderers: map[string]*discovery.Endpoints{
			"OrdererMSP": {Endpoint: []*discovery.Endpoint{{Host: "o", Port: 7050}}},
		}}}},
		{Result: &discovery.QueryResult_CcQueryRes{CcQueryRes: &discovery.ChaincodeQueryResult{}}},
		{Result: &discovery.QueryResult_Error{Error: &discovery.Error{Content: "no endorsement combination can be satisfied"}}},
	}
	if e.err != nil {
		t.Fatal(e.err)
	}
	return results
}

func TestReadDiscovered(t *testing.T) {
	want := Discovered{
		Peers: []DiscoveredPeer{{"Org2MSP", "a:9051", 7}, {"Org1MSP", "b:7051", 8}}, Orderers: []string{"o:7050"},
		Unsatisfiable: map[string]string{"strict": "no endorsement combination can be satisfied"},
	}
	if diff := cmp.Diff(want, readDiscovered(discovered(t), []string{"basic", "strict"})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Whatever a peer answers is read without harm.
func FuzzDiscovered(f *testing.F) {
	seed, err := proto.Marshal(&discovery.Response{Results: discovered(f)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		var answer discovery.Response
		if proto.Unmarshal(data, &answer) == nil && len(answer.GetResults()) == 4 {
			readDiscovered(answer.GetResults(), []string{"basic", "strict"})
		}
	})
}
