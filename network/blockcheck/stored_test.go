package blockcheck_test

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/pem"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"meterbench/bench"
	"meterbench/bench/ledger"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/network/blockcheck"
	"meterbench/network/chaincode"
	"meterbench/network/fabric"
	"meterbench/simulators/reading"
)

var update = flag.Bool("update", false, "store blocks of networks, which TestStored tampers with")

// TestMain lets the test binary be what a network starts.
func TestMain(m *testing.M) {
	if code, ok := network.Dispatch(os.Args, chaincode.Serve); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// orderers are the networks that blocks are stored of, with how many orderers sign one.
var orderers = []struct {
	name    string
	text    string
	signers int
}{
	{"raft", "{consensus: raft, count: 3}", 1},
	{"bft", "{consensus: bft, count: 4}", 3},
}

// storedBlocks returns blocks of a real network: the first one, which has its configuration, and two that follow one upon the
// other.
func storedBlocks(t *testing.T, of string) (first, before, block *common.Block) {
	t.Helper()
	all := []*common.Block{{}, {}, {}}
	for i, b := range all {
		wire, err := os.ReadFile(fmt.Sprintf("testdata/%s-%d.block", of, i))
		if err == nil {
			err = proto.Unmarshal(wire, b)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return all[0], all[1], all[2]
}

// TestStore brings networks up and stores blocks of them.
func TestStore(t *testing.T) {
	if !*update {
		t.Skip("stores blocks with -update")
	}
	for _, of := range orderers {
		shape, err := topology.Parse("stored.yaml", []byte(`
name: stored
organisations: [{name: ptb}]
orderers: `+of.text+`
channels: [{name: metrology, batch: {timeout: 1s, messages: 2}, chaincodes: [{name: readings, endorsement: any}]}]
`))
		if err != nil {
			t.Fatal(err)
		}
		n, err := network.Start(t.Context(), shape, network.Config{})
		if err != nil {
			t.Fatal(err)
		}
		store(t, n, of.name)
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// store puts some transactions on the ledger, and stores its first block and the last two.
func store(t *testing.T, n *network.Network, as string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := n.Client(t.Context(), "metrology", reading.ContractName)
	must(err)
	defer c.Close()
	var sending sync.WaitGroup
	for i := range 4 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
		point, err := reading.Compress(&key.PublicKey)
		must(err)
		wire, err := reading.Gateway{ID: fmt.Sprint("gw", i), Key: point}.Marshal()
		must(err)
		sending.Go(func() {
			receipt, err := c.Submit(t.Context(), bench.Transaction{
				Contract: reading.ContractName, Function: reading.FnRegisterGateway, Args: [][]byte{wire}, Sender: "PtbMSP", Wait: result.WaitCommit,
			})
			if err != nil || receipt.Outcome != result.Valid {
				t.Error(receipt.Outcome, err)
			}
		})
	}
	sending.Wait()
	height, err := c.Height(t.Context())
	must(err)
	peers, err := n.Peers("metrology")
	must(err)
	g := peers[0]
	admin, err := fabric.NewAdmin(g.Identity.MSP, fabric.Credential{Cert: g.Identity.CertPEM, Key: g.Identity.KeyPEM})
	must(err)
	tls, err := g.TLS.Showing()
	must(err)
	conn, err := g.Dial.Connect(g.Address, cmp.Or(g.ServerName, g.Name), tls)
	must(err)
	defer conn.Close()
	certificate, _ := pem.Decode(tls.Cert)
	hash := sha256.Sum256(certificate.Bytes)
	must(os.MkdirAll("testdata", 0o755))
	for i, number := range []uint64{0, height - 2, height - 1} {
		for b, err := range admin.Blocks(t.Context(), conn, hash[:], "metrology", number, number) {
			must(err)
			wire, err := proto.Marshal(b)
			must(err)
			must(os.WriteFile(fmt.Sprintf("testdata/%s-%d.block", as, i), wire, 0o644))
		}
	}
}

// A tampering changes one thing of a block. Only one that changes the wire form is tried.
type tampering struct {
	name   string
	change func(*common.Block)
	// caught says which checks may find it wrong: at least one does, and no other one.
	caught []string
}

// byteOf returns what changes a byte of what a field has.
func byteOf(field func(*common.Block) *[]byte, at int) func(*common.Block) {
	return func(b *common.Block) {
		of := field(b)
		*of = slices.Clone(*of)
		(*of)[at%len(*of)] ^= 1 << (at % 8)
	}
}

// tamperings returns a change of each field of a block: of its header, of every transaction, of its order, and of all that is signed.
func tamperings(t *testing.T, honest *common.Block) (all []tampering) {
	t.Helper()
	add := func(name string, change func(*common.Block), caught ...string) {
		all = append(all, tampering{name, change, caught})
	}
	add("number", func(b *common.Block) { b.Header.Number++ }, "signatures")
	add("number, far", func(b *common.Block) { b.Header.Number ^= 1 << 63 }, "signatures")
	for at := range 32 {
		add(fmt.Sprint("previous hash, byte ", at), byteOf(func(b *common.Block) *[]byte { return &b.Header.PreviousHash }, at), "chain", "signatures")
		add(fmt.Sprint("data hash, byte ", at), byteOf(func(b *common.Block) *[]byte { return &b.Header.DataHash }, at), "data", "signatures")
	}
	add("previous hash, none", func(b *common.Block) { b.Header.PreviousHash = nil }, "chain", "signatures")
	add("data hash, none", func(b *common.Block) { b.Header.DataHash = nil }, "data", "signatures")
	add("previous hash, longer", func(b *common.Block) { b.Header.PreviousHash = append(slices.Clip(b.Header.PreviousHash), 0) }, "chain", "signatures")
	add("hashes, one for the other", func(b *common.Block) {
		b.Header.PreviousHash, b.Header.DataHash = b.Header.DataHash, b.Header.PreviousHash
	},
		"data", "chain", "signatures")
	add("header, none", func(b *common.Block) { b.Header = nil }, "data", "chain", "signatures")
	add("data, none", func(b *common.Block) { b.Data = nil }, "data")
	add("metadata, none", func(b *common.Block) { b.Metadata = nil }, "signatures")
	for i, envelope := range honest.Data.Data {
		of := func(b *common.Block) *[]byte { return &b.Data.Data[i] }
		for at := 0; at < len(envelope); at += 1 + len(envelope)/200 {
			add(fmt.Sprintf("transaction %d, byte %d", i, at), byteOf(of, at), "data")
		}
		add(fmt.Sprint("transaction, left out: ", i), func(b *common.Block) { b.Data.Data = slices.Delete(b.Data.Data, i, i+1) }, "data")
		add(fmt.Sprint("transaction, twice: ", i), func(b *common.Block) { b.Data.Data = append(b.Data.Data, b.Data.Data[i]) }, "data")
		for _, at := range []int{1, len(envelope) / 2, len(envelope) - 1} {
			add(fmt.Sprintf("transaction %d, cut in two at %d", i, at), func(b *common.Block) {
				b.Data.Data = slices.Insert(slices.Clone(b.Data.Data), i+1, envelope[at:])
				b.Data.Data[i] = envelope[:at]
			}, "data")
			if i > 0 {
				add(fmt.Sprintf("transaction %d, %d bytes of it to the one before", i, at), func(b *common.Block) {
					b.Data.Data[i-1], b.Data.Data[i] = slices.Concat(b.Data.Data[i-1], envelope[:at]), envelope[at:]
				}, "data")
			}
		}
	}
	add("transactions, in another order", func(b *common.Block) { slices.Reverse(b.Data.Data) }, "data")
	add("transactions, as one", func(b *common.Block) { b.Data.Data = [][]byte{bytes.Join(b.Data.Data, nil)} }, "data")
	add("transactions, with an empty one", func(b *common.Block) { b.Data.Data = append(b.Data.Data, []byte{}) }, "data")

	const at = int(common.BlockMetadataIndex_SIGNATURES)
	whole := honest.Metadata.Metadata[at]
	add("signatures, none", func(b *common.Block) { b.Metadata.Metadata[at] = nil }, "signatures")
	add("signatures, half", func(b *common.Block) { b.Metadata.Metadata[at] = whole[:len(whole)/2] }, "signatures")
	resigned := func(name string, change func(*common.Metadata)) {
		add(name, func(b *common.Block) {
			var signed common.Metadata
			if err := proto.Unmarshal(whole, &signed); err != nil {
				t.Fatal(err)
			}
			change(&signed)
			wire, err := proto.Marshal(&signed)
			if err != nil {
				t.Fatal(err)
			}
			b.Metadata.Metadata[at] = wire
		}, "signatures")
	}
	var signed common.Metadata
	if err := proto.Unmarshal(whole, &signed); err != nil {
		t.Fatal(err)
	}
	flip := func(of *[]byte, at int) {
		*of = slices.Clone(*of)
		(*of)[at] ^= 1 << (at % 8)
	}
	for at := range signed.Value {
		resigned(fmt.Sprint("what is signed, byte ", at), func(m *common.Metadata) { flip(&m.Value, at) })
	}
	for i, s := range signed.Signatures { // with BFT there are as many as must be
		for at := 0; at < len(s.Signature); at++ {
			resigned(fmt.Sprintf("signature %d, byte %d", i, at), func(m *common.Metadata) { flip(&m.Signatures[i].Signature, at) })
		}
		for at := 0; at < len(s.SignatureHeader); at += 1 + len(s.SignatureHeader)/100 {
			resigned(fmt.Sprintf("header of signature %d, byte %d", i, at), func(m *common.Metadata) { flip(&m.Signatures[i].SignatureHeader, at) })
		}
		for at := range s.IdentifierHeader {
			resigned(fmt.Sprintf("identifier of signature %d, byte %d", i, at), func(m *common.Metadata) { flip(&m.Signatures[i].IdentifierHeader, at) })
		}
		resigned(fmt.Sprint("signature, left out: ", i), func(m *common.Metadata) { m.Signatures = slices.Delete(m.Signatures, i, i+1) })
	}
	resigned("what is signed, none", func(m *common.Metadata) { m.Value = nil })
	return all
}

// Whatever is changed of a block of a real network is found, and nothing else is said to be wrong.
func TestStored(t *testing.T) {
	for _, of := range orderers {
		t.Run(of.name, func(t *testing.T) {
			first, before, honest := storedBlocks(t, of.name)
			rules := blockcheck.NewRules(blockcheck.Config(first))
			hash := blockcheck.HeaderHash(before.Header)
			states := func(b *common.Block) map[string]ledger.Check {
				c := blockcheck.Check(b, hash, rules)
				return map[string]ledger.Check{"data": c.Data, "chain": c.Chain, "signatures": c.Signatures}
			}
			right := states(honest)
			for what, check := range right {
				if check.State != ledger.Verified {
					t.Fatalf("%s: %+v", what, check)
				}
			}
			if n := strings.Count(right["signatures"].Text, " of "); n != of.signers || len(honest.Data.Data) < 2 {
				t.Fatalf("%s, %d transactions", right["signatures"].Text, len(honest.Data.Data))
			}
			all := tamperings(t, honest)
			for _, c := range all {
				b := proto.Clone(honest).(*common.Block)
				c.change(b)
				caught := 0
				for what, check := range states(b) {
					switch {
					case check.State == ledger.Verified:
					case slices.Contains(c.caught, what) && check.State == ledger.Wrong && check.Text != "":
						caught++
					case slices.Contains(c.caught, what) && b.GetHeader().GetNumber() == 0: // nobody signs the first block
					default:
						t.Errorf("%s: %s is %+v", c.name, what, check)
					}
				}
				if caught == 0 {
					t.Errorf("%s is not found", c.name)
				}
			}
			t.Logf("%d changes", len(all))
		})
	}
}
