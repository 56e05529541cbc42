package fabric

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A DeliverError is a peer's refusal to deliver blocks.
type DeliverError struct{ Status common.Status }

// Error names the status.
func (e *DeliverError) Error() string { return "the peer delivers no blocks: " + e.Status.String() }

// Blocks yields blocks of a channel as the peer behind conn has them, from number first to number last. It waits for none: one that
// the peer does not have yet is a DeliverError. hash is as in Discover. An error ends it.
func (a *Admin) Blocks(ctx context.Context, conn grpc.ClientConnInterface, hash []byte, channel string, first, last uint64) iter.Seq2[*common.Block, error] {
	at := func(number uint64) *orderer.SeekPosition {
		return &orderer.SeekPosition{Type: &orderer.SeekPosition_Specified{Specified: &orderer.SeekSpecified{Number: number}}}
	}
	return func(yield func(*common.Block, error) bool) {
		err := a.blocks(ctx, conn, hash, channel, at(first), at(last), func(b *common.Block) bool { return yield(b, nil) })
		if err != nil {
			yield(nil, fmt.Errorf("blocks of %s: %w", channel, err))
		}
	}
}

// blocks hands blocks to take until that wants no more.
func (a *Admin) blocks(ctx context.Context, conn grpc.ClientConnInterface, hash []byte, channel string, first, last *orderer.SeekPosition,
	take func(*common.Block) bool,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request, err := a.seek(channel, hash, time.Now(), first, last)
	if err != nil {
		return err
	}
	stream, err := peer.NewDeliverClient(conn).Deliver(ctx)
	if err != nil {
		return err
	}
	if err := stream.Send(request); err != nil {
		_, err = stream.Recv() // which says why
		return err
	}
	for {
		answer, err := stream.Recv()
		switch {
		case err != nil:
			return err
		case answer.GetBlock() == nil && answer.GetStatus() == common.Status_SUCCESS:
			// The peer takes an end without a goodbye for an error, of which its log warns.
			if err := stream.CloseSend(); err != nil {
				return err
			}
			stream.Recv() // the end
			return nil
		case answer.GetBlock() == nil:
			return &DeliverError{answer.GetStatus()}
		case !take(answer.GetBlock()):
			return nil
		}
	}
}

// seek returns a signed request, made at some time, for blocks that are there.
func (a *Admin) seek(channel string, hash []byte, at time.Time, first, last *orderer.SeekPosition) (*common.Envelope, error) {
	var e encoder
	payload := e.bytes(&common.Payload{
		Header: &common.Header{
			ChannelHeader: e.bytes(&common.ChannelHeader{
				Type: int32(common.HeaderType_DELIVER_SEEK_INFO), ChannelId: channel, Timestamp: timestamppb.New(at), TlsCertHash: hash,
			}),
			SignatureHeader: e.bytes(&common.SignatureHeader{Creator: a.creator, Nonce: newNonce()}),
		},
		Data: e.bytes(&orderer.SeekInfo{Start: first, Stop: last, Behavior: orderer.SeekInfo_FAIL_IF_NOT_READY}),
	})
	return &common.Envelope{Payload: payload, Signature: a.sign(&e, payload)}, e.err
}

// BlockOf asks the peer behind conn for the block with a transaction.
func (a *Admin) BlockOf(ctx context.Context, conn grpc.ClientConnInterface, channel, txID string) (_ *common.Block, err error) {
	defer wrap(&err, "block of transaction %s", txID)
	var block common.Block
	return &block, a.call(ctx, conn, &block, channel, "qscc", []byte("GetBlockByTxID"), []byte(channel), []byte(txID))
}

// Approvals asks the peer behind conn which members of a channel have approved the definition of a chaincode that is committed, by
// MSP id.
func (a *Admin) Approvals(ctx context.Context, conn grpc.ClientConnInterface, channel, chaincode string) (_ map[string]bool, err error) {
	defer wrap(&err, "definition of %s", chaincode)
	args, err := proto.Marshal(&lifecycle.QueryChaincodeDefinitionArgs{Name: chaincode})
	if err != nil {
		return nil, err
	}
	var answer lifecycle.QueryChaincodeDefinitionResult
	err = a.call(ctx, conn, &answer, channel, lifecycleName, []byte("QueryChaincodeDefinition"), args)
	return answer.GetApprovals(), err
}
