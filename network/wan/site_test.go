package wan

import (
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"meterbench/internal/process"
)

// Sockets belong to their site, wherever they are used, and processes as well.
func TestSites(t *testing.T) {
	e := start(t, Config{Links: between(2, Link{RoundTrip: 40 * time.Millisecond})})
	listener, err := e.Listen("b", net.JoinHostPort(e.Address("b"), "7050"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.Copy(conn, conn)
			}()
		}
	}()
	for _, c := range []struct {
		from  string
		least time.Duration
	}{{"a", 80 * time.Millisecond}, {"b", 0}} {
		t.Run(c.from, func(t *testing.T) {
			began := time.Now()
			conn, err := e.Dial(t.Context(), c.from, listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write([]byte("ping")); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(conn, make([]byte, 4)); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took < c.least || took > c.least+30*time.Millisecond {
				t.Errorf("connecting and an echo took %v, want about %v", took, c.least)
			}
			if from, _, _ := net.SplitHostPort(conn.LocalAddr().String()); from != e.Address(c.from) {
				t.Errorf("comes from %s, want %s", from, e.Address(c.from))
			}
		})
	}
	p, err := process.Start(process.Spec{
		Name: "node", Path: "/bin/sleep", Args: []string{"1000"}, LogPath: filepath.Join(t.TempDir(), "log"), Enter: e.Enter("b"),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(0)
}
