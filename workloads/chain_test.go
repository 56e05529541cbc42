package workloads

import (
	"context"
	"maps"
	"sync"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"meterbench/bench"
	"meterbench/network/chaincode"
	"meterbench/simulators/reading"
)

// A chain is the contract on several channels, in memory, each transaction
// committed before the next. It is a Ledger and, by channel, a verifier's.
type chain struct {
	contract *chaincode.Readings
	mu       sync.Mutex
	states   []map[string][]byte // by channel
	names    []string            // by channel; none: of no name
	fail     error               // of reading
}

func newChain(channels int) *chain {
	c := &chain{contract: &chaincode.Readings{Operator: "PtbMSP"}, states: make([]map[string][]byte, channels)}
	for i := range c.states {
		c.states[i] = map[string][]byte{}
	}
	return c
}

func (c *chain) name(channel int) string {
	if len(c.names) == 0 {
		return ""
	}
	return c.names[channel]
}

// commit submits what the contract must take.
func (c *chain) commit(t testing.TB, tx bench.Transaction) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if answer := c.invoke(tx); answer.GetStatus() != shim.OK {
		t.Fatalf("%s: status %d, %s", tx.Function, answer.GetStatus(), answer.GetMessage())
	}
}

// invoke commits what the contract takes.
func (c *chain) invoke(tx bench.Transaction) *peer.Response {
	s := &call{channel: c.name(tx.Channel), args: append([][]byte{[]byte(tx.Function)}, tx.Args...), state: c.states[tx.Channel], writes: map[string][]byte{}}
	answer := c.contract.Invoke(s)
	if answer.GetStatus() == shim.OK {
		maps.Copy(s.state, s.writes)
	}
	return answer
}

// Readings implements Ledger.
func (c *chain) Readings(_ context.Context, channel int, meter string, from, to uint64) (list []reading.Reading, err error) {
	for n := from; n < to; n++ {
		if raw := c.value(channel, reading.Key(meter, n)); raw != nil {
			r, err := reading.Unmarshal(raw)
			if err != nil {
				return nil, err
			}
			list = append(list, r)
		}
	}
	return list, c.fail
}

// oneChannel is what a verifier sees of a chain.
type oneChannel struct {
	*chain
	channel int
}

func (o oneChannel) Readings(ctx context.Context, meter string, from, to uint64) ([]reading.Reading, error) {
	return o.chain.Readings(ctx, o.channel, meter, from, to)
}

func (o oneChannel) Function(_ context.Context, hash reading.Hash) ([]byte, error) {
	return o.value(o.channel, reading.FunctionKey(hash)), o.fail
}

func (o oneChannel) Parameters(_ context.Context, id reading.Hash) ([]byte, error) {
	return o.value(o.channel, reading.ParametersKey(id)), o.fail
}

func (c *chain) value(channel int, key string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.states[channel][key]
}

// count returns how many keys begin with a prefix.
func (c *chain) count(prefix string) (n int) {
	for _, state := range c.states {
		for key := range state {
			if len(key) > len(prefix) && key[:len(prefix)] == prefix {
				n++
			}
		}
	}
	return n
}

// A call is the contract's view of one transaction.
type call struct {
	shim.ChaincodeStubInterface // whatever is not overridden must not be called
	channel                     string
	args                        [][]byte
	state, writes               map[string][]byte
}

func (s *call) GetChannelID() string { return s.channel }

func (s *call) GetArgs() [][]byte { return s.args }

func (s *call) GetCreator() ([]byte, error) {
	return proto.Marshal(&msp.SerializedIdentity{Mspid: "PtbMSP"})
}

func (s *call) GetState(key string) ([]byte, error) { return s.state[key], nil }

func (s *call) GetMultipleStates(keys ...string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = s.state[key]
	}
	return values, nil
}

func (s *call) PutState(key string, value []byte) error {
	s.writes[key] = value
	return nil
}

func (s *call) StartWriteBatch()        {}
func (s *call) FinishWriteBatch() error { return nil }
