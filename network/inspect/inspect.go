// Package inspect asks the nodes of a connection profile what they are, and what identities may do there. It writes to no
// ledger.
//
// Data flow: Network reaches all nodes at once, asks each peer for its services and channels, then one peer of each channel
// for what its members have agreed on, and each identity's rights there; Report.Faults judges what came of it.
package inspect

import (
	"context"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"meterbench/bench/result"
	"meterbench/network/client"
	"meterbench/network/fabric"
	"meterbench/network/profile"
)

// Timeout bounds the time to reach the nodes, and then again the time of all questions.
const Timeout = 5 * time.Second

// mostChannels bounds how many channels are looked at.
const mostChannels = 16

// Config says what to inspect, and as whom.
type Config struct {
	Profile    *profile.Profile
	Identities []client.Identity // at least one
	Channel    string            // empty: all that the profile names or the peers have joined
}

// Report is what was seen.
type Report struct {
	Nodes    []Node    // peers, then orderers, in the order of the profile
	Channels []Channel // by name
}

// Node is one node of the profile.
type Node struct {
	profile.Node
	Role        result.Role
	MSPID       string // of a peer whose organisation service discovery knows, or else the profile names
	Unreachable error  // *client.Unreachable, or nil; what follows is of peers that are reached
	Gateway     bool   // it has the gateway service, of Fabric 2.4 and later
	Channels    []string
	Told        bool // it told Channels, as it does members of its own organisation
	// Ahead is how far its clock is ahead of this machine's, 0 where that is at most fabric.ClockNear; Timed says that it
	// is known.
	Ahead time.Duration
	Timed bool
}

// Channel is a channel as its peers describe it.
type Channel struct {
	Name      string
	Peers     []Ledger
	Rights    []Right // of the identities, in their order
	Agreed    fabric.Agreed
	Contracts []fabric.Committed
	Unknown   error // why Agreed or Contracts is not known; nil if they are
	Found     fabric.Discovered
	Hidden    error // why Found is not known
}

// Ledger is a peer's copy of a channel.
type Ledger struct {
	Peer   string
	Height uint64 // blocks
}

// Right is what an identity may do on a channel. A right that it lacks is why; nil if it has it.
type Right struct{ Read, Write error }

// Network inspects a network. The error is that of ctx, or of an identity that cannot be used.
func Network(ctx context.Context, cfg Config) (Report, error) {
	s := &session{Config: cfg}
	defer s.close()
	for _, id := range cfg.Identities {
		admin, err := fabric.NewAdmin(id.MSP, fabric.Credential{Cert: id.CertPEM, Key: id.KeyPEM})
		if err != nil {
			return Report{}, err
		}
		s.as = append(s.as, admin)
	}
	s.reach(ctx)
	asking, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	s.connect(asking)
	s.channels(asking)
	s.clocks(asking)
	s.report.correct()
	return s.report, context.Cause(ctx)
}

// correct says whose peers are as service discovery does: there are profiles, as Fablo's, that list those of all
// organisations as the client's own. A peer is known by its address, or by its name in TLS, if that is its host's.
func (r *Report) correct() {
	for i := range r.Nodes {
		n := &r.Nodes[i]
		for _, channel := range r.Channels {
			for _, p := range channel.Found.Peers {
				host, _, err := net.SplitHostPort(p.Address)
				if n.Role == result.RolePeer && (p.Address == n.Address || err == nil && host == n.ServerName && r.named(host) == 1) {
					n.MSPID = p.MSPID
				}
			}
		}
	}
}

// named returns how many peers have a name in TLS.
func (r *Report) named(name string) (n int) {
	for _, node := range r.Nodes {
		if node.Role == result.RolePeer && node.ServerName == name {
			n++
		}
	}
	return n
}

// A session is one inspection.
type session struct {
	Config
	as     []*fabric.Admin // of the identities
	peers  []*peer         // of the report's nodes; nil: not connected
	report Report
}

// A peer is one that is connected.
type peer struct {
	*Node
	conn *grpc.ClientConn
	hash []byte        // of the client's certificate of the connection
	as   *fabric.Admin // an identity of its own organisation, or the first
}

// each calls do with every index below n at once, and returns when all have ended.
func each(n int, do func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// reach connects to every node and reports which answer as the profile says.
func (s *session) reach(ctx context.Context) {
	for _, p := range s.Profile.Peers {
		s.report.Nodes = append(s.report.Nodes, Node{Node: p.Node, Role: result.RolePeer, MSPID: p.MSPID})
	}
	for _, o := range s.Profile.Orderers {
		s.report.Nodes = append(s.report.Nodes, Node{Node: o.Node, Role: result.RoleOrderer})
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout+time.Second) // in which Reach itself gives up
	defer cancel()
	each(len(s.report.Nodes), func(i int) {
		n := &s.report.Nodes[i]
		n.Unreachable = client.Reach(ctx, n.Address, n.ServerName, n.TLS)
	})
}

// connect asks every peer that was reached for its services and its channels.
func (s *session) connect(ctx context.Context) {
	s.peers = make([]*peer, len(s.report.Nodes))
	each(len(s.peers), func(i int) {
		n := &s.report.Nodes[i]
		if n.Role != result.RolePeer || n.Unreachable != nil {
			return
		}
		p, err := s.dial(n)
		if err != nil {
			n.Unreachable = err
			return
		}
		s.peers[i] = p
		// The request has no proposal: a peer that has the service says so.
		_, err = gateway.NewGatewayClient(p.conn).Endorse(ctx, &gateway.EndorseRequest{})
		n.Gateway = status.Code(err) == codes.InvalidArgument
		n.Channels, err = p.as.Channels(ctx, p.conn)
		n.Told = err == nil
	})
	s.peers = slices.DeleteFunc(s.peers, func(p *peer) bool { return p == nil })
}

func (s *session) dial(n *Node) (*peer, error) {
	pair, err := n.TLS.Showing()
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(pair.Cert)
	if block == nil {
		return nil, errors.New("the client's TLS certificate is no PEM")
	}
	conn, err := client.Connect(n.Address, n.ServerName, pair)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(block.Bytes)
	p := &peer{Node: n, conn: conn, hash: hash[:], as: s.as[0]}
	if i := slices.IndexFunc(s.Identities, func(id client.Identity) bool { return id.MSP == n.MSPID }); i >= 0 {
		p.as = s.as[i]
	}
	return p, nil
}

func (s *session) close() {
	for _, p := range s.peers {
		if p != nil {
			p.conn.Close() // nothing is under way
		}
	}
}
