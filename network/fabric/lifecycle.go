package fabric

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
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

// A Definition is a chaincode as the members of a channel agree on it.
type Definition struct {
	Name        string
	PackageID   string // as the approving organisation has installed it
	validation  []byte // a marshalled peer.ApplicationPolicy
	collections *peer.CollectionConfigPackage
}

const (
	definitionVersion  = "1"
	definitionSequence = 1
)

// NewDefinition returns the definition of a chaincode with its endorsement policy and its collections of private data.
func NewDefinition(name, packageID string, endorsement Policy, collections ...Collection) (Definition, error) {
	policy, err1 := endorsement.application()
	private, err2 := collectionPackage(collections)
	if err := errors.Join(err1, err2); err != nil {
		return Definition{}, err
	}
	var e encoder
	return Definition{Name: name, PackageID: packageID, validation: e.bytes(policy), collections: private}, e.err
}

// JoinPeer joins the peer behind conn to the channel of a genesis block.
func (a *Admin) JoinPeer(ctx context.Context, conn grpc.ClientConnInterface, genesis []byte) (err error) {
	defer wrap(&err, "join channel")
	return a.call(ctx, conn, nil, "", "cscc", []byte("JoinChain"), genesis)
}

// Install installs a package at the peer behind conn.
func (a *Admin) Install(ctx context.Context, conn grpc.ClientConnInterface, pkg Package) (err error) {
	defer wrap(&err, "install %s", pkg.Label)
	var e encoder
	args := e.bytes(&lifecycle.InstallChaincodeArgs{ChaincodeInstallPackage: pkg.Bytes})
	if e.err != nil {
		return e.err
	}
	var result lifecycle.InstallChaincodeResult
	if err := a.call(ctx, conn, &result, "", lifecycleName, []byte("InstallChaincode"), args); err != nil {
		return err
	}
	if result.PackageId != pkg.ID {
		return fmt.Errorf("the peer calls it %s, not %s", result.PackageId, pkg.ID)
	}
	return nil
}

// MayInstall asks the peer behind conn which chaincodes it has installed, which it tells those who may install some.
func (a *Admin) MayInstall(ctx context.Context, conn grpc.ClientConnInterface) (err error) {
	defer wrap(&err, "installed chaincodes")
	var e encoder
	args := e.bytes(&lifecycle.QueryInstalledChaincodesArgs{})
	if e.err != nil {
		return e.err
	}
	return a.call(ctx, conn, nil, "", lifecycleName, []byte("QueryInstalledChaincodes"), args)
}

// Approve approves a definition for the administrator's organisation, all of whose peers on the channel stand behind
// peers: each endorses, so each holds the private half of the approval before it is ordered, and none has to ask
// another for it. It returns the transaction and its block once the first of the peers has committed it.
func (a *Admin) Approve(ctx context.Context, channel string, d Definition, peers []grpc.ClientConnInterface) (txID string, block uint64, err error) {
	defer wrap(&err, "approve %s", d.Name)
	txID, err = a.order(ctx, channel, peers, "ApproveChaincodeDefinitionForMyOrg", &lifecycle.ApproveChaincodeDefinitionForMyOrgArgs{
		Name: d.Name, Version: definitionVersion, Sequence: definitionSequence, ValidationParameter: d.validation, Collections: d.collections,
		Source: &lifecycle.ChaincodeSource{Type: &lifecycle.ChaincodeSource_LocalPackage{
			LocalPackage: &lifecycle.ChaincodeSource_Local{PackageId: d.PackageID},
		}},
	})
	if err == nil {
		block, err = a.Committed(ctx, peers[0], channel, txID)
	}
	return txID, block, err
}

// Approved returns the id of the package that the administrator's organisation has approved for a chaincode, as the peer
// behind conn, one of its own, knows it; empty where it has approved none.
func (a *Admin) Approved(ctx context.Context, conn grpc.ClientConnInterface, channel, name string) (packageID string, err error) {
	defer wrap(&err, "approval of %s", name)
	var e encoder
	args := e.bytes(&lifecycle.QueryApprovedChaincodeDefinitionArgs{Name: name})
	if e.err != nil {
		return "", e.err
	}
	var answer lifecycle.QueryApprovedChaincodeDefinitionResult
	err = a.call(ctx, conn, &answer, channel, lifecycleName, []byte("QueryApprovedChaincodeDefinition"), args)
	if err != nil && strings.Contains(err.Error(), "could not fetch approved chaincode definition") {
		return "", nil
	}
	return answer.GetSource().GetLocalPackage().GetPackageId(), err
}

// Commit commits a definition to the channel. The peers, one of each organisation that is to agree, have
// committed the approvals.
func (a *Admin) Commit(ctx context.Context, channel string, d Definition, peers []grpc.ClientConnInterface) (txID string, err error) {
	defer wrap(&err, "commit %s", d.Name)
	return a.order(ctx, channel, peers, "CommitChaincodeDefinition", &lifecycle.CommitChaincodeDefinitionArgs{
		Name: d.Name, Version: definitionVersion, Sequence: definitionSequence, ValidationParameter: d.validation, Collections: d.collections,
	})
}

// order has a lifecycle call endorsed by every peer and ordered through the first one's gateway.
func (a *Admin) order(ctx context.Context, channel string, peers []grpc.ClientConnInterface, function string, args proto.Message) (string, error) {
	var e encoder
	p, err := a.propose(channel, lifecycleName, []byte(function), e.bytes(args))
	if err := errors.Join(e.err, err); err != nil {
		return "", err
	}
	responses, errs := make([]*peer.ProposalResponse, len(peers)), make([]error, len(peers))
	var endorsing sync.WaitGroup
	for i, conn := range peers {
		endorsing.Go(func() { responses[i], errs[i] = p.endorse(ctx, conn) })
	}
	endorsing.Wait()
	if err := errors.Join(errs...); err != nil {
		return "", fmt.Errorf("endorse: %w", err)
	}
	envelope, err := a.transaction(p, responses)
	if err != nil {
		return "", err
	}
	request := &gateway.SubmitRequest{TransactionId: p.txID, ChannelId: channel, PreparedTransaction: envelope}
	return p.txID, submit(ctx, peers[0], request, func() error {
		return a.call(ctx, peers[0], nil, channel, "qscc", []byte("GetTransactionByID"), []byte(channel), []byte(p.txID))
	})
}

// submit orders a transaction through the gateway behind conn. It repeats what fails because no orderer is
// ready to take it, unless recorded finds it on the ledger: with BFT the gateway hands a transaction to every
// orderer and reports a failure unless a quorum of them takes it. An orderer that is handed one when the others
// have already ordered it refuses it ("request already processed"), and a change of the configuration likewise.
// Two of four that are so late make a failure of a success, and of every repetition, for ever.
func submit(ctx context.Context, conn grpc.ClientConnInterface, request *gateway.SubmitRequest, recorded func() error) (err error) {
	defer wrap(&err, "submit")
	return retry(ctx, func() error {
		_, err := gateway.NewGatewayClient(conn).Submit(ctx, request)
		switch {
		case err == nil:
			return nil
		case status.Code(err) != codes.Unavailable && status.Code(err) != codes.FailedPrecondition:
			return permanent{err}
		case recorded() == nil:
			return nil
		}
		return err
	})
}

// Committed waits until the peer behind conn has committed a transaction and returns its block. A transaction
// that was found invalid is an error.
func (a *Admin) Committed(ctx context.Context, conn grpc.ClientConnInterface, channel, txID string) (block uint64, err error) {
	defer wrap(&err, "wait for commit")
	var e encoder
	request := e.bytes(&gateway.CommitStatusRequest{TransactionId: txID, ChannelId: channel, Identity: a.creator})
	signed := &gateway.SignedCommitStatusRequest{Request: request, Signature: a.sign(&e, request)}
	if e.err != nil {
		return 0, e.err
	}
	answer, err := gateway.NewGatewayClient(conn).CommitStatus(ctx, signed, grpc.WaitForReady(true))
	if err != nil {
		return 0, err
	}
	if answer.Result != peer.TxValidationCode_VALID {
		return 0, fmt.Errorf("transaction %s is %s", txID, answer.Result)
	}
	return answer.BlockNumber, nil
}

// Ping endorses a call of the function "Ping" through the gateway behind conn until it succeeds: then the
// peer, its chaincode and the peers whose endorsement its policy needs are ready.
func (a *Admin) Ping(ctx context.Context, conn grpc.ClientConnInterface, channel, chaincode string) (err error) {
	defer wrap(&err, "ping %s on %s", chaincode, channel)
	return retry(ctx, func() error {
		p, err := a.propose(channel, chaincode, []byte("Ping"))
		if err != nil {
			return permanent{err}
		}
		_, err = gateway.NewGatewayClient(conn).Endorse(ctx, &gateway.EndorseRequest{
			TransactionId: p.txID, ChannelId: channel, ProposedTransaction: p.signed,
		}, grpc.WaitForReady(true))
		return err
	})
}

// FnMetadata is a function that contracts have which are written with Fabric's contract API, in any language.
const FnMetadata = "org.hyperledger.fabric:GetMetadata"

// answered begins what a gateway says of a chaincode that refuses a call.
const answered = "chaincode response "

// Answers asks a chaincode for its metadata through the gateway behind conn until it answers at peers of all organisations,
// given by their MSP ids. One that has no metadata answers that it refuses the call.
func (a *Admin) Answers(ctx context.Context, conn grpc.ClientConnInterface, channel, chaincode string, msps []string) (err error) {
	defer wrap(&err, "ask %s on %s", chaincode, channel)
	return retry(ctx, func() error {
		p, err := a.propose(channel, chaincode, []byte(FnMetadata))
		if err != nil {
			return permanent{err}
		}
		_, err = gateway.NewGatewayClient(conn).Endorse(ctx, &gateway.EndorseRequest{
			TransactionId: p.txID, ChannelId: channel, ProposedTransaction: p.signed, EndorsingOrganizations: msps,
		}, grpc.WaitForReady(true))
		if err == nil {
			return nil
		}
		var reasons []string
		for _, detail := range status.Convert(err).Details() {
			if d, ok := detail.(*gateway.ErrorDetail); ok {
				reasons = append(reasons, d.Message)
			}
		}
		if len(reasons) == 0 {
			return err
		}
		refuses := func(reason string) bool { return strings.HasPrefix(reason, answered) }
		if slices.ContainsFunc(reasons, refuses) {
			return nil
		}
		return errors.New(strings.Join(reasons, "; "))
	})
}

// Height returns the number of blocks that the peer behind conn has of a channel.
func (a *Admin) Height(ctx context.Context, conn grpc.ClientConnInterface, channel string) (_ uint64, err error) {
	defer wrap(&err, "height of %s", channel)
	var info common.BlockchainInfo
	err = a.call(ctx, conn, &info, channel, "qscc", []byte("GetChainInfo"), []byte(channel))
	return info.Height, err
}

// AwaitHeight waits until the peer behind conn has as many blocks of a channel.
func (a *Admin) AwaitHeight(ctx context.Context, conn grpc.ClientConnInterface, channel string, blocks uint64) (err error) {
	defer wrap(&err, "wait for block %d of %s", blocks, channel)
	return retry(ctx, func() error {
		height, err := a.Height(ctx, conn, channel)
		if err == nil && height < blocks {
			err = fmt.Errorf("the peer has %d blocks", height)
		}
		return err
	})
}

// SetUpTimeout is the batch timeout of a channel's genesis block, unless the channel wants a shorter one. The
// two rounds of transactions that deploy a chaincode each wait for that timer; SetBatchTimeout then sets the
// wanted one by a configuration transaction, which waits for none.
const SetUpTimeout = 10 * time.Millisecond

// SetBatchTimeout has the administrators of a majority of the orderers' organisations, who consent, set a channel's batch
// timeout, as the first change of its configuration since genesis. The transaction goes through the gateway behind conn; it
// is in force at once for what is ordered after it, and Reconfigured waits for a peer.
func (a *Admin) SetBatchTimeout(ctx context.Context, conn grpc.ClientConnInterface, channel string, of Consensus, timeout time.Duration,
	consent []*Admin,
) (u Update, err error) {
	defer wrap(&err, "set batch timeout")
	if u, err = timeoutUpdate(channel, of, timeout); err != nil {
		return u, err
	}
	return u, a.Reconfigure(ctx, conn, u, consent)
}

// timeoutUpdate moves the values of the batch timer from version 0 to 1. What stands around them keeps its version, in the
// set that is read and in the set that is written.
func timeoutUpdate(channel string, of Consensus, timeout time.Duration) (Update, error) {
	readSet, writeSet, ordering := newGroup(), newGroup(), newGroup()
	readSet.Groups["Orderer"], writeSet.Groups["Orderer"] = newGroup(), ordering
	g := &groups{}
	of.timer(g, ordering, timeout)
	for _, value := range ordering.Values {
		value.Version = 1
	}
	update := g.bytes(&common.ConfigUpdate{ChannelId: channel, ReadSet: readSet, WriteSet: writeSet})
	return Update{Channel: channel, Sequence: 1, bytes: update}, g.err
}
