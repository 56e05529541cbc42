package blockcheck

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"meterbench/bench/topology"
	"meterbench/internal/lows"
	"meterbench/network/fabric"
)

// A testChannel is a channel whose orderers' keys are at hand.
type testChannel struct {
	genesis  *common.Block
	ordering *fabric.Organisation
	member   *fabric.Organisation
	orderers []testSigner
	bft      bool
}

type testSigner struct {
	msp  string
	cert []byte
	key  lows.Key
}

func (s testSigner) serialised(t testing.TB) []byte {
	return marshal(t, &msp.SerializedIdentity{Mspid: s.msp, IdBytes: s.cert})
}

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func newSigner(t testing.TB, of *fabric.Organisation, name, role string) testSigner {
	t.Helper()
	credential, err := of.CA.Identity(name, role)
	if err != nil {
		t.Fatal(err)
	}
	key, err := lows.ParseKeyPair(credential.Cert, credential.Key)
	if err != nil {
		t.Fatal(err)
	}
	return testSigner{of.MSP, credential.Cert, key}
}

func newOrganisation(t testing.TB, name, id string) *fabric.Organisation {
	t.Helper()
	o, err := fabric.NewOrganisation(name, id)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// newChannel makes a channel with its first block, as our networks have it.
func newChannel(t testing.TB, orderers topology.Orderers) *testChannel {
	t.Helper()
	dialect, err := fabric.DialectOf(orderers, "v3.1.1")
	if err != nil {
		t.Fatal(err)
	}
	c := &testChannel{
		ordering: newOrganisation(t, "ordering", "OrderingMSP"), member: newOrganisation(t, "ptb", "PtbMSP"), bft: orderers.Consensus == topology.BFT,
	}
	of := fabric.Channel{
		Name: "metrology", Ordering: []*fabric.Organisation{c.ordering}, Dialect: dialect, Members: []fabric.Member{{Organisation: c.member}},
		Batch: topology.Batch{Messages: 10, PreferredBytes: 1 << 20, AbsoluteBytes: 2 << 20},
	}
	for i := range orderers.Count {
		s := newSigner(t, c.ordering, fmt.Sprintf("orderer%d", i), fabric.RoleOrderer)
		c.orderers = append(c.orderers, s)
		of.Orderers = append(of.Orderers, &fabric.Orderer{MSP: s.msp, Address: fabric.Endpoint{Host: "127.0.0.1", Port: 7050 + i}, Identity: s.cert, TLS: c.ordering.AdminTLS})
	}
	data, err := fabric.Genesis(of)
	if err != nil {
		t.Fatal(err)
	}
	c.genesis = &common.Block{}
	if err := proto.Unmarshal(data, c.genesis); err != nil {
		t.Fatal(err)
	}
	return c
}

// rules are those of the channel's first block.
func (c *testChannel) rules(t testing.TB) *Rules {
	t.Helper()
	config := Config(c.genesis)
	if config == nil {
		t.Fatal("the first block has no configuration")
	}
	return NewRules(config)
}

// next returns the block after another one, with envelopes of this data, or a configuration, signed by some.
func (c *testChannel) next(t testing.TB, before *common.Block, by []testSigner, data ...string) *common.Block {
	t.Helper()
	b := &common.Block{
		Header: &common.BlockHeader{Number: before.Header.Number + 1, PreviousHash: HeaderHash(before.Header)}, Data: &common.BlockData{},
		Metadata: &common.BlockMetadata{Metadata: make([][]byte, len(common.BlockMetadataIndex_name))},
	}
	for _, d := range data {
		wire := []byte(d)
		if Config(&common.Block{Data: &common.BlockData{Data: [][]byte{wire}}}) == nil {
			wire = marshal(t, &common.Envelope{Payload: wire, Signature: []byte("signature")})
		}
		b.Data.Data = append(b.Data.Data, wire)
	}
	b.Header.DataHash = DataHash(b.Data)
	c.sign(t, b, by)
	return b
}

// sign replaces the signatures of a block.
func (c *testChannel) sign(t testing.TB, b *common.Block, by []testSigner) {
	t.Helper()
	signed := &common.Metadata{Value: marshal(t, &common.OrdererBlockMetadata{LastConfig: &common.LastConfig{}})}
	for i, s := range by {
		one := &common.MetadataSignature{}
		over := signed.Value
		if c.bft {
			one.IdentifierHeader = marshal(t, &common.IdentifierHeader{Identifier: uint32(i + 1), Nonce: []byte{1}})
			over = append(append([]byte{}, over...), one.IdentifierHeader...)
		} else {
			one.SignatureHeader = marshal(t, &common.SignatureHeader{Creator: s.serialised(t), Nonce: []byte{1}})
			over = append(append([]byte{}, over...), one.SignatureHeader...)
		}
		digest := sha256.Sum256(append(over, headerBytes(b.Header)...))
		var err error
		if one.Signature, err = s.key.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
			t.Fatal(err)
		}
		signed.Signatures = append(signed.Signatures, one)
	}
	b.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES] = marshal(t, signed)
}

// signed changes the signatures of a block.
func signed(t testing.TB, b *common.Block, change func(*common.Metadata)) {
	t.Helper()
	m, err := signatures(b)
	if err != nil {
		t.Fatal(err)
	}
	change(m)
	b.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES] = marshal(t, m)
}
