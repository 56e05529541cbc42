package network

import (
	"io"
	"net"
	"testing"
	"time"

	"meterbench/internal/process"
	"meterbench/network/client"
)

// Both directions of a connection are carried, the end of one alone too, and close ends those that are open.
func TestForward(t *testing.T) {
	inside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	go func() {
		for {
			conn, err := inside.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn) // until the other end is done
			}()
		}
	}()
	ports, err := process.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	at := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: ports[0]}).String()
	f := newForwarder()
	if err := f.forward("peer0.ptb", at, inside.Addr().String(), client.Dialer(nil).Dial); err != nil {
		t.Fatal(err)
	}
	if err := f.forward("peer0.cmi", at, inside.Addr().String(), nil); err != (portError{"peer0.cmi", at}) {
		t.Errorf("a port that is taken: %v", err)
	}
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("reading")); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); string(got) != "reading" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	open, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if err := f.close(); err != nil {
		t.Error(err)
	}
	if err := open.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Read(make([]byte, 1)); err == nil || timedOut(err) {
		t.Errorf("a connection is still open: %v", err)
	}
	if _, err := net.Dial("tcp", at); err == nil {
		t.Error("it still listens")
	}
}
