package sockets

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// A counted connection counts what TLS writes to it and reads from it.
type counted struct {
	net.Conn
	sent, received *atomic.Uint64
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.sent.Add(uint64(n))
	return n, err
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.received.Add(uint64(n))
	return n, err
}

// serve starts a TLS server that answers every byte, and returns its address and the settings of a client.
func serve(t *testing.T) (netip.AddrPort, *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"echo"}, NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
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
	return listener.Addr().(*net.TCPAddr).AddrPort(), &tls.Config{RootCAs: roots, ServerName: "echo"}
}

// nobody is the PID of no process: its sockets are known by its address.
const nobody = 1 << 30

// A talk is a client of the echo server whose bytes are counted.
type talk struct {
	*tls.Conn
	sent, received atomic.Uint64
}

func dial(t *testing.T, at netip.AddrPort, config *tls.Config) *talk {
	t.Helper()
	conn, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	of := &talk{}
	of.Conn = tls.Client(counted{conn, &of.sent, &of.received}, config)
	return of
}

// echo sends so many bytes and waits for them to come back.
func (c *talk) echo(t *testing.T, n int) {
	t.Helper()
	written := make(chan error, 1)
	go func() {
		_, err := c.Write(make([]byte, n))
		written <- err
	}()
	if _, err := io.ReadFull(c, make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, processes ...Process) *Watch {
	t.Helper()
	w, err := Open(processes)
	if err != nil {
		t.Skipf("the kernel tells nothing of sockets: %v", err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func read(t *testing.T, w *Watch) Totals {
	t.Helper()
	totals, err := w.Read()
	if err != nil {
		t.Fatal(err)
	}
	return totals
}

// What the kernel counts is to the byte what a client counts that sits between TLS and the socket, whether the connection is
// open at both readings, opened between them, or opened and closed between them, with server and client in one process.
func TestExact(t *testing.T) {
	at, config := serve(t)
	w := open(t, Process{Name: "client", PID: os.Getpid()}, Process{Name: "echo", PID: nobody, Serves: []netip.AddrPort{at}})
	before := read(t, w)
	stays := dial(t, at, config)
	defer stays.Close()
	stays.echo(t, 1_000_000)
	var sent, received uint64
	check := func(step string) {
		t.Helper()
		var now Totals
		there, back := Way{"client", "echo"}, Way{"echo", "client"}
		for range 200 { // the end of a socket is told a moment later
			now = read(t, w)
			if now.Ways[there].Bytes-before.Ways[there].Bytes == sent && now.Ways[back].Bytes-before.Ways[back].Bytes == received {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if got := now.Ways[there].Bytes - before.Ways[there].Bytes; got != sent {
			t.Errorf("%s: %d bytes to the server, want %d", step, got, sent)
		}
		if got := now.Ways[back].Bytes - before.Ways[back].Bytes; got != received {
			t.Errorf("%s: %d bytes from the server, want %d", step, got, received)
		}
		if n := now.Ways[there].Segments; n == 0 || n > sent {
			t.Errorf("%s: %d segments", step, n)
		}
		if len(now.Ways) != 2 {
			t.Errorf("%s: ways %v", step, now.Ways)
		}
	}
	sent, received = stays.sent.Load(), stays.received.Load()
	check("opened between two readings")
	if sent < 1_000_000 {
		t.Fatalf("only %d bytes sent", sent)
	}
	stays.echo(t, 5000)
	sent, received = stays.sent.Load(), stays.received.Load()
	check("open at both readings")

	if read(t, w).Partial {
		t.Skip("the kernel does not report the ends of sockets")
	}
	for _, n := range []int{1, 100, 100_000} {
		short := dial(t, at, config)
		short.echo(t, n)
		short.Close()
		sent, received = sent+short.sent.Load(), received+short.received.Load()
	}
	var there, back uint64
	for range 200 { // the ends of sockets are told a moment later
		now := read(t, w)
		there = now.Ways[Way{"client", "echo"}].Bytes - before.Ways[Way{"client", "echo"}].Bytes
		back = now.Ways[Way{"echo", "client"}].Bytes - before.Ways[Way{"echo", "client"}].Bytes
		if there == sent && back >= received {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if there != sent {
		t.Errorf("opened and closed between two readings: %d bytes to the server, want %d", there, sent)
	}
	// The server's last record, which says that it closes, reaches nobody who would count it.
	if most := received + 3*64; back < received || back > most {
		t.Errorf("opened and closed between two readings: %d bytes from the server, want %d to %d", back, received, most)
	}
}

// What another process sends counts as that of the one whose part it is, from when it joins.
func TestJoin(t *testing.T) {
	at, config := serve(t)
	w := open(t, Process{Name: "client", PID: nobody}, Process{Name: "echo", PID: nobody, Serves: []netip.AddrPort{at}})
	of := dial(t, at, config)
	defer of.Close()
	of.echo(t, 5000)
	if n := read(t, w).Ways[Way{"client", "echo"}].Bytes; n != 0 {
		t.Errorf("%d bytes of a stranger", n)
	}
	w.Join("client", os.Getpid())
	of.echo(t, 5000)
	if n := read(t, w).Ways[Way{"client", "echo"}].Bytes; n != of.sent.Load() {
		t.Errorf("%d bytes, %d were sent", n, of.sent.Load())
	}
}
