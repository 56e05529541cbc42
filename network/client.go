package network

import (
	"context"
	"fmt"

	"meterbench/bench/topology"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// Client connects to a chaincode through the gateways of all peers on the channel, each as the
// client user of its own organisation. The observing peer is the first member's first. The caller
// closes it.
func (n *Network) Client(ctx context.Context, channel, chaincode string) (*client.Client, error) {
	return n.record.Client(ctx, channel, chaincode)
}

// Client connects as Network.Client does.
func (r *Record) Client(ctx context.Context, channel, chaincode string) (*client.Client, error) {
	c, err := r.channel(channel)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	cfg := client.Config{Channel: channel, Chaincode: chaincode}
	for _, cc := range c.Chaincodes {
		if cc.Name == chaincode {
			cfg.Operator = topology.MSP(cc.Operator)
		}
	}
	if cfg.Operator == "" {
		return nil, fmt.Errorf("connect: channel %s has no chaincode %s", channel, chaincode)
	}
	for _, name := range c.Peers {
		peer := r.node(name)
		ca, user, err := r.keys(peer.Organisation, fabric.User)
		if err != nil {
			return nil, fmt.Errorf("connect to %s: %w", name, err)
		}
		cfg.Gateways = append(cfg.Gateways, client.Gateway{
			Name: name, Address: peer.Address, ServerName: name, TLSCA: ca,
			Identity: client.Identity{MSP: topology.MSP(peer.Organisation), CertPEM: user.Cert, KeyPEM: user.Key},
		})
	}
	return client.Dial(ctx, cfg)
}

// keys reads the certificate of an organisation's TLS authority and the credential of one of its
// users.
func (r *Record) keys(organisation, user string) (ca []byte, c fabric.Credential, err error) {
	return fabric.ReadKeys(organisationDir(r.Dir, organisation), user)
}
