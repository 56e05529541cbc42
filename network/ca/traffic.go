package ca

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// Traffic is what an operation took on the wire between this process and the authority's.
type Traffic struct {
	Calls    int    // HTTP requests
	Sent     uint64 // bytes, with TLS and HTTP, on the connections used
	Received uint64
}

// Add returns the sum.
func (t Traffic) Add(u Traffic) Traffic {
	return Traffic{t.Calls + u.Calls, t.Sent + u.Sent, t.Received + u.Received}
}

// countedConn counts what goes over a connection. A connection of HTTP/1.1 has one request at a time, so what came since the
// last one was told belongs to the next, the handshake to the first.
type countedConn struct {
	net.Conn
	sent, received         atomic.Uint64
	toldSent, toldReceived atomic.Uint64
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.received.Add(uint64(n))
	return n, err
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(uint64(n))
	return n, err
}

// take returns what was not told yet.
func (c *countedConn) take() (sent, received uint64) {
	s, r := c.sent.Load(), c.received.Load()
	return s - c.toldSent.Swap(s), r - c.toldReceived.Swap(r)
}

// maxConnections is how many connections to a server are kept for the next calls. A call beyond opens one of its own.
const maxConnections = 256

// idle is how long a connection without calls is kept.
const idle = time.Hour

// newTransport returns a transport over TLS that keeps connections and counts what goes over them. Only certificates by roots
// are trusted.
func newTransport(roots *x509.CertPool) *http.Transport {
	dialer := &net.Dialer{}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &countedConn{Conn: conn}, nil
		},
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		MaxIdleConns:        maxConnections,
		MaxIdleConnsPerHost: maxConnections,
		IdleConnTimeout:     idle,
		DisableCompression:  true,
	}
}

// counted returns the request with a trace of the connection that it gets, and what to call once its answer is read.
func counted(r *http.Request) (*http.Request, func() Traffic) {
	var used atomic.Pointer[countedConn]
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		conn := info.Conn
		if secure, ok := conn.(*tls.Conn); ok {
			conn = secure.NetConn()
		}
		if c, ok := conn.(*countedConn); ok {
			used.Store(c)
		}
	}}
	return r.WithContext(httptrace.WithClientTrace(r.Context(), trace)), func() Traffic {
		t := Traffic{Calls: 1}
		if c := used.Load(); c != nil {
			t.Sent, t.Received = c.take()
		}
		return t
	}
}
