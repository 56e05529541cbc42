package chaincode

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/queryresult"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// A stub is a peer in memory: writes show only after commit, pages are as
// short as maxPage says, and it counts the round trips a real shim would make.
type stub struct {
	shim.ChaincodeStubInterface // whatever is not overridden must not be called
	args                        [][]byte
	msp                         string
	state                       map[string][]byte
	writes                      map[string][]byte
	policies, restricted        map[string][]byte // validation parameters of states, and those that the last call set
	called                      func(chaincode string, args [][]byte) *peer.Response
	read                        map[string]bool // keys read by the last call, ranges excluded
	batching                    bool
	trips                       int
	fail                        error // of every access to the state
	maxPage                     int32
}

func newStub(msp string) *stub {
	return &stub{msp: msp, state: map[string][]byte{}, policies: map[string][]byte{}, maxPage: 1 << 30}
}

// invoke runs a function and commits what it wrote if it succeeded.
func (s *stub) invoke(t testing.TB, c shim.Chaincode, function string, args ...[]byte) *peer.Response {
	t.Helper()
	s.args = append([][]byte{[]byte(function)}, args...)
	s.writes, s.restricted, s.read, s.trips, s.batching = map[string][]byte{}, map[string][]byte{}, map[string]bool{}, 0, false
	r := c.Invoke(s)
	if r.GetStatus() < shim.ERRORTHRESHOLD {
		maps.Copy(s.state, s.writes)
		maps.Copy(s.policies, s.restricted)
	}
	return r
}

func (s *stub) GetChannelID() string { return channel }

func (s *stub) GetArgs() [][]byte { return s.args }

func (s *stub) GetCreator() ([]byte, error) {
	return proto.Marshal(&msp.SerializedIdentity{Mspid: s.msp, IdBytes: []byte("certificate")})
}

func (s *stub) GetState(key string) ([]byte, error) {
	s.trips++
	s.read[key] = true
	return s.state[key], s.fail
}

func (s *stub) GetMultipleStates(keys ...string) ([][]byte, error) {
	s.trips++
	if s.fail != nil {
		return nil, s.fail
	}
	values := make([][]byte, len(keys))
	for i, k := range keys {
		values[i], s.read[k] = s.state[k], true
	}
	return values, nil
}

func (s *stub) PutState(key string, value []byte) error {
	if !s.batching {
		s.trips++
	}
	s.writes[key] = value
	return s.fail
}

func (s *stub) SetStateValidationParameter(key string, policy []byte) error {
	if !s.batching {
		s.trips++
	}
	s.restricted[key] = policy
	return s.fail
}

// InvokeChaincode asks another contract of the channel.
func (s *stub) InvokeChaincode(chaincode string, args [][]byte, channel string) *peer.Response {
	s.trips++
	if s.called == nil || channel != "" {
		return &peer.Response{Status: 500, Message: "chaincode " + chaincode + " is not there"}
	}
	return s.called(chaincode, args)
}

func (s *stub) StartWriteBatch() { s.batching = true }

func (s *stub) FinishWriteBatch() error {
	if s.batching {
		s.trips++
	}
	s.batching = false
	return s.fail
}

func (s *stub) GetStateByRangeWithPagination(start, end string, size int32, bookmark string) (shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error) {
	s.trips++
	if s.fail != nil {
		return nil, nil, s.fail
	}
	if bookmark != "" {
		start = bookmark
	}
	size = min(size, s.maxPage)
	it, page := &iterator{}, &peer.QueryResponseMetadata{}
	for _, k := range slices.Sorted(maps.Keys(s.state)) {
		if strings.Compare(k, start) < 0 || strings.Compare(k, end) >= 0 {
			continue
		}
		if page.FetchedRecordsCount == size {
			page.Bookmark = k
			break
		}
		page.FetchedRecordsCount++
		it.rest = append(it.rest, &queryresult.KV{Key: k, Value: s.state[k]})
	}
	return it, page, nil
}

type iterator struct{ rest []*queryresult.KV }

func (i *iterator) HasNext() bool { return len(i.rest) > 0 }
func (i *iterator) Close() error  { return nil }
func (i *iterator) Next() (*queryresult.KV, error) {
	kv := i.rest[0]
	i.rest = i.rest[1:]
	return kv, nil
}
