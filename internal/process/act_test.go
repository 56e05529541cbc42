package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/internal/proc"
)

// A process that was killed on purpose has not ended by itself, and tells what it has used.
func TestKill(t *testing.T) {
	for _, suspended := range []bool{false, true} {
		p := start(t, "stubborn")
		firstLine(t, p)
		if suspended && !p.Suspend() {
			t.Error("not suspended")
		}
		usage, err := proc.Process(p.PID())
		if err != nil {
			t.Fatal(err)
		}
		if !p.Kill() || p.Err() != nil || running(p.PID()) {
			t.Errorf("after Kill: %v, running %v", p.Err(), running(p.PID()))
		}
		if p.Used() < usage.CPU || p.Used() > usage.CPU+1 {
			t.Errorf("it used %v s, and %v s just before its end", p.Used(), usage.CPU)
		}
		if p.Suspend() || p.Resume() || p.Kill() {
			t.Error("a process that has ended took a signal")
		}
	}
	p := start(t, "fail")
	<-p.Done()
	if p.Kill() || p.Err() == nil {
		t.Error("a process that had ended by itself was killed")
	}
}

// All threads of a suspended process stand still, however busy they and the machine are.
func TestSuspendBusyThreads(t *testing.T) {
	p := start(t, "busy")
	firstLine(t, p)
	for range 10 {
		if !p.Suspend() {
			t.Fatal("not suspended")
		}
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.PID()))
		if err != nil || len(threads) < 3 {
			t.Fatal(threads, err)
		}
		for _, thread := range threads {
			if stat, err := os.ReadFile(thread); err != nil || !strings.Contains(string(stat), ") T ") {
				t.Errorf("%s, %v", stat, err)
			}
		}
		if !p.Resume() {
			t.Fatal("not resumed")
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.Kill()
}

// A suspended process stands still and goes on, and one that is stopped meanwhile is asked to end like any other.
func TestSuspend(t *testing.T) {
	p := start(t, "sleep")
	firstLine(t, p)
	for _, want := range []bool{true, false, true} {
		if ok := want && p.Suspend() || !want && p.Resume(); !ok {
			t.Fatal("no signal was sent")
		}
		eventually(t, "the kernel says so", func() bool {
			usage, err := proc.Process(p.PID())
			return err == nil && usage.Stopped == want
		})
	}
	began := time.Now()
	p.Stop(time.Minute)
	if took := time.Since(began); took > 50*time.Second { // far less than the time that it was given
		t.Errorf("it took %v to end", took)
	}
}

// What Enter does to its thread reaches the child alone.
func TestEnter(t *testing.T) {
	spec := Spec{
		Name: "peer0", Path: os.Args[0], Env: []string{part + "=argv0"}, Args: []string{"x"}, LogPath: filepath.Join(t.TempDir(), "log"),
		Enter: func() error { return errors.New("no way in") },
	}
	if _, err := Start(spec); err == nil || !strings.Contains(err.Error(), "start peer0: no way in") {
		t.Errorf("error %v", err)
	}
	spec.Enter = func() error { // a working folder of its own, as a namespace would be
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return err
		}
		return syscall.Chdir("/proc")
	}
	p, err := Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(0)
	if got := firstLine(t, p); got != os.Args[0]+" x /proc" {
		t.Errorf("the child is in %q", got)
	}
	for range 100 { // on many threads
		if wd, err := os.Getwd(); err != nil || wd == "/proc" {
			t.Fatalf("this process is in %s, %v", wd, err)
		}
	}
}
