package ca

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are made in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Net: "pipe"} }

// The responder leaves it to callers to end idle connections: a request on one that it ends would fail as if it were down.
func TestIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener, dials := make(pipes), 0
		server := httpServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }), time.Second)
		go server.Serve(listener)
		transport := newTransport(nil)
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			dials++
			ours, theirs := net.Pipe()
			listener <- theirs
			return ours, nil
		}
		defer func() {
			transport.CloseIdleConnections()
			close(listener)
			server.Close()
		}()
		client := &http.Client{Transport: transport}
		for _, pause := range []time.Duration{0, time.Second, time.Minute, idle - time.Second} {
			time.Sleep(pause)
			response, err := client.Post("http://responder/", "", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if dials != 1 {
				t.Fatalf("%d connections after a pause of %v", dials, pause)
			}
		}
	})
}
