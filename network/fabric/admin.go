package fabric

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"meterbench/internal/lows"
)

// An Admin signs the requests that set up a network in the name of one
// organisation's administrator.
type Admin struct {
	creator []byte // serialised identity
	key     lows.Key
}

// NewAdmin returns an administrator of the organisation with that MSP id.
func NewAdmin(id string, c Credential) (*Admin, error) {
	block, _ := pem.Decode(c.Key)
	if block == nil {
		return nil, fmt.Errorf("administrator of %s: the key is not PEM", id)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("administrator of %s: %w", id, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("administrator of %s: the key is a %T, not ECDSA", id, parsed)
	}
	creator, err := proto.Marshal(&msp.SerializedIdentity{Mspid: id, IdBytes: c.Cert})
	if err != nil {
		return nil, fmt.Errorf("administrator of %s: %w", id, err)
	}
	return &Admin{creator: creator, key: lows.Key{PrivateKey: key}}, nil
}

func (a *Admin) sign(message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	return a.key.Sign(rand.Reader, digest[:], nil)
}

// A proposal is a signed call of a system chaincode and what is needed to turn
// its endorsements into a transaction.
type proposal struct {
	txID   string
	header *common.Header
	call   []byte // ChaincodeProposalPayload
	signed *peer.SignedProposal
}

func (a *Admin) propose(channel, chaincode string, args ...[]byte) (*proposal, error) {
	nonce := make([]byte, 24)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	id := sha256.Sum256(append(append([]byte{}, nonce...), a.creator...))
	p := &proposal{txID: hex.EncodeToString(id[:])}

	name := &peer.ChaincodeID{Name: chaincode}
	extension, err1 := proto.Marshal(&peer.ChaincodeHeaderExtension{ChaincodeId: name})
	channelHeader, err2 := proto.Marshal(&common.ChannelHeader{
		Type:      int32(common.HeaderType_ENDORSER_TRANSACTION),
		TxId:      p.txID,
		Timestamp: timestamppb.Now(),
		ChannelId: channel,
		Extension: extension,
	})
	signatureHeader, err3 := proto.Marshal(&common.SignatureHeader{Creator: a.creator, Nonce: nonce})
	p.header = &common.Header{ChannelHeader: channelHeader, SignatureHeader: signatureHeader}
	input, err4 := proto.Marshal(&peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{
		Type: peer.ChaincodeSpec_GOLANG, ChaincodeId: name, Input: &peer.ChaincodeInput{Args: args},
	}})
	call, err5 := proto.Marshal(&peer.ChaincodeProposalPayload{Input: input})
	p.call = call
	header, err6 := proto.Marshal(p.header)
	bytes, err7 := proto.Marshal(&peer.Proposal{Header: header, Payload: call})
	signature, err8 := a.sign(bytes)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8); err != nil {
		return nil, fmt.Errorf("build proposal: %w", err)
	}
	p.signed = &peer.SignedProposal{ProposalBytes: bytes, Signature: signature}
	return p, nil
}

// endorse sends a proposal to one peer and returns its endorsement.
func (p *proposal) endorse(ctx context.Context, conn grpc.ClientConnInterface) (*peer.ProposalResponse, error) {
	response, err := peer.NewEndorserClient(conn).ProcessProposal(ctx, p.signed, grpc.WaitForReady(true))
	if err != nil {
		return nil, err
	}
	if status := response.GetResponse().GetStatus(); status != int32(common.Status_SUCCESS) {
		return nil, fmt.Errorf("status %d: %s", status, response.GetResponse().GetMessage())
	}
	return response, nil
}

// call endorses a proposal at one peer and returns the chaincode's answer.
func (a *Admin) call(ctx context.Context, conn grpc.ClientConnInterface, channel, chaincode string, args ...[]byte) ([]byte, error) {
	p, err := a.propose(channel, chaincode, args...)
	if err != nil {
		return nil, err
	}
	response, err := p.endorse(ctx, conn)
	if err != nil {
		return nil, err
	}
	return response.GetResponse().GetPayload(), nil
}

// transaction turns a proposal and its endorsements into a signed envelope.
func (a *Admin) transaction(p *proposal, responses []*peer.ProposalResponse) (*common.Envelope, error) {
	if len(responses) == 0 {
		return nil, errors.New("build transaction: no endorsement")
	}
	action := &peer.ChaincodeEndorsedAction{ProposalResponsePayload: responses[0].Payload}
	for _, r := range responses {
		if string(r.Payload) != string(responses[0].Payload) {
			return nil, errMismatch
		}
		action.Endorsements = append(action.Endorsements, r.Endorsement)
	}
	payload, err1 := proto.Marshal(&peer.ChaincodeActionPayload{ChaincodeProposalPayload: p.call, Action: action})
	data, err2 := proto.Marshal(&peer.Transaction{Actions: []*peer.TransactionAction{
		{Header: p.header.SignatureHeader, Payload: payload},
	}})
	bytes, err3 := proto.Marshal(&common.Payload{Header: p.header, Data: data})
	signature, err4 := a.sign(bytes)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, fmt.Errorf("build transaction: %w", err)
	}
	return &common.Envelope{Payload: bytes, Signature: signature}, nil
}

// errMismatch says that peers endorsed different results, which they do for a
// moment while one of them has not yet committed a block that another has.
var errMismatch = errors.New("build transaction: the peers endorsed different results")
