// Package blockcheck verifies blocks of a Fabric channel by what is in them: that the header is that of the data, that it names the
// header before, and that orderers of the channel have signed it, as many as its configuration wants. It asks nobody, so that
// whoever has blocks can check them, wherever they come from. What it rests on is the configuration that it is given. The validation
// codes in a block are in no header and signed by nobody: each peer writes its own, and that a peer has written these says only he.
package blockcheck

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math/big"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"meterbench/bench/ledger"
	"meterbench/internal/printable"
)

// DataHash returns the hash that a block's header has of its data: SHA-256 over the transactions, one after the other, as
// Fabric's protoutil.ComputeBlockDataHash.
func DataHash(data *common.BlockData) []byte {
	sum := sha256.New()
	for _, envelope := range data.GetData() {
		sum.Write(envelope)
	}
	return sum.Sum(nil)
}

// HeaderHash returns the hash of a block's header, by which the next block names it: SHA-256 over the header in ASN.1.
func HeaderHash(header *common.BlockHeader) []byte { return sumOf(sha256.New(), headerBytes(header)) }

func sumOf(h hash.Hash, parts ...[]byte) []byte {
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// headerBytes returns a header as it is hashed and signed: protoutil.BlockHeaderBytes of Fabric.
func headerBytes(header *common.BlockHeader) []byte {
	data, err := asn1.Marshal(struct {
		Number       *big.Int
		PreviousHash []byte
		DataHash     []byte
	}{new(big.Int).SetUint64(header.GetNumber()), header.GetPreviousHash(), header.GetDataHash()})
	if err != nil {
		panic(err) // a number and bytes always marshal
	}
	return data
}

// Check verifies a block against the hash of the header before it, nil where that is not known, and by the rules that were in
// force, nil where these are not known.
func Check(block *common.Block, before []byte, rules *Rules) ledger.Checks {
	return ledger.Checks{Data: checkData(block), Chain: checkChain(block.GetHeader(), before), Signatures: rules.check(block)}
}

func checkData(block *common.Block) ledger.Check {
	switch has, says := DataHash(block.GetData()), block.GetHeader().GetDataHash(); {
	case len(block.GetData().GetData()) == 0:
		return wrong("the block holds no transaction")
	case !bytes.Equal(has, says):
		return wrong("the header names the data %s, and its hash is %s", abbreviated(says), abbreviated(has))
	}
	if Config(block) != nil { // which is alone in its block, and of the first block not signed
		return ledger.Check{State: ledger.Verified}
	}
	for i, envelope := range block.GetData().GetData() {
		if err := wellFormed(envelope); err != nil {
			return wrong("transaction %d is none as it was ordered: %v; the hash of the data does not tell where one ends", i, err)
		}
	}
	return ledger.Check{State: ledger.Verified}
}

// wellFormed makes sure that bytes are one whole envelope and nothing else. The hash of a block's data is that of its transactions
// one after the other: two that are put together, of which a reader sees the last one only, or one that is cut in two, have the same.
// As Fabric's protoutil.VerifyTransactionsAreWellFormed, envelopes are such that writing again what was read makes the same bytes.
func wellFormed(wire []byte) error {
	var envelope common.Envelope
	if err := Unmarshal(wire, &envelope); err != nil {
		return err
	}
	again, err := proto.MarshalOptions{Deterministic: true}.Marshal(&envelope)
	switch {
	case err != nil:
		return err
	case len(envelope.GetPayload()) == 0:
		return errors.New("it has no payload")
	case len(envelope.GetSignature()) == 0:
		return errors.New("it has no signature")
	case !bytes.Equal(again, wire):
		return fmt.Errorf("it has %d bytes, of which an envelope takes %d", len(wire), len(again))
	}
	return nil
}

func checkChain(header *common.BlockHeader, before []byte) ledger.Check {
	first := header.GetNumber() == 0
	switch says := header.GetPreviousHash(); {
	case first && len(says) > 0:
		return wrong("the first block names one before it, %s", abbreviated(says))
	case first:
		return ledger.Check{State: ledger.Verified, Text: "the first block"}
	case before == nil:
		return unchecked("the block before it was not read")
	case !bytes.Equal(says, before):
		return wrong("the header names the block before it %s, and that is %s", abbreviated(says), abbreviated(before))
	}
	return ledger.Check{State: ledger.Verified}
}

func (r *Rules) check(block *common.Block) ledger.Check {
	switch {
	case block.GetHeader().GetNumber() == 0:
		return unchecked("nobody signs the first block: those who join the channel bring it")
	case r == nil:
		return unchecked("the channel's configuration at this block was not read")
	case r.unknown != "":
		return unchecked("%s", r.unknown)
	}
	signers, err := r.Signers(block)
	if err != nil {
		return wrong("%v", err)
	}
	return said(ledger.Verified, "signed by %s", strings.Join(signers, ", "))
}

func wrong(format string, args ...any) ledger.Check { return said(ledger.Wrong, format, args...) }

func unchecked(format string, args ...any) ledger.Check {
	return said(ledger.Unchecked, format, args...)
}

// said returns a check with a text of bounded length that can be printed: names and policies are those of strangers.
func said(state ledger.CheckState, format string, args ...any) ledger.Check {
	const most = 1000 // bytes
	return ledger.Check{State: state, Text: printable.Cut(fmt.Sprintf(format, args...), most)}
}

// abbreviated returns the beginning of a hash in hexadecimal.
func abbreviated(sum []byte) string {
	const shown = 8
	if len(sum) <= shown {
		return fmt.Sprintf("%q", hex.EncodeToString(sum))
	}
	return hex.EncodeToString(sum[:shown]) + "…"
}

// A Chain checks blocks of a channel that come in their order, by the configurations that are among them.
type Chain struct {
	rules *Rules // in force; nil: not known
	last  []byte // hash of the header before; nil: not known
}

// NewChain returns a Chain that begins with any block of a channel, under rules, which may be nil.
func NewChain(rules *Rules) *Chain { return &Chain{rules: rules} }

// Next checks the next block. A configuration counts from the block after it on, once its own block is found right; the
// channel's first block is taken as it is.
func (c *Chain) Next(block *common.Block) ledger.Checks {
	checks := Check(block, c.last, c.rules)
	first := block.GetHeader().GetNumber() == 0
	if config := Config(block); config != nil && checks.Data.State == ledger.Verified && (first || checks.Signatures.State == ledger.Verified) {
		c.rules = NewRules(config)
	}
	c.last = HeaderHash(block.GetHeader())
	return checks
}
