// Package tmpfs gives a process a folder whose size is limited and can be changed while it runs: a file system in memory,
// mounted in a mount namespace of its own. It is Linux only.
//
// Data flow: New makes the namespace and mounts there; Enter takes the thread that starts a child into it (process.Spec), as
// often as one is started; Fill and Free change how much room there is. Nothing is mounted in the namespace of this process,
// and all goes when the last process in it has ended and Close was called, or when this process dies.
//
// That takes CAP_SYS_ADMIN and CAP_SYS_CHROOT, as root has, also in a user namespace.
package tmpfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"meterbench/internal/thread"

	"golang.org/x/sys/unix"
)

// A Mount is a file system in memory over a folder.
type Mount struct {
	dir  string
	size uint64   // bytes
	ns   *os.File // the mount namespace
	root *os.File // the folder in it
}

// New mounts size bytes over a folder, for those who Enter. What is in the folder is hidden from them.
func New(dir string, size uint64) (*Mount, error) {
	m := &Mount{dir: dir, size: size}
	err := onThread(func() (err error) {
		if err = unix.Unshare(unix.CLONE_NEWNS); err != nil {
			return fmt.Errorf("make a mount namespace: %w", err)
		}
		// Else what is mounted here would show in the namespace of this process.
		if err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return fmt.Errorf("make mounts private: %w", err)
		}
		if err = unix.Mount("tmpfs", dir, "tmpfs", flags, options(size)+",mode=0700"); err != nil {
			return fmt.Errorf("mount on %s: %w", dir, err)
		}
		if m.ns, err = os.Open("/proc/thread-self/ns/mnt"); err == nil {
			m.root, err = os.Open(dir)
		}
		return err
	})
	if err == nil {
		err = onThread(m.Enter) // another time, as for a child
	}
	if err != nil {
		return nil, errors.Join(explain(err), m.Close())
	}
	return m, nil
}

const flags = unix.MS_NOSUID | unix.MS_NODEV

func options(size uint64) string { return "size=" + strconv.FormatUint(size, 10) }

// explain says what to do about missing rights.
func explain(err error) error {
	err = fmt.Errorf("mount a file system of a node's own: %w", err)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w; run as root, or leave the event fill out", err)
	}
	return err
}

// Check reports what keeps this process from mounting.
func Check() error {
	dir, err := os.MkdirTemp("", "meterbench-mount-")
	if err != nil {
		return err
	}
	defer os.Remove(dir) // empty
	m, err := New(dir, 1<<20)
	if err != nil {
		return err
	}
	return m.Close()
}

// Enter takes the calling thread, which is locked and has no other use afterwards, into the namespace.
func (m *Mount) Enter() error {
	if err := unix.Unshare(unix.CLONE_FS); err != nil { // else the kernel refuses, for the sake of the other threads
		return fmt.Errorf("leave the other threads: %w", err)
	}
	if err := unix.Setns(int(m.ns.Fd()), unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("enter the mount namespace: %w", err)
	}
	return nil
}

// Path returns where this process reads the folder, whether a process runs in the namespace or not.
func (m *Mount) Path() string { return fmt.Sprintf("/proc/self/fd/%d/.", m.root.Fd()) }

// fillAttempts bounds how often the size is read anew while somebody writes.
const fillAttempts = 100

// Fill leaves no room beyond what is used: the next write that needs more fails with ENOSPC. It returns how many bytes that is.
func (m *Mount) Fill() (used uint64, err error) {
	for range fillAttempts {
		if used, err = m.Used(); err != nil {
			return 0, err
		}
		// The kernel refuses a size below what is used by then.
		if err = m.resize(max(used, 1)); !errors.Is(err, unix.EINVAL) { // a size of 0 would be no limit
			break
		}
	}
	if err != nil {
		return 0, fmt.Errorf("leave no room in %s: %w", m.dir, err)
	}
	return used, nil
}

// Free gives back the room that there was at first.
func (m *Mount) Free() error {
	if err := m.resize(m.size); err != nil {
		return fmt.Errorf("give room back in %s: %w", m.dir, err)
	}
	return nil
}

// Used returns how many bytes are used, in whole pages.
func (m *Mount) Used() (uint64, error) {
	var at unix.Statfs_t
	if err := unix.Fstatfs(int(m.root.Fd()), &at); err != nil {
		return 0, fmt.Errorf("read what is used of %s: %w", m.dir, err)
	}
	return (at.Blocks - at.Bfree) * uint64(at.Bsize), nil
}

func (m *Mount) resize(size uint64) error {
	return onThread(func() error {
		if err := m.Enter(); err != nil {
			return err
		}
		return unix.Mount("", m.dir, "", unix.MS_REMOUNT|flags, options(size))
	})
}

// Close lets go of the namespace. Processes in it keep it until they end.
func (m *Mount) Close() error {
	var err error
	for _, f := range []*os.File{m.ns, m.root} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

// onThread calls do on a thread of its own.
func onThread(do func() error) error {
	done := make(chan error)
	thread.Go(func() { done <- do() })
	return <-done
}
