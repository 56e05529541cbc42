package network

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"meterbench/network/fabric"
)

// A step is something that others wait for.
type step chan struct{}

func (s step) wait(ctx context.Context) error {
	select {
	case <-s:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A bringUp takes running nodes to a network that answers. Everything runs as
// soon as what it needs is there: a channel's approvals do not wait for the
// install, nor one channel for another.
type bringUp struct {
	plan        *plan
	conns       map[string]*grpc.ClientConn // by peer
	admins      map[string]*fabric.Admin    // by organisation
	orderingTLS *tls.Config                 // the ordering organisation's administrator at its nodes
	ordering    *fabric.Admin               // and in transactions

	joined    map[seat]step
	installed map[*servicePlan]step
}

// A seat is a node's place on a channel.
type seat struct {
	node    string
	channel *channelPlan
}

func newBringUp(p *plan, orgs *organisations, conns map[string]*grpc.ClientConn) (*bringUp, error) {
	b := &bringUp{
		plan: p, conns: conns, admins: map[string]*fabric.Admin{},
		joined: map[seat]step{}, installed: map[*servicePlan]step{},
	}
	for _, org := range orgs.members {
		admin, err := fabric.NewAdmin(org.MSP, org.Admin)
		if err != nil {
			return nil, err
		}
		b.admins[org.Name] = admin
	}
	var err error
	if b.orderingTLS, err = orgs.ordering.AdminTLSConfig(); err != nil {
		return nil, err
	}
	if b.ordering, err = fabric.NewAdmin(orgs.ordering.MSP, orgs.ordering.Admin); err != nil {
		return nil, err
	}
	for _, channel := range p.channels {
		for _, o := range p.orderers {
			b.joined[seat{o.Name, channel}] = make(step)
		}
		for _, peer := range channel.peers {
			b.joined[seat{peer.Name, channel}] = make(step)
		}
	}
	for _, s := range p.services {
		b.installed[s] = make(step)
	}
	return b, nil
}

func (b *bringUp) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, o := range b.plan.orderers {
		group.Go(func() error { return named(o.Name, b.joinOrderer(ctx, o)) })
	}
	for _, peer := range b.plan.peers {
		group.Go(func() error { return named(peer.Name, b.setUpPeer(ctx, peer)) })
	}
	for _, channel := range b.plan.channels {
		group.Go(func() error { return named(channel.Name, b.setUpChannel(ctx, channel)) })
	}
	return group.Wait()
}

func named(name string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (b *bringUp) joinOrderer(ctx context.Context, o *fabric.Orderer) error {
	for _, channel := range b.plan.channels {
		if err := fabric.JoinOrderer(ctx, o.Admin, b.orderingTLS, channel.genesis); err != nil {
			return err
		}
		close(b.joined[seat{o.Name, channel}])
	}
	return nil
}

func (b *bringUp) setUpPeer(ctx context.Context, peer *peerPlan) error {
	admin, conn := b.admins[peer.organisation], b.conns[peer.Name]
	for _, channel := range peer.channels {
		if err := admin.JoinPeer(ctx, conn, channel.genesis); err != nil {
			return err
		}
		close(b.joined[seat{peer.Name, channel}])
	}
	for _, s := range peer.services {
		if err := admin.Install(ctx, conn, s.contract.pkg); err != nil {
			return err
		}
		close(b.installed[s])
	}
	return nil
}

// setUpChannel deploys a channel's contracts and then gives it the batch timeout
// that its topology wants. It returns when every peer has that and answers for
// every contract.
func (b *bringUp) setUpChannel(ctx context.Context, channel *channelPlan) error {
	var nodes []string
	for _, o := range b.plan.orderers {
		nodes = append(nodes, o.Name)
	}
	for _, peer := range channel.peers {
		nodes = append(nodes, peer.Name)
	}
	for _, node := range nodes {
		if err := b.joined[seat{node, channel}].wait(ctx); err != nil {
			return err
		}
	}
	committed := make([]string, len(channel.contracts))
	group, deploying := errgroup.WithContext(ctx)
	for i, contract := range channel.contracts {
		group.Go(func() (err error) {
			committed[i], err = b.deploy(deploying, channel, contract)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	slow := channel.Batch.Timeout > fabric.SetUpTimeout
	if slow {
		err := b.ordering.SetBatchTimeout(ctx, b.conns[channel.peers[0].Name], channel.Name, channel.Batch.Timeout)
		if err != nil {
			return err
		}
	}
	group, answering := errgroup.WithContext(ctx)
	for _, peer := range channel.peers {
		for i, contract := range channel.contracts {
			group.Go(func() error {
				return named(peer.Name, b.answer(answering, channel, contract, peer, committed[i]))
			})
		}
		if slow {
			group.Go(func() error {
				return named(peer.Name, b.admins[peer.organisation].Configured(answering, b.conns[peer.Name], channel.Name))
			})
		}
	}
	return group.Wait()
}

// deploy takes a contract from approval by every member to a definition that is
// ordered, and returns the transaction of that.
func (b *bringUp) deploy(ctx context.Context, channel *channelPlan, contract *contractPlan) (txID string, err error) {
	approved, err := b.approve(ctx, channel, contract)
	if err != nil {
		return "", err
	}
	// One peer of each member endorses the commit; all have to hold the last
	// approval, or they would endorse different results.
	var endorsers []grpc.ClientConnInterface
	var first *fabric.Admin
	group, waiting := errgroup.WithContext(ctx)
	for _, member := range channel.Members {
		admin, conn := b.admins[member], b.conns[channel.of(member)[0].Name]
		endorsers = append(endorsers, conn)
		if first == nil {
			first = admin
		}
		group.Go(func() error {
			_, err := admin.Committed(waiting, conn, channel.Name, approved)
			return named(member, err)
		})
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	return first.Commit(ctx, channel.Name, contract.definition, endorsers)
}

// approve has every member approve a contract and returns the transaction of
// the approval that came into the last block.
func (b *bringUp) approve(ctx context.Context, channel *channelPlan, contract *contractPlan) (txID string, err error) {
	var mu sync.Mutex
	var last uint64
	group, ctx := errgroup.WithContext(ctx)
	for _, member := range channel.Members {
		group.Go(func() error {
			var peers []grpc.ClientConnInterface
			for _, peer := range channel.of(member) {
				peers = append(peers, b.conns[peer.Name])
			}
			admin := b.admins[member]
			id, err := admin.Approve(ctx, channel.Name, contract.definition, peers)
			if err != nil {
				return named(member, err)
			}
			block, err := admin.Committed(ctx, peers[0], channel.Name, id)
			if err != nil {
				return named(member, fmt.Errorf("approve %s: %w", contract.Name, err))
			}
			mu.Lock()
			defer mu.Unlock()
			if block >= last {
				txID, last = id, block
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	if txID == "" {
		return "", errors.New("approve: the channel has no members")
	}
	return txID, nil
}

// answer waits until a contract answers through one peer's gateway.
func (b *bringUp) answer(ctx context.Context, channel *channelPlan, contract *contractPlan, peer *peerPlan, committed string) error {
	for _, s := range peer.services {
		if s.contract == contract {
			if err := b.installed[s].wait(ctx); err != nil {
				return err
			}
		}
	}
	admin, conn := b.admins[peer.organisation], b.conns[peer.Name]
	if _, err := admin.Committed(ctx, conn, channel.Name, committed); err != nil {
		return fmt.Errorf("commit %s: %w", contract.Name, err)
	}
	return admin.Ping(ctx, conn, channel.Name, contract.Name)
}
