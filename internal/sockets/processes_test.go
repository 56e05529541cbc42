package sockets

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// callEnv has the test binary call a server: send so many bytes, say so, and stay until its input ends.
const callEnv = "SOCKETS_TEST_CALL"

func TestMain(m *testing.M) {
	if at := os.Getenv(callEnv); at != "" {
		conn, err := net.Dial("tcp", at)
		if err == nil {
			_, err = conn.Write(make([]byte, callSize))
		}
		if err == nil {
			_, err = io.ReadFull(conn, make([]byte, callSize))
		}
		fmt.Println("done", err)
		io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(m.Run())
}

const callSize = 30_000

// echoes starts a server that answers every byte, without TLS.
func echoes(t testing.TB) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
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
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

// start starts another process that calls a server, and waits until it has its answer.
func start(t *testing.T, at netip.AddrPort) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), callEnv+"="+at.String())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.Contains(line, "<nil>") {
		t.Fatalf("the caller says %q, %v", line, err)
	}
	return cmd
}

// Connections count for the processes that have them: those of strangers to a process of ours do not, nor those to an
// address that is set aside.
func TestOwners(t *testing.T) {
	at, aside := echoes(t), echoes(t)
	peer, stranger := start(t, at), start(t, at)
	start(t, aside)
	w := open(t, Process{Name: "client", PID: os.Getpid()}, Process{Name: "peer", PID: peer.Process.Pid},
		Process{Name: "orderer", Serves: []netip.AddrPort{at}, Aside: []netip.AddrPort{aside}})
	want := map[Way]Count{{"peer", "orderer"}: {Bytes: callSize}, {"orderer", "peer"}: {Bytes: callSize}}
	check := func() {
		t.Helper()
		got := read(t, w).Ways
		for way, n := range got {
			if n.Bytes != want[way].Bytes {
				t.Errorf("%v: %d bytes, want %d", way, n.Bytes, want[way].Bytes)
			}
		}
		if len(got) != len(want) {
			t.Errorf("ways %v", got)
		}
	}
	check()
	stranger.Process.Kill() // its sockets end, and are still a stranger's
	stranger.Wait()
	time.Sleep(50 * time.Millisecond)
	check()
	w.processes[1].PID = 0 // a connection keeps its owner
	check()
}

// A process that takes the place of another one is known by the name, and what the first has sent still counts.
func TestFollow(t *testing.T) {
	at := echoes(t)
	first := start(t, at)
	w := open(t, Process{Name: "client", PID: os.Getpid()}, Process{Name: "peer", PID: first.Process.Pid}, Process{Name: "orderer", Serves: []netip.AddrPort{at}})
	read(t, w)
	first.Process.Kill()
	first.Wait()
	second := start(t, at)
	w.Follow("peer", second.Process.Pid)
	read(t, w)
	if got := read(t, w).Ways[Way{"peer", "orderer"}].Bytes; got != 2*callSize {
		t.Errorf("%d bytes, want %d", got, 2*callSize)
	}
}

// A process that serves only later counts from then on: what it has sent over connections that are open, and what ends.
func TestServe(t *testing.T) {
	at := echoes(t)
	peer := start(t, at)
	w := open(t, Process{Name: "client", PID: os.Getpid()}, Process{Name: "peer", PID: peer.Process.Pid}, Process{Name: "orderer"})
	if got := read(t, w).Ways; len(got) > 0 {
		t.Errorf("before it serves: %v", got)
	}
	w.Serve("orderer", []netip.AddrPort{at}, nil)
	w.Follow("orderer", nobody)
	read(t, w)
	if got := read(t, w).Ways[Way{"peer", "orderer"}].Bytes; got != callSize {
		t.Errorf("%d bytes, want %d", got, callSize)
	}
}

// However connections come and go while they are read, and however often: every byte counts once.
func TestWhileTheyComeAndGo(t *testing.T) {
	const callers, calls, size = 8, 60, 700
	at := echoes(t)
	w := open(t, Process{Name: "client", PID: os.Getpid()}, Process{Name: "server", PID: nobody, Serves: []netip.AddrPort{at}})
	done := make(chan struct{})
	var calling, reading sync.WaitGroup
	for range callers {
		calling.Go(func() {
			for range calls {
				conn, err := net.Dial("tcp", at.String())
				if err == nil {
					_, err = conn.Write(make([]byte, size))
				}
				if err == nil {
					_, err = io.ReadFull(conn, make([]byte, size))
				}
				if err != nil {
					t.Error(err)
					return
				}
				conn.Close()
			}
		})
	}
	there, back := Way{"client", "server"}, Way{"server", "client"}
	reading.Go(func() {
		before := Totals{}
		for {
			now, err := w.Read()
			if err != nil || now.Ways[there].Bytes < before.Ways[there].Bytes {
				t.Errorf("%v after %v, %v", now.Ways, before.Ways, err)
			}
			before = now
			select {
			case <-done:
				return
			default:
			}
		}
	})
	calling.Wait()
	close(done)
	reading.Wait()
	const all = callers * calls * size
	var now Totals
	for range 300 {
		if now = read(t, w); now.Partial || now.Ways[there].Bytes == all && now.Ways[back].Bytes == all {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if now.Partial {
		t.Skip("the kernel does not report all ends of sockets")
	}
	if now.Ways[there].Bytes != all || now.Ways[back].Bytes != all {
		t.Errorf("%v, want %d bytes each way", now.Ways, all)
	}
	if n := len(w.open); n != 0 {
		t.Errorf("%d connections are kept", n)
	}
}

// BenchmarkRead takes a reading with a hundred connections.
func BenchmarkRead(b *testing.B) {
	at := echoes(b)
	w, err := Open([]Process{{Name: "client", PID: os.Getpid()}, {Name: "server", Serves: []netip.AddrPort{at}}})
	if err != nil {
		b.Skip(err)
	}
	defer w.Close()
	for range 100 {
		conn, err := net.Dial("tcp", at.String())
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
	}
	for b.Loop() {
		if _, err := w.Read(); err != nil {
			b.Fatal(err)
		}
	}
}
