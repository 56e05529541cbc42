package sockets

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

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
	made := make(chan *os.File, 1)
	thread.Go(func() {
		defer close(made)
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Error(err)
			return
		}
		namespace, err := os.Open("/proc/thread-self/ns/net")
		if err != nil {
			t.Error(err)
			return
		}
		made <- namespace
	})
	namespace := <-made
	if namespace == nil {
		return
	}
	defer namespace.Close()
	w, err := Open([]Process{{Name: "a", Network: namespace}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
