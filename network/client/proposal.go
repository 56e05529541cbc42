package client

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/encoding/protowire"
)

// nonceSize is what Fabric's own clients use, in bytes.
const nonceSize = 24

// A proposal asks the endorsers to run one chaincode function.
type proposal struct {
	id        [32]byte
	txID      string // id in hex, as Fabric writes it
	bytes     []byte // a marshalled peer.Proposal
	signature []byte
}

// propose makes and signs a fresh proposal. The transaction id is the SHA-256 of nonce and creator,
// as Fabric prescribes.
func (s *signer) propose(channel, chaincode, function string, args [][]byte) (proposal, error) {
	var p proposal
	unique := make([]byte, nonceSize, nonceSize+len(s.creator))
	rand.Read(unique) // never fails
	p.id = sha256.Sum256(append(unique, s.creator...))
	p.txID = hex.EncodeToString(p.id[:])
	p.bytes = s.marshalProposal(unique, p.txID, time.Now(), channel, chaincode, function, args)
	var err error
	p.signature, err = s.sign(p.bytes)
	return p, err
}

// marshalProposal returns the wire form of a peer.Proposal. Its messages nest six deep, and each
// level is bytes to the one above: the sizes are added up from the inside, then everything is
// written once, from the outside.
func (s *signer) marshalProposal(nonce []byte, txID string, now time.Time, channel, chaincode, function string, args [][]byte) []byte {
	chaincodeID := field(len(chaincode))
	timestamp := protowire.SizeVarint(uint64(now.Unix())) + protowire.SizeVarint(uint64(now.Nanosecond())) + 2
	channelHeader := 2 + field(timestamp) + field(len(channel)) + field(len(txID)) + field(field(chaincodeID))
	signatureHeader := field(len(s.creator)) + field(len(nonce))
	header := field(channelHeader) + field(signatureHeader)
	input := field(len(function))
	for _, a := range args {
		input += field(len(a))
	}
	spec := 2 + field(chaincodeID) + field(input)
	invocation := field(spec)
	payload := field(invocation)

	b := make([]byte, 0, field(header)+field(payload))
	b = open(b, 1, header)        // peer.Proposal.header: common.Header
	b = open(b, 1, channelHeader) // .channel_header: common.ChannelHeader
	b = number(b, 1, uint64(common.HeaderType_ENDORSER_TRANSACTION))
	b = open(b, 3, timestamp) // .timestamp
	b = number(b, 1, uint64(now.Unix()))
	b = number(b, 2, uint64(now.Nanosecond()))
	b = append(open(b, 4, len(channel)), channel...)
	b = append(open(b, 5, len(txID)), txID...)
	b = open(b, 7, field(chaincodeID)) // .extension: peer.ChaincodeHeaderExtension
	b = open(b, 2, chaincodeID)        // .chaincode_id: peer.ChaincodeID
	b = append(open(b, 2, len(chaincode)), chaincode...)
	b = open(b, 2, signatureHeader) // .signature_header: common.SignatureHeader
	b = append(open(b, 1, len(s.creator)), s.creator...)
	b = append(open(b, 2, len(nonce)), nonce...)
	b = open(b, 2, payload)    // peer.Proposal.payload: peer.ChaincodeProposalPayload
	b = open(b, 1, invocation) // .input: peer.ChaincodeInvocationSpec
	b = open(b, 1, spec)       // .chaincode_spec: peer.ChaincodeSpec
	b = number(b, 1, uint64(peer.ChaincodeSpec_GOLANG))
	b = open(b, 2, chaincodeID) // .chaincode_id: peer.ChaincodeID
	b = append(open(b, 2, len(chaincode)), chaincode...)
	b = open(b, 3, input) // .input: peer.ChaincodeInput
	b = append(open(b, 1, len(function)), function...)
	for _, a := range args {
		b = append(open(b, 1, len(a)), a...)
	}
	return b
}

// parseID reads a transaction id as Fabric writes it, in hex.
func parseID(txID string) (id [32]byte, ok bool) {
	if len(txID) != 2*len(id) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(txID))
	return id, err == nil
}
