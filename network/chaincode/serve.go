// Package chaincode holds the contracts that meterbench deploys, as libraries, and serves them to a peer as a process
// of their own.
//
// Data flow: the peer connects to Serve's address and sends each proposal over one stream; the contract reads and
// writes the world state over the same stream and answers; the peer signs what came of it. Throughput depends on the
// number of messages on that stream, so contracts speak to the shim directly and read all they need in one message.
package chaincode

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

// maxMessage is the size of the largest message between peer and chaincode in bytes, as peers have it.
const maxMessage = 100 << 20

// Serve serves a contract. The environment says which, and to whom:
//
//	CHAINCODE_NAME                the name of one of Contracts
//	CHAINCODE_ID                  its package id on the peer
//	CHAINCODE_SERVER_ADDRESS      host:port to listen on
//	CHAINCODE_TLS_KEY_FILE        PEM files: the server's key,
//	CHAINCODE_TLS_CERT_FILE       its certificate,
//	CHAINCODE_TLS_CLIENT_CA_FILE  and who vouches for the peer
//	METERBENCH_OPERATOR           MSP id of the organisation that may register meters
//
// It returns nil when ctx ends and an error when it cannot serve.
func Serve(ctx context.Context, getenv func(string) string) error {
	name, address := getenv("CHAINCODE_NAME"), getenv("CHAINCODE_SERVER_ADDRESS")
	var listener net.Listener
	server, err := newServer(name, getenv)
	if err == nil {
		listener, err = net.Listen("tcp", address)
	}
	if err != nil {
		return fmt.Errorf("chaincode %q: %w", name, err)
	}
	// Streams last as long as the peer: there is no graceful end to wait for.
	defer context.AfterFunc(ctx, server.Stop)()
	if err := server.Serve(listener); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("chaincode %q: serve on %s: %w", name, address, err)
	}
	return nil
}

func newServer(name string, getenv func(string) string) (*grpc.Server, error) {
	contract, err := Contracts().newContract(name, getenv("METERBENCH_OPERATOR"))
	if err != nil {
		return nil, err
	}
	for _, variable := range append(tlsFiles, "CHAINCODE_ID", "CHAINCODE_SERVER_ADDRESS", "METERBENCH_OPERATOR") {
		if getenv(variable) == "" {
			return nil, fmt.Errorf("%s is not set", variable)
		}
	}
	config, err := loadTLS(getenv)
	if err != nil {
		return nil, err
	}
	server := grpc.NewServer(
		grpc.Creds(credentials.NewTLS(config)),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Minute, PermitWithoutStream: true}),
	)
	peer.RegisterChaincodeServer(server, &shim.ChaincodeServer{CCID: getenv("CHAINCODE_ID"), CC: contract})
	return server, nil
}

func (t Table) newContract(name, operator string) (shim.Chaincode, error) {
	c, ok := t.Find(name)
	if !ok {
		return nil, fmt.Errorf("no such contract; CHAINCODE_NAME must be one of: %s", strings.Join(t.Names(), ", "))
	}
	return c.New(operator), nil
}

var tlsFiles = []string{"CHAINCODE_TLS_KEY_FILE", "CHAINCODE_TLS_CERT_FILE", "CHAINCODE_TLS_CLIENT_CA_FILE"}

func loadTLS(getenv func(string) string) (*tls.Config, error) {
	files := make(map[string][]byte)
	for _, variable := range tlsFiles {
		var err error
		if files[variable], err = os.ReadFile(getenv(variable)); err != nil {
			return nil, fmt.Errorf("%s: %w", variable, err)
		}
	}
	cert, err := tls.X509KeyPair(files["CHAINCODE_TLS_CERT_FILE"], files["CHAINCODE_TLS_KEY_FILE"])
	if err != nil {
		return nil, fmt.Errorf("CHAINCODE_TLS_CERT_FILE and CHAINCODE_TLS_KEY_FILE: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(files["CHAINCODE_TLS_CLIENT_CA_FILE"]) {
		return nil, errors.New("CHAINCODE_TLS_CLIENT_CA_FILE: no PEM certificate")
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert},
		ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
	}, nil
}
