package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
)

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

// A Dialer connects to host:port, as from another site than that of this process. Nil connects from here.
type Dialer func(ctx context.Context, address string) (net.Conn, error)

// Connect returns a connection to the gRPC services of a node that has a name in its TLS certificate. A node that is
// starting is tried again soon.
func Connect(address, serverName string, t TLS) (*grpc.ClientConn, error) {
	return Dialer(nil).Connect(address, serverName, t)
}

// Connect is the function Connect by this dialer.
func (d Dialer) Connect(address, serverName string, t TLS) (*grpc.ClientConn, error) {
	return d.connectWith(address, serverName, t)
}

// connectWith is Connect with further options.
func (d Dialer) connectWith(address, serverName string, t TLS, more ...grpc.DialOption) (*grpc.ClientConn, error) {
	config, err := t.Config(serverName)
	if err != nil {
		return nil, err
	}
	return d.connectTLS(address, config, more...)
}

// Dial connects to host:port.
func (d Dialer) Dial(ctx context.Context, address string) (net.Conn, error) {
	if d != nil {
		return d(ctx, address)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", address)
}

// connectTLS is Connect with the settings of TLS made.
//
// The options keep the cost of a call low: windows of fixed size spare the pings that estimate the bandwidth,
// large buffers spare system calls, and what is never used (service configuration, transparent retries,
// statistics) is switched off.
func (d Dialer) connectTLS(address string, config *tls.Config, more ...grpc.DialOption) (*grpc.ClientConn, error) {
	options := append([]grpc.DialOption{
		grpc.WithTransportCredentials(credentials.NewTLS(config)),
		grpc.WithInitialWindowSize(1 << 20),
		grpc.WithInitialConnWindowSize(16 << 20),
		grpc.WithReadBufferSize(64 << 10),
		grpc.WithWriteBufferSize(64 << 10),
		grpc.WithContextDialer(d.dialSocket),
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
