package blockcheck

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// mostFields bounds how many fields a message that strangers wrote may have, in it and in its messages: an empty field takes two
// bytes on the wire and a hundred in memory.
const mostFields = 100_000

var errFields = errors.New("it has too many fields")

// Unmarshal reads a message that strangers wrote, whatever it holds: one that would take much more memory than its wire form is an
// error.
func Unmarshal(wire []byte, into proto.Message) error {
	if left := mostFields; !within(wire, into.ProtoReflect().Descriptor(), &left) {
		return errFields
	}
	return proto.Unmarshal(wire, into)
}

// within reports whether a wire form has no more fields than are left. It says nothing of one that is damaged.
func within(wire []byte, of protoreflect.MessageDescriptor, left *int) bool {
	for len(wire) > 0 {
		if *left--; *left < 0 {
			return false
		}
		number, kind, n := protowire.ConsumeTag(wire)
		if n < 0 {
			return true
		}
		wire = wire[n:]
		if n = protowire.ConsumeFieldValue(number, kind, wire); n < 0 {
			return true
		}
		if field := of.Fields().ByNumber(number); field != nil && kind == protowire.BytesType && field.Message() != nil {
			inner, _ := protowire.ConsumeBytes(wire)
			if !within(inner, field.Message(), left) {
				return false
			}
		}
		wire = wire[n:]
	}
	return true
}
