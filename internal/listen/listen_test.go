package listen

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
)

// What is wrong with an address is said in one line, with what to do.
func TestTCP(t *testing.T) {
	taken, err := TCP("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]string{
		taken.Addr().String():    "is in use; give another port, or 0 for one that is free",
		"192.0.2.1:0":            "is no address of this machine (192.0.2.1); give one that is, such as 127.0.0.1",
		"nobody.invalid:7100":    `has the host "nobody.invalid", which cannot be resolved; give an address of this machine by number, such as 127.0.0.1:7100`,
		"127.0.0.1":              "missing port in address; give another address",
		"127.0.0.1:no-such-port": "; give another address",
	} {
		l, err := TCP(address)
		if err == nil {
			l.Close()
			t.Errorf("%s was given", address)
			continue
		}
		if _, is := errors.AsType[*Error](err); !is || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q, want %q", address, err, want)
		}
	}
}

// Ports below 1024 take rights.
func TestNoRights(t *testing.T) {
	err := refused("127.0.0.1:80", &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", os.ErrPermission)})
	if want := "takes rights that this user lacks; give a port from 1024 on, or 0 for one that is free"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

// The call and its addresses are taken off, what is no call's stays.
func TestCause(t *testing.T) {
	for want, err := range map[string]error{
		"bind: permission denied": &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", os.ErrPermission)},
		"nothing was asked":       errors.New("nothing was asked"),
	} {
		if got := Cause(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
