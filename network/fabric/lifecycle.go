package fabric

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const lifecycleName = "_lifecycle"

// pause is how long a request that is early waits before it is repeated.
const pause = 25 * time.Millisecond

// A Definition is a chaincode as the members of a channel agree on it.
type Definition struct {
	Name      string
	Policy    *common.SignaturePolicyEnvelope
	PackageID string // as the approving organisation has installed it
}

const (
	definitionVersion  = "1"
	definitionSequence = 1
)

func (d Definition) validation() ([]byte, error) {
	return proto.Marshal(&peer.ApplicationPolicy{
		Type: &peer.ApplicationPolicy_SignaturePolicy{SignaturePolicy: d.Policy},
	})
}

// JoinPeer joins the peer behind conn to the channel of a genesis block.
func (a *Admin) JoinPeer(ctx context.Context, conn grpc.ClientConnInterface, genesis []byte) error {
	if _, err := a.call(ctx, conn, "", "cscc", []byte("JoinChain"), genesis); err != nil {
		return fmt.Errorf("join channel: %w", err)
	}
	return nil
}

// Install installs a package at the peer behind conn.
func (a *Admin) Install(ctx context.Context, conn grpc.ClientConnInterface, pkg Package) error {
	args, err := proto.Marshal(&lifecycle.InstallChaincodeArgs{ChaincodeInstallPackage: pkg.Bytes})
	if err != nil {
		return fmt.Errorf("install %s: %w", pkg.Label, err)
	}
	answer, err := a.call(ctx, conn, "", lifecycleName, []byte("InstallChaincode"), args)
	if err != nil {
		return fmt.Errorf("install %s: %w", pkg.Label, err)
	}
	var result lifecycle.InstallChaincodeResult
	if err := proto.Unmarshal(answer, &result); err != nil {
		return fmt.Errorf("install %s: %w", pkg.Label, err)
	}
	if result.PackageId != pkg.ID {
		return fmt.Errorf("install %s: the peer calls it %s, not %s", pkg.Label, result.PackageId, pkg.ID)
	}
	return nil
}

// Approve approves a definition for the administrator's organisation, all of
// whose peers on the channel stand behind peers: each endorses, so each holds
// the private half of the approval before it is ordered, and none has to ask
// another for it. It returns the transaction once it was ordered; Committed
// waits for it.
func (a *Admin) Approve(ctx context.Context, channel string, d Definition, peers []grpc.ClientConnInterface) (txID string, err error) {
	validation, err := d.validation()
	if err != nil {
		return "", fmt.Errorf("approve %s: %w", d.Name, err)
	}
	args, err := proto.Marshal(&lifecycle.ApproveChaincodeDefinitionForMyOrgArgs{
		Name:                d.Name,
		Version:             definitionVersion,
		Sequence:            definitionSequence,
		ValidationParameter: validation,
		Source: &lifecycle.ChaincodeSource{Type: &lifecycle.ChaincodeSource_LocalPackage{
			LocalPackage: &lifecycle.ChaincodeSource_Local{PackageId: d.PackageID},
		}},
	})
	if err != nil {
		return "", fmt.Errorf("approve %s: %w", d.Name, err)
	}
	txID, err = a.order(ctx, channel, peers, []byte("ApproveChaincodeDefinitionForMyOrg"), args)
	if err != nil {
		return "", fmt.Errorf("approve %s: %w", d.Name, err)
	}
	return txID, nil
}

// Commit commits a definition to the channel. The peers, one of each
// organisation that is to agree, have committed the approvals.
func (a *Admin) Commit(ctx context.Context, channel string, d Definition, peers []grpc.ClientConnInterface) (txID string, err error) {
	validation, err := d.validation()
	if err != nil {
		return "", fmt.Errorf("commit %s: %w", d.Name, err)
	}
	args, err := proto.Marshal(&lifecycle.CommitChaincodeDefinitionArgs{
		Name:                d.Name,
		Version:             definitionVersion,
		Sequence:            definitionSequence,
		ValidationParameter: validation,
	})
	if err != nil {
		return "", fmt.Errorf("commit %s: %w", d.Name, err)
	}
	txID, err = a.order(ctx, channel, peers, []byte("CommitChaincodeDefinition"), args)
	if err != nil {
		return "", fmt.Errorf("commit %s: %w", d.Name, err)
	}
	return txID, nil
}

// order has a lifecycle call endorsed by every peer and ordered through the
// first one's gateway.
func (a *Admin) order(ctx context.Context, channel string, peers []grpc.ClientConnInterface, args ...[]byte) (string, error) {
	p, err := a.propose(channel, lifecycleName, args...)
	if err != nil {
		return "", err
	}
	responses := make([]*peer.ProposalResponse, len(peers))
	failures := make(chan error, len(peers))
	for i, conn := range peers {
		go func() {
			var err error
			responses[i], err = p.endorse(ctx, conn)
			failures <- err
		}()
	}
	var failed error
	for range peers {
		failed = errors.Join(failed, <-failures)
	}
	if failed != nil {
		return "", fmt.Errorf("endorse: %w", failed)
	}
	envelope, err := a.transaction(p, responses)
	if err != nil {
		return "", err
	}
	request := &gateway.SubmitRequest{TransactionId: p.txID, ChannelId: channel, PreparedTransaction: envelope}
	return p.txID, submit(ctx, peers[0], request)
}

// submit orders a transaction through the gateway behind conn. It repeats what
// fails because no orderer is ready to take it.
func submit(ctx context.Context, conn grpc.ClientConnInterface, request *gateway.SubmitRequest) error {
	err := Retry(ctx, pause, func() error {
		_, err := gateway.NewGatewayClient(conn).Submit(ctx, request)
		if err != nil && status.Code(err) != codes.Unavailable && status.Code(err) != codes.FailedPrecondition {
			return Permanent(err)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	return nil
}

// Committed waits until the peer behind conn has committed a transaction and
// returns its block. A transaction that was found invalid is an error.
func (a *Admin) Committed(ctx context.Context, conn grpc.ClientConnInterface, channel, txID string) (block uint64, err error) {
	request, err := proto.Marshal(&gateway.CommitStatusRequest{TransactionId: txID, ChannelId: channel, Identity: a.creator})
	if err != nil {
		return 0, fmt.Errorf("wait for commit: %w", err)
	}
	signature, err := a.sign(request)
	if err != nil {
		return 0, fmt.Errorf("wait for commit: %w", err)
	}
	answer, err := gateway.NewGatewayClient(conn).CommitStatus(ctx,
		&gateway.SignedCommitStatusRequest{Request: request, Signature: signature}, grpc.WaitForReady(true))
	if err != nil {
		return 0, fmt.Errorf("wait for commit: %w", err)
	}
	if answer.Result != peer.TxValidationCode_VALID {
		return 0, fmt.Errorf("wait for commit: transaction %s is %s", txID, answer.Result)
	}
	return answer.BlockNumber, nil
}

// Ping endorses a call of the function "Ping" through the gateway behind conn
// until it succeeds: then the peer, its chaincode and the peers whose
// endorsement its policy needs are ready.
func (a *Admin) Ping(ctx context.Context, conn grpc.ClientConnInterface, channel, chaincode string) error {
	err := Retry(ctx, pause, func() error {
		p, err := a.propose(channel, chaincode, []byte("Ping"))
		if err != nil {
			return Permanent(err)
		}
		_, err = gateway.NewGatewayClient(conn).Endorse(ctx, &gateway.EndorseRequest{
			TransactionId: p.txID, ChannelId: channel, ProposedTransaction: p.signed,
		}, grpc.WaitForReady(true))
		return err
	})
	if err != nil {
		return fmt.Errorf("ping %s on %s: %w", chaincode, channel, err)
	}
	return nil
}

// Height returns the number of blocks that the peer behind conn has of a channel.
func (a *Admin) Height(ctx context.Context, conn grpc.ClientConnInterface, channel string) (uint64, error) {
	answer, err := a.call(ctx, conn, channel, "qscc", []byte("GetChainInfo"), []byte(channel))
	if err != nil {
		return 0, fmt.Errorf("height of %s: %w", channel, err)
	}
	var info common.BlockchainInfo
	if err := proto.Unmarshal(answer, &info); err != nil {
		return 0, fmt.Errorf("height of %s: %w", channel, err)
	}
	return info.Height, nil
}
