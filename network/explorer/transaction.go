package explorer

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/bench/ledger"
	"meterbench/internal/printable"
	"meterbench/network/blockcheck"
)

// Transaction implements ledger.Reader.
func (e *Explorer) Transaction(ctx context.Context, channel, id string) (ledger.Transaction, error) {
	c, end, err := e.begin(ctx, channel)
	if err != nil {
		return ledger.Transaction{}, err
	}
	defer end()
	b, index, err := e.find(ctx, c, id)
	if err != nil {
		return ledger.Transaction{}, fmt.Errorf("transaction %.100q of channel %s: %w", id, channel, err)
	}
	t := b.read(channel, index)
	shown, documents := t.describe(c.contracts)
	keys := e.registry(c, t.contract())
	for _, d := range documents {
		d.verify(ctx, keys)
		shown.Documents = append(shown.Documents, d.Document)
	}
	return shown, nil
}

// find returns the block with a transaction, and its index in that.
func (e *Explorer) find(ctx context.Context, c *channel, id string) (*block, int, error) {
	if number, index, ok := parsePlace(id); ok {
		b, err := e.block(ctx, c, number)
		if err == nil && index >= len(b.envelopes()) {
			err = ledger.ErrNotFound
		}
		return b, index, err
	}
	if !isID(id) {
		return nil, 0, fmt.Errorf("%w: an id has 64 hexadecimal digits in lower case", ledger.ErrNotFound)
	}
	found, err := ask(ctx, c, func(ctx context.Context, p *endpoint) (*common.Block, error) {
		return p.admin.BlockOf(ctx, p.conn, c.name, id)
	})
	if err != nil {
		return nil, 0, err
	}
	b := newBlock(found)
	e.kept.put(place{c.name, b.number()}, b)
	at := -1
	for i := range b.envelopes() {
		var t transaction
		if t.readHeader(b.envelopes()[i], false) != nil || t.header.GetTxId() != id {
			continue
		}
		if at < 0 || b.code(at) == peer.TxValidationCode_DUPLICATE_TXID {
			at = i // of several, the one that counts
		}
	}
	if at < 0 {
		return nil, 0, fmt.Errorf("%w in block %d, where the peer has it", ledger.ErrNotFound, b.number())
	}
	return b, at, nil
}

// parsePlace is the inverse of transaction.id for one that has no id of its own.
func parsePlace(id string) (block uint64, index int, ok bool) {
	before, after, ok := strings.Cut(id, ":")
	block, err1 := strconv.ParseUint(before, 10, 64)
	at, err2 := strconv.ParseUint(after, 10, 31)
	return block, int(at), ok && err1 == nil && err2 == nil
}

// The bounds of what is shown of a transaction.
const (
	mostArguments = 64
	mostAccess    = 256
	mostEndorsers = 64
	mostDocuments = 16
	mostText      = 64 * ledger.MostText // bytes of all arguments and values
)

// describe returns what can be said of the transaction by itself, with its documents apart.
func (t *transaction) describe(named map[string]string) (ledger.Transaction, []document) {
	shown := ledger.Transaction{Head: t.head(), CodeText: codeText(t.code), Subject: subject(t.creator.GetIdBytes())}
	for _, s := range t.signers[:min(len(t.signers), mostEndorsers)] {
		var by msp.SerializedIdentity
		if err := blockcheck.Unmarshal(s.GetEndorser(), &by); err != nil {
			shown.Endorsers = append(shown.Endorsers, ledger.Endorser{Subject: malformed})
			continue
		}
		shown.Endorsers = append(shown.Endorsers, ledger.Endorser{MSP: name(by.GetMspid()), Subject: subject(by.GetIdBytes())})
	}
	room := mostText
	if args := t.args(); len(args) > 1 {
		for _, a := range args[1:min(len(args), mostArguments+1)] {
			said, isHex, left := text(a, &room)
			shown.Arguments = append(shown.Arguments, ledger.Argument{Bytes: len(a), Text: said, Hex: isHex, Left: left})
		}
		shown.ArgumentsCut = max(0, len(args)-1-mostArguments)
	}
	shown.Access, shown.Cut = t.access(&room)
	var event peer.ChaincodeEvent
	if blockcheck.Unmarshal(t.action.GetEvents(), &event) == nil {
		shown.Event = name(event.GetEventName())
	}
	if t.wrong != nil {
		shown.Wrong = printable.Cut(t.wrong.Error(), ledger.MostText)
	}
	documents := t.documents(named)
	shown.DocumentsCut = max(0, len(documents)-mostDocuments)
	return shown, documents[:min(len(documents), mostDocuments)]
}

// subject returns the common name in a certificate in PEM, or where there is none, what is wrong with it.
func subject(certificate []byte) string {
	const most = 64 << 10 // bytes
	if len(certificate) == 0 {
		return ""
	}
	block, _ := pem.Decode(certificate[:min(len(certificate), most)])
	if block == nil {
		return "no certificate"
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "a certificate that cannot be read"
	}
	return name(parsed.Subject.CommonName)
}

// text returns what is shown of bytes: their text if they are one, else hexadecimal digits, and how many bytes are left out. It takes
// from the room that is left.
func text(b []byte, room *int) (shown string, isHex bool, left int) {
	if isText(b) {
		whole := head(string(b[:min(len(b), ledger.MostText+1)]), min(ledger.MostText, *room))
		*room -= len(whole)
		return printable.Lines(whole), false, len(b) - len(whole)
	}
	n := min(len(b), min(ledger.MostText, *room)/2)
	*room -= 2 * n
	return hex.EncodeToString(b[:n]), true, len(b) - n
}

// head returns the first bytes of a text, without half a character at their end.
func head(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// isText reports whether bytes are text, by what would be shown of them.
func isText(b []byte) bool {
	if len(b) > ledger.MostText {
		b = []byte(head(string(b[:ledger.MostText+1]), ledger.MostText))
	}
	if !utf8.Valid(b) {
		return false
	}
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}
