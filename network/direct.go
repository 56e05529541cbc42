package network

import (
	"fmt"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// direct adds to the configuration of a client what it needs to take transactions to endorsers and orderers itself.
func (r *Record) direct(cfg *client.Config) error {
	for _, n := range r.Nodes {
		if n.Role != result.RoleOrderer {
			continue
		}
		ca, err := fabric.ReadTLSCA(organisationDir(r.Dir, n.Organisation))
		if err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
		address, _ := r.reached(n, n.Address) // by the dialer of whose clients call it
		tls := cfg.Gateways[0].TLS            // of a member, which orderers take
		tls.CA = ca
		cfg.Orderers = append(cfg.Orderers, client.Orderer{Name: n.Name, Address: address, TLS: tls})
	}
	if r.Topology.Orderers.Consensus == topology.BFT {
		cfg.Quorum = r.Topology.Orderers.Quorum()
	}
	cfg.Policies = map[string]client.Policy{}
	for _, channel := range r.Topology.Channels {
		if channel.Name != cfg.Channel {
			continue
		}
		for _, cc := range channel.Chaincodes {
			n, organisations, err := r.Topology.Endorsement(channel, cc)
			if err != nil {
				return fmt.Errorf("channel %s: %w", channel.Name, err)
			}
			policy := client.Policy{Need: n}
			for _, o := range organisations {
				policy.Of = append(policy.Of, topology.MSP(o))
			}
			cfg.Policies[cc.Name] = policy
		}
	}
	return nil
}
