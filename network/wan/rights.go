package wan

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"meterbench/internal/thread"
)

// permitted returns what keeps this process from an emulation: it makes a site and removes it.
func permitted() error {
	sites, err := makeSites(1)
	for _, s := range sites {
		s.close()
	}
	return err
}

// Check returns what an emulation lacks on this machine for this user, and what to do; nil also where Reexec must come first.
// It leaves nothing behind.
func Check() error {
	if IsChild(os.Args) {
		return errChild
	}
	err := permitted()
	if forbidden(err) && !again() {
		err = permittedAgain()
	}
	if err != nil {
		return fmt.Errorf("emulation of distances: %w", err)
	}
	return nil
}

// forbidden reports whether an error is that this user may make no network namespace.
func forbidden(err error) bool {
	missing, ok := errors.AsType[namespaceError](err)
	return ok && errors.Is(missing, fs.ErrPermission)
}

// permittedAgain returns what keeps a process in a user namespace of its own from an emulation.
func permittedAgain() error {
	cmd, err := inUserNamespace([]string{rightsArgv0})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	cmd.Stderr = &out
	err = runOn(cmd)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() != exitForbidden {
		return fmt.Errorf("in a user namespace: %s", cmp.Or(strings.TrimSpace(out.String()), exit.String()))
	}
	if err != nil {
		return userNamespaceError{err}
	}
	return nil
}

// userNamespaceError is that this user has no rights and can get none.
type userNamespaceError struct{ error }

// Error says what to do.
func (e userNamespaceError) Error() string {
	return fmt.Sprintf("it takes root, or user namespaces, which are not permitted here (%v); run as root, or permit them: "+
		"sysctl user.max_user_namespaces, and where they exist kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0", e.error)
}

// Unwrap returns the kernel's error.
func (e userNamespaceError) Unwrap() error { return e.error }

// againVariable marks a program that Reexec has executed, which does not do it once more.
const againVariable = "METERBENCH_USER_NAMESPACE"

func again() bool { return os.Getenv(againVariable) != "" }

// EndedError reports that Reexec has executed this program again, and how that ended.
type EndedError struct{ Code int } // the exit code; 128 and the signal's number where one ended it

// Error implements error.
func (e *EndedError) Error() string {
	return fmt.Sprintf("executed again in a user namespace, it ended with exit code %d", e.Code)
}

// Reexec returns nil where this process may make an emulation. Else it executes the whole program once more in a user
// namespace, where it may, passes SIGINT, SIGTERM and SIGHUP on to it, waits for it, and returns an *EndedError with its exit
// code; or it returns what Check does. The program must have done nothing yet but read and check what the user wrote.
func Reexec() error {
	if err := Check(); err != nil || permitted() == nil {
		return err
	}
	cmd, err := inUserNamespace(os.Args)
	if err != nil {
		return fmt.Errorf("emulation of distances: %w", err)
	}
	cmd.Env = append(os.Environ(), againVariable+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = runOn(cmd)
	if cmd.ProcessState == nil {
		return fmt.Errorf("emulation of distances: execute this program in a user namespace: %w", err)
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return &EndedError{128 + int(status.Signal())}
	}
	return &EndedError{cmd.ProcessState.ExitCode()}
}

// inUserNamespace returns this program as a process in a user namespace of its own, in which it is the same user with the rights
// over networks and mounts that it makes. It ends with this one, and hears of signals to this one's group only from it.
func inUserNamespace(args []string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Args = args
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_SYS_CHROOT}, // the last one for the disks of nodes
		Setpgid:     true,
		Pdeathsig:   syscall.SIGKILL,
	}
	return cmd, nil
}

// runOn runs a program from a thread that lives until it ends, as its parent-death signal is the thread's, and passes on signals.
func runOn(cmd *exec.Cmd) error {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	received := make(chan os.Signal, 8)
	signal.Notify(received, signals...)
	defer signal.Stop(received)
	started, ended := make(chan error, 1), make(chan error, 1)
	thread.Go(func() {
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	})
	if err := <-started; err != nil {
		return err
	}
	for {
		select {
		case s := <-received:
			_ = cmd.Process.Signal(s) // fails only when it has just ended
		case err := <-ended:
			return err
		}
	}
}
