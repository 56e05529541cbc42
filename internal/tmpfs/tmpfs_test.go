package tmpfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/internal/process"
)

// made mounts over a new folder, or skips the test where this user may not.
func made(t *testing.T, size uint64) (*Mount, string) {
	t.Helper()
	if err := Check(); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	m, err := New(dir, size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m, dir
}

// shell runs a script in the namespace and returns what it says.
func shell(t *testing.T, m *Mount, script string) string {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	p, err := process.Start(process.Spec{Name: "sh", Path: "/bin/sh", Args: []string{"-c", script}, Dir: "/", LogPath: log, Enter: m.Enter})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(time.Second)
	<-p.Done()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// mounted returns the mounts of this process that are on a folder.
func mounted(t *testing.T, dir string) (all []string) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, dir) {
			all = append(all, line)
		}
	}
	return all
}

// What one child writes is there for the next, and for this process by Path; in the folder itself there is nothing, and nothing
// is mounted.
func TestKeeps(t *testing.T) {
	m, dir := made(t, 1<<20)
	if got := shell(t, m, "echo kept >"+dir+"/file; cat "+dir+"/file"); got != "kept" {
		t.Errorf("the first child says %q", got)
	}
	if got := shell(t, m, "cat "+dir+"/file"); got != "kept" {
		t.Errorf("the second child says %q", got)
	}
	if text, err := os.ReadFile(filepath.Join(m.Path(), "file")); string(text) != "kept\n" {
		t.Errorf("by Path: %q, %v", text, err)
	}
	found := 0
	err := filepath.WalkDir(m.Path(), func(string, os.DirEntry, error) error { found++; return nil })
	if err != nil || found != 2 {
		t.Errorf("a walk finds %d, %v", found, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("in the folder: %v, %v", entries, err)
	}
	if all := mounted(t, dir); all != nil {
		t.Errorf("mounted here: %v", all)
	}
}

// A folder that was filled takes no more until it is freed, also while somebody writes as it is filled.
func TestFill(t *testing.T) {
	m, dir := made(t, 64<<20)
	write := func() string {
		return shell(t, m, fmt.Sprintf("head -c 100000 /dev/zero >>%s/file && echo written", dir))
	}
	if got := write(); got != "written" {
		t.Fatal(got)
	}
	used, err := m.Fill()
	if err != nil || used < 100_000 || used > 110_000 {
		t.Errorf("filled with %d bytes, %v", used, err)
	}
	if got := write(); !strings.Contains(got, unix.ENOSPC.Error()) && !strings.Contains(got, "No space left on device") {
		t.Errorf("in a full folder: %q", got)
	}
	if err := m.Free(); err != nil {
		t.Fatal(err)
	}
	if got := write(); got != "written" {
		t.Errorf("in a folder that was freed: %q", got)
	}
	writing, err := process.Start(process.Spec{
		Name: "sh", Path: "/bin/sh", Args: []string{"-c", "while head -c 4096 /dev/zero; do :; done >>" + dir + "/busy"}, Dir: "/",
		LogPath: filepath.Join(t.TempDir(), "log"), Enter: m.Enter,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer writing.Stop(0)
	time.Sleep(50 * time.Millisecond)
	if _, err := m.Fill(); err != nil {
		t.Error(err)
	}
	select {
	case <-writing.Done():
	case <-time.After(time.Minute):
		t.Error("the writer still has room")
	}
}

// An empty folder can be filled, and one that is not there cannot be mounted on.
func TestFillOfNothing(t *testing.T) {
	m, dir := made(t, 1<<20)
	if _, err := m.Fill(); err != nil {
		t.Fatal(err)
	}
	if got := shell(t, m, "head -c 10000 /dev/zero >"+dir+"/file && echo written"); got == "written" {
		t.Error("there was room")
	}
	if _, err := New(filepath.Join(dir, "none"), 1); !errors.Is(err, unix.ENOENT) {
		t.Errorf("error %v", err)
	}
}

// Whoever may not mount learns what to do.
func TestExplain(t *testing.T) {
	if got := explain(fmt.Errorf("make a mount namespace: %w", unix.EPERM)).Error(); !strings.HasSuffix(got, "operation not permitted; run as root, or leave the event fill out") {
		t.Error(got)
	}
}
