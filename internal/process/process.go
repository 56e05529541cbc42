// Package process runs the programs of a network as supervised children. It is Linux only.
//
// Data flow: Start launches a child whose output goes to a log file; Done and Err report when and why it
// ended; Stop ends it. A child never outlives the process that started it, however that one ends. The
// children write to a folder of NewDir, which Sweep removes once its owner is gone.
package process

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/internal/proc"
	"meterbench/internal/thread"
)

// Spec says what to run.
type Spec struct {
	Name    string   // what messages call it, for example peer0.ptb
	Path    string   // the program's file
	Argv0   string   // what the program sees as its own name; empty: Path
	Args    []string // without the program's name
	Env     []string // the whole environment, KEY=value; nil: this process's
	Dir     string   // working folder; empty: this process's
	LogPath string   // where its output is appended; the file is kept
	Stdin   *os.File // nil: empty
	Stdout  *os.File // nil: the log, which always takes standard error
	// Enter, if not nil, is called before the start on the thread that starts the child, which has no other use afterwards:
	// the child inherits what namespaces it enters or makes. An error ends the start.
	Enter func() error

	// Started, if not nil, is called with the child's pid before the program's first instruction, as for a
	// control group, where memory taken before would not count. An error ends the child and the start.
	Started func(pid int) error
	// Explain, if not nil, may add to the status of a child that ended without being stopped.
	Explain func(status string) string

	burst int64 // of its log in bytes; 0: logBurst
}

// A child that logs without end would fill the disk. Its log may grow by logRate, a hundred times what a node writes under
// load, and by logBurst beyond that.
const (
	logBurst = 256 << 20 // bytes
	logRate  = 4 << 20   // bytes per second
	logWatch = 500 * time.Millisecond
)

// Process is a running or ended child.
type Process struct {
	spec Spec
	pid  int
	done chan struct{} // closed when the child is reaped

	mu      sync.Mutex
	stopped bool // Stop was called while the child ran
	flooded bool // it was killed for what it logged
	reaped  bool // the pid may belong to another process by now
	used    float64
	err     error
}

// Start runs a child in a process group of its own, with SIGKILL when this process dies for any cause.
func Start(spec Spec) (*Process, error) {
	if spec.LogPath == "" {
		return nil, fmt.Errorf("start %s: no log file given", spec.Name)
	}
	log, err := os.OpenFile(spec.LogPath, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start %s: open its log: %w", spec.Name, err)
	}
	defer log.Close() // the child has its own copy

	cmd := exec.Command(spec.Path, spec.Args...)
	if spec.Argv0 != "" {
		cmd.Args[0] = spec.Argv0
	}
	cmd.Env, cmd.Dir = spec.Env, spec.Dir
	cmd.Stdout, cmd.Stderr = log, log
	if spec.Stdin != nil {
		cmd.Stdin = spec.Stdin
	}
	if spec.Stdout != nil {
		cmd.Stdout = spec.Stdout
	}
	// A traced child waits before its first instruction.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Ptrace: spec.Started != nil}

	p := &Process{spec: spec, done: make(chan struct{})}
	started := make(chan error)
	thread.Go(func() { p.supervise(cmd, started) })
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	go p.watchLog()
	return p, nil
}

// watchLog kills the child if its log grows without bounds.
func (p *Process) watchLog() {
	began, most := time.Now(), cmp.Or(p.spec.burst, logBurst)
	if info, err := os.Stat(p.spec.LogPath); err == nil {
		most += info.Size() // what others have written there before
	}
	tick := time.NewTicker(logWatch)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
		}
		info, err := os.Stat(p.spec.LogPath)
		if err != nil || info.Size() < most+int64(logRate*time.Since(began).Seconds()) {
			continue
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.reaped {
			p.flooded = true
			unix.Kill(-p.pid, unix.SIGKILL) // fails only when the group has just ended
		}
		return
	}
}

// supervise starts the child and waits for its end on a thread of its own: the kernel sends a child's parent-death
// signal when the *thread* that started it ends, and Go ends idle threads as it likes. A parent that dies
// before the child has asked for the signal is covered too: package syscall compares the child's parent after
// asking, and has it kill itself if that has changed.
func (p *Process) supervise(cmd *exec.Cmd, started chan<- error) {
	if p.spec.Enter != nil {
		if err := p.spec.Enter(); err != nil {
			started <- err
			return
		}
	}

	if err := cmd.Start(); err != nil {
		started <- err
		return
	}
	p.pid = cmd.Process.Pid
	if p.spec.Started != nil {
		if err := p.release(); err != nil {
			unix.Kill(-p.pid, unix.SIGKILL)
			cmd.Wait() // killed
			started <- err
			return
		}
	}
	started <- nil

	// Wait without reaping first: a zombie's pid, and so its group's id, cannot be taken by others.
	for unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	usage, _ := proc.Process(p.pid) // of a process that has ended, it is still told
	p.mu.Lock()
	unix.Kill(-p.pid, unix.SIGKILL) // what the child itself left behind
	err := cmd.Wait()
	p.used = usage.CPU
	p.reaped = true
	if !p.stopped {
		p.err = exitError(p.spec, err, p.flooded)
	}
	p.mu.Unlock()
	close(p.done)
}

// release lets a traced child go once Started has seen it. Only the thread that started it may.
func (p *Process) release() error {
	var status unix.WaitStatus
	for err := error(unix.EINTR); err == unix.EINTR; {
		_, err = unix.Wait4(p.pid, &status, 0, nil)
	}
	if !status.Stopped() { // it was killed, and is reaped
		return fmt.Errorf("it ended before its first instruction: signal: %v", status.Signal())
	}
	if err := p.spec.Started(p.pid); err != nil {
		return err
	}
	if err := unix.PtraceDetach(p.pid); err != nil && !errors.Is(err, unix.ESRCH) { // it was killed, as Err will say
		return fmt.Errorf("let it run: %w", err)
	}
	return nil
}

// Name returns what messages call the process.
func (p *Process) Name() string { return p.spec.Name }

// PID returns the process id.
func (p *Process) PID() int { return p.pid }

// LogPath returns the file with the process's output.
func (p *Process) LogPath() string { return p.spec.LogPath }

// Done returns a channel that is closed once the process has ended and the rest of its group is killed.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err returns why the process ended by itself, an *ExitError also for exit status 0. It is nil as long as the
// process runs, and when Stop ended it.
func (p *Process) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Used returns the CPU time that the process had used when it ended, in seconds; 0 while it runs.
func (p *Process) Used() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used
}

// Stop asks the process and its group to end, kills them after the grace, and returns once the process is
// gone. It may be called again, by many, and while the process is suspended.
func (p *Process) Stop(grace time.Duration) {
	p.signal(unix.SIGTERM)
	p.signal(unix.SIGCONT)
	select {
	case <-p.done:
	case <-time.After(grace):
		p.signal(unix.SIGKILL)
		<-p.done
	}
}

// Kill ends the process and its group as SIGKILL does, and returns once the process is gone. It is false where the process
// had ended by itself before.
func (p *Process) Kill() bool {
	killed := p.signal(unix.SIGKILL)
	<-p.done
	return killed && p.Err() == nil
}

// suspending is how long Suspend waits at most until the process stands still.
const suspending = 10 * time.Second

// Suspend has the process and its group stand still (SIGSTOP), until Resume, and returns once the process does: on a busy machine its
// threads run on until one of them is given a processor to take the signal. It is false where the process has ended.
func (p *Process) Suspend() bool {
	if !p.send(unix.SIGSTOP) {
		return false
	}
	for end := time.Now().Add(suspending); !p.still() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	return true
}

// still reports whether all threads of the process stand still, or it has ended.
func (p *Process) still() bool {
	var is unix.Siginfo
	err := unix.Waitid(unix.P_PID, p.pid, &is, unix.WSTOPPED|unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err == nil && is.Signo != 0 || err == unix.ECHILD
}

// Resume has a suspended process go on (SIGCONT). It is false where the process has ended.
func (p *Process) Resume() bool { return p.send(unix.SIGCONT) }

// signal sends a signal to end by.
func (p *Process) signal(s syscall.Signal) bool {
	p.mu.Lock()
	p.stopped = p.stopped || !p.reaped
	p.mu.Unlock()
	return p.send(s)
}

// send is false where the process has ended.
func (p *Process) send(s syscall.Signal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.reaped && unix.Kill(-p.pid, s) == nil // else the group has just ended
}

// FreePorts returns n distinct TCP ports that were free on 127.0.0.1 a moment ago. The kernel picks them from
// other numbers than those that outgoing connections get first, and rarely the same twice in a row, so they
// stay free for the little while until a daemon listens there.
func FreePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for range n {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find %d free ports: %w", n, err)
		}
		defer l.Close() // all stay open until the last is taken, so none comes twice
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
