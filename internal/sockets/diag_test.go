package sockets

import (
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// What the kernel writes is read without harm, whatever it is, and addresses come out as they are.
func FuzzParse(f *testing.F) {
	w, err := Open(nil)
	if err != nil {
		f.Skipf("the kernel tells nothing of sockets: %v", err)
	}
	defer w.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		f.Fatal(err)
	}
	defer conn.Close()
	messages, err := w.networks[0].dump.Execute(request(unix.AF_INET))
	if err != nil {
		f.Fatal(err)
	}
	for _, m := range messages[:min(len(messages), 5)] {
		f.Add(m.Data)
	}
	f.Add([]byte{})
	f.Add(make([]byte, msgSize))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, ok := parse(data)
		if ok && (!s.local.Addr().IsValid() || !s.remote.Addr().IsValid()) {
			t.Errorf("%+v", s)
		}
	})
}

// An IPv4 connection of a server for both families has the addresses of an IPv4 one.
func TestBothFamilies(t *testing.T) {
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Skip(err)
	}
	defer listener.Close()
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), listener.Addr().(*net.TCPAddr).AddrPort().Port())
	w := open(t, Process{Name: "client", PID: 1 << 30}, Process{Name: "server", Serves: []netip.AddrPort{at}})
	conn, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	all, err := w.networks[0].ask()
	if err != nil {
		t.Fatal(err)
	}
	ends := 0
	for _, s := range all {
		if s.local == at || s.remote == at {
			ends++
		}
	}
	if ends != 2 {
		t.Errorf("%d ends of the connection, want 2", ends)
	}
}
