package standard

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/gob"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"meterbench/internal/alarm"
	"meterbench/internal/readjson"
)

// argv0 is the name under which the program plays a standard.
const argv0 = "meterbench-standard"

// Dispatch plays a standard if Start has started this program for that. args is the whole argument list. The main of
// a program that calls Start, and the TestMain of such a test, must call Dispatch before anything else and exit with
// the code if it was handled.
func Dispatch(args []string) (code int, handled bool) {
	if len(args) == 0 || args[0] != argv0 {
		return 0, false
	}
	if err := serve(args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "calibration standard: %v\n", err)
		return 1, true
	}
	return 0, true
}

// serve plays the standard until in ends, and then writes its log.
func serve(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("%d arguments", len(args))
	}
	var c Config
	if err := readjson.Unmarshal([]byte(args[0]), &c); err != nil {
		return err
	}
	answers := gob.NewEncoder(out)
	if c.Burn {
		return burn(in, answers)
	}
	clock, err := alarm.New()
	if err != nil {
		return err
	}
	defer clock.Close()
	p := newNode(c, clock)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	who, pair, err := identity()
	if err != nil {
		return err
	}
	clients := x509.NewCertPool()
	clients.AddCert(pair.Leaf)
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	})))
	gateway.RegisterGatewayServer(server, p)
	peer.RegisterDeliverServer(server, p)
	go server.Serve(listener) // ends with the process
	who.Address = listener.Addr().String()
	if err := answers.Encode(who); err != nil {
		return err
	}
	io.Copy(io.Discard, in) // ends when the log is asked for, or with the parent
	return answers.Encode(p.courses())
}

// burn keeps every core busy until in ends.
func burn(in io.Reader, answers *gob.Encoder) error {
	for range runtime.NumCPU() {
		go func() {
			for spins := new(atomic.Uint64); ; {
				spins.Add(1)
			}
		}()
	}
	if err := answers.Encode(Peer{}); err != nil {
		return err
	}
	io.Copy(io.Discard, in) // as above
	return answers.Encode(map[string]True{})
}

// identity returns a self-signed certificate, for TLS and as the client's identity.
func identity() (Peer, tls.Certificate, error) {
	who := Peer{Name: "standard", Channel: "metrology", Chaincode: "readings", MSP: "StandardMSP"}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return who, tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: who.Name}, DNSNames: []string{who.Name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return who, tls.Certificate{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return who, tls.Certificate{}, err
	}
	who.Cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	who.Key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	pair, err := tls.X509KeyPair(who.Cert, who.Key)
	return who, pair, err
}
