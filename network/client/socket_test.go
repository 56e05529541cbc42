//go:build !race

package client

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sockets returns a socket and the other end of its connection.
func sockets(t *testing.T) (net.Conn, *net.TCPConn) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	near, err := Dialer(nil).dialSocket(t.Context(), listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close() })
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	return near, far.(*net.TCPConn)
}

// What is written arrives, in both directions at once, also where it is more than the kernel holds.
func TestSocketTransfers(t *testing.T) {
	near, far := sockets(t)
	random := rand.NewChaCha8([32]byte{1})
	var sent, got [2][]byte
	var all sync.WaitGroup
	for i, c := range [2]struct{ from, to net.Conn }{{near, far}, {far, near}} {
		sent[i] = make([]byte, 20<<20)
		random.Read(sent[i])
		all.Go(func() {
			for rest := sent[i]; len(rest) > 0; {
				n, err := c.from.Write(rest[:min(len(rest), 3<<20)])
				if err != nil {
					t.Error(err)
					return
				}
				rest = rest[n:]
			}
			if n, err := c.from.Write(nil); n != 0 || err != nil {
				t.Errorf("wrote %d bytes of none, error %v", n, err)
			}
			c.from.(interface{ CloseWrite() error }).CloseWrite()
		})
		all.Go(func() {
			if n, err := c.to.Read(nil); n != 0 || err != nil {
				t.Errorf("read %d bytes into none, error %v", n, err)
			}
			var err error
			if got[i], err = io.ReadAll(c.to); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range sent {
		if !bytes.Equal(sent[i], got[i]) {
			t.Errorf("direction %d: %d bytes arrived of %d, or others", i, len(got[i]), len(sent[i]))
		}
	}
}

// A socket ends its waiting, and fails, as the connections of package net do.
func TestSocketErrors(t *testing.T) {
	buffer := make([]byte, 1<<20)
	for name, provoke := range map[string]func(near net.Conn, far *net.TCPConn) error{
		"the deadline of a read passes": func(near net.Conn, _ *net.TCPConn) error {
			near.SetReadDeadline(time.Now().Add(time.Millisecond))
			_, err := near.Read(buffer)
			return err
		},
		"the deadline of a write passes": func(near net.Conn, _ *net.TCPConn) (err error) {
			near.SetWriteDeadline(time.Now().Add(time.Millisecond))
			for err == nil {
				_, err = near.Write(buffer)
			}
			return err
		},
		"closed while it reads": func(near net.Conn, _ *net.TCPConn) error {
			time.AfterFunc(time.Millisecond, func() { near.Close() })
			_, err := near.Read(buffer)
			return err
		},
		"the peer closes": func(near net.Conn, far *net.TCPConn) error {
			far.Close()
			_, err := near.Read(buffer)
			return err
		},
		"the peer resets": func(near net.Conn, far *net.TCPConn) error {
			far.SetLinger(0)
			far.Close()
			_, err := near.Read(buffer)
			return err
		},
		"the peer resets a write": func(near net.Conn, far *net.TCPConn) (err error) {
			far.SetLinger(0)
			far.Close()
			for err == nil {
				_, err = near.Write(buffer)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			type failure struct {
				text                     string
				timeout, closed, expired bool
			}
			var got [2]failure
			for i := range got {
				near, far := sockets(t)
				if i == 1 { // as it would be without
					near = near.(*socket).TCPConn
				}
				err := provoke(near, far)
				var timeout net.Error
				got[i] = failure{
					timeout: errors.As(err, &timeout) && timeout.Timeout(), closed: errors.Is(err, net.ErrClosed),
					expired: errors.Is(err, os.ErrDeadlineExceeded),
				}
				for ; err != nil; err = errors.Unwrap(err) {
					got[i].text = err.Error() // the innermost
				}
			}
			if diff := cmp.Diff(got[1], got[0], cmp.AllowUnexported(failure{})); diff != "" {
				t.Errorf("the error of the socket (-net +got):\n%s", diff)
			}
		})
	}
}
