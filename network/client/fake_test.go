package client

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"meterbench/bench"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"
)

// A certificate is a self-signed pair in PEM.
type certificate struct {
	cert, key []byte
	public    *ecdsa.PublicKey
}

func newCertificate() (certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "user", Organization: []string{"ptb"}, OrganizationalUnit: []string{"client"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"peer0.ptb", "peer0.cmi"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return certificate{}, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return certificate{}, err
	}
	return certificate{
		cert:   pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		key:    pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
		public: &key.PublicKey,
	}, nil
}

// A fakePeer is a peer and an orderer in one: it speaks the gateway and
// deliver services, keeps a chain of filtered blocks and cuts them by count or
// time. It checks signatures and transaction ids as a real peer does unless
// trusting is set.
type fakePeer struct {
	gateway.UnimplementedGatewayServer
	peer.UnimplementedDeliverServer
	peer.UnimplementedEndorserServer

	trusting bool
	batch    int           // transactions per block; 0 cuts one for each at once
	timeout  time.Duration // after which a block is cut in any case; needed with batch

	endorse  func(*peer.ChaincodeInput) error                                                              // nil: endorses
	secrets  func(transient map[string][]byte)                                                             // of what is to be endorsed or answered
	submit   func() error                                                                                  // nil: takes it
	ordered  func()                                                                                        // before it answers that it has
	late     func() error                                                                                  // what a gateway answers in place of that; nil: nothing
	status   func() error                                                                                  // of a commit; nil: waits for it
	answer   func(*orderer.BroadcastResponse) error                                                        // changes what an orderer says to who is direct, or ends the stream
	payload  func([]byte) []byte                                                                           // changes what is endorsed
	ledger   *fakePeer                                                                                     // whose chain gets what is ordered; nil: its own
	copies   []*fakePeer                                                                                   // which get every block too,
	behind   time.Duration                                                                                 // so long after
	old      bool                                                                                          // it has no gateway service
	fault    func(ctx context.Context, request any, method string, handler grpc.UnaryHandler) (any, error) // in place of handler; nil: none
	filtered bool                                                                                          // nobody may read whole blocks
	broken   atomic.Int32                                                                                  // so many streams of whole blocks break before they say anything
	limit    int32                                                                                         // of calls of the gateway service at a time; 0: none
	code     func(txID string) (peer.TxValidationCode, bool)                                               // nil: VALID; false: never commits

	signers sync.Map     // signature headers of what it endorsed, by transaction id
	calls   atomic.Int32 // of the gateway service, under way
	mu      sync.Mutex
	grown   *sync.Cond
	chain   []*peer.FilteredBlock
	pending []*peer.FilteredTransaction
	timer   *time.Timer
	streams map[*blockReader]bool
	opened  []uint64 // first block asked for by each block stream
	closed  bool
}

type blockReader struct{ broken bool }

func newFakePeer() *fakePeer {
	f := &fakePeer{streams: map[*blockReader]bool{}}
	f.grown = sync.NewCond(&f.mu)
	f.chain = []*peer.FilteredBlock{{FilteredTransactions: []*peer.FilteredTransaction{{Type: common.HeaderType_CONFIG}}}}
	return f
}

// serve listens on a free loopback port until stop is called.
func (f *fakePeer) serve(c certificate) (address string, stop func(), err error) {
	pair, err := tls.X509KeyPair(c.cert, c.key)
	if err != nil {
		return "", nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	clients := x509.NewCertPool()
	clients.AddCert(pair.Leaf)
	server := grpc.NewServer(grpc.UnaryInterceptor(f.limited), grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert,
	})))
	gateway.RegisterGatewayServer(server, f)
	peer.RegisterDeliverServer(server, f)
	peer.RegisterEndorserServer(server, f)
	orderer.RegisterAtomicBroadcastServer(server, fakeOrderer{of: f})
	go server.Serve(listener) // ends with Stop
	return listener.Addr().String(), func() {
		f.mu.Lock()
		f.closed = true
		f.grown.Broadcast()
		f.mu.Unlock()
		server.Stop()
	}, nil
}

// open takes a signed proposal apart and checks it.
func (f *fakePeer) open(signed *peer.SignedProposal, txID string) (*common.Header, *peer.ChaincodeProposalPayload, *peer.ChaincodeSpec, error) {
	var proposal peer.Proposal
	var header common.Header
	var payload peer.ChaincodeProposalPayload
	var spec peer.ChaincodeInvocationSpec
	var ch common.ChannelHeader
	var sh common.SignatureHeader
	err := errors.Join(proto.Unmarshal(signed.GetProposalBytes(), &proposal), proto.Unmarshal(proposal.GetHeader(), &header),
		proto.Unmarshal(proposal.GetPayload(), &payload), proto.Unmarshal(payload.GetInput(), &spec),
		proto.Unmarshal(header.GetChannelHeader(), &ch), proto.Unmarshal(header.GetSignatureHeader(), &sh))
	f.signers.Store(txID, header.GetSignatureHeader())
	if err != nil || f.trusting {
		return &header, &payload, spec.GetChaincodeSpec(), err
	}
	id := sha256.Sum256(append(append([]byte{}, sh.GetNonce()...), sh.GetCreator()...))
	if hex.EncodeToString(id[:]) != txID || ch.GetTxId() != txID {
		return nil, nil, nil, fmt.Errorf("transaction id %s does not follow from nonce and creator", txID)
	}
	if ch.GetChannelId() != "metrology" || ch.GetType() != int32(common.HeaderType_ENDORSER_TRANSACTION) || time.Since(ch.GetTimestamp().AsTime()).Abs() > time.Minute {
		return nil, nil, nil, fmt.Errorf("bad channel header %v", &ch)
	}
	var ext peer.ChaincodeHeaderExtension
	if err := proto.Unmarshal(ch.GetExtension(), &ext); err != nil || ext.GetChaincodeId().GetName() != spec.GetChaincodeSpec().GetChaincodeId().GetName() {
		return nil, nil, nil, fmt.Errorf("bad header extension %v, %w", &ext, err)
	}
	return &header, &payload, spec.GetChaincodeSpec(), verify(sh.GetCreator(), signed.GetProposalBytes(), signed.GetSignature())
}

// verify checks a signature and that its s is the lower one.
func verify(creator, message, signature []byte) error {
	var id msp.SerializedIdentity
	if err := proto.Unmarshal(creator, &id); err != nil {
		return err
	}
	block, _ := pem.Decode(id.GetIdBytes())
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(message)
	if !ecdsa.VerifyASN1(cert.PublicKey.(*ecdsa.PublicKey), digest[:], signature) {
		return errors.New("signature does not verify")
	}
	if !lowS(signature) {
		return errors.New("s of the signature is in the upper half")
	}
	return nil
}

// run returns what the chaincode was called with, without secrets, and what is to be endorsed: as large as a real one, with
// the reading in the write set.
func (f *fakePeer) run(payload *peer.ChaincodeProposalPayload, spec *peer.ChaincodeSpec) (input, response []byte, err error) {
	if f.endorse != nil {
		if err := f.endorse(spec.GetInput()); err != nil {
			return nil, nil, err
		}
	}
	if f.secrets != nil {
		f.secrets(payload.GetTransientMap())
	}
	input, err = proto.Marshal(&peer.ChaincodeProposalPayload{Input: payload.GetInput()})
	if err != nil {
		return nil, nil, err
	}
	result, err := proto.Marshal(&peer.ChaincodeAction{Results: make([]byte, 160+len(input)), Response: &peer.Response{Status: 200}})
	if err != nil {
		return nil, nil, err
	}
	response, err = proto.Marshal(&peer.ProposalResponsePayload{ProposalHash: make([]byte, 32), Extension: result})
	if err != nil {
		return nil, nil, err
	}
	return input, response, nil
}

func (f *fakePeer) Endorse(_ context.Context, r *gateway.EndorseRequest) (*gateway.EndorseResponse, error) {
	header, payload, spec, err := f.open(r.GetProposedTransaction(), r.GetTransactionId())
	if err != nil {
		return nil, err
	}
	input, response, err := f.run(payload, spec)
	if err != nil {
		return nil, err
	}
	action, err := proto.Marshal(&peer.ChaincodeActionPayload{ChaincodeProposalPayload: input, Action: &peer.ChaincodeEndorsedAction{
		ProposalResponsePayload: response, Endorsements: []*peer.Endorsement{{Endorser: make([]byte, 900), Signature: make([]byte, 71)}}}})
	if err != nil {
		return nil, err
	}
	tx, err := proto.Marshal(&peer.Transaction{Actions: []*peer.TransactionAction{{Header: header.GetSignatureHeader(), Payload: action}}})
	if err != nil {
		return nil, err
	}
	body, err := proto.Marshal(&common.Payload{Header: header, Data: tx})
	if err != nil {
		return nil, err
	}
	return &gateway.EndorseResponse{PreparedTransaction: &common.Envelope{Payload: body}}, nil
}

func (f *fakePeer) Submit(_ context.Context, r *gateway.SubmitRequest) (*gateway.SubmitResponse, error) {
	if !f.trusting {
		var payload common.Payload
		var sh common.SignatureHeader
		err := errors.Join(proto.Unmarshal(r.GetPreparedTransaction().GetPayload(), &payload), proto.Unmarshal(payload.GetHeader().GetSignatureHeader(), &sh))
		if err == nil {
			err = verify(sh.GetCreator(), r.GetPreparedTransaction().GetPayload(), r.GetPreparedTransaction().GetSignature())
		}
		if err != nil {
			return nil, err
		}
	}
	if f.submit != nil {
		if err := f.submit(); err != nil {
			return nil, err
		}
	}
	f.order(r.GetTransactionId())
	if f.ordered != nil {
		f.ordered()
	}
	if f.late != nil {
		return nil, f.late()
	}
	return &gateway.SubmitResponse{}, nil
}

func (f *fakePeer) Evaluate(_ context.Context, r *gateway.EvaluateRequest) (*gateway.EvaluateResponse, error) {
	_, payload, spec, err := f.open(r.GetProposedTransaction(), r.GetTransactionId())
	if err != nil {
		return nil, err
	}
	if f.secrets != nil {
		f.secrets(payload.GetTransientMap())
	}
	if spec.GetChaincodeId().GetName() == "qscc" {
		info, err := f.info()
		return &gateway.EvaluateResponse{Result: &peer.Response{Status: 200, Payload: info}}, err
	}
	if f.endorse != nil {
		if err := f.endorse(spec.GetInput()); err != nil {
			return nil, err
		}
	}
	return &gateway.EvaluateResponse{Result: &peer.Response{Status: 200, Payload: spec.GetInput().GetArgs()[0]}}, nil
}

// info returns what qscc says of the chain.
func (f *fakePeer) info() ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return proto.Marshal(&common.BlockchainInfo{Height: uint64(len(f.chain))})
}

// dialConfig serves the fake peer and returns the configuration for it.
func dialConfig(t testing.TB, f *fakePeer) Config {
	t.Helper()
	c, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	address, stop, err := f.serve(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return configFor(address, c)
}

// dial serves the fake peer and connects a client to it.
func dial(t testing.TB, f *fakePeer, edit func(*Config)) *Client {
	t.Helper()
	cfg := dialConfig(t, f)
	if edit != nil {
		edit(&cfg)
	}
	client, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return client
}

func configFor(address string, c certificate) Config {
	return Config{Channel: "metrology", Chaincode: "readings", Gateways: []Gateway{{Name: "peer0.ptb", Address: address,
		TLS:      TLS{CA: c.cert, Cert: c.cert, Key: c.key},
		Identity: Identity{MSP: "PtbMSP", CertPEM: c.cert, KeyPEM: c.key}}},
		Orderers: []Orderer{{Name: "orderer0", ServerName: "peer0.ptb", Address: address, TLS: TLS{CA: c.cert, Cert: c.cert, Key: c.key}}},
		Policies: map[string]Policy{"readings": {1, []string{"PtbMSP"}}}}
}

// stages names the instants that a receipt has.
func stages(r bench.Receipt) string {
	var names []string
	for _, stage := range []struct {
		name string
		at   time.Time
	}{{"endorsed", r.Endorsed}, {"submitted", r.Submitted}, {"committed", r.Committed}} {
		if !stage.at.IsZero() {
			names = append(names, stage.name)
		}
	}
	return strings.Join(names, " ")
}

func lowS(signature []byte) bool {
	var v struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(signature, &v)
	n := elliptic.P256().Params().N
	return err == nil && len(rest) == 0 && v.S.Cmp(new(big.Int).Rsh(n, 1)) <= 0
}
