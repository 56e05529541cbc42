package client

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// ProcessProposal endorses as a peer does for who comes to it directly. What it says of the chaincode, the fake's gateway
// has in the details of its errors.
func (f *fakePeer) ProcessProposal(_ context.Context, signed *peer.SignedProposal) (*peer.ProposalResponse, error) {
	txID, err := idOf(signed.GetProposalBytes())
	if err != nil {
		return nil, err
	}
	_, payload, spec, err := f.open(signed, txID)
	if err != nil {
		return nil, err
	}
	if spec.GetChaincodeId().GetName() == "qscc" {
		info, err := f.info()
		return &peer.ProposalResponse{Response: &peer.Response{Status: 200, Payload: info}}, err
	}
	_, response, err := f.run(payload, spec)
	for _, d := range details(err) {
		if text, ok := strings.CutPrefix(d.GetMessage(), chaincodeResponse); ok {
			r := &peer.Response{}
			if _, err := fmt.Sscanf(text, "%d, ", &r.Status); err != nil {
				return nil, err
			}
			_, r.Message, _ = strings.Cut(text, ", ")
			return &peer.ProposalResponse{Response: r, Payload: []byte{1}}, nil
		}
	}
	if err != nil {
		return nil, err
	}
	if f.payload != nil {
		response = f.payload(response)
	}
	return &peer.ProposalResponse{Version: 1, Response: &peer.Response{Status: 200, Payload: []byte("done")}, Payload: response,
		Endorsement: &peer.Endorsement{Endorser: make([]byte, 900), Signature: make([]byte, 71)}}, nil
}

// idOf returns the transaction id that a proposal says it has.
func idOf(proposal []byte) (string, error) {
	var p peer.Proposal
	var header common.Header
	var ch common.ChannelHeader
	err := errors.Join(proto.Unmarshal(proposal, &p), proto.Unmarshal(p.GetHeader(), &header), proto.Unmarshal(header.GetChannelHeader(), &ch))
	return ch.GetTxId(), err
}

// A fakeOrderer is the orderer in a fakePeer for who comes to it directly.
type fakeOrderer struct {
	orderer.UnimplementedAtomicBroadcastServer
	of *fakePeer
}

// Broadcast orders envelopes. Like an orderer it ends the stream with the first that it refuses.
func (o fakeOrderer) Broadcast(stream orderer.AtomicBroadcast_BroadcastServer) error {
	for {
		envelope, err := stream.Recv()
		if err != nil {
			return err
		}
		said := &orderer.BroadcastResponse{Status: common.Status_SUCCESS}
		txID, err := o.of.check(envelope)
		if err == nil && o.of.submit != nil {
			err = o.of.submit()
		}
		if err != nil {
			said.Status, said.Info = common.Status_BAD_REQUEST, status.Convert(err).Message()
		}
		if o.of.answer != nil {
			if err := o.of.answer(said); err != nil {
				return err
			}
		}
		if said.Status == common.Status_SUCCESS {
			o.of.order(txID)
			if o.of.ordered != nil {
				o.of.ordered()
			}
		}
		if err := stream.Send(said); err != nil || said.Status != common.Status_SUCCESS {
			return err
		}
	}
}

// check takes an envelope apart and makes sure that a peer would find it whole.
func (f *fakePeer) check(envelope *common.Envelope) (txID string, err error) {
	var payload common.Payload
	var ch common.ChannelHeader
	var sh common.SignatureHeader
	var tx peer.Transaction
	err = errors.Join(proto.Unmarshal(envelope.GetPayload(), &payload), proto.Unmarshal(payload.GetHeader().GetChannelHeader(), &ch),
		proto.Unmarshal(payload.GetHeader().GetSignatureHeader(), &sh), proto.Unmarshal(payload.GetData(), &tx))
	if err != nil || f.trusting {
		return ch.GetTxId(), err
	}
	if len(tx.GetActions()) != 1 || string(tx.GetActions()[0].GetHeader()) != string(payload.GetHeader().GetSignatureHeader()) {
		return "", fmt.Errorf("%d actions, or another creator", len(tx.GetActions()))
	}
	var action peer.ChaincodeActionPayload
	var proposal peer.ChaincodeProposalPayload
	err = errors.Join(proto.Unmarshal(tx.GetActions()[0].GetPayload(), &action), proto.Unmarshal(action.GetChaincodeProposalPayload(), &proposal))
	if err == nil && (len(action.GetAction().GetEndorsements()) == 0 || len(proposal.GetInput()) == 0 || len(proposal.GetTransientMap()) > 0) {
		err = fmt.Errorf("bad action %v", &action)
	}
	return ch.GetTxId(), errors.Join(err, verify(sh.GetCreator(), envelope.GetPayload(), envelope.GetSignature()))
}
