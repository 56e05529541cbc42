package blockcheck

import (
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"meterbench/bench/ledger"
)

// FuzzCheck hands any bytes over as a block of a channel, and its configuration as that of the block after it. It must say
// something of each, and what it says of a block is verified only if the block is one that orderers have made.
func FuzzCheck(f *testing.F) {
	of := newChannel(f, bft)
	honest := of.next(f, of.genesis, of.orderers[:3], "one", "two")
	for _, b := range []*common.Block{of.genesis, honest} {
		f.Add(marshal(f, b))
	}
	rules := of.rules(f)
	before := HeaderHash(of.genesis.Header)
	f.Fuzz(func(t *testing.T, data []byte) {
		var b common.Block
		if proto.Unmarshal(data, &b) != nil {
			return
		}
		checks := Check(&b, before, rules)
		for _, c := range []ledger.Check{checks.Data, checks.Chain, checks.Signatures} {
			if c.State == "" || c.State != ledger.Verified && c.Text == "" {
				t.Errorf("nothing said: %+v", checks)
			}
		}
		if checks.Signatures.State == ledger.Verified && !proto.Equal(b.Header, honest.Header) {
			t.Errorf("a header that nobody signed is verified: %v", b.Header)
		}
		LastConfig(&b)
		if config := Config(&b); config != nil {
			Check(honest, before, NewRules(config))
		}
	})
}
