package wan

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/internal/proc"
	"meterbench/internal/process"
)

// The test binary plays a command that emulates distances: the variable says which part.
const partVariable = "METERBENCH_WAN_TEST_PART"

// The parts.
const (
	partMeasure = "measure" // emulate two sites, say how that went and the user, end with code 3
	partWait    = "wait"    // emulate two sites with a node, say so, end with code 5 at a signal, which it says, or 6 with the emulation
	partCheck   = "check"   // say what Check does
	partLimited = "limited" // allow no more user namespaces in this one, and go on as partCheck
	partHidden  = "hidden"  // hide the device from this mount namespace, and go on as partCheck
)

// nobody is a user without rights.
const nobody = 65534

func play(part string) int {
	switch part {
	case partCheck:
		fmt.Println(Check())
		return 0
	case partLimited:
		err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0)
		panic(errors.Join(err, unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), goOnAs(partCheck)))
	case partHidden:
		panic(errors.Join(unix.Mount("none", filepath.Dir(tunPath), "tmpfs", 0, ""), goOnAs(partCheck)))
	}
	if err := Reexec(); err != nil {
		if ended, ok := errors.AsType[*EndedError](err); ok {
			return ended.Code
		}
		fmt.Println(err)
		return 1
	}
	received := make(chan os.Signal, 1)
	signal.Notify(received, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	log := filepath.Join(os.Getenv("DIR"), "log")
	e, err := Start(context.Background(), Config{Sites: []string{"a", "b"}, Links: between(2, Link{RoundTrip: 20 * time.Millisecond}), LogPath: log})
	if err == nil {
		defer e.Close()
		err = e.Enforce()
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if part == partMeasure {
		trips, err := e.Measure(context.Background())
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println(trips[0].P50 >= trips[0].Asked, trips[0].Lost, os.Getuid())
		return 3
	}
	node, err := process.Start(process.Spec{Name: "node", Path: "/bin/sleep", Args: []string{"1000"}, LogPath: log, Enter: e.Enter("b")})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer node.Stop(0)
	up := running{PIDs: []int{os.Getpid(), e.PID(), node.PID()}}
	for _, site := range []string{"a", "b"} {
		raw, _ := e.Namespace(site).SyscallConn()
		raw.Control(func(fd uintptr) {
			name, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
			up.Namespaces = append(up.Namespaces, name)
		})
	}
	json.NewEncoder(os.Stdout).Encode(up)
	select {
	case s := <-received:
		fmt.Println(s)
		return 5
	case err := <-e.Died():
		fmt.Println(err)
		return 6
	}
}

// goOnAs executes the test binary again, which keeps the process.
func goOnAs(part string) error {
	return errors.Join(os.Setenv(partVariable, part), unix.Exec("/proc/self/exe", os.Args, os.Environ()))
}

// running is what the part that waits says.
type running struct {
	PIDs       []int    // its own, of the emulation, of a node
	Namespaces []string // of the sites
}

// commandOf returns the test binary as a part, as root or without rights.
func commandOf(t *testing.T, part string, unprivileged bool) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("makes network namespaces")
	}
	if err := permitted(); err != nil {
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("", "meterbench-wan")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "program")
	if err := errors.Join(os.Chmod(dir, 0o777), copyFile(program, "/proc/self/exe")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env, cmd.Dir = append(os.Environ(), partVariable+"="+part, "DIR="+dir), dir
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if unprivileged {
		if os.Geteuid() != 0 {
			t.Skip("only root can be another user")
		}
		if info, err := os.Stat("/dev/net/tun"); err == nil && info.Mode().Perm()&0o006 != 0o006 && os.Getenv("CI") == "" {
			t.Skip("other users may not use /dev/net/tun here: chmod 666 /dev/net/tun")
		}
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return cmd
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// privileges are how a command may be run.
var privileges = []struct {
	name         string
	unprivileged bool
}{{"root", false}, {"unprivileged", true}}

// Without rights a command goes on in a user namespace, as the same user, and ends with its code.
func TestReexec(t *testing.T) {
	t.Parallel()
	for _, p := range privileges {
		t.Run(p.name, func(t *testing.T) {
			cmd := commandOf(t, partMeasure, p.unprivileged)
			out, err := cmd.CombinedOutput()
			uid := os.Getuid()
			if p.unprivileged {
				uid = nobody
			}
			if want := fmt.Sprintf("true 0 %d\n", uid); string(out) != want || cmd.ProcessState.ExitCode() != 3 {
				t.Errorf("%q, %v; want %q and code 3", out, err, want)
			}
			out, err = commandOf(t, partCheck, p.unprivileged).CombinedOutput()
			if string(out) != "<nil>\n" || err != nil {
				t.Errorf("the check says %q, %v", out, err)
			}
		})
	}
}

// What is missing is said, for each right and for the device.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		part  string
		flags uintptr
		caps  []uintptr
		want  string
	}{
		{partLimited, syscall.CLONE_NEWUSER, []uintptr{unix.CAP_SYS_RESOURCE},
			"emulation of distances: it takes root, or user namespaces, which are not permitted here (fork/exec PROGRAM: no space left on device); run as root"},
		{partHidden, syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN},
			"emulation of distances: /dev/net/tun: no such file or directory; load the kernel's module (modprobe tun)"},
	} {
		t.Run(c.part, func(t *testing.T) {
			cmd := commandOf(t, c.part, false)
			cmd.SysProcAttr.Cloneflags, cmd.SysProcAttr.AmbientCaps = c.flags, c.caps
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getuid(), Size: 1}}
			out, err := cmd.CombinedOutput()
			got := strings.ReplaceAll(string(out), cmd.Path, "PROGRAM")
			if err != nil || !strings.HasPrefix(got, c.want) || strings.Count(got, "\n") != 1 {
				t.Errorf("says %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

// up starts the part that waits and returns what it says, and where it says more.
func up(t *testing.T, cmd *exec.Cmd) (running, *bufio.Reader) {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		cmd.Stderr = os.Stderr
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	out := bufio.NewReader(stdout)
	line, err := out.ReadString('\n')
	var s running
	if err != nil || json.Unmarshal([]byte(line), &s) != nil || len(s.Namespaces) != 2 {
		t.Fatalf("says %q, %v", line, err)
	}
	if !slices.Contains(namespaces(t), s.Namespaces[1]) {
		t.Fatalf("no process is in the namespace %s: the test sees nothing", s.Namespaces[1])
	}
	return s, out
}

// Signals reach the command once, wherever it runs, and its code comes back.
func TestSignals(t *testing.T) {
	t.Parallel()
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("started with nohup")
	}
	for _, p := range privileges {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
			t.Run(p.name+"/"+s.String(), func(t *testing.T) {
				cmd := commandOf(t, partWait, p.unprivileged)
				said, out := up(t, cmd)
				if p.unprivileged == (said.PIDs[0] == cmd.Process.Pid) {
					t.Error("is not executed where it should be")
				}
				if err := cmd.Process.Signal(s); err != nil {
					t.Fatal(err)
				}
				line, err := out.ReadString('\n')
				if err != nil || line != s.String()+"\n" {
					t.Errorf("says %q, %v", line, err)
				}
				if cmd.Wait(); cmd.ProcessState.ExitCode() != 5 {
					t.Errorf("ends with %v", cmd.ProcessState)
				}
				gone(t, said)
			})
		}
	}
}

// Whichever process is killed, nothing is left, of this host's network nothing has changed.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	for _, p := range privileges {
		for _, c := range []struct {
			name   string
			victim func(outer int, s running) int
			code   int
			says   string
		}{
			{"command", func(outer int, _ running) int { return outer }, -1, ""},
			{"executed again", func(_ int, s running) int { return s.PIDs[0] }, 128 + 9, ""},
			{"emulation", func(_ int, s running) int { return s.PIDs[1] }, 6, "the sites are cut off from each other for good: emulation of distances ended: signal: killed"},
		} {
			t.Run(p.name+"/"+c.name, func(t *testing.T) {
				before := hostNetwork(t)
				cmd := commandOf(t, partWait, p.unprivileged)
				said, out := up(t, cmd)
				victim := c.victim(cmd.Process.Pid, said)
				if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				line, _ := out.ReadString('\n') // empty where it was killed
				if !strings.HasPrefix(line, c.says) || c.says == "" && line != "" {
					t.Errorf("says %q, want %q", line, c.says)
				}
				want := c.code
				if victim == cmd.Process.Pid {
					want = -1
				}
				if cmd.Wait(); cmd.ProcessState.ExitCode() != want {
					t.Errorf("ends with %v, want code %d", cmd.ProcessState, want)
				}
				gone(t, said)
				if after := hostNetwork(t); after != before {
					t.Errorf("the host's network was\n%s\nand is\n%s", before, after)
				}
			})
		}
	}
}

// gone waits until nothing of a state is left.
func gone(t *testing.T, s running) {
	t.Helper()
	for until := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		left := ""
		for _, pid := range s.PIDs {
			if _, err := proc.Process(pid); !errors.Is(err, proc.ErrEnded) {
				left = fmt.Sprintf("process %d", pid)
			}
		}
		all := namespaces(t)
		for _, n := range s.Namespaces {
			if slices.Contains(all, n) {
				left = "namespace " + n
			}
		}
		if left == "" {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("%s is left", left)
		}
	}
}

// namespaces returns the network namespaces that a thread is in, a process has open, or somebody has mounted.
func namespaces(t *testing.T) (names []string) {
	t.Helper()
	for _, pattern := range []string{"/proc/[0-9]*/task/*/ns/net", "/proc/[0-9]*/fd/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if name, err := os.Readlink(path); err == nil && strings.HasPrefix(name, "net:[") {
				names = append(names, name)
			}
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range strings.Fields(string(mounts)) {
		if strings.HasPrefix(field, "net:[") {
			names = append(names, field)
		}
	}
	return names
}

// hostNetwork returns the interfaces, addresses and routes of the host.
func hostNetwork(t *testing.T) string {
	t.Helper()
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, i := range interfaces {
		addresses, err := i.Addrs()
		fmt.Fprintln(&text, i.Index, i.Name, i.Flags, addresses, err)
	}
	for _, table := range []string{"/proc/net/route", "/proc/net/ipv6_route"} {
		routes, err := os.ReadFile(table)
		if err == nil {
			text.WriteString(withoutCounters(string(routes)))
		}
	}
	return text.String()
}

// withoutCounters drops what changes by itself: references and uses of a route.
func withoutCounters(routes string) string {
	var text strings.Builder
	for line := range strings.Lines(routes) {
		for i, field := range strings.Fields(line) {
			if i != 5 && i != 6 && i != 7 {
				text.WriteString(field + " ")
			}
		}
		text.WriteString("\n")
	}
	return text.String()
}

// What is missing is said with what to do, in one line, and nothing is left of the attempt.
func TestMissingRights(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{namespaceError{unix.EPERM}, "make a network namespace: operation not permitted; run as root, or give CAP_SYS_ADMIN and CAP_NET_ADMIN"},
		{namespaceError{unix.ENOSPC}, "make a network namespace: no space left on device; permit more of them (sysctl user.max_net_namespaces)"},
		{deviceError{unix.ENOENT}, "/dev/net/tun: no such file or directory; load the kernel's module (modprobe tun), and give a container the device (--device /dev/net/tun)"},
		{deviceError{unix.EACCES}, "/dev/net/tun: permission denied; let this user read and write it (chmod 666)"},
		{interfaceError{unix.EPERM}, "make a network interface: operation not permitted; run as root, or give CAP_NET_ADMIN"},
		{userNamespaceError{unix.ENOSPC}, "it takes root, or user namespaces, which are not permitted here (no space left on device); run as root, or permit them"},
	} {
		if got := c.err.Error(); !strings.HasPrefix(got, c.want) || strings.Contains(got, "\n") {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// A program whose main does not call Dispatch must not start itself without end.
func TestChildRefuses(t *testing.T) {
	before := os.Args
	defer func() { os.Args = before }()
	for _, name := range []string{argv0, rightsArgv0} {
		os.Args = []string{name}
		_, err := Start(t.Context(), Config{Sites: []string{"a"}, Links: between(1, Link{})})
		for _, err := range []error{err, Check(), Reexec()} {
			if !errors.Is(err, errChild) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
