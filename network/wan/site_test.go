package wan

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"meterbench/internal/process"
)

// Sockets belong to their site, wherever they are used, and processes as well.
func TestSites(t *testing.T) {
	e := start(t, Config{Links: between(2, Link{RoundTrip: 200 * time.Millisecond})})
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
		from        string
		least, most time.Duration
	}{{"a", 400 * time.Millisecond, time.Minute}, {"b", 0, 400 * time.Millisecond}} {
		echo := func(t *testing.T) time.Duration {
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
			took := time.Since(began)
			if from, _, _ := net.SplitHostPort(conn.LocalAddr().String()); from != e.Address(c.from) {
				t.Errorf("comes from %s, want %s", from, e.Address(c.from))
			}
			return took
		}
		t.Run(c.from, func(t *testing.T) {
			took := echo(t)
			for tries := 0; tries < 20 && took > c.most; tries++ { // this process may have waited to run
				took = echo(t)
			}
			if took < c.least || took > c.most {
				t.Errorf("connecting and an echo took %v, want %v to %v", took, c.least, c.most)
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
	name, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	var inside string
	if err := e.Do("b", func() (err error) { inside, err = os.Readlink(selfSpace); return err }); err != nil || name != inside {
		t.Errorf("the process is in %s, the site is %s, %v", name, inside, err)
	}
	if here, err := os.Readlink(selfSpace); err != nil || here == inside {
		t.Errorf("this thread is in %s, as the site, %v", here, err)
	}
}

// What is wrong is said, and nothing is left open.
func TestSiteErrors(t *testing.T) {
	e := start(t, Config{Links: between(2, Link{})})
	for _, c := range []struct {
		name string
		do   func() error
		want string
	}{
		{"dial from nowhere", func() error { _, err := e.Dial(t.Context(), "x", "198.18.1.1:80"); return err }, `emulation of distances: there is no site "x"`},
		{"dial a name", func() error { _, err := e.Dial(t.Context(), "a", "peer0.ptb:80"); return err }, "dial from site a: "},
		{"dial nobody", func() error { _, err := e.Dial(t.Context(), "a", "198.18.2.1:80"); return err }, "dial tcp 198.18.2.1:80: connect: connection refused"},
		{"listen nowhere", func() error { _, err := e.Listen("x", "198.18.1.1:80"); return err }, `emulation of distances: there is no site "x"`},
		{"listen elsewhere", func() error { _, err := e.Listen("a", "198.18.2.1:80"); return err }, "listen tcp 198.18.2.1:80: bind: cannot assign requested address"},
		{"enter nowhere", func() error { return e.Do("x", func() error { return nil }) }, `emulation of distances: there is no site "x"`},
		{"fail", func() error { return e.Do("a", func() error { return io.EOF }) }, "EOF"},
		{"end", func() error { return e.Do("a", func() error { runtime.Goexit(); return nil }) }, "it did not return"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.do(); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if e.Address("x") != "" || e.Namespace("x") != nil {
		t.Error("a site that is not there has an address or a namespace")
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{e.Enforce(), e.Cut("a", "b"), e.Enter("a")()} {
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("after the end: error %v", err)
		}
	}
}

// A gRPC client dials over the emulation.
func TestGRPC(t *testing.T) {
	e := start(t, Config{Links: between(2, Link{RoundTrip: 30 * time.Millisecond})})
	listener, err := e.Listen("b", net.JoinHostPort(e.Address("b"), "7050"))
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, health.NewServer())
	go server.Serve(listener)
	defer server.Stop()
	conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return e.Dial(ctx, "a", address) }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 2 {
		began := time.Now()
		if _, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 30*time.Millisecond {
			t.Errorf("a call took %v", took)
		}
	}
}
