package client

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// nonceSize is what Fabric's own clients use, in bytes.
const nonceSize = 24

// A proposal asks the endorsers to run one chaincode function.
type proposal struct {
	id     [32]byte
	txID   string // id in hex, as Fabric writes it
	signed *peer.SignedProposal
}

// propose makes and signs a fresh proposal. The transaction id is the SHA-256
// of nonce and creator, as Fabric prescribes.
func (s *signer) propose(channel, chaincode, function string, args [][]byte) (*proposal, error) {
	nonce := make([]byte, nonceSize)
	rand.Read(nonce) //nolint:errcheck // never fails
	h := sha256.New()
	h.Write(nonce)
	h.Write(s.creator)
	p := &proposal{}
	h.Sum(p.id[:0])
	p.txID = hex.EncodeToString(p.id[:])

	ext, err := proto.Marshal(&peer.ChaincodeHeaderExtension{ChaincodeId: &peer.ChaincodeID{Name: chaincode}})
	if err != nil {
		return nil, err
	}
	ch, err := proto.Marshal(&common.ChannelHeader{
		Type: int32(common.HeaderType_ENDORSER_TRANSACTION), Timestamp: timestamppb.New(time.Now()),
		ChannelId: channel, TxId: p.txID, Extension: ext})
	if err != nil {
		return nil, err
	}
	sh, err := proto.Marshal(&common.SignatureHeader{Creator: s.creator, Nonce: nonce})
	if err != nil {
		return nil, err
	}
	header, err := proto.Marshal(&common.Header{ChannelHeader: ch, SignatureHeader: sh})
	if err != nil {
		return nil, err
	}
	all := make([][]byte, 0, 1+len(args))
	all = append(append(all, []byte(function)), args...)
	input, err := proto.Marshal(&peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{
		Type: peer.ChaincodeSpec_GOLANG, ChaincodeId: &peer.ChaincodeID{Name: chaincode},
		Input: &peer.ChaincodeInput{Args: all}}})
	if err != nil {
		return nil, err
	}
	payload, err := proto.Marshal(&peer.ChaincodeProposalPayload{Input: input})
	if err != nil {
		return nil, err
	}
	b, err := proto.Marshal(&peer.Proposal{Header: header, Payload: payload})
	if err != nil {
		return nil, err
	}
	sig, err := s.sign(b)
	if err != nil {
		return nil, err
	}
	p.signed = &peer.SignedProposal{ProposalBytes: b, Signature: sig}
	return p, nil
}

// parseID reads a transaction id as Fabric writes it, in hex.
func parseID(txID string) (id [32]byte, ok bool) {
	if len(txID) != 2*len(id) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(txID))
	return id, err == nil
}
