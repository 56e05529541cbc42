package worker

import (
	"context"
	"net"
	"sync/atomic"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

// A hearing counts the bytes that come over one connection. A long message takes its time where the connection is slow, or shared by many
// workers: as long as some of it comes its sender is not silent.
type hearing struct{ bytes atomic.Uint64 }

// on returns a connection of which the bytes are counted.
func (h *hearing) on(conn net.Conn) net.Conn { return &heardConn{conn, h} }

// dial connects a worker to its coordinator.
func (h *hearing) dial(ctx context.Context, address string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return h.on(conn), nil
}

type heardConn struct {
	net.Conn
	heard *hearing
}

// Read implements net.Conn.
func (c *heardConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.heard.bytes.Add(uint64(n))
	return n, err
}

// hearingServer are the credentials of a server that counts what comes over each connection.
type hearingServer struct {
	credentials.TransportCredentials
}

// ServerHandshake implements credentials.TransportCredentials.
func (s hearingServer) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	heard := new(hearing)
	conn, info, err := s.TransportCredentials.ServerHandshake(heard.on(raw))
	if err != nil {
		return nil, nil, err
	}
	return conn, heardInfo{info, heard}, nil
}

// Clone implements credentials.TransportCredentials.
func (s hearingServer) Clone() credentials.TransportCredentials {
	return hearingServer{s.TransportCredentials.Clone()}
}

// heardInfo is what a server knows of a connection.
type heardInfo struct {
	credentials.AuthInfo
	heard *hearing
}

// heardOf returns the hearing of the connection that a call came over.
func heardOf(ctx context.Context) *hearing {
	if from, ok := peer.FromContext(ctx); ok {
		if info, ok := from.AuthInfo.(heardInfo); ok {
			return info.heard
		}
	}
	return new(hearing)
}
