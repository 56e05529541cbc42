package network

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"meterbench/bench/result"
	"meterbench/internal/process"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// An Attachment says how to reach a network that others run, and as whom.
type Attachment struct {
	Channel string
	// Gateways take transactions in turn; commits are seen at the first one's peer. Their identities are left out.
	Gateways   []client.Gateway
	Identities []client.Identity // take turns at every gateway; the first one sets up
	Contracts  []Deployed        // that are to be called
	Drivers    []result.Driver   // by which transactions are taken
	Orderers   []client.Orderer  // how to reach orderers, where another way than the channel's configuration says
	Peers      []client.Gateway  // how to reach peers beside Gateways, likewise; they only endorse
	Operations []Operations      // of nodes whose metrics are read
	Logs       map[string]string // paths of the log files of nodes, by name
	Deploy     *Deployment       // of one of the contracts; nil: all are there
}

// Deployed is a contract and the name under which it is deployed.
type Deployed struct{ Contract, Name string }

// An Attached is a network that others run, while this process measures it. Close leaves it as it is, but for what
// was put on its ledger.
type Attached struct {
	Attachment
	Agreed  fabric.Agreed
	Defined []fabric.Committed // chaincodes on the channel
	Fabric  string             // release, as v2.5.9; empty where it is not known

	Missing []string // orderers that get no envelopes, and why; others are enough
	Untold  []string // operations endpoints that did not answer, and why; others did

	orderers  []client.Orderer // that answer; nil where no transaction is taken to them
	operators []*operator
	serving   *process.Process // the contract that was deployed; nil: none was
	asking    sync.WaitGroup
	stop      context.CancelFunc // ends the questions; nil: nothing is asked
	log       *blockLog          // nil: no log is read
	ends      map[string]int64   // of the logs when they were opened
}

// An AttachPart is a part of an Attachment that is wrong.
type AttachPart uint8

// The parts.
const (
	AttachGateway  AttachPart = iota // AttachError.Name is the peer's
	AttachIdentity                   // AttachError.Index is in Attachment.Identities
	AttachChannel
	AttachContract   // AttachError.Name is that of the contract
	AttachOperations // AttachError.Name is the node's
	AttachLog        // likewise
	AttachDeploy
	AttachOrderers // of the channel
)

// An AttachError says what keeps a network that others run from being measured. Nothing was put on its ledger.
type AttachError struct {
	Part   AttachPart
	Index  int
	Name   string
	Reason string
	Remedy string
}

// Error returns the reason.
func (e *AttachError) Error() string { return e.Reason }

// attachTimeout bounds each question that is asked before the measurement.
const attachTimeout = 15 * time.Second

// Attach makes sure that a network that others run can be measured: every gateway answers, every identity may transact on
// the channel, and every contract can be endorsed as its policy asks. It puts nothing on the ledger but what Deployment asks
// for, which comes last. The error is an *AttachError, or that of ctx.
func Attach(ctx context.Context, to Attachment) (*Attached, error) {
	a := &Attached{Attachment: to}
	conns, err := a.reach(ctx)
	defer func() {
		for _, conn := range conns {
			conn.Close() // nothing is under way
		}
	}()
	if err != nil {
		return nil, err
	}
	members := make([]*fabric.Admin, len(to.Identities))
	for i, id := range to.Identities {
		if members[i], err = fabric.NewAdmin(id.MSP, fabric.Credential{Cert: id.CertPEM, Key: id.KeyPEM}); err != nil {
			return nil, &AttachError{Part: AttachIdentity, Index: i, Reason: err.Error()}
		}
	}
	if err := a.agreed(ctx, conns, members); err != nil {
		return nil, err
	}
	if err := a.named(); err != nil {
		return nil, err
	}
	if err := a.order(ctx); err != nil {
		return nil, err
	}
	deployed := func(of Deployed) bool { return to.Deploy != nil && of == to.Deploy.Deployed }
	there := slices.DeleteFunc(slices.Clone(to.Contracts), deployed)
	if err := a.tryAll(ctx, members, conns, there); err != nil {
		return nil, err
	}
	if err = a.operate(ctx); err == nil {
		err = a.openLogs()
	}
	if err == nil && to.Deploy != nil {
		err = a.deployable(ctx, members[0])
	}
	if err == nil && to.Deploy != nil {
		err = a.deploy(ctx, members, conns)
	}
	if err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// Until when peers have told each other of a contract that was deployed, and how often they are asked.
const (
	toldWithin = 10 * time.Second
	tellEvery  = 250 * time.Millisecond
)

// deploy deploys the contract that is to be deployed, and makes sure that it answers.
func (a *Attached) deploy(ctx context.Context, members []*fabric.Admin, conns []*grpc.ClientConn) (err error) {
	if a.serving, err = a.Deploy.deploy(ctx, a.Channel, a.Identities[0].MSP, a.Defined); err != nil {
		return err
	}
	if err = a.define(ctx, members, conns); err == nil {
		// Peers tell each other of what is installed: for a moment a gateway may know of none but its own.
		for begun := time.Now(); ; {
			err = a.tryAll(ctx, members, conns, []Deployed{a.Deploy.Deployed})
			if err == nil || ctx.Err() != nil || time.Since(begun) > toldWithin {
				break
			}
			time.Sleep(tellEvery)
		}
	}
	stays := fmt.Sprintf("the contract %s stays on the ledger, installed on %d peers", a.Deploy.Name, len(a.Deploy.Peers))
	if e, ok := errors.AsType[*AttachError](err); ok {
		e.Reason += "; " + stays
	} else if err != nil {
		err = fmt.Errorf("%w; %s", err, stays)
	}
	return err
}

// Close ends what was begun to measure the network.
func (a *Attached) Close() {
	if a.stop != nil {
		a.stop()
	}
	a.asking.Wait()
	if a.serving != nil {
		a.serving.Stop(stopGrace)
	}
}

// reach connects to every gateway.
func (a *Attached) reach(ctx context.Context) (conns []*grpc.ClientConn, err error) {
	group, reaching := errgroup.WithContext(ctx)
	for _, g := range a.Gateways {
		group.Go(func() error {
			err := client.Reach(reaching, g.Address, g.ServerName, g.TLS)
			if u, ok := errors.AsType[*client.Unreachable](err); ok {
				return &AttachError{Part: AttachGateway, Name: g.Name, Reason: fmt.Sprintf("peer %s at %s", g.Name, u), Remedy: u.Remedy}
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, g := range a.Gateways {
		conn, err := client.Connect(g.Address, g.ServerName, g.TLS)
		if err != nil {
			return conns, &AttachError{Part: AttachGateway, Name: g.Name, Reason: fmt.Sprintf("peer %s: %v", g.Name, err)}
		}
		conns = append(conns, conn)
	}
	return conns, nil
}

// agreed reads the channel's configuration and contracts, as every identity and at every peer.
func (a *Attached) agreed(ctx context.Context, conns []*grpc.ClientConn, members []*fabric.Admin) error {
	for i, conn := range conns {
		for j, member := range members {
			asking, cancel := context.WithTimeout(ctx, attachTimeout)
			agreed, err := member.Agreed(asking, conn, a.Channel)
			cancel()
			switch {
			case err != nil && ctx.Err() != nil:
				return context.Cause(ctx)
			case err != nil:
				return a.noMember(i, j, err)
			}
			a.Agreed = agreed
		}
	}
	return a.define(ctx, members, conns)
}

// define reads which contracts the channel has, as every identity.
func (a *Attached) define(ctx context.Context, members []*fabric.Admin, conns []*grpc.ClientConn) error {
	asking, cancel := context.WithTimeout(ctx, attachTimeout)
	defer cancel()
	for i, member := range members {
		defined, err := member.Definitions(asking, conns[0], a.Channel, a.Agreed.Endorsement)
		if err != nil {
			return &AttachError{
				Part: AttachIdentity, Index: i, Remedy: "give one of the channel's writers",
				Reason: fmt.Sprintf("an identity of %s may not transact on channel %s: %s", a.Identities[i].MSP, a.Channel, client.Said(err)),
			}
		}
		a.Defined = defined
	}
	return nil
}

// noMember explains why a peer did not tell an identity about the channel.
func (a *Attached) noMember(gateway, identity int, err error) error {
	peer, id, said := a.Gateways[gateway].Name, a.Identities[identity], client.Said(err)
	switch {
	case strings.Contains(said, "not found"):
		return &AttachError{
			Part: AttachChannel, Reason: fmt.Sprintf("peer %s is not on a channel %s", peer, a.Channel),
			Remedy: "name a channel that it has joined, or leave the peer out by gateways",
		}
	case strings.Contains(said, "access denied"), strings.Contains(said, "creator"):
		return &AttachError{
			Part: AttachIdentity, Index: identity, Remedy: "give an identity of one of the channel's members",
			Reason: fmt.Sprintf("an identity of %s is no member of channel %s, says peer %s: %s", id.MSP, a.Channel, peer, said),
		}
	}
	return &AttachError{Part: AttachGateway, Name: peer, Reason: fmt.Sprintf("peer %s does not tell about channel %s: %s", peer, a.Channel, said),
		Remedy: "look at its log"}
}

// Members returns the MSP ids of the organisations whose gateways are used, each once. Every organisation is a site of its own.
func (a *Attachment) Members() (all []string) {
	for _, g := range a.Gateways {
		if !slices.Contains(all, g.Member) {
			all = append(all, g.Member)
		}
	}
	return all
}

// Client connects to the channel through every gateway as every identity, which take turns. The caller closes it.
func (a *Attached) Client(ctx context.Context) (*client.Client, error) {
	cfg, err := a.ClientConfig()
	if err != nil {
		return nil, err
	}
	return client.Dial(ctx, cfg)
}

// ClientConfig returns how Client connects.
func (a *Attached) ClientConfig() (client.Config, error) {
	cfg := client.Config{Channel: a.Channel, Sites: a.Members()}
	for i := range a.Identities { // so that two in turn differ in both
		for j := range a.Gateways {
			g := a.Gateways[j]
			g.Identity = a.Identities[(i+j)%len(a.Identities)]
			g.Site = uint16(slices.Index(a.Members(), g.Member) + 1)
			cfg.Gateways = append(cfg.Gateways, g)
		}
	}
	if len(a.Contracts) > 0 {
		cfg.Chaincode = a.Contracts[0].Name
	}
	cfg.OrdererCount = len(a.Agreed.Endpoints)
	return cfg, a.withoutGateways(&cfg)
}
