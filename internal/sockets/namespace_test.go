package sockets

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/internal/thread"
)

// insideVariable marks the test that runs in a user namespace.
const insideVariable = "SOCKETS_TEST_INSIDE"

// Who has made a network namespace in a user namespace, and may not go back to the host's network, can ask in it.
func TestUserNamespace(t *testing.T) {
	if os.Getenv(insideVariable) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestUserNamespace$", "-test.v")
		cmd.Env = append(os.Environ(), insideVariable+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}},
			AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN},
		}
		out, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			t.Skip("no user namespaces: ", err)
		}
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	namespace, err := newNamespace()
	if err != nil {
		t.Fatal(err)
	}
	defer namespace.Close()
	countShort(t, namespace)
}

// Connections in a network namespace that are opened and closed between two readings count to the byte, as they do in that of
// this process.
func TestNamespace(t *testing.T) {
	namespace, err := newNamespace()
	if errors.Is(err, unix.EPERM) {
		t.Skip("it takes root; TestUserNamespace does not")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer namespace.Close()
	countShort(t, namespace)
}

// newNamespace makes a network namespace with a loopback interface.
func newNamespace() (namespace *os.File, err error) {
	made := make(chan struct{})
	thread.Go(func() {
		defer close(made)
		if err = unix.Unshare(unix.CLONE_NEWNET); err == nil {
			err = loopbackUp()
		}
		if err == nil {
			namespace, err = os.Open("/proc/thread-self/ns/net")
		}
	})
	<-made
	return namespace, err
}

// loopbackUp starts the loopback interface of the thread's network.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

// in has do make sockets in a network namespace.
func in(t *testing.T, namespace *os.File, do func() error) {
	t.Helper()
	done := make(chan error, 1)
	thread.Go(func() {
		err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			err = do()
		}
		done <- err
	})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// countShort counts connections in a network namespace that live between two readings.
func countShort(t *testing.T, namespace *os.File) {
	var listener net.Listener
	in(t, namespace, func() (err error) {
		listener, err = net.Listen("tcp4", "127.0.0.1:0")
		return err
	})
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			io.Copy(conn, conn)
			conn.Close()
		}
	}()
	at := listener.Addr().(*net.TCPAddr).AddrPort()
	w := open(t, Process{Name: "client", PID: os.Getpid()}, Process{Name: "server", PID: nobody, Serves: []netip.AddrPort{at}, Network: namespace})
	if read(t, w).Partial {
		t.Skip("the kernel does not report the ends of sockets")
	}
	const calls, size = 20, 700
	for range calls {
		var conn net.Conn
		in(t, namespace, func() (err error) {
			conn, err = net.Dial("tcp4", at.String())
			return err
		})
		if _, err := conn.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	there, back := Way{"client", "server"}, Way{"server", "client"}
	var now Totals
	for range 200 { // the end of a socket is told a moment later
		if now = read(t, w); now.Ways[there].Bytes == calls*size && now.Ways[back].Bytes == calls*size {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d bytes there, %d back, want %d: %v", now.Ways[there].Bytes, now.Ways[back].Bytes, calls*size, now)
}
