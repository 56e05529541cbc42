package client

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"meterbench/bench"
	"meterbench/internal/lows"
)

// nonceSize is that of Fabric's own clients, in bytes.
const nonceSize = 24

// A proposal asks the endorsers to run one chaincode function.
type proposal struct {
	id        [32]byte
	txID      string // id in hex, as Fabric writes it
	bytes     []byte // a marshalled peer.Proposal
	signature []byte
}

// A call is of one function of a chaincode.
type call struct {
	channel, chaincode, function string
	args                         [][]byte
	transient                    map[string][]byte // for the endorsers alone
}

// propose makes and signs a fresh proposal. The transaction id is the SHA-256 of nonce and creator, as Fabric
// prescribes.
func (s *signer) propose(c call) (proposal, error) {
	var p proposal
	unique := make([]byte, nonceSize, nonceSize+len(s.creator))
	rand.Read(unique) // never fails
	if s.mark != (bench.Mark{}) {
		copy(unique, s.mark[:]) // what is left makes it unique
	}
	p.id = sha256.Sum256(append(unique, s.creator...))
	p.txID = hex.EncodeToString(p.id[:])
	p.bytes = s.marshalProposal(unique, p.txID, time.Now(), c)
	var err error
	p.signature, err = s.sign(p.bytes)
	return p, err
}

// marshalProposal returns the wire form of a peer.Proposal. Its messages nest six deep, and each level is bytes to the
// one above: the sizes are added up from the inside, then everything is written once, from the outside.
func (s *signer) marshalProposal(nonce []byte, txID string, now time.Time, c call) []byte {
	chaincodeID := field(len(c.chaincode))
	timestamp := protowire.SizeVarint(uint64(now.Unix())) + protowire.SizeVarint(uint64(now.Nanosecond())) + 2
	channelHeader := 2 + field(timestamp) + field(len(c.channel)) + field(len(txID)) + field(field(chaincodeID))
	signatureHeader := field(len(s.creator)) + field(len(nonce))
	header := field(channelHeader) + field(signatureHeader)
	input := field(len(c.function))
	for _, a := range c.args {
		input += field(len(a))
	}
	spec := 2 + field(chaincodeID) + field(input)
	invocation := field(spec)
	payload := field(invocation)
	for key, value := range c.transient {
		payload += field(entrySize(key, value))
	}

	b := make([]byte, 0, field(header)+field(payload))
	b = open(b, 1, header)        // peer.Proposal.header: common.Header
	b = open(b, 1, channelHeader) // .channel_header: common.ChannelHeader
	b = number(b, 1, uint64(common.HeaderType_ENDORSER_TRANSACTION))
	b = open(b, 3, timestamp) // .timestamp
	b = number(b, 1, uint64(now.Unix()))
	b = number(b, 2, uint64(now.Nanosecond()))
	b = append(open(b, 4, len(c.channel)), c.channel...)
	b = append(open(b, 5, len(txID)), txID...)
	b = open(b, 7, field(chaincodeID)) // .extension: peer.ChaincodeHeaderExtension
	b = open(b, 2, chaincodeID)        // .chaincode_id: peer.ChaincodeID
	b = append(open(b, 2, len(c.chaincode)), c.chaincode...)
	b = open(b, 2, signatureHeader) // .signature_header: common.SignatureHeader
	b = append(open(b, 1, len(s.creator)), s.creator...)
	b = append(open(b, 2, len(nonce)), nonce...)
	b = open(b, 2, payload)    // peer.Proposal.payload: peer.ChaincodeProposalPayload
	b = open(b, 1, invocation) // .input: peer.ChaincodeInvocationSpec
	b = open(b, 1, spec)       // .chaincode_spec: peer.ChaincodeSpec
	b = number(b, 1, uint64(peer.ChaincodeSpec_GOLANG))
	b = open(b, 2, chaincodeID) // .chaincode_id: peer.ChaincodeID
	b = append(open(b, 2, len(c.chaincode)), c.chaincode...)
	b = open(b, 3, input) // .input: peer.ChaincodeInput
	b = append(open(b, 1, len(c.function)), c.function...)
	for _, a := range c.args {
		b = append(open(b, 1, len(a)), a...)
	}
	for _, key := range slices.Sorted(maps.Keys(c.transient)) { // .TransientMap: an entry each
		value := c.transient[key]
		b = open(b, 2, entrySize(key, value))
		b = append(open(b, 1, len(key)), key...)
		b = append(open(b, 2, len(value)), value...)
	}
	return b
}

// entrySize returns the size of an entry of the transient map.
func entrySize(key string, value []byte) int { return field(len(key)) + field(len(value)) }

// parseID reads a transaction id as Fabric writes it, in hex.
func parseID(txID string) (id [32]byte, ok bool) {
	if len(txID) != 2*len(id) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(txID))
	return id, err == nil
}

// An Identity is the X.509 certificate and ECDSA key, on P-256 or P-384, with which a client signs for its organisation.
type Identity struct {
	MSP     string
	CertPEM []byte
	KeyPEM  []byte // PKCS #8 or SEC 1
}

// A signer signs as one Identity.
type signer struct {
	Identity
	creator []byte // MSP and certificate as peers read them: a marshalled msp.SerializedIdentity
	key     lows.Key
	mark    bench.Mark // what the nonces of its proposals begin with, see Config
}

func newSigner(id Identity) (*signer, error) {
	if id.MSP == "" {
		return nil, errors.New("identity has no MSP id")
	}
	key, err := lows.ParseKeyPair(id.CertPEM, id.KeyPEM)
	if err != nil {
		return nil, err
	}
	creator, err := proto.Marshal(&msp.SerializedIdentity{Mspid: id.MSP, IdBytes: id.CertPEM})
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return &signer{Identity: id, creator: creator, key: key}, nil
}

// sign returns the ASN.1 signature of message's SHA-256. It is deterministic (RFC 6979): a client needs no
// randomness here, and reading none is cheaper.
func (s *signer) sign(message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	return s.signDigest(digest[:])
}

// signDigest signs a SHA-256 digest. Peers and orderers refuse a high s.
func (s *signer) signDigest(digest []byte) ([]byte, error) {
	return s.key.Sign(nil, digest, crypto.SHA256)
}

// MspID and Credentials make a signer an identity of the fabric-gateway library.
func (s *signer) MspID() string { return s.MSP }

// Credentials returns the certificate in PEM.
func (s *signer) Credentials() []byte { return s.CertPEM }

// field returns the size of a field of n bytes with its number and length. All numbers used here are below 16
// and take one byte.
func field(n int) int { return 1 + protowire.SizeBytes(n) }

// open starts a field of n bytes.
func open(b []byte, number protowire.Number, n int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.BytesType), uint64(n))
}

// number adds a numeric field, zero included.
func number(b []byte, number protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), v)
}

// marshalRequest returns the wire form that gateway.EndorseRequest, EvaluateRequest and SubmitRequest share:
// transaction id, channel, and a message of a body and its signature. It is in a buffer of gRPC's pool.
func marshalRequest(txID, channel string, body, signature []byte) *[]byte {
	signed := signedSize(body, signature)
	buffer := mem.DefaultBufferPool().Get(field(len(txID)) + field(len(channel)) + field(signed))
	b := append(open((*buffer)[:0], 1, len(txID)), txID...)
	b = append(open(b, 2, len(channel)), channel...)
	b = open(b, 3, signed)
	b = append(open(b, 1, len(body)), body...)
	*buffer = append(open(b, 2, len(signature)), signature...)
	return buffer
}

// signedSize returns the size of a peer.SignedProposal or common.Envelope.
func signedSize(body, signature []byte) int { return field(len(body)) + field(len(signature)) }

// preparedPayload returns the payload of the envelope in a gateway.EndorseResponse, which the client is to
// sign. It aliases b.
func preparedPayload(b []byte) ([]byte, error) {
	envelope, err := lookup(b, 1)
	if err != nil {
		return nil, fmt.Errorf("endorse response: %w", err)
	}
	payload, err := lookup(envelope, 1)
	if err != nil {
		return nil, fmt.Errorf("prepared transaction: %w", err)
	}
	return payload, nil
}

// lookup returns the last field of that number and of type bytes.
func lookup(b []byte, want protowire.Number) ([]byte, error) {
	var value []byte
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		b = b[n:]
		if number == want && kind == protowire.BytesType {
			if value, n = protowire.ConsumeBytes(b); n < 0 {
				return nil, protowire.ParseError(n)
			}
		} else if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
			return nil, protowire.ParseError(n)
		}
		b = b[n:]
	}
	if len(value) == 0 {
		return nil, errors.New("empty")
	}
	return value, nil
}

// wireForm is the gRPC codec of messages that are in their wire form already. Requests are *[]byte from
// gRPC's pool, to which they return once written, or a mem.SliceBuffer, which may be sent again; responses are
// *mem.Buffer, which the receiver frees.
type wireForm struct{}

// Marshal implements encoding.CodecV2.
func (wireForm) Marshal(v any) (mem.BufferSlice, error) {
	if kept, ok := v.(mem.SliceBuffer); ok {
		return mem.BufferSlice{kept}, nil
	}
	return mem.BufferSlice{mem.NewBuffer(v.(*[]byte), mem.DefaultBufferPool())}, nil
}

// Unmarshal implements encoding.CodecV2.
func (wireForm) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*mem.Buffer) = data.MaterializeToBuffer(mem.DefaultBufferPool())
	return nil
}

// Name implements encoding.CodecV2. To the peer this is an ordinary protobuf call.
func (wireForm) Name() string { return "proto" }
