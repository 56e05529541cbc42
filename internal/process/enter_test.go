package process

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// niced returns the threads of a process that have a nice value.
func niced(t *testing.T, pid, nice int) (n int) {
	t.Helper()
	threads, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "task"))
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			t.Fatal(err)
		}
		if attr, err := unix.SchedGetAttr(id, 0); err == nil && int(attr.Nice) == nice {
			n++
		}
	}
	return n
}

// A child has what the thread that started it has. No other thread of this process gets it, and that one ends: as the main
// thread it would be there for ever, and /proc/self would show its namespaces.
func TestEnterEndsTheThread(t *testing.T) {
	const nice = 7
	enter := func() error { return unix.Setpriority(unix.PRIO_PROCESS, 0, nice) }
	for _, c := range []struct {
		name    string
		started func(int) error
	}{{"plain", nil}, {"held", func(int) error { return nil }}} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Start(Spec{Name: "node", Path: "/bin/sleep", Args: []string{"1000"}, LogPath: filepath.Join(t.TempDir(), "log"), Enter: enter, Started: c.started})
			if err != nil {
				t.Fatal(err)
			}
			if n := niced(t, p.PID(), nice); n != 1 {
				t.Errorf("the child has %d threads with the nice value", n)
			}
			if n := niced(t, os.Getpid(), nice); n != 1 {
				t.Errorf("%d threads of this process have the nice value, want only the one that waits for the child", n)
			}
			p.Stop(time.Second)
			for until := time.Now().Add(time.Minute); niced(t, os.Getpid(), nice) > 0; time.Sleep(time.Millisecond) {
				if time.Now().After(until) {
					t.Fatal("the thread is still there")
				}
			}
		})
	}
}
