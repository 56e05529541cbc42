package tmpfs

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// part has the test binary check its rights.
const part = "METERBENCH_TMPFS_TEST_PART"

func TestMain(m *testing.M) {
	if os.Getenv(part) == "" {
		os.Exit(m.Run())
	}
	fmt.Println(Check())
}

// In a user namespace a user may mount with the rights that New asks for, and is told what is missing without them.
func TestRights(t *testing.T) {
	for _, c := range []struct {
		caps []uintptr
		says string
	}{
		{[]uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SYS_CHROOT}, "<nil>"},
		{[]uintptr{unix.CAP_SYS_ADMIN}, "operation not permitted; run as root, or leave the event fill out"},
		{nil, "make a mount namespace: operation not permitted; run as root, or leave the event fill out"},
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), part+"=check")
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Getegid(), Size: 1}},
			AmbientCaps: c.caps,
		}
		out, err := cmd.CombinedOutput()
		if err != nil && len(out) == 0 {
			t.Skipf("no user namespaces here: %v", err)
		}
		if !strings.Contains(string(out), c.says) {
			t.Errorf("with %v: %s, want %q", c.caps, out, c.says)
		}
	}
}
