package fabric

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"meterbench/internal/lows"
)

// An Admin signs the requests that set up a network in the name of one organisation's administrator.
type Admin struct {
	creator []byte // serialised identity
	key     lows.Key
}

// NewAdmin returns an administrator of the organisation with that MSP id.
func NewAdmin(id string, c Credential) (_ *Admin, err error) {
	defer wrap(&err, "administrator of %s", id)
	key, err := lows.ParseKeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, err
	}
	var e encoder
	creator := e.bytes(&msp.SerializedIdentity{Mspid: id, IdBytes: c.Cert})
	return &Admin{creator: creator, key: key}, e.err
}

func (a *Admin) sign(e *encoder, message []byte) []byte {
	digest := sha256.Sum256(message)
	signature, err := a.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	e.fail(err)
	return signature
}

// proposal is a signed call of a system chaincode and what is needed to turn its endorsements into a transaction.
type proposal struct {
	txID   string
	header *common.Header
	call   []byte // ChaincodeProposalPayload
	signed *peer.SignedProposal
}

func (a *Admin) propose(channel, chaincode string, args ...[]byte) (*proposal, error) {
	var e encoder
	nonce := newNonce()
	id := sha256.Sum256(slices.Concat(nonce, a.creator))
	name := &peer.ChaincodeID{Name: chaincode}
	p := &proposal{txID: hex.EncodeToString(id[:])}
	extension := e.bytes(&peer.ChaincodeHeaderExtension{ChaincodeId: name})
	p.header = &common.Header{
		ChannelHeader:   e.channelHeader(common.HeaderType_ENDORSER_TRANSACTION, channel, p.txID, extension),
		SignatureHeader: e.bytes(&common.SignatureHeader{Creator: a.creator, Nonce: nonce}),
	}
	p.call = e.bytes(&peer.ChaincodeProposalPayload{Input: e.bytes(&peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{
		Type: peer.ChaincodeSpec_GOLANG, ChaincodeId: name, Input: &peer.ChaincodeInput{Args: args},
	}})})
	bytes := e.bytes(&peer.Proposal{Header: e.bytes(p.header), Payload: p.call})
	p.signed = &peer.SignedProposal{ProposalBytes: bytes, Signature: a.sign(&e, bytes)}
	wrap(&e.err, "build proposal")
	return p, e.err
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

// call endorses a proposal at one peer and reads the chaincode's answer into a message, unless that is nil.
func (a *Admin) call(ctx context.Context, conn grpc.ClientConnInterface, answer proto.Message, channel, chaincode string, args ...[]byte) error {
	p, err := a.propose(channel, chaincode, args...)
	if err != nil {
		return err
	}
	response, err := p.endorse(ctx, conn)
	if err != nil || answer == nil {
		return err
	}
	return proto.Unmarshal(response.GetResponse().GetPayload(), answer)
}

// transaction turns a proposal and its endorsements into a signed envelope.
func (a *Admin) transaction(p *proposal, responses []*peer.ProposalResponse) (*common.Envelope, error) {
	if len(responses) == 0 {
		return nil, errors.New("build transaction: no endorsement")
	}
	action := &peer.ChaincodeEndorsedAction{ProposalResponsePayload: responses[0].Payload}
	for _, r := range responses {
		if string(r.Payload) != string(responses[0].Payload) {
			// As they do for a moment while one has not yet committed a block that another has.
			return nil, errors.New("build transaction: the peers endorsed different results")
		}
		action.Endorsements = append(action.Endorsements, r.Endorsement)
	}
	var e encoder
	payload := e.bytes(&peer.ChaincodeActionPayload{ChaincodeProposalPayload: p.call, Action: action})
	bytes := e.bytes(&common.Payload{Header: p.header, Data: e.bytes(&peer.Transaction{Actions: []*peer.TransactionAction{
		{Header: p.header.SignatureHeader, Payload: payload},
	}})})
	envelope := &common.Envelope{Payload: bytes, Signature: a.sign(&e, bytes)}
	wrap(&e.err, "build transaction")
	return envelope, e.err
}

// AdminClient returns a client that speaks to the admin and operations endpoints of an organisation's nodes
// as its administrator: it trusts one authority and authenticates with a certificate. dial connects to host:port; nil: from here.
func AdminClient(ca []byte, c Credential, dial func(ctx context.Context, address string) (net.Conn, error)) (*http.Client, error) {
	cert, err := tls.X509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("TLS authority: no certificate in it")
	}
	config := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	transport := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
	if dial != nil {
		transport.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) { return dial(ctx, address) }
	}
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}, nil
}

// AwaitOrderer waits until an orderer's admin endpoint listens, which it does later than the orderer's other ones.
func AwaitOrderer(ctx context.Context, admin Endpoint, client *http.Client) (err error) {
	defer wrap(&err, "wait for the orderer")
	return retry(ctx, func() error { return participate(ctx, admin, client, http.MethodGet, "", nil, http.StatusOK) })
}

// JoinOrderer joins an orderer to the channel of a genesis block through its admin endpoint.
func JoinOrderer(ctx context.Context, admin Endpoint, client *http.Client, genesis []byte) (err error) {
	defer wrap(&err, "join channel")
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("config-block", "config.block")
	if err == nil {
		_, err = part.Write(genesis)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return err
	}
	return retry(ctx, func() error {
		return participate(ctx, admin, client, http.MethodPost, form.FormDataContentType(), bytes.NewReader(body.Bytes()), http.StatusCreated)
	})
}

// participate sends a request to an orderer's API of channel participation. An answer other than the wanted one is permanent.
func participate(ctx context.Context, admin Endpoint, client *http.Client, method, content string, body io.Reader, want int) error {
	request, err := http.NewRequestWithContext(ctx, method, "https://"+admin.String()+"/participation/v1/channels", body)
	if err != nil {
		return permanent{err}
	}
	if content != "" {
		request.Header.Set("Content-Type", content)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != want {
		answer, _ := io.ReadAll(io.LimitReader(response.Body, 4096)) // only for the message
		return permanent{fmt.Errorf("%s: %s", response.Status, strings.TrimSpace(string(answer)))}
	}
	return nil
}

// pause is the wait before a request that came too early is repeated.
const pause = 25 * time.Millisecond

// permanent marks an error that no repetition will cure.
type permanent struct{ error }

// retry repeats try, with pauses, until it succeeds, fails for good, or the context ends; then the error also
// tells why the last try failed.
func retry(ctx context.Context, try func() error) error {
	var last error
	for {
		err := try()
		if err == nil {
			return nil
		}
		if p, ok := errors.AsType[permanent](err); ok {
			return p.error
		}
		if last == nil || ctx.Err() == nil {
			last = err // once the context has ended, tries only say that it has
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last answer: %w", context.Cause(ctx), last)
		case <-time.After(pause):
		}
	}
}
