package result

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// writeRun writes a whole run into dir, of workers where there are any, and then changes its summary.
func writeRun(t *testing.T, dir string, workers int) {
	w, err := Create(dir, testRun())
	if err != nil {
		t.Fatal(err)
	}
	if workers > 0 {
		if err := w.Workers(ranksBelow(workers)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 {
		l, err := w.Level(closed8, 0, second)
		if err != nil {
			t.Fatal(err)
		}
		for at, r := range randomRecords(1000, uint64(i)) {
			r.Worker = uint16(at % max(1, workers))
			l.Record(r)
		}
		if _, err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := w.Checkpoint(testRun(), Summary{Complete: true, Warnings: make([]string, i+1)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(testRun(), Summary{Complete: true}); err != nil {
		t.Fatal(err)
	}
	if err := UpdateSummary(dir, func(s *Summary) { s.Claims = []Claim{{ID: "a claim"}} }); err != nil {
		t.Fatal(err)
	}
}

// A process is killed at each of the changes that it makes to a run's folder.
// What is left either is a finished run in full, or is said to be none.
func TestKilledAtAnyWrite(t *testing.T) {
	const child, ofWorkers = "METERBENCH_TEST_WRITES_RUN", "METERBENCH_TEST_WORKERS"
	if dir := os.Getenv(child); dir != "" {
		workers, _ := strconv.Atoi(os.Getenv(ofWorkers))
		writeRun(t, dir, workers)
		return
	}
	if testing.Short() {
		t.Skip("starts a process for each of some dozen writes")
	}
	for _, workers := range []int{0, 3} {
		t.Run(fmt.Sprint(workers, " workers"), func(t *testing.T) {
			killedAtAnyWrite(t, child+"=", fmt.Sprint(ofWorkers, "=", workers))
		})
	}
}

func killedAtAnyWrite(t *testing.T, folder, workers string) {
	finished, parts := 0, 0
	for n := 1; ; n++ {
		dir := t.TempDir()
		seen, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK) // so that closing it ends a read
		if err != nil {
			t.Fatal(err)
		}
		if _, err := unix.InotifyAddWatch(seen, dir, unix.IN_CREATE|unix.IN_MODIFY|unix.IN_MOVED_TO); err != nil {
			t.Fatal(err)
		}
		changes := os.NewFile(uintptr(seen), "inotify")
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledAtAnyWrite$")
		cmd.Env = append(os.Environ(), folder+dir, workers)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		killed := make(chan bool)
		go func() { killed <- killAt(changes, n, cmd.Process) }()
		go func() { ended <- cmd.Wait(); changes.Close() }()
		whole := !<-killed
		if err := <-ended; whole && err != nil {
			t.Fatal(err)
		}
		switch _, err := os.Stat(filepath.Join(dir, summaryFile)); {
		case err == nil && isPart(t, dir):
			parts++
		case err == nil:
			finished++
			checkWhole(t, dir)
		case !errors.Is(err, fs.ErrNotExist):
			t.Fatal(err)
		default:
			_, err := Open(dir)
			if err == nil || !strings.Contains(err.Error(), "is not the folder of a run: run.json: no such file or directory") && !strings.Contains(err.Error(), "the run did not finish") {
				t.Errorf("after %d changes: %v", n, err)
			}
		}
		if whole {
			t.Logf("killed at %d changes, %d of them after a level, %d after the end", n-1, parts, finished-1)
			break
		}
	}
	if finished == 0 || parts == 0 {
		t.Errorf("%d runs were finished, %d killed after a level", finished, parts)
	}
}

// isPart reports whether the folder is that of an incomplete run. Of its transactions all or none can be read.
func isPart(t *testing.T, dir string) bool {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Error(err)
		return false
	}
	if s.Summary.Complete {
		return false
	}
	n := 0
	for _, err := range s.Transactions() {
		if n++; err != nil && (n > 1 || !errors.Is(err, errKilled)) {
			t.Errorf("row %d: %v", n, err)
		}
	}
	if _, err := s.Latencies(PartCommit, []LevelKey{closed8}); err != nil {
		t.Error(err)
	}
	if n != 1 && n != 2000 {
		t.Errorf("%d rows", n)
	}
	return true
}

// killAt kills a process once it has made so many changes to a folder, and
// reports whether it did.
func killAt(changes *os.File, n int, process *os.Process) bool {
	var events [64 << 10]byte
	for made := 0; ; {
		read, err := changes.Read(events[:])
		if err != nil {
			return false
		}
		for at := 0; at < read; made++ {
			at += unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(events[at+12:]))
		}
		if made >= n {
			return process.Kill() == nil
		}
	}
}

func checkWhole(t *testing.T, dir string) {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Error(err)
		return
	}
	n := 0
	for _, err := range s.Transactions() {
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	if n != 2000 || !s.Summary.Complete {
		t.Errorf("%d rows, want 2000; complete: %t", n, s.Summary.Complete)
	}
}
