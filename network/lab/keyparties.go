package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/network/client"
	"meterbench/simulators/pki"
	"meterbench/workloads/adversary"
)

// parties are those who use the keys on a ledger, each as an identity and through peers of their own, and the peers that
// must have a block before anybody goes on.
type parties struct {
	callers      adversary.Callers
	owner, other adversary.Ledger // clients of the two organisations of the publication's own contract
	clients      []*client.Client
	peers        map[string]*client.Client // each sees the commits of one peer, by its name
}

// meet connects the parties: the first organisation operates the contract and registers, the second is the other one.
func meet(ctx context.Context, n *network.Network) (_ *parties, err error) {
	p := &parties{peers: map[string]*client.Client{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	all, err := n.ClientConfig(n.Channels[0].Name, pki.ContractName)
	if err != nil {
		return nil, err
	}
	for _, g := range all.Gateways {
		if p.peers[g.Name], err = p.dial(ctx, all, g.Identity, false, g); err != nil {
			return nil, err
		}
	}
	organisations := n.Topology.Organisations
	owner, other := organisations[0], organisations[1]
	owners, others := of(all.Gateways, owner), of(all.Gateways, other)
	intruder, err := n.Issue(owner.Name, "intruder")
	if err != nil {
		return nil, err
	}
	registrar := owners[0].Identity
	for _, party := range []struct {
		caller, published *adversary.Ledger // of the two contracts
		identity          client.Identity
		direct            bool
		through           []client.Gateway
	}{
		{&p.callers.Registrar, &p.owner, registrar, false, slices.Concat(owners, others)},
		{&p.callers.Alone, nil, registrar, true, owners},
		{&p.callers.Around, nil, registrar, true, others},
		{&p.callers.Intruder, nil, intruder, false, owners},
		{&p.callers.Other, &p.other, others[0].Identity, false, others},
	} {
		c, err := p.dial(ctx, all, party.identity, party.direct, party.through...)
		if err != nil {
			return nil, err
		}
		for contract, caller := range map[string]*adversary.Ledger{pki.ContractName: party.caller, pki.PublishedName: party.published} {
			if caller == nil {
				continue
			}
			k, err := c.Contract(contract, "")
			if err != nil {
				return nil, err
			}
			*caller = partyLedger{p, c, k, party.direct}
		}
	}
	return p, nil
}

// of returns the gateways of an organisation's peers.
func of(all []client.Gateway, o topology.Organisation) (own []client.Gateway) {
	for _, g := range all {
		if g.Identity.MSP == o.MSP() {
			own = append(own, g)
		}
	}
	return own
}

// dial connects as an identity through peers, which alone endorse if the party goes to them directly.
func (p *parties) dial(ctx context.Context, cfg client.Config, as client.Identity, direct bool, through ...client.Gateway) (*client.Client, error) {
	cfg.Operator, cfg.Gateways = as.MSP, slices.Clone(through)
	for i := range cfg.Gateways {
		cfg.Gateways[i].Identity = as
	}
	if direct {
		cfg.Policies = map[string]client.Policy{cfg.Chaincode: {Need: 1, Of: []string{as.MSP}}}
	}
	c, err := client.Dial(ctx, cfg)
	if err == nil {
		p.clients = append(p.clients, c)
	}
	return c, err
}

// forget no longer waits for a peer.
func (p *parties) forget(peer string) { delete(p.peers, peer) }

func (p *parties) close() (err error) {
	for _, c := range p.clients {
		err = errors.Join(err, c.Close())
	}
	return err
}

// A partyLedger is the ledger as one party uses it. Whoever comes next sees what was committed, whichever peer endorses.
type partyLedger struct {
	*parties
	client   *client.Client
	contract client.Contract
	direct   bool
}

// Invoke implements adversary.Ledger.
func (l partyLedger) Invoke(ctx context.Context, function string, args ...[]byte) error {
	tx := bench.Transaction{Contract: l.contract.Name(), Function: function, Args: args, Wait: result.WaitCommit}
	if l.direct {
		tx.Driver = result.DriverDirect
	}
	receipt, err := l.client.Submit(ctx, tx)
	if err != nil {
		return &adversary.Uncommitted{Outcome: receipt.Outcome, Err: err}
	}
	for name, c := range l.peers {
		for c.NextBlock() <= receipt.Block {
			select {
			case <-ctx.Done():
				return fmt.Errorf("wait for block %d at %s: %w", receipt.Block, name, context.Cause(ctx))
			case <-time.After(time.Millisecond):
			}
		}
	}
	return nil
}

// Evaluate implements adversary.Ledger.
func (l partyLedger) Evaluate(ctx context.Context, function string, args ...[]byte) ([]byte, error) {
	return l.contract.Evaluate(ctx, function, args...)
}
