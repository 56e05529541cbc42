package process

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A harness that is killed leaves neither folder nor process, also where another process in its folder outlives it, and where
// whoever kills it tries to end the reaper in the usual ways before.
func TestReaper(t *testing.T) {
	for name, before := range map[string][]syscall.Signal{
		"killed": nil, "signalled before": {syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM},
	} {
		t.Run(name, func(t *testing.T) {
			harness := exec.Command(os.Args[0], t.TempDir(), "reaped")
			harness.Env = []string{part + "=harness"}
			out, err := harness.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := harness.Start(); err != nil {
				t.Fatal(err)
			}
			var orphan, reaper, child int
			var dir string
			if _, err := fmt.Fscan(bufio.NewReader(out), &orphan, &reaper, &child, &dir); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the reaper is ready", func() bool { return ignores(t, reaper, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM) })
			for _, s := range before {
				syscall.Kill(reaper, s) // as above
			}
			for _, pid := range []int{orphan, reaper, child} {
				if !running(pid) {
					t.Fatalf("process %d of %d, %d, %d does not run", pid, orphan, reaper, child)
				}
			}
			harness.Process.Kill()
			defer harness.Wait() // a zombie until then
			eventually(t, "the folder is gone", func() bool { _, err := os.Stat(dir); return errors.Is(err, fs.ErrNotExist) })
			for _, pid := range []int{orphan, reaper, child} {
				eventually(t, fmt.Sprintf("process %d ended", pid), func() bool { return !running(pid) })
			}
		})
	}
}

// ignores reports whether a process ignores signals.
func ignores(t *testing.T, pid int, signals ...syscall.Signal) bool {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(status), "\nSigIgn:")
	text, _, _ = strings.Cut(text, "\n")
	ignored, err := strconv.ParseUint(strings.TrimSpace(text), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range signals {
		if ignored&(1<<(s-1)) == 0 {
			return false
		}
	}
	return true
}

// A reaper touches nothing of an owner that lives, and no folder that is none of a run.
func TestReaperOfTheLiving(t *testing.T) {
	dir, err := NewDir(t.TempDir(), "net")
	if err != nil {
		t.Fatal(err)
	}
	reaper, err := StartReaper(os.Args[0], dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if reaper.Close(); time.Since(begin) >= partingTime {
		t.Errorf("it took %v to see that nothing is left to do", time.Since(begin))
	}
	precious := filepath.Join(t.TempDir(), "precious")
	if err := os.Mkdir(precious, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{precious, filepath.Join(precious, ".."), "/"} {
		if reaper, err = StartReaper(os.Args[0], dir); err != nil {
			t.Fatal(err)
		}
		reaper.Close()
		if code := reaper.process.ProcessState.ExitCode(); code != 2 {
			t.Errorf("%s: exit code %d", dir, code)
		}
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}
