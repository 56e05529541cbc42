package chaincode

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"

	"meterbench/simulators/reading"
)

// environment returns a complete environment for Serve in which one
// certificate stands for chaincode, peer and CA, and that certificate.
func environment(t *testing.T) (map[string]string, tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return map[string]string{
		"CHAINCODE_NAME": reading.ContractName, "CHAINCODE_ID": "readings:abc", "METERBENCH_OPERATOR": operator,
		"CHAINCODE_SERVER_ADDRESS": listener.Addr().String(),
		"CHAINCODE_TLS_KEY_FILE":   file("key.pem", keyPEM), "CHAINCODE_TLS_CERT_FILE": file("cert.pem", certPEM),
		"CHAINCODE_TLS_CLIENT_CA_FILE": file("ca.pem", certPEM),
	}, pair
}

// TestServe plays the peer's part: it connects with and without a client
// certificate, runs Ping over the chaincode protocol and ends the server.
func TestServe(t *testing.T) {
	env, pair := environment(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, func(name string) string { return env[name] }) }()

	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	connect := func(certs ...tls.Certificate) (peer.Chaincode_ConnectClient, error) {
		conn, err := grpc.NewClient(env["CHAINCODE_SERVER_ADDRESS"], grpc.WithTransportCredentials(credentials.NewTLS(
			&tls.Config{RootCAs: roots, ServerName: "localhost", Certificates: certs})))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		stream, err := peer.NewChaincodeClient(conn).Connect(t.Context(), grpc.WaitForReady(len(certs) > 0))
		if err != nil {
			return nil, err
		}
		_, err = stream.Header()
		return stream, err
	}
	stream, err := connect(pair)
	if err != nil {
		t.Fatal(err)
	}
	receive := func(want peer.ChaincodeMessage_Type) *peer.ChaincodeMessage {
		t.Helper()
		message, err := stream.Recv()
		if err != nil || message.GetType() != want {
			t.Fatalf("received %v, %v; want %v", message, err, want)
		}
		return message
	}
	send := func(message *peer.ChaincodeMessage) {
		t.Helper()
		if err := stream.Send(message); err != nil {
			t.Fatal(err)
		}
	}
	var id peer.ChaincodeID
	if err := proto.Unmarshal(receive(peer.ChaincodeMessage_REGISTER).GetPayload(), &id); err != nil || id.GetName() != "readings:abc" {
		t.Fatalf("registers as %q, %v", id.GetName(), err)
	}
	send(&peer.ChaincodeMessage{Type: peer.ChaincodeMessage_REGISTERED})
	send(&peer.ChaincodeMessage{Type: peer.ChaincodeMessage_READY})
	input, err := proto.Marshal(&peer.ChaincodeInput{Args: [][]byte{[]byte(reading.FnPing)}})
	if err != nil {
		t.Fatal(err)
	}
	send(&peer.ChaincodeMessage{Type: peer.ChaincodeMessage_TRANSACTION, Txid: "1", ChannelId: "metrology", Payload: input})
	var response peer.Response
	if err := proto.Unmarshal(receive(peer.ChaincodeMessage_COMPLETED).GetPayload(), &response); err != nil {
		t.Fatal(err)
	}
	if response.GetStatus() != shim.OK || string(response.GetPayload()) != reading.ContractName {
		t.Errorf("Ping answered %v", &response)
	}
	if _, err := connect(); err == nil {
		t.Error("a peer without a certificate was let in")
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve ended with %v", err)
	}
}

func TestServeRefusesEnvironment(t *testing.T) {
	tests := []struct{ variable, value, want string }{
		{"CHAINCODE_NAME", "bills", `chaincode "bills": no such contract; CHAINCODE_NAME must be one of: readings`},
		{"CHAINCODE_ID", "", "CHAINCODE_ID is not set"},
		{"METERBENCH_OPERATOR", "", "METERBENCH_OPERATOR is not set"},
		{"CHAINCODE_SERVER_ADDRESS", "", "CHAINCODE_SERVER_ADDRESS is not set"},
		{"CHAINCODE_SERVER_ADDRESS", "256.0.0.1:1", "256.0.0.1"},
		{"CHAINCODE_TLS_KEY_FILE", "", "CHAINCODE_TLS_KEY_FILE is not set"},
		{"CHAINCODE_TLS_CERT_FILE", "/none", "CHAINCODE_TLS_CERT_FILE: open /none"},
		{"CHAINCODE_TLS_CLIENT_CA_FILE", "/dev/null", "CHAINCODE_TLS_CLIENT_CA_FILE: no PEM certificate"},
		{"CHAINCODE_TLS_KEY_FILE", "/dev/null", "CHAINCODE_TLS_CERT_FILE and CHAINCODE_TLS_KEY_FILE: "},
	}
	for _, test := range tests {
		t.Run(test.variable+"="+test.value, func(t *testing.T) {
			env, _ := environment(t)
			env[test.variable] = test.value
			err := Serve(t.Context(), func(name string) string { return env[name] })
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v; want %q in it", err, test.want)
			}
		})
	}
}
