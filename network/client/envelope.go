package client

import (
	"errors"
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// An endorsement is what an endorser answers to a proposal, in the parts of a peer.ProposalResponse.
type endorsement struct {
	status  int32  // of the chaincode's response, as of HTTP
	message string // of that response
	payload []byte // what was endorsed: a peer.ProposalResponsePayload
	answer  []byte // of the chaincode, from its response
	signed  []byte // by whom, and the signature: a peer.Endorsement; empty where the endorser refused
}

// parseEndorsement reads a peer.ProposalResponse, which the parts alias.
func parseEndorsement(b []byte) (e endorsement, err error) {
	var response []byte
	for len(b) > 0 && err == nil {
		var f messageField
		f, b, err = nextField(b)
		switch {
		case f.is(4, protowire.BytesType):
			response = f.bytes
		case f.is(5, protowire.BytesType):
			e.payload = f.bytes
		case f.is(6, protowire.BytesType):
			e.signed = f.bytes
		}
	}
	for len(response) > 0 && err == nil {
		var f messageField
		f, response, err = nextField(response)
		switch {
		case f.is(1, protowire.VarintType):
			e.status = int32(f.number)
		case f.is(2, protowire.BytesType):
			e.message = string(f.bytes)
		case f.is(3, protowire.BytesType):
			e.answer = f.bytes
		}
	}
	if err != nil {
		return endorsement{}, fmt.Errorf("proposal response: %w", err)
	}
	return e, nil
}

// succeeded reports whether the chaincode took the proposal, by the same statuses as Fabric's gateway has it.
func (e endorsement) succeeded() bool { return e.status >= 200 && e.status < 400 }

// An answer is what an orderer says of an envelope: an orderer.BroadcastResponse.
type answer struct {
	status common.Status
	info   string
}

func (a answer) String() string {
	if a.info == "" {
		return a.status.String()
	}
	return fmt.Sprintf("%s: %s", a.status, a.info)
}

// parseAnswer reads an orderer.BroadcastResponse.
func parseAnswer(b []byte) (a answer, err error) {
	for len(b) > 0 && err == nil {
		var f messageField
		f, b, err = nextField(b)
		switch {
		case f.is(1, protowire.VarintType):
			a.status = common.Status(int32(f.number))
		case f.is(2, protowire.BytesType):
			a.info = string(f.bytes)
		}
	}
	if err != nil {
		return answer{}, fmt.Errorf("broadcast response: %w", err)
	}
	return a, nil
}

// A messageField is one field of a message, with its value where that is bytes or a number.
type messageField struct {
	id     protowire.Number
	kind   protowire.Type
	bytes  []byte
	number uint64
}

func (f messageField) is(id protowire.Number, kind protowire.Type) bool {
	return f.id == id && f.kind == kind
}

// nextField takes the first field off a message.
func nextField(b []byte) (f messageField, rest []byte, err error) {
	var n int
	if f.id, f.kind, n = protowire.ConsumeTag(b); n < 0 {
		return messageField{}, nil, protowire.ParseError(n)
	}
	b = b[n:]
	switch f.kind {
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(b)
	case protowire.VarintType:
		f.number, n = protowire.ConsumeVarint(b)
	default:
		n = protowire.ConsumeFieldValue(f.id, f.kind, b)
	}
	if n < 0 {
		return messageField{}, nil, protowire.ParseError(n)
	}
	return f, b[n:], nil
}

// maxSignature is the size in bytes of the largest ASN.1 signature by P-256.
const maxSignature = 72

// envelope returns the common.Envelope of an endorsed proposal, signed. Like marshalProposal it writes once, from the
// outside, what nests seven deep; transient data stays out.
func (s *signer) envelope(p proposal, endorsements []endorsement) ([]byte, error) {
	header, err1 := lookup(p.bytes, 1)
	signatureHeader, err2 := lookup(header, 2)
	content, err3 := lookup(p.bytes, 2)
	input, err4 := lookup(content, 1)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, fmt.Errorf("proposal: %w", err)
	}
	endorsed := endorsements[0].payload
	action := field(len(endorsed))
	for _, e := range endorsements {
		action += field(len(e.signed))
	}
	payload := field(field(len(input))) + field(action)
	transaction := field(len(signatureHeader)) + field(payload)
	data := field(transaction)
	body := field(len(header)) + field(data)

	b := make([]byte, 0, field(body)+field(maxSignature))
	b = open(b, 1, body) // common.Envelope.payload: common.Payload
	signed := len(b)
	b = append(open(b, 1, len(header)), header...) // .header
	b = open(b, 2, data)                           // .data: peer.Transaction
	b = open(b, 1, transaction)                    // .actions: peer.TransactionAction
	b = append(open(b, 1, len(signatureHeader)), signatureHeader...)
	b = open(b, 2, payload)           // .payload: peer.ChaincodeActionPayload
	b = open(b, 1, field(len(input))) // .chaincode_proposal_payload: peer.ChaincodeProposalPayload
	b = append(open(b, 1, len(input)), input...)
	b = open(b, 2, action) // .action: peer.ChaincodeEndorsedAction
	b = append(open(b, 1, len(endorsed)), endorsed...)
	for _, e := range endorsements {
		b = append(open(b, 2, len(e.signed)), e.signed...)
	}
	signature, err := s.sign(b[signed:])
	if err != nil {
		return nil, err
	}
	return append(open(b, 2, len(signature)), signature...), nil
}

// marshalSigned returns the wire form of a peer.SignedProposal in a buffer of gRPC's pool.
func marshalSigned(p proposal) *[]byte {
	buffer := mem.DefaultBufferPool().Get(signedSize(p.bytes, p.signature))
	b := append(open((*buffer)[:0], 1, len(p.bytes)), p.bytes...)
	*buffer = append(open(b, 2, len(p.signature)), p.signature...)
	return buffer
}
