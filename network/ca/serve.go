package ca

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ocsp"

	"meterbench/internal/lows"
	"meterbench/internal/process"
	"meterbench/internal/readjson"
	"meterbench/internal/regular"
)

// responderArgv0 is the name under which the program plays the OCSP responder.
const responderArgv0 = "meterbench-ocsp"

// IsChild reports whether Start has started this program, as a responder. args is the whole argument list.
func IsChild(args []string) bool { return len(args) > 0 && args[0] == responderArgv0 }

// Dispatch does what Start has started this program for, if it has: play the OCSP responder, or remove what a process that was
// killed left. args is the whole argument list. The main of a program that calls Start, and the TestMain of such a test, must call
// Dispatch before anything else and exit with the code if it was handled.
func Dispatch(args []string) (code int, handled bool) {
	if code, handled := process.Reap(args, func() error { return nil }); handled {
		return code, true
	}
	if !IsChild(args) {
		return 0, false
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "OCSP responder: %v\n", err)
		return 1, true
	}
	return 0, true
}

// storedIdentity is an identity in a file.
type storedIdentity struct {
	Certificate []byte `json:"certificate"` // DER
	Key         []byte `json:"key"`         // PKCS #8
}

func (i Identity) stored() (storedIdentity, error) {
	key := crypto.PrivateKey(i.Key)
	if k, ok := key.(lows.Key); ok {
		key = k.PrivateKey
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	return storedIdentity{i.Leaf.Raw, pkcs8}, err
}

func (s storedIdentity) identity() (Identity, error) {
	certificate, err := ParseCertificate(s.Certificate)
	if err != nil {
		return Identity{}, err
	}
	key, err := x509.ParsePKCS8PrivateKey(s.Key)
	private, ok := key.(*ecdsa.PrivateKey)
	if err == nil && !ok {
		err = fmt.Errorf("a private key of type %T", key)
	}
	return Identity{certificate, lows.Key{PrivateKey: private}}, err
}

// responderConfig is what the responder's process is told, in a file.
type responderConfig struct {
	Address string         `json:"address"` // host:port to serve at
	Server  string         `json:"server"`  // host:port of fabric-ca
	Issuer  []byte         `json:"issuer"`  // its certificate, DER
	Lists   storedIdentity `json:"lists"`   // gets CRLs
	Signer  storedIdentity `json:"signer"`  // signs answers
	Cert    []byte         `json:"cert"`    // of TLS, PEM
	Key     []byte         `json:"key"`
	TLSCA   []byte         `json:"tlsca"`
	Refresh time.Duration  `json:"refresh"`
	Timeout time.Duration  `json:"timeout"`
}

// service is a responder's process.
type service struct {
	responder
	client  restClient
	lists   Identity
	refresh time.Duration

	mu  sync.RWMutex
	crl *crl // the last one
}

// serve runs the responder until the context ends.
func serve(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%d arguments", len(args))
	}
	text, err := regular.Read(args[0], 1<<20)
	if err != nil {
		return err
	}
	var c responderConfig
	if err := readjson.Unmarshal(text, &c); err != nil {
		return err
	}
	s, err := newService(c)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(c.Cert, c.Key)
	if err != nil {
		return err
	}
	if err := s.fetch(ctx); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Address)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	server := httpServer(s, c.Timeout)
	go func() {
		ended <- server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
	}()
	go s.keepUp(ctx)
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}

// httpServer returns a server that reads a request within a time. It keeps idle connections longer than callers do: one that it ends while
// a caller sends the next request would look as if it were down.
func httpServer(h http.Handler, timeout time.Duration) *http.Server {
	return &http.Server{Handler: h, ReadTimeout: timeout, IdleTimeout: 2 * idle, ErrorLog: log.New(io.Discard, "", 0)} // strangers' handshakes
}

func newService(c responderConfig) (*service, error) {
	issuer, err := parseCertificate(c.Issuer)
	if err != nil {
		return nil, err
	}
	lists, err1 := c.Lists.identity()
	signer, err2 := c.Signer.identity()
	return &service{
		responder: responder{issuer, signer}, lists: lists, refresh: c.Refresh,
		client: restClient{newCaller(serverNode, c.Server, c.TLSCA, c.Timeout), issuer},
	}, errors.Join(err1, err2)
}

// fetch takes over a new CRL.
func (s *service) fetch(ctx context.Context) error {
	der, _, err := s.client.crl(ctx, s.lists)
	if err != nil {
		return err
	}
	list, err := parseCRL(der, []*x509.Certificate{s.issuer}, time.Now())
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.crl = list
	return nil
}

// keepUp fetches CRLs until the context ends. One that cannot be had is logged: the last counts until it is too old.
func (s *service) keepUp(ctx context.Context) {
	tick := time.NewTicker(s.refresh)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.fetch(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintf(os.Stderr, "%v fetch the CRL: %v\n", time.Now().Format(time.RFC3339), err)
		}
	}
}

// ServeHTTP answers a request by POST (RFC 6960, appendix A.1).
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "requests are made by POST", http.StatusMethodNotAllowed)
		return
	}
	request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostStatus))
	if err != nil {
		http.Error(w, "the request cannot be read", http.StatusBadRequest)
		return
	}
	answer, err := s.at(time.Now(), request)
	if err != nil {
		answer = ocsp.InternalErrorErrorResponse
	}
	w.Header().Set("Content-Type", "application/ocsp-response")
	w.Write(answer) // to one who may be gone
}

// at answers a request at a time by the last CRL, as long as that counts.
func (s *service) at(now time.Time, request []byte) ([]byte, error) {
	s.mu.RLock()
	list := s.crl
	s.mu.RUnlock()
	next := list.this.Add(2 * s.refresh)
	if list.next.Before(next) { // it does not count longer than what it goes by
		next = list.next
	}
	if now.After(next) {
		return ocsp.TryLaterErrorResponse, nil
	}
	return s.answer(request, list.this, next, list.revoked)
}
