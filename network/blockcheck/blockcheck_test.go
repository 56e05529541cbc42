package blockcheck

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"meterbench/bench/ledger"
	"meterbench/bench/topology"
	"meterbench/network/fabric"
)

var (
	raft = topology.Orderers{Consensus: topology.Raft, Count: 3}
	bft  = topology.Orderers{Consensus: topology.BFT, Count: 4}
)

func clone(b *common.Block) *common.Block { return proto.Clone(b).(*common.Block) }

func states(c ledger.Checks) string {
	return fmt.Sprintf("%s %s %s", c.Data.State, c.Chain.State, c.Signatures.State)
}

// A chain of honest blocks is right in every respect, with one signature under raft and with a quorum of them under BFT.
func TestHonest(t *testing.T) {
	for _, c := range []struct {
		name     string
		orderers topology.Orderers
		by       int
		signers  string
	}{
		{"raft", raft, 1, `signed by "orderer0" of "OrderingMSP"`},
		{"bft", bft, 3, `signed by "orderer0" of "OrderingMSP", "orderer1" of "OrderingMSP", "orderer2" of "OrderingMSP"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			of := newChannel(t, c.orderers)
			chain := NewChain(nil)
			first := chain.Next(of.genesis)
			if got, want := states(first), "verified verified unchecked"; got != want {
				t.Errorf("the first block: %s, want %s (%+v)", got, want, first)
			}
			before := of.genesis
			for range 3 {
				b := of.next(t, before, of.orderers[:c.by], "one", "two")
				checks := chain.Next(b)
				if states(checks) != "verified verified verified" || checks.Signatures.Text != c.signers {
					t.Fatalf("block %d: %+v", b.Header.Number, checks)
				}
				before = b
			}
		})
	}
}

// Whatever of a block is changed on purpose is noticed, and said of the right part of it.
func TestAttacks(t *testing.T) {
	for _, of := range []*testChannel{newChannel(t, raft), newChannel(t, bft)} {
		name, enough := "raft", of.orderers[:1]
		if of.bft {
			name, enough = "bft", of.orderers[:3]
		}
		rules := of.rules(t)
		before := of.next(t, of.genesis, enough, "zero")
		honest := of.next(t, before, enough, "one", "two")
		stranger := newOrganisation(t, "stranger", "OrderingMSP") // which calls itself like the ordering organisation
		for _, c := range []struct {
			name   string
			change func(*common.Block)
			states string
			says   string
		}{
			{"nothing", func(*common.Block) {}, "verified verified verified", ""},
			{"a byte of the data", func(b *common.Block) { b.Data.Data[1][0] ^= 1 }, "wrong verified verified", "the header names the data"},
			{"two transactions put together", func(b *common.Block) { b.Data.Data = [][]byte{slices.Concat(b.Data.Data[0], b.Data.Data[1])} },
				"wrong verified verified", "transaction 0 is none as it was ordered"},
			{"a transaction cut in two", func(b *common.Block) {
				of := b.Data.Data[1]
				b.Data.Data = [][]byte{b.Data.Data[0], of[:5], of[5:]}
			}, "wrong verified verified", "transaction 1 is none as it was ordered"},
			{"an empty transaction more", func(b *common.Block) { b.Data.Data = append(b.Data.Data, nil) }, "wrong verified verified", "has no payload"},
			{"a transaction less", func(b *common.Block) { b.Data.Data = b.Data.Data[:1] }, "wrong verified verified", "the header names the data"},
			{"no transaction", func(b *common.Block) { b.Data = nil }, "wrong verified verified", "holds no transaction"},
			{"the data and its hash", func(b *common.Block) {
				b.Data.Data[1][len(b.Data.Data[1])-1] ^= 1
				b.Header.DataHash = DataHash(b.Data)
			}, "verified verified wrong", "does not fit"},
			{"a byte of the previous hash", func(b *common.Block) { b.Header.PreviousHash[5] ^= 0x80 }, "verified wrong wrong", "the block before it"},
			{"the previous hash is that of another block", func(b *common.Block) { b.Header.PreviousHash = HeaderHash(of.genesis.Header) },
				"verified wrong wrong", "the block before it"},
			{"the number", func(b *common.Block) { b.Header.Number++ }, "verified verified wrong", "does not fit"},
			{"the signed metadata", func(b *common.Block) {
				signed(t, b, func(m *common.Metadata) {
					m.Value = marshal(t, &common.OrdererBlockMetadata{LastConfig: &common.LastConfig{Index: 7}})
				})
			}, "verified verified wrong", "does not fit"},
			{"signatures of another block", func(b *common.Block) {
				b.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES] = before.Metadata.Metadata[common.BlockMetadataIndex_SIGNATURES]
			}, "verified verified wrong", "does not fit"},
			{"no signature", func(b *common.Block) { signed(t, b, func(m *common.Metadata) { m.Signatures = nil }) }, "verified verified wrong", "0 of 0"},
			{"no metadata", func(b *common.Block) { b.Metadata = nil }, "verified verified wrong", "has no signatures"},
			{"damaged metadata", func(b *common.Block) { b.Metadata.Metadata[0] = []byte{0xff} }, "verified verified wrong", "cannot be read"},
			{"too many signatures", func(b *common.Block) {
				signed(t, b, func(m *common.Metadata) { m.Signatures = make([]*common.MetadataSignature, 2000) })
			}, "verified verified wrong", "2000 signatures"},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				b := clone(honest)
				c.change(b)
				expect(t, Check(b, HeaderHash(before.Header), rules), c.states, c.says)
			})
		}
		other := of
		other = &testChannel{genesis: of.genesis, ordering: of.ordering, member: of.member} // signs with whole identities
		for _, c := range []struct {
			name string
			by   testSigner
			says string
		}{
			{"a member that orders nothing", newSigner(t, of.member, "peer0", fabric.RolePeer), "the channel's policy wants"},
			{"a stranger of the same name", newSigner(t, stranger, "orderer0", fabric.RoleOrderer), "unknown authority"},
			{"an organisation that is no member", testSigner{"OtherMSP", of.orderers[0].cert, of.orderers[0].key}, "no member of the channel"},
			{"another one's certificate", testSigner{"OrderingMSP", of.orderers[0].cert, of.orderers[1].key}, "does not fit"},
			{"a certificate without a role", newSigner(t, of.ordering, "orderer9", "cleaner"), "names 0 roles"},
			{"an authority", testSigner{"OrderingMSP", of.ordering.CA.PEM, of.orderers[0].key}, "that of an authority"},
			{"no certificate", testSigner{"OrderingMSP", []byte("x"), of.orderers[0].key}, "no PEM"},
		} {
			t.Run(name+"/signed by "+c.name, func(t *testing.T) {
				b := other.next(t, before, []testSigner{c.by}, "one")
				expect(t, Check(b, HeaderHash(before.Header), rules), "verified verified wrong", c.says)
			})
		}
	}
}

func expect(t *testing.T, got ledger.Checks, want, says string) {
	t.Helper()
	if states(got) != want {
		t.Errorf("%s, want %s (%+v)", states(got), want, got)
	}
	if text := got.Data.Text + got.Chain.Text + got.Signatures.Text; !strings.Contains(text, says) {
		t.Errorf("it says %q, want %q", text, says)
	}
}

// With four orderers SmartBFT wants three signatures, of different ones of them.
func TestQuorum(t *testing.T) {
	of := newChannel(t, bft)
	rules := of.rules(t)
	check := func(b *common.Block) ledger.Checks { return Check(b, HeaderHash(of.genesis.Header), rules) }
	expect(t, check(of.next(t, of.genesis, of.orderers[:2], "one")), "verified verified wrong", "2 of 2 signatures are right, and the channel's policy wants 3 of [")
	expect(t, check(of.next(t, of.genesis, of.orderers, "one")), "verified verified verified", `"orderer3"`)
	t.Run("one of them thrice", func(t *testing.T) {
		b := of.next(t, of.genesis, of.orderers[:1], "one")
		signed(t, b, func(m *common.Metadata) {
			m.Signatures = append(m.Signatures, m.Signatures[0], proto.Clone(m.Signatures[0]).(*common.MetadataSignature))
		})
		expect(t, check(b), "verified verified wrong", "1 of 3")
	})
	t.Run("under another one's number", func(t *testing.T) {
		swapped := slices.Clone(of.orderers[:3])
		swapped[0], swapped[1] = swapped[1], swapped[0]
		expect(t, check(of.next(t, of.genesis, swapped, "one")), "verified verified wrong", "1 of 3")
	})
	t.Run("under a number that there is not", func(t *testing.T) {
		b := of.next(t, of.genesis, of.orderers[:3], "one")
		signed(t, b, func(m *common.Metadata) {
			m.Signatures[2].IdentifierHeader = marshal(t, &common.IdentifierHeader{Identifier: 9})
		})
		expect(t, check(b), "verified verified wrong", "orderer 9")
	})
}

// A signature whose s is the higher one of the two that fit counts for nothing, as in Fabric.
func TestHighS(t *testing.T) {
	of := newChannel(t, raft)
	b := of.next(t, of.genesis, of.orderers[:1], "one")
	signed(t, b, func(m *common.Metadata) {
		s := m.Signatures[0].Signature
		at := 4 + int(s[3]) + 2
		high := new(big.Int).Sub(of.orderers[0].key.Params().N, new(big.Int).SetBytes(s[at:])).Bytes()
		if high[0] >= 0x80 {
			high = append([]byte{0}, high...)
		}
		s = append(slices.Clone(s[:at]), high...)
		s[1], s[at-1] = byte(len(s)-2), byte(len(high))
		m.Signatures[0].Signature = s
	})
	expect(t, Check(b, nil, of.rules(t)), "verified unchecked wrong", "does not fit")
}

// A configuration counts from the block after its own on, and only if orderers have signed it.
func TestChainFollowsConfigurations(t *testing.T) {
	of, later := newChannel(t, raft), newChannel(t, raft)
	chain := NewChain(nil)
	chain.Next(of.genesis)
	config := string(later.genesis.Data.Data[0])
	forged := of.next(t, of.genesis, []testSigner{newSigner(t, of.member, "peer0", fabric.RolePeer)}, config)
	expect(t, chain.Next(forged), "verified verified wrong", "")
	expect(t, chain.Next(of.next(t, forged, later.orderers[:1], "one")), "verified verified wrong", "")

	chain = NewChain(of.rules(t))
	change := of.next(t, of.genesis, of.orderers[:1], config)
	expect(t, chain.Next(change), "verified unchecked verified", "was not read")
	expect(t, chain.Next(later.next(t, change, of.orderers[:1], "one")), "verified verified wrong", "")
	expect(t, chain.Next(later.next(t, later.next(t, change, of.orderers[:1], "one"), later.orderers[:1], "two")), "verified verified verified", "")
}

// What is not understood of a configuration leaves signatures unchecked.
func TestUnknownConfiguration(t *testing.T) {
	of := newChannel(t, raft)
	b := of.next(t, of.genesis, of.orderers[:1], "one")
	for _, c := range []struct {
		name   string
		change func(*common.ConfigGroup)
		says   string
	}{
		{"no orderers", func(g *common.ConfigGroup) { delete(g.Groups, "Orderer") }, "names no orderers"},
		{"a damaged organisation", func(g *common.ConfigGroup) {
			g.Groups["Orderer"].Groups["OrderingMSP"].Values["MSP"].Value = []byte{0xff}
		}, "OrderingMSP"},
		{"a policy of an unknown type", func(g *common.ConfigGroup) { g.Groups["Orderer"].Policies["BlockValidation"].Policy.Type = 77 }, "unknown type 77"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := proto.Clone(Config(of.genesis)).(*common.Config)
			c.change(config.ChannelGroup)
			expect(t, Check(b, nil, NewRules(config)), "verified unchecked unchecked", c.says)
		})
	}
	t.Run("none", func(t *testing.T) { expect(t, Check(b, nil, nil), "verified unchecked unchecked", "was not read") })
	t.Run("no policy", func(t *testing.T) {
		config := proto.Clone(Config(of.genesis)).(*common.Config)
		delete(config.ChannelGroup.Groups["Orderer"].Policies, "BlockValidation")
		expect(t, Check(b, nil, NewRules(config)), "verified unchecked wrong", "which there is not")
	})
}

func TestLastConfig(t *testing.T) {
	of := newChannel(t, raft)
	b := of.next(t, of.genesis, of.orderers[:1], "one")
	signed(t, b, func(m *common.Metadata) {
		m.Value = marshal(t, &common.OrdererBlockMetadata{LastConfig: &common.LastConfig{Index: 12}})
	})
	if n, ok := LastConfig(b); n != 12 || !ok {
		t.Errorf("%d %v", n, ok)
	}
	b.Metadata = nil
	if _, ok := LastConfig(b); ok {
		t.Error("a block without metadata says where its configuration is")
	}
}

func BenchmarkCheck(b *testing.B) {
	of := newChannel(b, raft)
	rules := of.rules(b)
	data := make([]string, 100)
	for i := range data {
		data[i] = strings.Repeat("x", 4000)
	}
	block := of.next(b, of.genesis, of.orderers[:1], data...)
	before := HeaderHash(of.genesis.Header)
	for b.Loop() {
		if c := Check(block, before, rules); c.Signatures.State != ledger.Verified {
			b.Fatal(c)
		}
	}
}
