package explorer

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"meterbench/bench/ledger"
	"meterbench/internal/lows"
	"meterbench/network/chaincode"
)

// wire returns a message in wire form.
func wire(t *testing.T, m proto.Message) []byte {
	t.Helper()
	return must[[]byte](t)(proto.Marshal(m))
}

// endorse has some peers endorse a call of the contract keyvalue and returns the transaction with its id.
func (w *world) endorse(t *testing.T, peers []string, function string, args ...string) (*common.Envelope, string) {
	t.Helper()
	all, err := w.Peers(onChannel)
	if err != nil {
		t.Fatal(err)
	}
	identity := all[0].Identity
	key := must[lows.Key](t)(lows.ParseKeyPair(identity.CertPEM, identity.KeyPEM))
	sign := func(message []byte) []byte {
		digest := sha256.Sum256(message)
		return must[[]byte](t)(key.Sign(rand.Reader, digest[:], crypto.SHA256))
	}
	creator := wire(t, &msp.SerializedIdentity{Mspid: identity.MSP, IdBytes: identity.CertPEM})
	nonce := make([]byte, 24)
	rand.Read(nonce)
	sum := sha256.Sum256(append(slices.Clone(nonce), creator...))
	id := hex.EncodeToString(sum[:])
	called := &peer.ChaincodeID{Name: chaincode.KeyValueName}
	header := &common.Header{
		ChannelHeader: wire(t, &common.ChannelHeader{Type: int32(common.HeaderType_ENDORSER_TRANSACTION), ChannelId: onChannel, TxId: id,
			Timestamp: timestamppb.Now(), Extension: wire(t, &peer.ChaincodeHeaderExtension{ChaincodeId: called})}),
		SignatureHeader: wire(t, &common.SignatureHeader{Creator: creator, Nonce: nonce}),
	}
	input := &peer.ChaincodeInput{Args: [][]byte{[]byte(function)}}
	for _, a := range args {
		input.Args = append(input.Args, []byte(a))
	}
	call := wire(t, &peer.ChaincodeProposalPayload{Input: wire(t, &peer.ChaincodeInvocationSpec{
		ChaincodeSpec: &peer.ChaincodeSpec{ChaincodeId: called, Input: input}})})
	proposal := wire(t, &peer.Proposal{Header: wire(t, header), Payload: call})
	action := &peer.ChaincodeEndorsedAction{}
	for _, p := range w.explorer.peers {
		if !slices.Contains(peers, p.name) {
			continue
		}
		answer, err := peer.NewEndorserClient(p.conn).ProcessProposal(t.Context(), &peer.SignedProposal{ProposalBytes: proposal, Signature: sign(proposal)})
		if err != nil || answer.GetResponse().GetStatus() != 200 {
			t.Fatal(err, answer)
		}
		action.ProposalResponsePayload = answer.GetPayload()
		action.Endorsements = append(action.Endorsements, answer.GetEndorsement())
	}
	payload := wire(t, &common.Payload{Header: header, Data: wire(t, &peer.Transaction{Actions: []*peer.TransactionAction{{
		Header: header.GetSignatureHeader(), Payload: wire(t, &peer.ChaincodeActionPayload{ChaincodeProposalPayload: call, Action: action})}}})})
	return &common.Envelope{Payload: payload, Signature: sign(payload)}, id
}

// order hands a transaction to an orderer, whatever its endorsements are.
func (w *world) order(t *testing.T, envelope *common.Envelope, id string) {
	t.Helper()
	request := &gateway.SubmitRequest{TransactionId: id, ChannelId: onChannel, PreparedTransaction: envelope}
	if _, err := gateway.NewGatewayClient(w.explorer.peers[0].conn).Submit(t.Context(), request); err != nil {
		t.Fatal(err)
	}
}

// TestInvalidTransactions puts transactions of all validation codes that can be had on a ledger, and compares all that is shown of it,
// block by block and transaction by transaction, with what is read of the same blocks by protobuf's own types.
func TestInvalidTransactions(t *testing.T) {
	w := bringUp(t, "{consensus: raft, count: 1}")
	all := []string{"peer0.ptb", "peer0.inmetro"}
	want := map[string][]string{} // codes by id, in the order of the ledger
	unsatisfied, id := w.endorse(t, all[:1], "Put", "a", "1")
	w.order(t, unsatisfied, id)
	want[id] = []string{"ENDORSEMENT_POLICY_FAILURE"}
	once, first := w.endorse(t, all, "Update", "hot", "1")
	conflicting, second := w.endorse(t, all, "Update", "hot", "2")
	w.order(t, once, first)
	w.order(t, conflicting, second)
	w.order(t, once, first) // the same again, in the same block or a later one
	time.Sleep(300 * time.Millisecond)
	w.order(t, once, first)
	want[first], want[second] = []string{"VALID", "DUPLICATE_TXID", "DUPLICATE_TXID"}, []string{"MVCC_READ_CONFLICT"}
	w.call(t, chaincode.KeyValueName, "Put", []byte("r1"), []byte("1"))
	counted, third := w.endorse(t, all, "Count", "r", "s", "number")
	w.call(t, chaincode.KeyValueName, "Put", []byte("r2"), []byte("1"))
	w.order(t, counted, third)
	want[third] = []string{"PHANTOM_READ_CONFLICT"}
	time.Sleep(300 * time.Millisecond)
	w.call(t, chaincode.KeyValueName, "Put", []byte("last"), []byte("1"))
	got := map[string][]string{}
	for id, codes := range w.compareWhole(t) {
		if want[id] != nil {
			got[id] = codes
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("validation codes: -want +got:\n%s", diff)
	}
}

// compareWhole compares what is shown of the whole ledger with the blocks, and returns the validation codes by transaction.
func (w *world) compareWhole(t *testing.T) map[string][]string {
	t.Helper()
	codes := map[string][]string{}
	height := must[uint64](t)(w.client.Height(t.Context()))
	previous := []byte(nil)
	p := w.explorer.peers[0]
	for raw, err := range p.admin.Blocks(t.Context(), p.conn, p.hash, onChannel, 0, height-1) {
		if err != nil {
			t.Fatal(err)
		}
		number := raw.GetHeader().GetNumber()
		page := must[ledger.BlockPage](t)(w.explorer.Block(t.Context(), onChannel, number, 0, 100))
		data := sha256.New()
		for _, e := range raw.GetData().GetData() {
			data.Write(e)
		}
		header := must[[]byte](t)(asn1.Marshal(struct {
			Number             *big.Int
			Previous, DataHash []byte
		}{new(big.Int).SetUint64(number), raw.GetHeader().GetPreviousHash(), raw.GetHeader().GetDataHash()}))
		hash := sha256.Sum256(header)
		wire := wire(t, raw)
		b := ledger.Block{
			Channel: onChannel, Number: number, Transactions: len(raw.GetData().GetData()), Bytes: len(wire), DataHash: hex.EncodeToString(data.Sum(nil)),
			PreviousHash: hex.EncodeToString(previous), Hash: hex.EncodeToString(hash[:]),
			Time: page.Time, TimeOf: page.TimeOf, Cut: page.Cut, Checks: page.Checks,
		}
		previous = hash[:]
		var latest time.Time
		for i, e := range raw.GetData().GetData() {
			code := peer.TxValidationCode(raw.GetMetadata().GetMetadata()[common.BlockMetadataIndex_TRANSACTIONS_FILTER][i])
			if code == peer.TxValidationCode_VALID {
				b.Valid++
			}
			if at := w.compareTransaction(t, page.Heads[i], number, i, e, code, codes); at.After(latest) {
				latest = at
			}
		}
		if diff := gocmp.Diff(b, page.Block); diff != "" {
			t.Errorf("block %d: -raw +shown:\n%s", number, diff)
		}
		if page.TimeOf == ledger.TimeCut && page.Time.Before(latest.Add(-2*time.Second)) {
			t.Errorf("block %d was cut %v, before its transactions were made, %v", number, page.Time, latest)
		}
	}
	return codes
}

// compareTransaction compares one, as it is found by the link in the list of its block.
func (w *world) compareTransaction(t *testing.T, h ledger.Head, block uint64, index int, envelope []byte, code peer.TxValidationCode,
	codes map[string][]string) time.Time {
	t.Helper()
	into := func(m proto.Message, wire []byte) {
		t.Helper()
		if err := proto.Unmarshal(wire, m); err != nil {
			t.Fatal(err)
		}
	}
	var e common.Envelope
	var payload common.Payload
	var channel common.ChannelHeader
	var signature common.SignatureHeader
	var creator msp.SerializedIdentity
	into(&e, envelope)
	into(&payload, e.GetPayload())
	into(&channel, payload.GetHeader().GetChannelHeader())
	into(&signature, payload.GetHeader().GetSignatureHeader())
	into(&creator, signature.GetCreator())
	name := fmt.Sprintf("transaction %d:%d", block, index)
	id := channel.GetTxId()
	if len(id) != 64 {
		id = fmt.Sprintf("%d:%d", block, index)
	}
	codes[id] = append(codes[id], code.String())
	if h.ID != id || h.Block != block || h.Index != index || h.Code != code.String() || h.Creator != creator.GetMspid() || h.Bytes != len(envelope) ||
		!h.Time.Equal(channel.GetTimestamp().AsTime()) {
		t.Errorf("%s, %v: %+v", name, code, h)
	}
	link := cmp.Or(h.Place, h.ID)
	tx, err := w.explorer.Transaction(t.Context(), onChannel, link)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return channel.GetTimestamp().AsTime()
	}
	if diff := gocmp.Diff(h, tx.Head); diff != "" {
		t.Errorf("%s, whose link leads elsewhere: -list +page:\n%s", name, diff)
		return channel.GetTimestamp().AsTime()
	}
	if common.HeaderType(channel.GetType()) != common.HeaderType_ENDORSER_TRANSACTION {
		return channel.GetTimestamp().AsTime()
	}
	var of peer.Transaction
	var endorsed peer.ChaincodeActionPayload
	var proposed peer.ChaincodeProposalPayload
	var invoked peer.ChaincodeInvocationSpec
	var answer peer.ProposalResponsePayload
	var action peer.ChaincodeAction
	var results rwset.TxReadWriteSet
	into(&of, payload.GetData())
	into(&endorsed, of.GetActions()[0].GetPayload())
	into(&proposed, endorsed.GetChaincodeProposalPayload())
	into(&invoked, proposed.GetInput())
	into(&answer, endorsed.GetAction().GetProposalResponsePayload())
	into(&action, answer.GetExtension())
	into(&results, action.GetResults())
	args := invoked.GetChaincodeSpec().GetInput().GetArgs()
	if h.Contract != action.GetChaincodeId().GetName() || h.Function != string(args[0]) {
		t.Errorf("%s: %+v", name, h)
	}
	var signers, shown []string
	for _, s := range endorsed.GetAction().GetEndorsements() {
		var by msp.SerializedIdentity
		into(&by, s.GetEndorser())
		signers = append(signers, by.GetMspid())
	}
	for _, s := range tx.Endorsers {
		shown = append(shown, s.MSP)
	}
	if diff := gocmp.Diff(signers, shown); diff != "" {
		t.Errorf("%s: endorsers: -raw +shown:\n%s", name, diff)
	}
	for i, a := range args[1:] {
		text := string(a)
		if tx.Arguments[i].Hex {
			text = hex.EncodeToString(a)
		}
		if tx.Arguments[i].Bytes != len(a) || !strings.HasPrefix(text, tx.Arguments[i].Text) && len(text) < 1000 {
			t.Errorf("%s: argument %d: %+v, want %d bytes %.40q", name, i, tx.Arguments[i], len(a), text)
		}
	}
	var accesses, access []string
	for _, n := range results.GetNsRwset() {
		var set kvrwset.KVRWSet
		into(&set, n.GetRwset())
		for _, r := range set.GetReads() {
			at := ""
			if v := r.GetVersion(); v != nil {
				at = fmt.Sprintf("%d:%d", v.GetBlockNum(), v.GetTxNum())
			}
			accesses = append(accesses, fmt.Sprintf("%s read %q %s", n.GetNamespace(), r.GetKey(), at))
		}
		for range set.GetRangeQueriesInfo() {
			accesses = append(accesses, n.GetNamespace()+" range")
		}
		for _, x := range set.GetWrites() {
			kind := "write"
			if x.GetIsDelete() {
				kind = "delete"
			}
			accesses = append(accesses, fmt.Sprintf("%s %s %q %d", n.GetNamespace(), kind, x.GetKey(), len(x.GetValue())))
		}
	}
	for _, a := range tx.Access {
		key := a.Key
		if strings.ContainsAny(key, `\`) || a.Collection != "" { // escaped, or hashes
			continue
		}
		switch a.Kind {
		case ledger.Read:
			access = append(access, fmt.Sprintf("%s read %q %s", a.Contract, key, a.Version))
		case ledger.Range:
			access = append(access, a.Contract+" range")
		case ledger.Write, ledger.Delete:
			access = append(access, fmt.Sprintf("%s %s %q %d", a.Contract, a.Kind, key, a.Bytes))
		}
	}
	accesses = slices.DeleteFunc(accesses, func(a string) bool { return strings.Contains(a, `\`) })
	if diff := gocmp.Diff(accesses, access); diff != "" {
		t.Errorf("%s: reads and writes: -raw +shown:\n%s", name, diff)
	}
	return channel.GetTimestamp().AsTime()
}
