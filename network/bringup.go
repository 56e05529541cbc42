package network

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"meterbench/network/client"
	"meterbench/network/fabric"
)

// bringUp takes running nodes to a network that answers. What does not need one another runs at once: a
// channel's approvals do not wait for the peers to install, nor one channel for another.
type bringUp struct {
	plan     *plan
	admins   map[string]*fabric.Admin // by organisation
	ordering map[string]*http.Client  // the administrator of an organisation at its orderers, by MSP id
	owners   []*fabric.Organisation   // to which the orderers belong
}

func newBringUp(p *plan) (*bringUp, error) {
	b := &bringUp{plan: p, admins: map[string]*fabric.Admin{}, ordering: map[string]*http.Client{}, owners: p.ordering()}
	var err error
	for name, org := range p.organisations {
		if b.admins[name], err = fabric.NewAdmin(org.MSP, org.Admin); err != nil {
			return b, err
		}
	}
	for _, org := range b.owners {
		if b.ordering[org.MSP], err = fabric.AdminClient(org.TLSCA.PEM, org.AdminTLS, p.dialer(org.Name)); err != nil {
			return b, err
		}
	}
	for _, peer := range p.peers {
		org := p.organisations[peer.organisation]
		tls := client.TLS{CA: org.TLSCA.PEM, Cert: org.AdminTLS.Cert, Key: org.AdminTLS.Key}
		if peer.conn, err = p.dialer(peer.Name).Connect(peer.Address.String(), peer.Name, tls); err != nil {
			return b, named(peer.Name, err)
		}
	}
	return b, nil
}

func (b *bringUp) close() {
	for _, peer := range b.plan.peers {
		if peer.conn != nil {
			peer.conn.Close() // nothing is under way
		}
	}
}

func (b *bringUp) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	joins, joining := errgroup.WithContext(ctx)
	listening, awaiting := errgroup.WithContext(joining)
	for _, o := range b.plan.orderers {
		listening.Go(func() error { return named(o.Name, fabric.AwaitOrderer(awaiting, o.Admin, b.ordering[o.MSP])) })
	}
	for _, o := range b.plan.orderers {
		joins.Go(func() error {
			// One that joins dials all others. Where one of them does not listen yet, gRPC waits for a second or more before it
			// tries again, and a transaction that is to be handed on meanwhile takes until Fabric's timeout of 7 s.
			if err := listening.Wait(); err != nil {
				return err
			}
			for _, channel := range b.plan.channels {
				if err := fabric.JoinOrderer(joining, o.Admin, b.ordering[o.MSP], channel.genesis); err != nil {
					return named(o.Name, err)
				}
			}
			return nil
		})
	}
	for _, peer := range b.plan.peers {
		joins.Go(func() error {
			for _, channel := range peer.channels {
				if err := b.admins[peer.organisation].JoinPeer(joining, peer.conn, channel.genesis); err != nil {
					return named(peer.Name, err)
				}
			}
			group.Go(func() error { return named(peer.Name, b.install(ctx, peer)) })
			return nil
		})
	}
	group.Go(func() error {
		if err := joins.Wait(); err != nil {
			return err
		}
		for _, channel := range b.plan.channels {
			group.Go(func() error { return named(channel.Name, b.setUpChannel(ctx, channel)) })
		}
		return nil
	})
	return group.Wait()
}

func named(name string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (b *bringUp) install(ctx context.Context, peer *peerPlan) error {
	for _, s := range peer.services {
		if s.contract.Own() {
			if err := s.served(ctx); err != nil {
				return err
			}
		}
		if err := b.admins[peer.organisation].Install(ctx, peer.conn, s.contract.pkg); err != nil {
			return err
		}
	}
	close(peer.installed)
	return nil
}

// setUpChannel deploys a channel's contracts and then gives it the batch timeout that its topology wants. It
// returns when every peer has that and answers for every contract.
func (b *bringUp) setUpChannel(ctx context.Context, channel *channelPlan) error {
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
	var timer fabric.Update
	if slow {
		var err error
		var consent []*fabric.Admin
		for _, org := range b.owners[:len(b.owners)/2+1] { // a majority
			consent = append(consent, b.admins[org.Name])
		}
		author := b.admins[channel.Members[0]]
		timer, err = author.SetBatchTimeout(ctx, channel.peers[0].conn, channel.Name, b.plan.dialect.Consensus, channel.Batch.Timeout, consent)
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
				return named(peer.Name, b.admins[peer.organisation].Reconfigured(answering, peer.conn, timer))
			})
		}
	}
	return group.Wait()
}

// deploy takes a contract from approval by every member to a definition that is ordered, and returns the
// transaction of that.
func (b *bringUp) deploy(ctx context.Context, channel *channelPlan, contract *contractPlan) (txID string, err error) {
	type approval struct {
		txID  string
		block uint64
	}
	approvals := make([]approval, len(channel.Members))
	group, approving := errgroup.WithContext(ctx)
	for i, member := range channel.Members {
		group.Go(func() (err error) {
			var peers []grpc.ClientConnInterface
			for _, peer := range channel.of(member) {
				peers = append(peers, peer.conn)
			}
			approvals[i].txID, approvals[i].block, err = b.admins[member].Approve(approving, channel.Name, contract.definition, peers)
			return named(member, err)
		})
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	last := slices.MaxFunc(approvals, func(x, y approval) int { return cmp.Compare(x.block, y.block) })
	// One peer of each member endorses the commit; all must have committed the last approval, or they would
	// endorse different results.
	var endorsers []grpc.ClientConnInterface
	group, waiting := errgroup.WithContext(ctx)
	for _, member := range channel.Members {
		conn := channel.of(member)[0].conn
		endorsers = append(endorsers, conn)
		group.Go(func() error {
			_, err := b.admins[member].Committed(waiting, conn, channel.Name, last.txID)
			return named(member, err)
		})
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	return b.admins[channel.Members[0]].Commit(ctx, channel.Name, contract.definition, endorsers)
}

// answer waits until a contract answers through one peer's gateway.
func (b *bringUp) answer(ctx context.Context, channel *channelPlan, contract *contractPlan, peer *peerPlan, committed string) error {
	select {
	case <-peer.installed:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if _, err := b.admins[peer.organisation].Committed(ctx, peer.conn, channel.Name, committed); err != nil {
		return fmt.Errorf("commit %s: %w", contract.Name, err)
	}
	return b.ping(ctx, channel, contract, peer)
}

// ping waits until a contract that is committed answers through one peer's gateway.
func (b *bringUp) ping(ctx context.Context, channel *channelPlan, contract *contractPlan, peer *peerPlan) error {
	if contract.Own() {
		return b.answerOwn(ctx, channel, contract, peer)
	}
	return b.admins[peer.organisation].Ping(ctx, peer.conn, channel.Name, contract.Name)
}
