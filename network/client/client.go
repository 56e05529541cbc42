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
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	sdk "github.com/hyperledger/fabric-gateway/pkg/client"
	"google.golang.org/grpc"

	"meterbench/bench"
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
	// Turn is the number of this client among those of other processes that load the network with it, from 0. Each begins with
	// other gateways, endorsers and orderers, so that those in step do not go through the same one at once.
	Turn uint64
	// Sites are the names of the network's sites, by their numbers from 1, for errors.
	Sites []string
	// Operator is the MSP id of the organisation through whose first gateway Evaluate and Invoke go. Empty:
	// that of the first gateway.
	Operator string
	// Orderers take the envelopes that do not go through a gateway. They may be left out where none does. Those without a
	// dialer are connected to by that of the first gateway.
	Orderers []Orderer
	// OrdererCount is how many orderers the channel has, where Orderers are not all or left out; 0: it is not known.
	OrdererCount int
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
	// Mark is what the nonces of all transactions begin with, so that Ledger tells whose they are. Zero: a nonce is random as a whole.
	Mark bench.Mark
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
	Site       uint16 // number of the site at which the peer stands, from 1 in those of the network; 0: none
	Dial       Dialer // that connects from where the identity's clients stand
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
	own     // the operator's Invoke and Evaluate of the configured contract
	config  Config
	peers   []*endpoint
	turns   map[turnKey]*turn
	home    *place   // of peers at none of the sites where clients stand, and of the first one
	places  []*place // all
	meeting sync.Mutex
	found   []*endpoint // beside peers, by discovery; guarded by meeting
	calls   *calls
	arrived arrivals
	settled atomic.Pointer[survey] // of Settle; nil before
	asking  atomic.Int64           // commit-status calls that wait
	life    context.Context        // until Close
	stop    context.CancelFunc
	running sync.WaitGroup
	closing sync.Once
}

// An endpoint is a connected Gateway.
type endpoint struct {
	name    string
	member  string // Gateway.Member
	site    uint16 // Gateway.Site
	dial    Dialer
	place   *place // of the clients that use it as their gateway
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
	cfg.Orderers = slices.Clone(cfg.Orderers)
	for i := range cfg.Orderers {
		if o := &cfg.Orderers[i]; o.Dial == nil {
			o.Dial = cfg.Gateways[0].Dial
		}
	}
	life, stop := context.WithCancel(context.Background())
	c := &Client{config: cfg, calls: newCalls(), life: life, stop: stop}
	for _, g := range cfg.Gateways {
		p, err := c.connect(g)
		if err != nil {
			c.Close() // the first error counts
			return nil, fmt.Errorf("dial %s (%s): %w", g.Name, g.Address, err)
		}
		c.peers = append(c.peers, p)
	}
	c.home, c.turns = newPlace(c, c.peers), turnsOf(c.peers, c.config.Turn)
	c.places = []*place{c.home}
	for _, p := range c.peers {
		p.place = c.home
	}
	var err error
	if c.home.orderers, err = newOrderers(life, cfg, c.calls); err != nil {
		c.Close() // as above
		return nil, fmt.Errorf("dial %w", err)
	}
	if c.own, err = c.Contract(cfg.Chaincode, cfg.Operator); err != nil {
		c.Close() // as above
		return nil, fmt.Errorf("dial: %w", err)
	}
	if err := c.home.observe(ctx, life); err != nil {
		c.Close() // as above
		return nil, fmt.Errorf("dial %s (%s): %w", cfg.Gateways[0].Name, cfg.Gateways[0].Address, err)
	}
	return c, nil
}

// connect connects to a peer, as whoever uses its gateway.
func (c *Client) connect(g Gateway) (*endpoint, error) {
	s, err := newSigner(g.Identity)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	s.mark = c.config.Mark
	config, err := g.TLS.Config(cmp.Or(g.ServerName, g.Name))
	if err != nil {
		return nil, err
	}
	conn, err := g.Dial.connectTLS(g.Address, config, c.calls.options()...)
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
	p := &endpoint{name: g.Name, member: g.Member, site: g.Site, dial: g.Dial, signer: s, conn: conn, options: []grpc.CallOption{grpc.ForceCodecV2(wireForm{})},
		sdk: library, certificate: certificate}
	p.present.Store(newPresence())
	return p, nil
}

// Close ends the block stream and the connections. Transactions in flight end as interrupted or with the
// error of their connection.
func (c *Client) Close() (err error) {
	c.closing.Do(func() {
		c.stop()
		c.meeting.Lock()
		defer c.meeting.Unlock()
		for _, p := range c.places {
			err = errors.Join(err, p.close())
		}
		for _, p := range slices.Concat(c.peers, c.found) {
			err = errors.Join(err, p.close())
		}
		c.running.Wait()
	})
	return err
}

// close closes the connection.
func (p *endpoint) close() error { return errors.Join(p.sdk.Close(), p.conn.Close()) }
