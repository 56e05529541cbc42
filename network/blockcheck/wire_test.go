package blockcheck

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"meterbench/bench/ledger"
)

// A message of many empty fields, each a hundred times as large in memory, is not read.
func TestManyFields(t *testing.T) {
	for _, c := range []struct {
		name string
		wire []byte
		into proto.Message
	}{
		{"actions", bytes.Repeat([]byte("\x0a\x00"), mostFields+1), &peer.Transaction{}},
		{"endorsements", append([]byte("\x12\xc2\x9a\x0c"), bytes.Repeat([]byte("\x12\x00"), mostFields+1)...), &peer.ChaincodeActionPayload{}},
		{"signatures of a block", bytes.Repeat([]byte("\x12\x00"), mostFields+1), &common.Metadata{}},
		{"groups of a configuration", append([]byte("\x12\xc2\x9a\x0c"), bytes.Repeat([]byte("\x12\x00"), mostFields+1)...), &common.Config{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := Unmarshal(c.wire, c.into); err != errFields {
				t.Error(err)
			}
			if err := Unmarshal(c.wire[:len(c.wire)/3], c.into); err == errFields {
				t.Errorf("a third of it: %v", err)
			}
		})
	}
}

// A block whose signatures are too many to be read is shown as wrong.
func TestManySignatures(t *testing.T) {
	of := newChannel(t, raft)
	b := of.next(t, of.genesis, of.orderers[:1], "one")
	b.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES] = bytes.Repeat([]byte("\x12\x00"), mostFields+1)
	expect(t, Check(b, nil, of.rules(t)), "verified unchecked wrong", "too many fields")
}

// What is said of a block by names that strangers chose can be printed, and is short.
func TestHostileNames(t *testing.T) {
	of := newChannel(t, raft)
	b := of.next(t, of.genesis, of.orderers[:1], "one")
	hostile := "<b>\x1b[31m\u202e" + strings.Repeat("x", 100_000)
	for name, change := range map[string]func(g *common.ConfigGroup){
		"a policy": func(g *common.ConfigGroup) {
			g.Groups["Orderer"].Policies["BlockValidation"].Policy = &common.Policy{Type: int32(common.Policy_IMPLICIT_META),
				Value: marshal(t, &common.ImplicitMetaPolicy{SubPolicy: hostile, Rule: common.ImplicitMetaPolicy_ALL})}
		},
		"a policy that is damaged": func(g *common.ConfigGroup) {
			g.Groups["Orderer"].Groups["OrderingMSP"].Policies[hostile] = &common.ConfigPolicy{Policy: &common.Policy{Type: 77}}
			g.Groups["Orderer"].Policies["BlockValidation"].Policy = &common.Policy{Type: int32(common.Policy_IMPLICIT_META),
				Value: marshal(t, &common.ImplicitMetaPolicy{SubPolicy: hostile, Rule: common.ImplicitMetaPolicy_ALL})}
		},
		"an organisation": func(g *common.ConfigGroup) {
			g.Groups["Orderer"].Groups[hostile] = &common.ConfigGroup{Values: map[string]*common.ConfigValue{"MSP": {Value: []byte{0xff}}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := proto.Clone(Config(of.genesis)).(*common.Config)
			change(config.ChannelGroup)
			got := Check(b, nil, NewRules(config)).Signatures
			if got.State == ledger.Verified || len(got.Text) > 1100 || strings.ContainsAny(got.Text, "\x1b\u202e\n") || !strings.Contains(got.Text, "<b>") {
				t.Errorf("%s: %.2000q", got.State, got.Text)
			}
		})
	}
}
