package explorer

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"meterbench/bench"
	"meterbench/bench/ledger"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/network/chaincode"
	"meterbench/network/client"
	"meterbench/network/fabric"
	"meterbench/simulators/fe/codec"
	"meterbench/simulators/pki"
	"meterbench/simulators/reading"
)

// update has the tests store the blocks and the golden files that others compare with.
var update = flag.Bool("update", false, "store blocks of the networks and golden files")

// TestMain lets the test binary be what the network starts.
func TestMain(m *testing.M) {
	if code, ok := network.Dispatch(os.Args, chaincode.Serve); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

const (
	onChannel = "metrology"
	ptb       = "PtbMSP" // the operator
)

// A world is a network with what the test put on its ledger.
type world struct {
	*network.Network
	client   *client.Client
	explorer *Explorer
	keys     map[string]*ecdsa.PrivateKey
}

func bringUp(t *testing.T, orderers string) *world {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a Fabric network")
	}
	shape, err := topology.Parse("explorer.yaml", []byte(`
name: explorer
organisations: [{name: ptb}, {name: inmetro}]
orderers: `+orderers+`
channels:
  - name: metrology
    batch: {timeout: 50ms, messages: 100}
    chaincodes:
      - {name: readings, endorsement: any}
      - {name: pki, endorsement: any}
      - name: keyvalue
        endorsement: 2 of [ptb, inmetro]
        collections: [{name: secrets, members: [ptb, inmetro]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Start(t.Context(), shape, network.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Network: n, keys: map[string]*ecdsa.PrivateKey{}}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	if w.client, err = n.Client(t.Context(), onChannel, reading.ContractName); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.client.Close() })
	if w.explorer, err = Held(&n.Record, Config{Watched: n.Watched}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.explorer.Close() })
	return w
}

// put commits a transaction at all peers, of which the next one may need several, and returns its id.
func (w *world) put(t *testing.T, tx bench.Transaction) string {
	t.Helper()
	tx.Wait = result.WaitCommit
	receipt, err := w.client.Submit(t.Context(), tx)
	if err != nil || receipt.Outcome != result.Valid {
		t.Fatalf("%s.%s: %v %v", tx.Contract, tx.Function, receipt.Outcome, err)
	}
	w.everywhere(t)
	return hex.EncodeToString(receipt.TxID[:])
}

// everywhere waits until all peers have the same blocks: what is known to be committed is so by one of them.
func (w *world) everywhere(t *testing.T) {
	t.Helper()
	var heights []network.Height
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		heights = must[network.Status](t)(w.Status(t.Context())).Channels[0].Heights
		if !slices.ContainsFunc(heights, func(h network.Height) bool { return h.Blocks != heights[0].Blocks }) {
			return
		}
	}
	t.Fatalf("peers do not come to the same height: %+v", heights)
}

func (w *world) call(t *testing.T, contract, function string, args ...[]byte) string {
	t.Helper()
	return w.put(t, bench.Transaction{Contract: contract, Function: function, Args: args, Sender: ptb})
}

func (w *world) key(t *testing.T, of string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w.keys[of] = key
	point, err := reading.Compress(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return point
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

var begin = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

func (w *world) reading(t *testing.T, kind reading.Kind, meter string, number uint64, payload []byte) []byte {
	t.Helper()
	r := reading.Reading{Kind: kind, Channel: onChannel, Meter: meter, Number: number, Time: begin.Add(time.Duration(number+1) * time.Hour), Payload: payload}
	if err := r.Sign(w.keys[meter]); err != nil {
		t.Fatal(err)
	}
	return must[[]byte](t)(r.Marshal())
}

// html is hostile: markup, a text that turns around, and of the size of large arguments.
var html = "<script>alert('x')</script>\u202e" + strings.Repeat("<img src=x onerror=alert(1)>", 1<<20/28)

// TestNetworks looks at everything of two networks, with raft and with SmartBFT.
func TestNetworks(t *testing.T) {
	for name, c := range map[string]struct {
		orderers string
		signers  int
		stored   int // bytes of blocks that are kept for other tests, at most
	}{
		"raft": {"{consensus: raft, count: 1}", 1, 11_000},
		"bft":  {"{consensus: bft, count: 4}", 3, 3_200},
	} {
		t.Run(name, func(t *testing.T) {
			w := bringUp(t, c.orderers)
			ids := w.fill(t)
			w.lookAround(t, c.orderers)
			w.lookAtBlocks(t, c.signers)
			w.lookAtTransactions(t, ids)
			w.searchMeters(t, ids)
			w.lookWithoutRights(t)
			w.lookThroughBrokenPeers(t)
			if *update {
				w.store(t, name, c.stored)
			}
		})
	}
}

// fill puts one of each kind on the ledger and returns the transactions' ids by what they are.
func (w *world) fill(t *testing.T) map[string]string {
	t.Helper()
	ids := map[string]string{}
	header := codec.Header{Scheme: codec.DDH, Bits: 1024, Length: 2}
	public := must[[]byte](t)(codec.Public{Header: header, Bound: 100, Key: bytes.Repeat([]byte{1}, 256)}.Marshal())
	ids["parameters"] = w.call(t, reading.ContractName, reading.FnSetParameters, reading.MarshalList([][]byte{public}))
	function := reading.Function{Bound: 1000, From: begin, Tariff: "day-night", Weights: []int64{2, 3}}
	encoded := must[[]byte](t)(function.Marshal())
	ids["function"] = w.call(t, reading.ContractName, reading.FnApprove, reading.MarshalList([][]byte{encoded}))
	ids["gateway"] = w.call(t, reading.ContractName, reading.FnRegisterGateway, must[[]byte](t)(reading.Gateway{ID: "gw1", Key: w.key(t, "gw1")}.Marshal()))
	ids["registration"] = w.call(t, reading.ContractName, reading.FnRegister, must[[]byte](t)(reading.MarshalRegistrations([]reading.Registration{
		{Meter: "plain-1", Key: w.key(t, "plain-1"), Verify: true, Gateway: "gw1", Begin: begin, Span: time.Hour},
		{Meter: "sealed-1", Key: w.key(t, "sealed-1"), Verify: true, Parameters: reading.ParametersID(public), Begin: begin, Span: time.Hour},
		{Meter: "open-1", Key: w.key(t, "open-1"), Begin: begin, Span: time.Hour},
	})))
	values := reading.Values{Register: 40, Interval: 30 * time.Minute, Wh: []int64{17, 23}}
	first := w.reading(t, reading.Plain, "plain-1", 0, values.Marshal())
	ids["plain"] = w.call(t, reading.ContractName, reading.FnPut, first)
	ids["text"] = w.call(t, reading.ContractName, reading.FnPut, []byte(reading.Text(w.reading(t, reading.Plain, "plain-1", 1, values.Marshal()))))
	padded := must[[]byte](t)(values.MarshalPadded(300))
	ids["list"] = w.call(t, reading.ContractName, reading.FnPutList, reading.MarshalList([][]byte{
		w.reading(t, reading.Padded, "plain-1", 2, padded), w.reading(t, reading.Padded, "plain-1", 3, padded),
	}))
	sealed := must[[]byte](t)(codec.Marshal(header, [][]byte{bytes.Repeat([]byte{2}, 128), bytes.Repeat([]byte{3}, 128), bytes.Repeat([]byte{4}, 128)}))
	ids["encrypted"] = w.call(t, reading.ContractName, reading.FnPut, w.reading(t, reading.Encrypted, "sealed-1", 0, sealed))
	w.keys["open-1"] = w.keys["plain-1"] // with another key than is registered, which the contract does not look at for this meter
	ids["forged"] = w.call(t, reading.ContractName, reading.FnPut, w.reading(t, reading.Plain, "open-1", 0, values.Marshal()))
	bill := reading.Bill{
		Gateway: "gw1", Meter: "plain-1", From: 0, To: 1, Function: must[reading.Hash](t)(function.Hash()), Result: 2*17 + 3*23,
		Readings: reading.HashReadings([]reading.Reading{must[reading.Reading](t)(reading.Unmarshal(first))}),
	}
	if err := bill.Sign(w.keys["gw1"]); err != nil {
		t.Fatal(err)
	}
	ids["bill"] = w.call(t, reading.ContractName, reading.FnPutBill, must[[]byte](t)(bill.Marshal()))

	one, two := must[*pki.Signer](t)(pki.NewSigner(1, pki.P256, "one")), must[*pki.Signer](t)(pki.NewSigner(2, pki.Ed25519ph, "two"))
	registered := must[pki.Registration](t)(pki.NewRegistration(onChannel, "keyed-1", ptb, time.Time{}, one))
	ids["key"] = w.call(t, pki.ContractName, pki.FnRegister, must[[]byte](t)(pki.MarshalRegistrations([]pki.Registration{registered})))
	rotation := must[pki.Rotation](t)(pki.NewRotation(onChannel, "keyed-1", 1, begin, one, two))
	ids["rotation"] = w.call(t, pki.ContractName, pki.FnRotate, must[[]byte](t)(rotation.Marshal()))
	revocation := pki.Revocation{Meter: "keyed-1", Version: 2, Reason: pki.KeyCompromise, Time: begin.Add(time.Hour)}
	ids["revocation"] = w.call(t, pki.ContractName, pki.FnRevoke, must[[]byte](t)(revocation.Marshal()))

	ids["html"] = w.call(t, chaincode.KeyValueName, "Put", []byte("page"), []byte(html))
	ids["strange"] = w.call(t, chaincode.KeyValueName, "Put", []byte("a\x01b\u202ec"), []byte("\xff\xfe\x00"))
	ids["private"] = w.put(t, bench.Transaction{Contract: chaincode.KeyValueName, Function: "PutPrivate", Args: [][]byte{[]byte("secrets"), []byte("hidden")},
		Transient: map[string][]byte{chaincode.TransientValue: []byte("treasure")}, Sender: ptb})
	ids["delete"] = w.call(t, chaincode.KeyValueName, "Delete", []byte("page"))
	ids["range"] = w.call(t, chaincode.KeyValueName, "Count", []byte("a"), []byte("b"), []byte("number"))
	ids["restrict"] = w.call(t, chaincode.KeyValueName, "Restrict", []byte("number"))
	return ids
}

// settled returns an overview in which nobody's answer is awaited.
func (w *world) settled(t *testing.T) ledger.Overview {
	t.Helper()
	for until := time.Now().Add(time.Minute); ; time.Sleep(overviewAge) {
		_, known, _ := w.explorer.leaders.now()
		o, err := w.explorer.Overview(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		awaited := func(n ledger.Node) bool { return n.Answer == ledger.AnswerAwaited }
		if known && !slices.ContainsFunc(o.Nodes, awaited) || time.Now().After(until) {
			return o
		}
	}
}

func (w *world) lookAround(t *testing.T, orderers string) {
	t.Helper()
	o := w.settled(t)
	if len(o.Notes) > 0 {
		t.Errorf("notes: %q", o.Notes)
	}
	var leads []string
	for _, n := range o.Nodes {
		switch {
		case n.Running == nil || !*n.Running:
			t.Errorf("%s does not run", n.Name)
		case n.Memory == nil || *n.Memory < 1<<20 || n.CPU == nil || *n.CPU < 0 || *n.CPU > 64:
			t.Errorf("%s: memory %v, CPU %v", n.Name, n.Memory, n.CPU)
		case n.Role == result.RolePeer && n.Heights[onChannel] < 10:
			t.Errorf("%s has %v blocks", n.Name, n.Heights)
		}
		if slices.Contains(n.Leads, onChannel) {
			leads = append(leads, n.Name)
		}
	}
	if len(leads) != 1 || !strings.HasPrefix(leads[0], "orderer") {
		t.Errorf("%v lead", leads)
	}
	c := o.Channels[0]
	want := []ledger.Chaincode{
		{Name: "keyvalue", Version: "1", Sequence: 1, Policy: "2 of [InmetroMSP, PtbMSP]", Approved: []string{"InmetroMSP", "PtbMSP"}},
		{Name: "pki", Version: "1", Sequence: 1, Policy: "1 of [InmetroMSP, PtbMSP]", Approved: []string{"InmetroMSP", "PtbMSP"}},
		{Name: "readings", Version: "1", Sequence: 1, Policy: "1 of [InmetroMSP, PtbMSP]", Approved: []string{"InmetroMSP", "PtbMSP"}},
	}
	if diff := cmp.Diff(want, c.Chaincodes); diff != "" {
		t.Errorf("chaincodes: -want +got:\n%s", diff)
	}
	if !strings.Contains(orderers, c.Consensus) || c.Batch.Timeout != 0.05 || c.Batch.Count != 100 || c.Height < 10 || !slices.Contains(c.Orderers, "orderer0") {
		t.Errorf("channel: %+v", c)
	}
	if diff := cmp.Diff([]ledger.Organisation{{Name: "ptb", MSP: ptb, Site: "ptb"}, {Name: "inmetro", MSP: "InmetroMSP", Site: "inmetro"},
		{Name: "ordering", MSP: "OrderingMSP", Site: "ordering"}}, o.Organisations); diff != "" {
		t.Errorf("organisations: -want +got:\n%s", diff)
	}
}

// lookAtBlocks reads the ledger to its beginning, in pages, and each block by itself.
func (w *world) lookAtBlocks(t *testing.T, signers int) {
	t.Helper()
	var all []ledger.Block
	for before := uint64(0); ; {
		page, err := w.explorer.Blocks(t.Context(), onChannel, before, 7)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if before = page[len(page)-1].Number; before == 0 {
			break
		}
	}
	height, err := w.client.Height(t.Context())
	if err != nil || uint64(len(all)) != height {
		t.Fatalf("%d blocks of %d, %v", len(all), height, err)
	}
	fresh := must[*Explorer](t)(Held(&w.Record, Config{}))
	defer fresh.Close()
	for i, b := range all {
		if want := height - 1 - uint64(i); b.Number != want {
			t.Errorf("block %d stands where %d was due", b.Number, want)
		}
		if b.Checks.Data.State != ledger.Verified || b.Checks.Chain.State != ledger.Verified {
			t.Errorf("block %d: %+v", b.Number, b.Checks)
		}
		if b.Number > 0 && (b.Checks.Signatures.State != ledger.Verified || strings.Count(b.Checks.Signatures.Text, "orderer") < signers) {
			t.Errorf("block %d: %+v", b.Number, b.Checks.Signatures)
		}
		if b.Number > 0 && (b.TimeOf != ledger.TimeCut || b.Cut == result.CutUnknown.String()) {
			t.Errorf("block %d was cut %v (%s), because of %s", b.Number, b.Time, b.TimeOf, b.Cut)
		}
		if i > 0 && all[i-1].PreviousHash != b.Hash {
			t.Errorf("block %d does not follow on %d", all[i-1].Number, b.Number)
		}
		page, err := fresh.Block(t.Context(), onChannel, b.Number, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, page.Block); diff != "" {
			t.Errorf("block %d by itself: -listed +got:\n%s", b.Number, diff)
		}
		if len(page.Heads) != b.Transactions {
			t.Errorf("block %d has %d heads of %d transactions", b.Number, len(page.Heads), b.Transactions)
		}
	}
	if first := all[len(all)-1]; first.Number != 0 {
		t.Errorf("the first block is number %d", first.Number)
	}
	if _, err := w.explorer.Block(t.Context(), onChannel, height+5, 0, 1); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("a block that is not there: %v", err)
	}
	if _, err := w.explorer.Blocks(t.Context(), "nowhere", 0, 1); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("a channel that is not there: %v", err)
	}
}

func (w *world) transaction(t *testing.T, id string) ledger.Transaction {
	t.Helper()
	tx, err := w.explorer.Transaction(t.Context(), onChannel, id)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// document returns a document of a transaction as text: kind, fields, and what its signature is.
func documentText(d ledger.Document) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s;", d.Kind)
	for _, f := range d.Fields {
		fmt.Fprintf(&b, " %s=%s%s", f.Name, f.Value, f.Unit)
	}
	if d.Signature != nil {
		fmt.Fprintf(&b, "; %s", d.Signature.State)
	}
	return b.String() + d.Wrong
}

func (w *world) lookAtTransactions(t *testing.T, ids map[string]string) {
	t.Helper()
	for what, want := range map[string]string{
		"plain": `reading; meter="plain-1" number=0 time="2026-01-05T01:00:00Z" form="plain" payload=34bytes register=40Wh interval=1800s values=[17,23]Wh; verified`,
		"text":  `reading; meter="plain-1" number=1 time="2026-01-05T02:00:00Z" form="plain" payload=34bytes register=40Wh interval=1800s values=[17,23]Wh; verified`,
		"list":  `reading; meter="plain-1" number=2 time="2026-01-05T03:00:00Z" form="padded" payload=300bytes register=40Wh interval=1800s values=[17,23]Wh; verified`,
		"encrypted": `reading; meter="sealed-1" number=0 time="2026-01-05T01:00:00Z" form="encrypted" payload=390bytes scheme="ddh" size=1024bits ` +
			`length=2values; verified`,
		"forged":     `reading; meter="open-1" number=0 time="2026-01-05T01:00:00Z" form="plain" payload=34bytes register=40Wh interval=1800s values=[17,23]Wh; wrong`,
		"revocation": `key; meter="keyed-1" version=2 reason="keyCompromise" counts no more from="2026-01-05T01:00:00Z"`,
	} {
		tx := w.transaction(t, ids[what])
		if len(tx.Documents) == 0 {
			t.Errorf("%s: no document: %+v", what, tx)
			continue
		}
		if diff := cmp.Diff(want, documentText(tx.Documents[0])); diff != "" {
			t.Errorf("%s: -want +got:\n%s\n%+v", what, diff, tx.Documents[0].Signature)
		}
		if tx.Code != "VALID" || tx.Outcome != "valid" || tx.Creator != ptb || tx.Subject != "user.ptb" || len(tx.Endorsers) == 0 || tx.Wrong != "" {
			t.Errorf("%s: %+v", what, tx)
		}
	}
	for what, want := range map[string]string{"bill": "verified", "key": "verified", "rotation": "verified"} {
		tx := w.transaction(t, ids[what])
		if d := tx.Documents[0]; d.Signature == nil || string(d.Signature.State) != want {
			t.Errorf("%s: %s", what, documentText(d))
		}
	}
	if got := documentText(w.transaction(t, ids["bill"]).Documents[0]); !strings.Contains(got, "result=103Wh") {
		t.Errorf("bill: %s", got)
	}
	tx := w.transaction(t, ids["html"])
	if a := tx.Arguments[1]; a.Bytes != len(html) || len(a.Text) > 2*ledger.MostText || a.Hex || strings.Contains(a.Text, "\u202e") {
		t.Errorf("a large argument: %d bytes, hexadecimal %t, %.80q", a.Bytes, a.Hex, a.Text)
	}
	tx = w.transaction(t, ids["strange"])
	if a := tx.Access[len(tx.Access)-1]; a.Key != `a\x01b\u202ec` || !a.Hex && a.Text != "fffe00" {
		t.Errorf("a strange key: %+v", tx.Access)
	}
	tx = w.transaction(t, ids["private"])
	if !slices.ContainsFunc(tx.Access, func(a ledger.Access) bool { return a.Collection == "secrets" && a.Kind == ledger.Write && a.Hex }) {
		t.Errorf("private data: %+v", tx.Access)
	}
	for what, kind := range map[string]ledger.AccessKind{"delete": ledger.Delete, "range": ledger.Range, "restrict": ledger.Metadata} {
		if tx := w.transaction(t, ids[what]); !slices.ContainsFunc(tx.Access, func(a ledger.Access) bool { return a.Kind == kind }) {
			t.Errorf("%s: %+v", what, tx.Access)
		}
	}
	if tx := w.transaction(t, "0:0"); tx.Type != "config" || tx.Documents[0].Title != "The channel's first configuration" {
		t.Errorf("the first block: %+v", tx)
	}
	for _, id := range []string{strings.Repeat("00", 32), "x", "0:7", "999999:0"} {
		if _, err := w.explorer.Transaction(t.Context(), onChannel, id); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("transaction %s: %v", id, err)
		}
	}
}

func (w *world) searchMeters(t *testing.T, ids map[string]string) {
	t.Helper()
	for meter, want := range map[string][]string{
		"plain-1": {"bill", "list", "text", "plain", "registration"}, "sealed-1": {"encrypted", "registration"},
		"keyed-1": {"revocation", "rotation", "key"}, "plain": nil,
	} {
		var got []string
		searched := uint64(0)
		for after := uint64(0); ; {
			found, err := w.explorer.Meter(t.Context(), onChannel, meter, after)
			if err != nil {
				t.Fatal(err)
			}
			searched += found.Searched
			for _, h := range found.Transactions {
				for what, id := range ids {
					if id == h.ID {
						got = append(got, what)
					}
				}
			}
			if after = found.Next; after == 0 {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("meter %s: -want +got:\n%s", meter, diff)
		}
		if searched < 20 {
			t.Errorf("meter %s: %d blocks were searched", meter, searched)
		}
	}
}

// lookWithoutRights looks as an identity that is no member of the channel, and as one that may read only as others allow.
func (w *world) lookWithoutRights(t *testing.T) {
	t.Helper()
	stranger := must[*fabric.Organisation](t)(fabric.NewOrganisation("stranger", "StrangerMSP"))
	peers := must[[]client.Gateway](t)(w.Peers(onChannel))
	member := peers[0].Identity
	for _, c := range []struct {
		name string
		id   client.Identity
		sees bool
	}{
		{"a stranger", client.Identity{MSP: "StrangerMSP", CertPEM: stranger.User.Cert, KeyPEM: stranger.User.Key}, false},
		{"a stranger who calls itself a member", client.Identity{MSP: ptb, CertPEM: stranger.User.Cert, KeyPEM: stranger.User.Key}, false},
		{"a member", member, true},
	} {
		e, err := Attached(network.Attachment{Channel: onChannel, Gateways: peers[:1], Peers: peers, Identities: []client.Identity{c.id}}, Config{Name: "theirs"})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		o, err := e.Overview(t.Context())
		_, failed := e.Blocks(t.Context(), onChannel, 0, 3)
		if c.sees {
			if err != nil || failed != nil || len(o.Notes) > 0 || len(o.Channels[0].Chaincodes) != 3 || len(o.Organisations) != 2 || o.Source != ledger.SourceAttached {
				t.Errorf("%s: %v, %v, %+v", c.name, err, failed, o)
			}
			continue
		}
		if !errors.Is(err, ledger.ErrForbidden) || !errors.Is(failed, ledger.ErrForbidden) || len(o.Notes) == 0 || len(o.Nodes) == 0 {
			t.Errorf("%s: %v, %v, %+v", c.name, err, failed, o)
		}
		if _, err := e.Transaction(t.Context(), onChannel, strings.Repeat("00", 32)); !errors.Is(err, ledger.ErrForbidden) {
			t.Errorf("%s asks for a transaction: %v", c.name, err)
		}
		if _, err := e.Meter(t.Context(), onChannel, "plain-1", 0); !errors.Is(err, ledger.ErrForbidden) {
			t.Errorf("%s asks for a meter: %v", c.name, err)
		}
	}
}

// store keeps the small blocks for tests without a network.
func (w *world) store(t *testing.T, as string, most int) {
	t.Helper()
	height := must[uint64](t)(w.client.Height(t.Context()))
	c := must[*channel](t)(w.explorer.channel(onChannel))
	old, _ := filepath.Glob("testdata/" + as + "-*.block")
	for _, path := range old {
		os.Remove(path)
	}
	for number := range height {
		b := must[*block](t)(w.explorer.block(t.Context(), c, number))
		if b.bytes > most {
			continue
		}
		wire := must[[]byte](t)(proto.Marshal(b.Block))
		if err := os.WriteFile(fmt.Sprintf("testdata/%s-%02d.block", as, number), wire, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// lookThroughBrokenPeers looks through peers that are down, or that show another certificate than is expected: beside one that
// answers the ledger is seen and what does not answer is said; alone, each question says it soon.
func (w *world) lookThroughBrokenPeers(t *testing.T) {
	t.Helper()
	peers := must[[]client.Gateway](t)(w.Peers(onChannel))
	stranger := must[*fabric.Organisation](t)(fabric.NewOrganisation("stranger", "StrangerMSP"))
	down, other := peers[1], peers[1]
	down.Name, down.Address = "down.example", "127.0.0.1:1"
	other.Name, other.ServerName, other.TLS.CA = "other.example", peers[1].Name, stranger.CA.PEM
	why := map[string]string{"down": "refuses the connection", "another certificate": "certificate signed by unknown authority"}
	for name, broken := range map[string]client.Gateway{"down": down, "another certificate": other} {
		for _, beside := range []bool{true, false} {
			gateways := []client.Gateway{broken}
			if beside {
				gateways = append(gateways, peers[0])
			}
			e, err := Attached(network.Attachment{Channel: onChannel, Gateways: gateways, Identities: []client.Identity{peers[0].Identity}}, Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			began := time.Now()
			o, err := e.Overview(t.Context())
			for beside && err == nil && o.Nodes[0].Answer == ledger.AnswerAwaited && time.Since(began) < 3*Timeout { // the other one is there meanwhile
				if len(o.Nodes[1].Heights) != 1 || o.Nodes[1].Answer != ledger.AnswerGiven || o.Nodes[0].Running != nil || len(o.Channels[0].Chaincodes) != 3 {
					t.Errorf("%s is awaited: %+v", broken.Name, o)
				}
				time.Sleep(overviewAge)
				o, err = e.Overview(t.Context())
			}
			notes := strings.Join(o.Notes, "; ")
			if (err == nil) != beside || !strings.Contains(notes, "peer "+broken.Name) || !strings.Contains(notes, why[name]) || len(o.Nodes) < len(gateways) ||
				o.Nodes[0].Answer != ledger.AnswerNone || o.Nodes[0].Running != nil {
				t.Errorf("%s, beside one that answers %t: %v, %q, %+v", name, beside, err, notes, o.Nodes)
			}
			blocks, err := e.Blocks(t.Context(), onChannel, 0, 3)
			if (err == nil) != beside || beside != (len(blocks) == 3) || err != nil && !strings.Contains(err.Error(), broken.Name) {
				t.Errorf("%s, beside one that answers %t: %d blocks, %v", name, beside, len(blocks), err)
			}
			if took := time.Since(began); took > 4*Timeout {
				t.Errorf("%s, beside one that answers %t: took %v", name, beside, took)
			}
			t.Logf("%s, beside one that answers %t: %v: %q, %v", name, beside, time.Since(began), notes, err)
		}
	}
}
