package fabric

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc"
)

// SetUpTimeout is the batch timeout of a channel's genesis block, unless the channel wants a
// shorter one. The two rounds of transactions that deploy a chaincode each wait for that timer;
// SetBatchTimeout then sets the wanted one by a configuration transaction, which waits for none.
const SetUpTimeout = 10 * time.Millisecond

// SetBatchTimeout has the administrator of the ordering organisation set a channel's batch timeout,
// as the first change of its configuration since genesis. The transaction goes through the gateway
// behind conn; it is in force at once for what is ordered after it, and Configured waits for a
// peer.
func (a *Admin) SetBatchTimeout(ctx context.Context, conn grpc.ClientConnInterface, channel string, timeout time.Duration) (err error) {
	defer wrap(&err, "set batch timeout")
	envelope, err := a.timeoutUpdate(channel, timeout)
	if err != nil {
		return err
	}
	return submit(ctx, conn, &gateway.SubmitRequest{ChannelId: channel, PreparedTransaction: envelope})
}

// timeoutUpdate moves the one value from version 0 to 1. What stands around it keeps its version,
// in the set that is read and in the set that is written.
func (a *Admin) timeoutUpdate(channel string, timeout time.Duration) (*common.Envelope, error) {
	readSet, writeSet, ordering := newGroup(), newGroup(), newGroup()
	readSet.Groups["Orderer"], writeSet.Groups["Orderer"] = newGroup(), ordering
	g := &groups{}
	g.batchTimeout(ordering, timeout)
	ordering.Values[batchTimeoutKey].Version = 1
	update := g.bytes(&common.ConfigUpdate{ChannelId: channel, ReadSet: readSet, WriteSet: writeSet})

	signer := g.bytes(&common.SignatureHeader{Creator: a.creator, Nonce: newNonce()})
	consent := a.sign(&g.encoder, slices.Concat(signer, update))
	payload := g.bytes(&common.Payload{
		Header: &common.Header{
			ChannelHeader:   g.channelHeader(common.HeaderType_CONFIG_UPDATE, channel, "", nil),
			SignatureHeader: signer,
		},
		Data: g.bytes(&common.ConfigUpdateEnvelope{
			ConfigUpdate: update,
			Signatures:   []*common.ConfigSignature{{SignatureHeader: signer, Signature: consent}},
		}),
	})
	return &common.Envelope{Payload: payload, Signature: a.sign(&g.encoder, payload)}, g.err
}

// Configured waits until the peer behind conn has committed the first change of a channel's
// configuration.
func (a *Admin) Configured(ctx context.Context, conn grpc.ClientConnInterface, channel string) (err error) {
	defer wrap(&err, "wait for the configuration of %s", channel)
	return Retry(ctx, pause, func() error {
		var config common.Config
		err := a.call(ctx, conn, &config, channel, "cscc", []byte("GetChannelConfig"), []byte(channel))
		if err == nil && config.Sequence == 0 {
			err = errors.New("the channel's configuration is still that of its genesis block")
		}
		return err
	})
}
