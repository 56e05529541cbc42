package fabric

import (
	"context"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc"
)

// Endorse has a call endorsed through the gateway behind conn, as the endorsement policy asks, and orders nothing.
func (a *Admin) Endorse(ctx context.Context, conn grpc.ClientConnInterface, channel, chaincode string, args ...[]byte) error {
	p, err := a.propose(channel, chaincode, args...)
	if err != nil {
		return err
	}
	_, err = gateway.NewGatewayClient(conn).Endorse(ctx, &gateway.EndorseRequest{
		TransactionId: p.txID, ChannelId: channel, ProposedTransaction: p.signed,
	})
	return err
}

// Ask has a call answered by one peer that the gateway behind conn chooses.
func (a *Admin) Ask(ctx context.Context, conn grpc.ClientConnInterface, channel, chaincode string, args ...[]byte) ([]byte, error) {
	p, err := a.propose(channel, chaincode, args...)
	if err != nil {
		return nil, err
	}
	answer, err := gateway.NewGatewayClient(conn).Evaluate(ctx, &gateway.EvaluateRequest{
		TransactionId: p.txID, ChannelId: channel, ProposedTransaction: p.signed,
	})
	return answer.GetResult().GetPayload(), err
}

// Answer has a call answered by the peer behind conn itself, without a gateway.
func (a *Admin) Answer(ctx context.Context, conn grpc.ClientConnInterface, channel, chaincode string, args ...[]byte) ([]byte, error) {
	p, err := a.propose(channel, chaincode, args...)
	if err != nil {
		return nil, err
	}
	response, err := p.endorse(ctx, conn)
	return response.GetResponse().GetPayload(), err
}
