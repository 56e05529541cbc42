package explorer

import (
	"errors"
	"fmt"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/types/known/timestamppb"

	"meterbench/bench/ledger"
	"meterbench/bench/result"
	"meterbench/internal/printable"
	"meterbench/network/blockcheck"
	"meterbench/network/client"
)

// A transaction is what could be read of one. What could not is zero, and wrong says why.
type transaction struct {
	channel string // on whose ledger it is
	block   uint64
	index   int
	bytes   int
	code    peer.TxValidationCode

	header  common.ChannelHeader
	creator msp.SerializedIdentity
	data    []byte // of a kind that header says

	actions int // of an endorser transaction; the first one is read
	input   peer.ChaincodeInvocationSpec
	action  peer.ChaincodeAction
	results rwset.TxReadWriteSet
	signers []*peer.Endorsement
	wrong   error
}

// read reads a transaction of a block.
func (b *block) read(channel string, index int) *transaction {
	t := &transaction{channel: channel, block: b.number(), index: index, bytes: len(b.envelopes()[index]), code: b.code(index)}
	t.wrong = t.read(b.envelopes()[index])
	return t
}

// createdAt returns the instant in an envelope, by its creator's clock; zero where it has none.
func createdAt(envelope []byte) time.Time {
	var t transaction
	if t.readHeader(envelope, false) != nil {
		return time.Time{}
	}
	return instant(t.header.GetTimestamp())
}

func instant(at *timestamppb.Timestamp) time.Time {
	if !at.IsValid() {
		return time.Time{}
	}
	return at.AsTime()
}

// readHeader reads who sent what and when. whole wants the creator too.
func (t *transaction) readHeader(wire []byte, whole bool) error {
	var envelope common.Envelope
	var payload common.Payload
	if err := blockcheck.Unmarshal(wire, &envelope); err != nil {
		return fmt.Errorf("envelope: %w", err)
	}
	if err := blockcheck.Unmarshal(envelope.GetPayload(), &payload); err != nil {
		return fmt.Errorf("payload: %w", err)
	}
	if err := blockcheck.Unmarshal(payload.GetHeader().GetChannelHeader(), &t.header); err != nil {
		return fmt.Errorf("channel header: %w", err)
	}
	if t.data = payload.GetData(); !whole {
		return nil
	}
	var signature common.SignatureHeader
	if err := blockcheck.Unmarshal(payload.GetHeader().GetSignatureHeader(), &signature); err != nil {
		return fmt.Errorf("signature header: %w", err)
	}
	if err := blockcheck.Unmarshal(signature.GetCreator(), &t.creator); err != nil {
		return fmt.Errorf("creator: %w", err)
	}
	return nil
}

// kind returns what the transaction is for.
func (t *transaction) kind() common.HeaderType { return common.HeaderType(t.header.GetType()) }

func (t *transaction) read(wire []byte) error {
	if err := t.readHeader(wire, true); err != nil {
		return err
	}
	if t.kind() != common.HeaderType_ENDORSER_TRANSACTION {
		return nil
	}
	var of peer.Transaction
	if err := blockcheck.Unmarshal(t.data, &of); err != nil {
		return fmt.Errorf("actions: %w", err)
	}
	if t.actions = len(of.GetActions()); t.actions == 0 {
		return errors.New("it has no action")
	}
	var endorsed peer.ChaincodeActionPayload
	if err := blockcheck.Unmarshal(of.GetActions()[0].GetPayload(), &endorsed); err != nil {
		return fmt.Errorf("action: %w", err)
	}
	t.signers = endorsed.GetAction().GetEndorsements()
	return errors.Join(t.readInput(endorsed.GetChaincodeProposalPayload()), t.readResults(endorsed.GetAction().GetProposalResponsePayload()))
}

func (t *transaction) readInput(wire []byte) error {
	var proposed peer.ChaincodeProposalPayload
	err := blockcheck.Unmarshal(wire, &proposed)
	if err == nil {
		err = blockcheck.Unmarshal(proposed.GetInput(), &t.input)
	}
	if err != nil {
		return fmt.Errorf("arguments: %w", err)
	}
	return nil
}

func (t *transaction) readResults(wire []byte) error {
	var answer peer.ProposalResponsePayload
	err := blockcheck.Unmarshal(wire, &answer)
	if err == nil {
		err = blockcheck.Unmarshal(answer.GetExtension(), &t.action)
	}
	if err == nil {
		err = blockcheck.Unmarshal(t.action.GetResults(), &t.results)
	}
	if err != nil {
		return fmt.Errorf("results: %w", err)
	}
	return nil
}

// contract returns the name of the contract that was called. The arguments say it, and the endorsers.
func (t *transaction) contract() string {
	if name := t.action.GetChaincodeId().GetName(); name != "" {
		return name
	}
	return t.input.GetChaincodeSpec().GetChaincodeId().GetName()
}

// args returns the function and its arguments.
func (t *transaction) args() [][]byte { return t.input.GetChaincodeSpec().GetInput().GetArgs() }

// id returns the transaction's id: for one that has none of the form of others, its block and index.
func (t *transaction) id() string {
	if id := t.header.GetTxId(); isID(id) {
		return id
	}
	return t.place()
}

// place returns the transaction's block and index.
func (t *transaction) place() string { return fmt.Sprintf("%d:%d", t.block, t.index) }

// isID reports whether a text is the id of a transaction: 64 hexadecimal digits in lower case.
func isID(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(text) == 64
}

// mostName bounds what is shown of a name, in bytes.
const mostName = 128

// name returns a name that strangers gave, for a line.
func name(text string) string { return printable.Cut(text, mostName) }

// head returns what a list says of the transaction.
func (t *transaction) head() ledger.Head {
	h := ledger.Head{
		ID: t.id(), Channel: t.channel, Block: t.block, Index: t.index, Time: instant(t.header.GetTimestamp()), Type: kindName(t.kind(), t.wrong),
		Creator: name(t.creator.GetMspid()), Contract: name(t.contract()), Code: codeName(t.code), Outcome: outcome(t.code).String(), Bytes: t.bytes,
	}
	if args := t.args(); len(args) > 0 {
		h.Function = name(string(args[0]))
	}
	if t.code == peer.TxValidationCode_DUPLICATE_TXID {
		h.Place = t.place()
	}
	return h
}

// outcome returns what results call a validation code.
func outcome(code peer.TxValidationCode) result.Outcome {
	if code == peer.TxValidationCode_NOT_VALIDATED {
		return result.Unknown
	}
	return client.CommitOutcome(code)
}
