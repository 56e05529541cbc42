package fabric

import (
	"crypto/rand"
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// An encoder marshals messages into one another and keeps the first error.
type encoder struct{ err error }

func (e *encoder) bytes(m proto.Message) []byte {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	e.fail(err)
	return b
}

func (e *encoder) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// channelHeader returns the header of a transaction.
func (e *encoder) channelHeader(kind common.HeaderType, channel, txID string, extension []byte) []byte {
	return e.bytes(&common.ChannelHeader{
		Type: int32(kind), ChannelId: channel, TxId: txID, Extension: extension, Timestamp: timestamppb.Now(),
	})
}

// newNonce returns as many random bytes as Fabric's own clients use.
func newNonce() []byte {
	nonce := make([]byte, 24)
	rand.Read(nonce) // never fails
	return nonce
}

// wrap says in front of an error what failed.
func wrap(err *error, format string, args ...any) {
	if *err != nil {
		*err = fmt.Errorf(format+": %w", append(args, *err)...)
	}
}
