package fabric

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// SetUpTimeout is the batch timeout of a channel's genesis block, unless the
// channel wants a shorter one. The two rounds of transactions that deploy a
// chaincode each wait for that timer; SetBatchTimeout then sets the wanted one
// by a configuration transaction, which waits for none.
const SetUpTimeout = 10 * time.Millisecond

// SetBatchTimeout has the administrator of the ordering organisation set a
// channel's batch timeout, as the first change of its configuration since
// genesis. The transaction goes through the gateway behind conn; it is in force
// at once for what is ordered after it, and Configured waits for a peer.
func (a *Admin) SetBatchTimeout(ctx context.Context, conn grpc.ClientConnInterface, channel string, timeout time.Duration) error {
	envelope, err := a.timeoutUpdate(channel, timeout)
	if err != nil {
		return fmt.Errorf("set batch timeout: %w", err)
	}
	err = submit(ctx, conn, &gateway.SubmitRequest{ChannelId: channel, PreparedTransaction: envelope})
	if err != nil {
		return fmt.Errorf("set batch timeout: %w", err)
	}
	return nil
}

// timeoutUpdate moves the one value from version 0 to 1. What stands around it
// keeps its version, in the set that is read and in the set that is written.
func (a *Admin) timeoutUpdate(channel string, timeout time.Duration) (*common.Envelope, error) {
	path := func() (root, ordering *common.ConfigGroup) {
		root, ordering = newGroup(), newGroup()
		root.Groups["Orderer"] = ordering
		return root, ordering
	}
	read, _ := path()
	written, ordering := path()
	g := &groups{}
	g.batchTimeout(ordering, timeout)
	ordering.Values[batchTimeoutKey].Version = 1
	update := g.bytes(&common.ConfigUpdate{ChannelId: channel, ReadSet: read, WriteSet: written})

	nonce := make([]byte, 24)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	signer := g.bytes(&common.SignatureHeader{Creator: a.creator, Nonce: nonce})
	agreed, err1 := a.sign(append(append([]byte{}, signer...), update...))
	payload := g.bytes(&common.Payload{
		Header: &common.Header{
			ChannelHeader: g.bytes(&common.ChannelHeader{
				Type: int32(common.HeaderType_CONFIG_UPDATE), ChannelId: channel, Timestamp: timestamppb.Now(),
			}),
			SignatureHeader: signer,
		},
		Data: g.bytes(&common.ConfigUpdateEnvelope{
			ConfigUpdate: update,
			Signatures:   []*common.ConfigSignature{{SignatureHeader: signer, Signature: agreed}},
		}),
	})
	signature, err2 := a.sign(payload)
	return &common.Envelope{Payload: payload, Signature: signature}, errors.Join(g.err, err1, err2)
}

// Configured waits until the peer behind conn has committed the first change of
// a channel's configuration.
func (a *Admin) Configured(ctx context.Context, conn grpc.ClientConnInterface, channel string) error {
	err := Retry(ctx, pause, func() error {
		answer, err := a.call(ctx, conn, channel, "cscc", []byte("GetChannelConfig"), []byte(channel))
		if err != nil {
			return err
		}
		var config common.Config
		if err := proto.Unmarshal(answer, &config); err != nil {
			return Permanent(err)
		}
		if config.Sequence == 0 {
			return errors.New("the channel's configuration is still that of its genesis block")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("wait for the configuration of %s: %w", channel, err)
	}
	return nil
}
