package network

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"meterbench/network/fabric/daemons"
)

// aloneVariable tells the test that it runs in a network namespace of its own.
const aloneVariable = "METERBENCH_TEST_ALONE"

// A network runs where there is no interface but loopback, as in an air-gapped or sandboxed job.
func TestLoopbackOnly(t *testing.T) {
	needsNetwork(t)
	if os.Getenv(aloneVariable) == "" {
		if _, err := daemons.Ensure(t.Context(), daemons.Config{Progress: t.Output()}); err != nil { // which may need the network
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLoopbackOnly$", "-test.v")
		cmd.Env = append(os.Environ(), aloneVariable+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, os.ErrPermission) {
			t.Skip("may make no network namespace:", err)
		}
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	bringUpLoopback(t)
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); !ok || !ip.IP.IsLoopback() {
			t.Fatalf("%v is no loopback address", a)
		}
	}
	n := up(t, shape("two-org", 1, 1, "ptb", "inmetro"), Config{})
	put(t, n, "metrology", "readings")
	checkStatus(t, n)
}

func bringUpLoopback(t *testing.T) {
	t.Helper()
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq("lo")
	if err == nil {
		err = unix.IoctlIfreq(socket, unix.SIOCGIFFLAGS, request)
	}
	if err == nil {
		request.SetUint16(request.Uint16() | unix.IFF_UP)
		err = unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Where loopback is down, as in a network namespace just made, a start says so at once; it waited two minutes.
func TestLoopbackDown(t *testing.T) {
	lo := net.Interface{Name: "lo", Flags: net.FlagLoopback}
	eth := net.Interface{Name: "eth0", Flags: net.FlagUp}
	loUp := net.Interface{Name: "lo", Flags: net.FlagLoopback | net.FlagUp}
	for _, tt := range []struct {
		name       string
		interfaces []net.Interface
		err, want  error
	}{
		{"up", []net.Interface{eth, loUp}, nil, nil},
		{"down", []net.Interface{lo, eth}, nil, errNoLoopback},
		{"none", nil, nil, errNoLoopback},
		{"not known", nil, os.ErrPermission, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := checkLoopback(tt.interfaces, tt.err); !errors.Is(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
