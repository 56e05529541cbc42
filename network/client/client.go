// Package client submits transactions to a Fabric network and classifies their outcomes: it is the load
// engine's Target.
//
// Data flow: Submit makes and signs a proposal, a peer's gateway service collects the endorsements and
// returns the envelope, Submit signs that and the gateway hands it to an orderer. By the driver that a transaction
// names, its commit is seen on one stream of filtered blocks from one peer, shared by all transactions, which is both
// cheaper for the network than asking for each transaction's status and gives every commit one point of observation; or
// it is taken through the fabric-gateway library and a commit-status call, as ordinary applications do.
//
// With the former, what is sent once per transaction is written in wire form straight into the calls of the gateway service:
// the client shares the machine with the network that it measures, and the generated messages and the
// fabric-gateway library around them cost CPU time and garbage in proportion to the throughput. What is sent
// once per run (queries, requests for blocks) goes through the library.
package client

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"iter"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	sdk "github.com/hyperledger/fabric-gateway/pkg/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"

	"meterbench/bench"
	"meterbench/bench/result"
)

// maxMessage is the size of the largest message that peers send, in bytes (Fabric's own limit).
const maxMessage = 100 << 20

// Config says where and as whom to submit.
type Config struct {
	Channel   string
	Chaincode string
	// Gateways take the transactions in turn. The first one's peer is the observing peer: commits count when
	// it has them. Should it end, the next one's is.
	Gateways []Gateway
	// Operator is the MSP id of the organisation through whose first gateway Evaluate and Invoke go. Empty:
	// that of the first gateway.
	Operator string
	// Orderers take the envelopes that do not go through a gateway. They may be left out where none does.
	Orderers []Orderer
	// Quorum is how many orderers must have taken an envelope, which then goes to all of them, as SmartBFT asks for. Up to 1:
	// one orderer is enough.
	Quorum int
	// Policies are the endorsement policies of chaincodes, by name, as far as they are known. Of another chaincode the
	// discovery service of a peer tells who can endorse.
	Policies map[string]Policy
	// Peers can endorse, too, where discovery finds that those of Gateways do not satisfy a policy. Their identities are
	// left out.
	Peers []Gateway
	// Authorities are TLS certificates, in PEM, of authorities of organisations by MSP id. They vouch for peers that
	// discovery finds beside Gateways and Peers.
	Authorities map[string][]byte
	// Direct has set-up and queries do without a gateway service, which a network may lack.
	Direct bool
	// CommitTimeout bounds the wait of a transaction for the observing peer to have it, from the moment that
	// an orderer has taken it. Zero means as long as a call may take.
	CommitTimeout time.Duration
}

// timeout bounds each call of a gateway.
const timeout = 30 * time.Second

// A Gateway is a peer's gateway service and the identity that uses it.
type Gateway struct {
	Name       string // of the peer: peer0.ptb
	Address    string // host:port
	ServerName string // that the peer's TLS certificate must have; empty: Name
	TLS        TLS
	Identity   Identity
	Member     string // MSP id of the peer's organisation; empty: the identity's
}

// At reports whether an address by which a network knows a peer is this one's.
func (g Gateway) At(address string) bool { return knownBy(address, g.Address, g.Name, g.ServerName) }

// knownBy reports whether an address is that of a node: the same one, or one by another name of the node, as where ports
// of containers are mapped.
func knownBy(address, own string, names ...string) bool {
	if address == own {
		return true
	}
	host, _, err := net.SplitHostPort(address)
	at, _, ownErr := net.SplitHostPort(own)
	return err == nil && ownErr == nil && host != at && slices.Contains(names, host)
}

// A Client is connected to the peers of one channel. It is used by many goroutines at once.
type Client struct {
	own       // the operator's Invoke and Evaluate of the configured contract
	config    Config
	peers     []*endpoint
	endorsers selections
	found     []*endpoint // beside peers, by discovery; guarded by endorsers.mu
	orderers  *orderers
	calls     *calls
	next      atomic.Uint64
	observer  atomic.Uint32 // index in peers of the observing peer
	commits   *commits
	asking    atomic.Int64                // commit-status calls that wait
	nextBlock atomic.Uint64               // number of the block that the shared stream shows next
	broken    atomic.Pointer[streamError] // why that stream last broke; nil: never
	stop      context.CancelFunc
	running   sync.WaitGroup
	closing   sync.Once
}

// An endpoint is a connected Gateway.
type endpoint struct {
	name    string
	member  string // Gateway.Member
	signer  *signer
	conn    *grpc.ClientConn
	options []grpc.CallOption // of calls with messages in wire form
	sdk     *sdk.Gateway

	// certificate is the SHA-256 of the client's TLS certificate, where it has one. Requests for blocks and discovery name
	// it: a peer serves them only to whom they are for.
	certificate []byte
	present     atomic.Pointer[presence] // while it answers, as far as is known
}

// Dial connects to every gateway and returns once the observing peer's block stream flows. ctx bounds the
// dialling only.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	if len(cfg.Gateways) == 0 {
		return nil, errors.New("dial: no gateways given")
	}
	cfg.CommitTimeout = cmp.Or(cfg.CommitTimeout, timeout)
	life, stop := context.WithCancel(context.Background())
	c := &Client{config: cfg, commits: newCommits(), orderers: &orderers{}, calls: newCalls(), stop: stop}
	c.endorsers.ask = c.selection
	for _, g := range cfg.Gateways {
		p, err := connect(g, c.calls)
		if err != nil {
			c.Close() // the first error counts
			return nil, fmt.Errorf("dial %s (%s): %w", g.Name, g.Address, err)
		}
		c.peers = append(c.peers, p)
	}
	var err error
	if c.orderers, err = newOrderers(life, cfg, c.calls); err != nil {
		c.Close() // as above
		return nil, fmt.Errorf("dial %w", err)
	}
	if c.own, err = c.Contract(cfg.Chaincode, cfg.Operator); err != nil {
		c.Close() // as above
		return nil, fmt.Errorf("dial: %w", err)
	}
	if err := c.observe(ctx, life); err != nil {
		c.Close() // as above
		return nil, fmt.Errorf("dial %s (%s): %w", cfg.Gateways[0].Name, cfg.Gateways[0].Address, err)
	}
	return c, nil
}

func connect(g Gateway, counted *calls) (*endpoint, error) {
	s, err := newSigner(g.Identity)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	config, err := g.TLS.Config(cmp.Or(g.ServerName, g.Name))
	if err != nil {
		return nil, err
	}
	conn, err := connectTLS(g.Address, config, counted.options()...)
	if err != nil {
		return nil, err
	}
	options := []sdk.ConnectOption{sdk.WithSign(s.signDigest), sdk.WithClientConnection(conn)}
	var certificate []byte
	if len(config.Certificates) > 0 {
		hash := sha256.Sum256(config.Certificates[0].Certificate[0])
		certificate = hash[:]
		options = append(options, sdk.WithTLSClientCertificateHash(certificate))
	}
	library, err := sdk.Connect(s, options...)
	if err != nil {
		conn.Close() // the first error counts
		return nil, err
	}
	p := &endpoint{name: g.Name, member: g.Member, signer: s, conn: conn, options: []grpc.CallOption{grpc.ForceCodecV2(wireForm{})},
		sdk: library, certificate: certificate}
	p.present.Store(newPresence())
	return p, nil
}

// TLS is how a client and a node authenticate to each other, in PEM.
type TLS struct {
	CA        []byte // certificates that vouch for the node
	Cert, Key []byte // by which the client authenticates; empty for a node that asks for no certificate
}

// Config returns the settings of a connection to a node that has the name in its certificate.
func (t TLS) Config(serverName string) (*tls.Config, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(t.CA) {
		return nil, errors.New("TLS CA: no PEM certificate")
	}
	config := &tls.Config{RootCAs: pool, ServerName: serverName, MinVersion: tls.VersionTLS12}
	if len(t.Cert) == 0 && len(t.Key) == 0 {
		return config, nil
	}
	pair, err := tls.X509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, fmt.Errorf("TLS client certificate: %w", err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// Connect returns a connection to the gRPC services of a node that has a name in its TLS certificate. A node that is
// starting is tried again soon.
func Connect(address, serverName string, t TLS) (*grpc.ClientConn, error) {
	return connectWith(address, serverName, t)
}

// connectWith is Connect with further options.
func connectWith(address, serverName string, t TLS, more ...grpc.DialOption) (*grpc.ClientConn, error) {
	config, err := t.Config(serverName)
	if err != nil {
		return nil, err
	}
	return connectTLS(address, config, more...)
}

// connectTLS is Connect with the settings of TLS made.
//
// The options keep the cost of a call low: windows of fixed size spare the pings that estimate the bandwidth,
// large buffers spare system calls, and what is never used (service configuration, transparent retries,
// statistics) is switched off.
func connectTLS(address string, config *tls.Config, more ...grpc.DialOption) (*grpc.ClientConn, error) {
	options := append([]grpc.DialOption{
		grpc.WithTransportCredentials(credentials.NewTLS(config)),
		grpc.WithInitialWindowSize(1 << 20),
		grpc.WithInitialConnWindowSize(16 << 20),
		grpc.WithReadBufferSize(64 << 10),
		grpc.WithWriteBufferSize(64 << 10),
		grpc.WithContextDialer(dialSocket),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.2, Jitter: 0.2, MaxDelay: 200 * time.Millisecond},
			MinConnectTimeout: 5 * time.Second,
		}),
	}, more...)
	return grpc.NewClient("passthrough:///"+address, options...)
}

// Close ends the block stream and the connections. Transactions in flight end as interrupted or with the
// error of their connection.
func (c *Client) Close() (err error) {
	c.closing.Do(func() {
		c.stop()
		c.endorsers.mu.Lock()
		defer c.endorsers.mu.Unlock()
		for _, p := range slices.Concat(c.peers, c.found) {
			err = errors.Join(err, p.sdk.Close(), p.conn.Close())
		}
		err = errors.Join(err, c.orderers.close())
		c.running.Wait()
	})
	return err
}

// own is the Contract that a Client embeds, for it has a method of that name.
type own = Contract

// A Contract is one of the contracts on a client's channel, used by its operator.
type Contract struct {
	client   *Client
	name     string
	operator *endpoint
}

// Contract returns a contract on the channel. Its operator is the organisation of that MSP id, or where that
// is empty, of the first gateway.
func (c *Client) Contract(name, operator string) (Contract, error) {
	for _, p := range c.peers {
		if operator == "" || p.signer.MSP == operator {
			return Contract{c, name, p}, nil
		}
	}
	return Contract{}, fmt.Errorf("no gateway with an identity of the operator %s", operator)
}

// Name returns the name under which the contract is deployed.
func (k Contract) Name() string { return k.name }

// Operator returns the MSP id of the organisation that uses the contract.
func (k Contract) Operator() string { return k.operator.signer.MSP }

// Invoke submits a transaction as the operator and waits until it is committed as valid. It is meant for
// set-up, not for load.
func (k Contract) Invoke(ctx context.Context, function string, args ...[]byte) error {
	tx := bench.Transaction{Contract: k.name, Function: function, Args: args, Wait: result.WaitCommit}
	if k.client.config.Direct {
		tx.Driver = result.DriverDirect
	}
	if _, err := k.client.submitThrough(ctx, k.client.instead(k.operator), tx); err != nil {
		return fmt.Errorf("invoke %s.%s: %w", k.name, function, err)
	}
	return nil
}

// Evaluate asks the operator's peer to run a function of the contract without changing the ledger and returns
// its answer.
func (k Contract) Evaluate(ctx context.Context, function string, args ...[]byte) ([]byte, error) {
	answer, err := k.client.evaluate(ctx, k.client.insteadToAsk(k.operator), k.name, function, args...)
	if err != nil {
		return nil, fmt.Errorf("evaluate %s.%s: %w", k.name, function, err)
	}
	return answer, nil
}

// Try has the operator's peer run a transaction of the contract, with its transient data, without changing the ledger.
func (k Contract) Try(ctx context.Context, tx bench.Transaction) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tx.Contract, tx.Query = k.name, true
	if k.client.config.Direct {
		tx.Driver = result.DriverDirect
	}
	if _, err := k.client.submitThrough(ctx, k.client.instead(k.operator), tx); err != nil {
		return fmt.Errorf("try %s.%s: %w", k.name, tx.Function, err)
	}
	return nil
}

func (c *Client) evaluate(ctx context.Context, p *endpoint, chaincode, function string, args ...[]byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if c.config.Direct {
		return c.ask(ctx, p, chaincode, function, args...)
	}
	answer, err := p.sdk.GetNetwork(c.config.Channel).GetContract(chaincode).
		EvaluateWithContext(ctx, function, sdk.WithBytesArguments(args...))
	if err != nil {
		return nil, fmt.Errorf("through %s: %w", p.name, explain(err))
	}
	return answer, nil
}

// Channels are clients of several channels, in the order by which bench.Transaction.Channel numbers them.
// Each has a block stream of its own.
type Channels []*Client

// Submit takes a transaction to its channel. It implements bench.Target.
func (c Channels) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	if tx.Channel < 0 || tx.Channel >= len(c) {
		return bench.Receipt{Outcome: result.PrepareError}, fmt.Errorf("submit: there is no channel number %d of %d", tx.Channel, len(c))
	}
	return c[tx.Channel].Submit(ctx, tx)
}

// Heights returns the number of blocks on the ledger of each channel.
func (c Channels) Heights(ctx context.Context) ([]uint64, error) {
	heights := make([]uint64, len(c))
	for i, channel := range c {
		var err error
		if heights[i], err = channel.Height(ctx); err != nil {
			return nil, err
		}
	}
	return heights, nil
}

// Ledger returns every transaction of one channel after the other, as Client.Ledger does, from the blocks of these
// numbers on. An error ends it.
func (c Channels) Ledger(ctx context.Context, first []uint64) iter.Seq2[bench.Entry, error] {
	return func(yield func(bench.Entry, error) bool) {
		for i, channel := range c {
			for entry, err := range channel.Ledger(ctx, first[i]) {
				entry.Channel = i
				if !yield(entry, err) || err != nil {
					return
				}
			}
		}
	}
}

// Close closes every client.
func (c Channels) Close() (err error) {
	for _, channel := range c {
		err = errors.Join(err, channel.Close())
	}
	return err
}

var _ bench.Target = Channels(nil)
