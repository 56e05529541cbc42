package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// reaperArgv0 is the name under which the program is started as a reaper.
const reaperArgv0 = "meterbench-reaper"

// A Reaper is a process that outlives this one by a moment: should this one be killed, it ends what still works in a run
// folder and removes the folder. It belongs to a session of its own, so that no signal to a terminal's or a group's processes
// ends it before.
type Reaper struct {
	process *exec.Cmd
	lives   *os.File // the reaper reads the end of this pipe when this process ends
}

// StartReaper starts the reaper of a run folder of this process, made by NewDir. executable is a program whose main calls
// Reap. env is what that needs of the environment, KEY=value.
func StartReaper(executable, dir string, env ...string) (*Reaper, error) {
	in, lives, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the reaper: %w", err)
	}
	defer in.Close()
	cmd := exec.Command(executable, dir)
	cmd.Args[0], cmd.Dir, cmd.Env, cmd.Stdin = reaperArgv0, "/", append([]string{"GOMAXPROCS=1"}, env...), in
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		lives.Close()
		return nil, fmt.Errorf("start the reaper: %w", err)
	}
	return &Reaper{cmd, lives}, nil
}

// Close ends the reaper, which leaves the folder to this process.
func (r *Reaper) Close() {
	r.lives.Close()
	_ = r.process.Wait() // it is gone, whatever it says
}

// The times that a reaper allows for an owner that has closed the pipe to be gone, and for all that it removes.
const (
	partingTime = 5 * time.Second
	reapingTime = 30 * time.Second
)

// Reap is the main of a reaper, if this program was started as one. also, which may be called often, removes what else is left
// of a process that was killed.
func Reap(args []string, also func() error) (code int, handled bool) {
	if !IsReaper(args) {
		return 0, false
	}
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM) // it ends with its owner
	if len(args) != 2 {
		return 2, true
	}
	folder, ok := parseName(filepath.Base(args[1]))
	if !ok {
		return 2, true // whatever it is, it is no run folder
	}
	folder.Path = args[1]
	for buffer := make([]byte, 1); ; { // until the end
		if _, err := os.Stdin.Read(buffer); err != nil {
			break
		}
	}
	if !folder.abandoned() {
		return 0, true
	}
	for until := time.Now().Add(reapingTime); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		// A process that is about to die may still make files: once more after the last one is gone.
		killed := killIn(folder.Path)
		err := errors.Join(os.RemoveAll(folder.Path), also())
		if killed == 0 && err == nil {
			return 0, true
		}
	}
	return 1, true
}

// IsReaper reports whether this program was started as a reaper. args is the whole argument list.
func IsReaper(args []string) bool { return len(args) > 0 && args[0] == reaperArgv0 }

// abandoned reports whether the folder is there and its owner is gone, for which it waits a while.
func (f Folder) abandoned() bool {
	for until := time.Now().Add(partingTime); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(f.Path); err != nil {
			return false
		}
		if !f.running() {
			return true
		}
	}
	return false
}

// killIn kills the processes of this user whose working folder lies in dir, and returns their number.
func killIn(dir string) (n int) {
	entries, err := os.ReadDir("/proc")
	real, unresolved := filepath.EvalSymlinks(dir)
	if err != nil || unresolved != nil {
		return 0
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// A handle first, so that what is looked at is what is killed.
		handle, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		if cwd, err := os.Readlink(filepath.Join("/proc", e.Name(), "cwd")); err == nil && strings.HasPrefix(cwd, real+"/") &&
			unix.PidfdSendSignal(handle, unix.SIGKILL, nil, 0) == nil {
			n++
		}
		unix.Close(handle)
	}
	return n
}
