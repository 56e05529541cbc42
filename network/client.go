package network

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"

	"meterbench/bench/topology"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// Client connects to a chaincode through the gateways of all peers on the
// channel, each as the client user of its own organisation. The observing peer
// is the first member's first. The caller closes it.
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
		dir := organisationDir(r.Dir, peer.Organisation)
		ca, err1 := os.ReadFile(filepath.Join(dir, tlsCAFile))
		user, err2 := readCredential(dir, userCert, userKey)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("connect to %s: %w", name, err)
		}
		cfg.Gateways = append(cfg.Gateways, client.Gateway{
			Name: name, Address: peer.Address, ServerName: name, TLSCA: ca,
			Identity: client.Identity{MSP: topology.MSP(peer.Organisation), CertPEM: user.Cert, KeyPEM: user.Key},
		})
	}
	return client.Dial(ctx, cfg)
}

func readCredential(dir, cert, key string) (fabric.Credential, error) {
	c, err1 := os.ReadFile(filepath.Join(dir, cert))
	k, err2 := os.ReadFile(filepath.Join(dir, key))
	return fabric.Credential{Cert: c, Key: k}, errors.Join(err1, err2)
}

// dial connects to a node's gRPC services. Nodes that are starting are tried
// again far sooner than gRPC does by default, which is after a second.
func dial(address string, ca []byte) (*grpc.ClientConn, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("TLS authority: no certificate in it")
	}
	return grpc.NewClient(address,
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.2, Jitter: 0.2, MaxDelay: 200 * time.Millisecond},
			MinConnectTimeout: 5 * time.Second,
		}),
	)
}
