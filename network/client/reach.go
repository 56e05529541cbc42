package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/status"

	"meterbench/internal/printable"
)

// reachTimeout bounds the time for a connection and its handshake, and refusalWait that for a node to turn the
// client's certificate down, which under TLS 1.3 it does after the handshake.
const (
	reachTimeout = 5 * time.Second
	refusalWait  = 500 * time.Millisecond
)

// Unreachable says why a node cannot be connected to, and what to do about it.
type Unreachable struct {
	Address string
	Reason  string
	Remedy  string
	cause   error
}

// Error returns address and reason.
func (e *Unreachable) Error() string { return e.Address + " " + e.Reason }

// Unwrap returns the cause.
func (e *Unreachable) Unwrap() error { return e.cause }

// Reach makes sure that a node answers at an address, by TLS, with a certificate that has a name, and takes the client's.
// The error is an *Unreachable, or that of ctx.
func Reach(ctx context.Context, address, serverName string, t TLS) error {
	return Dialer(nil).Reach(ctx, address, serverName, t)
}

// Reach is the function Reach by this dialer.
func (d Dialer) Reach(ctx context.Context, address, serverName string, t TLS) error {
	config, err := t.Config(serverName)
	if err != nil {
		return err
	}
	config.NextProtos = []string{"h2"}
	dialling, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	conn, err := d.Dial(dialling, address)
	if err != nil {
		return unreachable(ctx, address, serverName, err)
	}
	defer conn.Close()
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(dialling); err != nil {
		return unreachable(ctx, address, serverName, err)
	}
	if err := secure.SetReadDeadline(time.Now().Add(refusalWait)); err != nil {
		return err
	}
	if _, err := secure.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return unreachable(ctx, address, serverName, err)
	}
	return nil
}

// unreachable explains an error of a connection.
func unreachable(ctx context.Context, address, serverName string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	u := &Unreachable{Address: address, cause: err, Reason: "cannot be connected to: " + err.Error()}
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.Is(err, unix.ECONNREFUSED):
		u.Reason, u.Remedy = "refuses the connection: nothing listens there", "start the node, or mend its address in the profile"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		u.Reason, u.Remedy = fmt.Sprintf("does not answer within %s", reachTimeout), "mend its address in the profile, or let the client through to it"
	case errors.As(err, &name):
		u.Reason = fmt.Sprintf("answers with a certificate that does not have the name %s, but %s", serverName, namesIn(name.Certificate))
		u.Remedy = "write the name under grpcOptions as ssl-target-name-override, if the address is right"
	case errors.As(err, &unknown):
		u.Reason = fmt.Sprintf("answers with a certificate by another authority than the profile's tlsCACerts: for %s, by %s",
			namesIn(unknown.Cert), unknown.Cert.Issuer)
		u.Remedy = "mend the address, or give the authority of the node's TLS certificate"
	case errors.As(err, &invalid):
		u.Reason, u.Remedy = "answers with a certificate that is not valid: "+invalid.Error(), "renew the node's TLS certificate"
	case isPlain(err):
		u.Reason, u.Remedy = "does not answer by TLS", "switch TLS on at the node, or mend the address"
	case strings.Contains(err.Error(), "certificate required"), strings.Contains(err.Error(), "bad certificate"),
		strings.Contains(err.Error(), "unknown certificate authority"), errors.Is(err, io.EOF), errors.Is(err, unix.ECONNRESET):
		u.Reason = "turns the client's TLS certificate down, or asks for one: " + err.Error()
		u.Remedy = "give the certificate and key that it admits under client.tlsCerts.client of the profile"
	default:
		u.Remedy = "mend its address in the profile"
	}
	return u
}

func isPlain(err error) bool {
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	return plain
}

// namesIn lists the names in a certificate.
func namesIn(c *x509.Certificate) string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "none"
	}
	const most = 5
	if len(names) > most {
		names = append(names[:most], "…")
	}
	return strings.Join(names, ", ")
}

// Said returns what a gateway service, and through it endorsers and orderers, said in the error of a call, in plain
// English.
func Said(err error) string {
	said := err.Error()
	if s, ok := errors.AsType[interface {
		error
		GRPCStatus() *status.Status
	}](err); ok {
		said = s.GRPCStatus().Message()
	}
	for i, d := range details(err) {
		said = with(said, i, d, d.GetMessage())
	}
	return printable.Line(printable.Plain(said))
}
