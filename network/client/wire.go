package client

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// field returns the size of a field of n bytes with its number and length. All numbers used here
// are below 16 and take one byte.
func field(n int) int { return 1 + protowire.SizeBytes(n) }

// open starts a field of n bytes.
func open(b []byte, number protowire.Number, n int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.BytesType), uint64(n))
}

// number adds a numeric field, zero included.
func number(b []byte, number protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), v)
}

// marshalRequest returns the wire form that gateway.EndorseRequest and gateway.SubmitRequest share:
// transaction id, channel, and a message of a body and its signature. It is in a buffer of gRPC's
// pool.
func marshalRequest(txID, channel string, body, signature []byte) *[]byte {
	signed := signedSize(body, signature)
	buffer := mem.DefaultBufferPool().Get(field(len(txID)) + field(len(channel)) + field(signed))
	b := append(open((*buffer)[:0], 1, len(txID)), txID...)
	b = append(open(b, 2, len(channel)), channel...)
	b = open(b, 3, signed)
	b = append(open(b, 1, len(body)), body...)
	*buffer = append(open(b, 2, len(signature)), signature...)
	return buffer
}

// signedSize returns the size of a peer.SignedProposal or common.Envelope.
func signedSize(body, signature []byte) int { return field(len(body)) + field(len(signature)) }

// preparedPayload returns the payload of the envelope in a gateway.EndorseResponse, which the
// client is to sign. It aliases b.
func preparedPayload(b []byte) ([]byte, error) {
	envelope, err := lookup(b, 1)
	if err != nil {
		return nil, fmt.Errorf("endorse response: %w", err)
	}
	payload, err := lookup(envelope, 1)
	if err != nil {
		return nil, fmt.Errorf("prepared transaction: %w", err)
	}
	return payload, nil
}

// lookup returns the last field of that number and of type bytes.
func lookup(b []byte, want protowire.Number) ([]byte, error) {
	var value []byte
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		b = b[n:]
		if number == want && kind == protowire.BytesType {
			if value, n = protowire.ConsumeBytes(b); n < 0 {
				return nil, protowire.ParseError(n)
			}
		} else if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
			return nil, protowire.ParseError(n)
		}
		b = b[n:]
	}
	if len(value) == 0 {
		return nil, errors.New("empty")
	}
	return value, nil
}

// wireForm is the gRPC codec of messages that are in their wire form already. Requests are *[]byte
// from gRPC's pool, to which they return once written; responses are *mem.Buffer, which the
// receiver frees.
type wireForm struct{}

// Marshal implements encoding.CodecV2.
func (wireForm) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.NewBuffer(v.(*[]byte), mem.DefaultBufferPool())}, nil
}

// Unmarshal implements encoding.CodecV2.
func (wireForm) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*mem.Buffer) = data.MaterializeToBuffer(mem.DefaultBufferPool())
	return nil
}

// Name implements encoding.CodecV2. To the peer this is an ordinary protobuf call.
func (wireForm) Name() string { return "proto" }
