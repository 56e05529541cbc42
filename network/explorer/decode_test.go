package explorer

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"meterbench/bench/ledger"
	"meterbench/bench/result"
)

// stored returns the blocks that TestNetworks has stored of real networks, by the names of their files.
func stored(t testing.TB) (names []string, blocks []*block) {
	t.Helper()
	names, err := filepath.Glob("testdata/*.block")
	if err != nil || len(names) == 0 {
		t.Fatalf("no blocks are stored: %v", err)
	}
	for _, name := range names {
		wire, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var b common.Block
		if err := proto.Unmarshal(wire, &b); err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, newBlock(&b))
	}
	return names, blocks
}

// What is shown of blocks of real networks stays as it is.
func TestGolden(t *testing.T) {
	var got []byte
	names, blocks := stored(t)
	for i, b := range blocks {
		shown := show(onChannel, b)
		lines := []any{struct {
			File string
			ledger.Block
		}{filepath.Base(names[i]), shown}}
		for index := range b.envelopes() {
			tx, documents := b.read(onChannel, index).describe(nil)
			for _, d := range documents {
				tx.Documents = append(tx.Documents, d.Document)
			}
			lines = append(lines, tx)
		}
		for _, line := range lines {
			text, err := json.Marshal(line)
			if err != nil {
				t.Fatal(err)
			}
			got = append(append(got, text...), '\n')
		}
	}
	const path = "testdata/transactions.jsonl"
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// marshal returns the wire form of a message.
func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	wire, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

// envelopeOf returns an envelope of a type with data.
func envelopeOf(t testing.TB, kind common.HeaderType, data []byte) []byte {
	t.Helper()
	return marshal(t, &common.Envelope{Payload: marshal(t, &common.Payload{Header: &common.Header{
		ChannelHeader:   marshal(t, &common.ChannelHeader{Type: int32(kind), ChannelId: onChannel, TxId: strings.Repeat("ab", 32)}),
		SignatureHeader: marshal(t, &common.SignatureHeader{Creator: marshal(t, &msp.SerializedIdentity{Mspid: "Org1MSP", IdBytes: []byte("x")})}),
	}, Data: data})})
}

// blockOf returns a block of envelopes with validation codes.
func blockOf(codes string, envelopes ...[]byte) *block {
	metadata := make([][]byte, len(common.BlockMetadataIndex_name))
	metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER] = []byte(codes)
	return newBlock(&common.Block{Header: &common.BlockHeader{Number: 7}, Data: &common.BlockData{Data: envelopes}, Metadata: &common.BlockMetadata{Metadata: metadata}})
}

// check makes sure that what is shown is bounded, printable JSON.
func check(t *testing.T, tx ledger.Transaction) {
	t.Helper()
	text, err := json.Marshal(tx)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 2<<20 || !utf8.Valid(text) {
		t.Errorf("%d bytes of JSON", len(text))
	}
	for _, a := range tx.Arguments {
		if len(a.Text) > 10*ledger.MostText { // where every character is escaped
			t.Errorf("an argument of %d bytes", len(a.Text))
		}
	}
	for _, name := range []string{tx.ID, tx.Creator, tx.Contract, tx.Function, tx.Subject, tx.Event} {
		if len(name) > 10*mostName || strings.ContainsAny(name, "\n\x00\x1b\u202e") {
			t.Errorf("a name %.200q", name)
		}
	}
}

// Envelopes that cannot be read are shown as that, and have a place by which they are found.
func TestMalformed(t *testing.T) {
	action := func(of proto.Message) []byte {
		return envelopeOf(t, common.HeaderType_ENDORSER_TRANSACTION, marshal(t, &peer.Transaction{Actions: []*peer.TransactionAction{{Payload: marshal(t, of)}}}))
	}
	for _, c := range []struct {
		name     string
		envelope []byte
		kind     string
		wrong    string
	}{
		{"nothing", nil, "message", ""},
		{"no message", []byte("\xff"), malformed, "envelope: "},
		{"no payload", marshal(t, &common.Envelope{Payload: []byte("\xff")}), malformed, "payload: "},
		{"no channel header", marshal(t, &common.Envelope{Payload: marshal(t, &common.Payload{Header: &common.Header{ChannelHeader: []byte("\xff")}})}), malformed, "channel header: "},
		{"no actions", envelopeOf(t, common.HeaderType_ENDORSER_TRANSACTION, nil), "endorser_transaction", "it has no action"},
		{"no action", envelopeOf(t, common.HeaderType_ENDORSER_TRANSACTION, []byte("\xff")), "endorser_transaction", "actions: "},
		{"an empty action", action(&peer.ChaincodeActionPayload{}), "endorser_transaction", ""},
		{"no arguments", action(&peer.ChaincodeActionPayload{ChaincodeProposalPayload: []byte("\xff")}), "endorser_transaction", "arguments: "},
		{"no results", action(&peer.ChaincodeActionPayload{Action: &peer.ChaincodeEndorsedAction{ProposalResponsePayload: []byte("\xff")}}),
			"endorser_transaction", "results: "},
		{"no endorser", action(&peer.ChaincodeActionPayload{Action: &peer.ChaincodeEndorsedAction{Endorsements: []*peer.Endorsement{{Endorser: []byte("\xff")}}}}),
			"endorser_transaction", ""},
		{"no configuration", envelopeOf(t, common.HeaderType_CONFIG, []byte("\xff")), "config", ""},
		{"an unknown type", envelopeOf(t, 99, nil), "type 99", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := blockOf("\x00", c.envelope)
			tx, _ := b.read(onChannel, 0).describe(nil)
			check(t, tx)
			if tx.Type != c.kind || !strings.HasPrefix(tx.Wrong, c.wrong) || (tx.Wrong == "") != (c.wrong == "") {
				t.Errorf("%s, %q", tx.Type, tx.Wrong)
			}
			if number, index, ok := parsePlace(tx.ID); !isID(tx.ID) && (!ok || number != 7 || index != 0) {
				t.Errorf("its id is %q", tx.ID)
			}
		})
	}
}

// A fault in reading what strangers answered, beside whoever asks, is said in a line.
func TestFaultIsSaid(t *testing.T) {
	n := &notes{}
	n.safely("channel x", func() { panic("two\nlines") })
	if len(n.all) != 1 || n.all[0] != `channel x cannot be shown, by a fault of meterbench: two\nlines` {
		t.Errorf("%q", n.all)
	}
}

// All validation codes that Fabric has are said in words, and those that it has not, too.
func TestCodes(t *testing.T) {
	said := map[string]bool{}
	for code := range peer.TxValidationCode_name {
		text, ok := codeTexts[peer.TxValidationCode(code)]
		if !ok || said[text] {
			t.Errorf("%s: %q", peer.TxValidationCode(code), text)
		}
		said[text] = true
	}
	if text := codeText(99); !strings.Contains(text, "99") {
		t.Errorf("code 99: %q", text)
	}
	for code, want := range map[peer.TxValidationCode]result.Outcome{
		peer.TxValidationCode_VALID: result.Valid, peer.TxValidationCode_MVCC_READ_CONFLICT: result.MVCCConflict,
		peer.TxValidationCode_BAD_RWSET: result.InvalidOther, peer.TxValidationCode_NOT_VALIDATED: result.Unknown, 99: result.InvalidOther,
	} {
		if got := outcome(code); got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
}

// Text is shown as text, cut between characters, and everything else in hexadecimal digits, as long as there is room.
func TestText(t *testing.T) {
	long := strings.Repeat("é", ledger.MostText)
	for _, c := range []struct {
		name, in string
		room     int
		want     string
		isHex    bool
		left     int
	}{
		{"nothing", "", 100, "", false, 0},
		{"lines", "a\tb\nc", 100, "a\tb\nc", false, 0},
		{"a sequence of a terminal", "\x1b[31m", 100, "1b5b33316d", true, 0},
		{"a text that turns around", "a\u202eb", 100, `a\u202eb`, false, 0},
		{"a text that turns around and is cut", "a\u202ebcdef", 5, `a\u202eb`, false, 4},
		{"no UTF-8", "a\xff", 100, "61ff", true, 0},
		{"a long text", long, 1 << 20, long[:ledger.MostText], false, ledger.MostText},
		{"half a character", "é" + long, 3, "é", false, 2 * ledger.MostText},
		{"bytes without room", "\x00\x01\x02", 2, "00", true, 2},
		{"no room", "abc", 0, "", false, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			room := c.room
			got, isHex, left := text([]byte(c.in), &room)
			if got != c.want || isHex != c.isHex || left != c.left || room < 0 || room > c.room {
				t.Errorf("%.80q, %t, %d left out, room for %d", got, isHex, left, room)
			}
		})
	}
}

// The time of a block is that of its latest transaction, and hostile times are none.
func TestTimes(t *testing.T) {
	at := func(seconds int64) []byte {
		e := envelopeOf(t, common.HeaderType_ENDORSER_TRANSACTION, nil)
		var envelope common.Envelope
		var payload common.Payload
		var header common.ChannelHeader
		for _, err := range []error{proto.Unmarshal(e, &envelope), proto.Unmarshal(envelope.Payload, &payload), proto.Unmarshal(payload.Header.ChannelHeader, &header)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		header.Timestamp = &timestamppb.Timestamp{Seconds: seconds}
		payload.Header.ChannelHeader = marshal(t, &header)
		return marshal(t, &common.Envelope{Payload: marshal(t, &payload)})
	}
	b := show(onChannel, blockOf("\x00\x0b\x00", at(100), at(300), at(1<<60)))
	if !b.Time.Equal(time.Unix(300, 0)) || b.TimeOf != ledger.TimeCreated || b.Valid != 2 || b.Transactions != 3 {
		t.Errorf("%+v", b)
	}
	if b := show(onChannel, blockOf("", at(1<<60))); !b.Time.IsZero() || b.TimeOf != "" || b.Valid != 0 {
		t.Errorf("%+v", b)
	}
}

// Whatever an envelope holds, what is shown of it is bounded and can be printed.
func FuzzTransaction(f *testing.F) {
	_, blocks := stored(f)
	for _, b := range blocks {
		for i := range b.envelopes() {
			f.Add(b.envelopes()[i], byte(b.code(i)), "plain-1")
		}
	}
	f.Add(envelopeOf(f, common.HeaderType_CONFIG, []byte("\x0a\x00")), byte(200), "")
	f.Fuzz(func(t *testing.T, envelope []byte, code byte, meter string) {
		b := blockOf(string([]byte{code}), envelope)
		read := b.read(onChannel, 0)
		tx, documents := read.describe(map[string]string{"mine": "readings"})
		nobody := registry{func(ctx context.Context, _ string, _ ...string) ([]byte, error) { return nil, fmt.Errorf("nobody") }}
		for _, d := range documents {
			d.verify(t.Context(), nobody)
			tx.Documents = append(tx.Documents, d.Document)
		}
		check(t, tx)
		read.concerns(meter, nil)
		if shown := show(onChannel, b); shown.Transactions != 1 {
			t.Errorf("%+v", shown)
		}
	})
}

// What a form reads, whatever the bytes are, can be shown.
func FuzzDocuments(f *testing.F) {
	_, blocks := stored(f)
	for _, b := range blocks {
		for i := range b.envelopes() {
			if args := b.read(onChannel, i).args(); len(args) == 2 {
				for at, form := range forms() {
					if form.function == string(args[0]) {
						f.Add(uint(at), args[1])
					}
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, at uint, wire []byte) {
		all := forms()
		documents, err := all[at%uint(len(all))].read(onChannel, wire)
		if err != nil {
			documents = []document{unreadable(err)}
		}
		for _, d := range documents {
			if text, err := json.Marshal(d.Document); err != nil || d.Title == "" || !utf8.Valid(text) {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
