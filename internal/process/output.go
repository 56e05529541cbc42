package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// outputDelay is how long Output waits for children of a program that has ended to let go of its output.
const outputDelay = time.Second

// Output runs a program that says something short, as its version, and returns what it wrote to both outputs. One that
// writes more than most bytes is killed, as is one that still runs when the context ends, each with its process group. env is
// its whole environment, KEY=value; nil: this process's.
func Output(ctx context.Context, most int, env []string, path string, args ...string) ([]byte, error) {
	// As in supervise: the parent-death signal is the thread's.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := &limited{most: most, full: func() { cancel(fmt.Errorf("it writes more than %d bytes", most)) }}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.WaitDelay = outputDelay
	err := cmd.Start()
	if err == nil {
		// As in supervise: a zombie's group cannot be taken by others.
		for unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
		}
		unix.Kill(-cmd.Process.Pid, unix.SIGKILL) // what the program itself left behind
		err = cmd.Wait()
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("it does not end")
	}
	return out.text.Bytes(), err
}

// limited keeps the beginning of what is written to it, and calls full when there is more.
type limited struct {
	text bytes.Buffer
	most int
	full func()
}

func (l *limited) Write(p []byte) (int, error) {
	if room := l.most - l.text.Len(); len(p) > room {
		l.text.Write(p[:room])
		l.full()
	} else {
		l.text.Write(p)
	}
	return len(p), nil
}
