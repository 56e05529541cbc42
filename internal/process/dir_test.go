package process

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"meterbench/internal/printable"
	"meterbench/internal/proc"
)

func TestSweep(t *testing.T) {
	parent := t.TempDir()
	mine, err := NewDir(parent, "net")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(mine, "block"), []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := proc.Self()
	if err != nil {
		t.Fatal(err)
	}
	reused := fmt.Sprintf("net.pid%d.start%d.1", os.Getpid(), self.Started-1) // an earlier process with this pid
	gone := "net.pid4194305.start77.2"                                        // above the kernel's highest pid
	foreign := []string{
		"net", "net.pid1", "net-12-34-56", "net.pidx.start1.2", "net.pid4194305.start77", "net.pid4194305.start77.x",
		"net.pid99999999999999999999.start1.2", "net.pid0.start1.2",
	}
	for _, name := range append([]string{reused, gone}, foreign...) {
		if err := os.MkdirAll(filepath.Join(parent, name, "peer0"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	file := "net.pid4194305.start78.3"
	if err := os.WriteFile(filepath.Join(parent, file), nil, 0o600); err != nil {
		t.Fatal(err)
	}

	folders, err := Folders(parent)
	if err != nil {
		t.Fatal(err)
	}
	alive := map[string]bool{}
	for _, f := range folders {
		alive[f.Path] = f.Alive
		if f.Prefix != "net" {
			t.Errorf("%s: prefix %q", f.Path, f.Prefix)
		}
	}
	if len(alive) != 3 || !alive[mine] || alive[filepath.Join(parent, reused)] {
		t.Errorf("folders: %v", alive)
	}

	removed, err := Sweep(parent)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(parent, gone), filepath.Join(parent, reused)}
	slices.Sort(want)
	if !slices.Equal(removed, want) {
		t.Errorf("removed %v, want %v", removed, want)
	}
	for _, name := range append(foreign, filepath.Base(mine)+"/block", file) {
		if _, err := os.Stat(filepath.Join(parent, name)); err != nil {
			t.Errorf("should have stayed: %v", err)
		}
	}
	for _, path := range want {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is still there", path)
		}
	}
}

func TestMark(t *testing.T) {
	mine, err := Mark("peer0.ptb")
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := parseName(mine); !ok || f.Prefix != "peer0.ptb" || f.PID != os.Getpid() {
		t.Errorf("%s is of %s, process %d, %v", mine, f.Prefix, f.PID, ok)
	}
	for name, want := range map[string]bool{mine: false, "peer0.ptb.pid4194305.start77.2": true, "shell": false, "a.pid4194305": false} {
		if Abandoned(name) != want {
			t.Errorf("Abandoned(%s) = %v", name, !want)
		}
	}
}

func TestFoldersOfNothing(t *testing.T) {
	if folders, err := Folders(filepath.Join(t.TempDir(), "none")); len(folders) > 0 || err != nil {
		t.Errorf("got %v, %v", folders, err)
	}
}

func TestFreePortsAreDistinct(t *testing.T) {
	ports, err := FreePorts(100)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ports)
	if ports = slices.Compact(ports); len(ports) != 100 || ports[0] < 1 {
		t.Errorf("%d distinct ports: %v", len(ports), ports)
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	tests := []struct{ log, want string }{
		{"", ""},
		{"one", "one"},
		{"one\n\n\r\ntwo\n", "one|two"},
		{"\x1b[31mred\x1b[0m\tand \x07bell\n", `red and \abell`},
		{strings.Repeat("x\n", 5) + strings.Repeat("y\n", 10), "y|y|y|y|y|y|y|y|y|y"},
		{"begin " + strings.Repeat("z", tailBytes) + "\nlast\n", "last"},
	}
	for _, test := range tests {
		if err := os.WriteFile(path, []byte(test.log), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(Tail(path), "|"); got != test.want {
			t.Errorf("Tail of %.40q = %.80q, want %q", test.log, got, test.want)
		}
	}
	if got := Tail(path + ".none"); got != nil {
		t.Errorf("Tail of no file: %q", got)
	}
}

// Whatever a daemon logs, what reaches the terminal holds no control characters, and is no longer than a person reads.
func TestTailOfAnything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	rapid.Check(t, func(t *rapid.T) {
		log := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "log")
		if err := os.WriteFile(path, []byte(log+strings.Repeat("long", rapid.IntRange(0, 1000).Draw(t, "times"))), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, line := range Tail(path) {
			if line != printable.Line(line) || len(line) > 5*tailLine {
				t.Fatalf("%d bytes: %q", len(line), line)
			}
		}
	})
}

// A log that is no file any more keeps nobody waiting.
func TestTailOfNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Tail(path); got != nil {
		t.Errorf("got %q", got)
	}
}

// Processes with other working directories use a run folder: TMPDIR may be relative, its path is not.
func TestNewDirIsAbsolute(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("temporary", 0o700); err != nil {
		t.Fatal(err)
	}
	dir, err := NewDir("temporary", "net")
	if err != nil || !filepath.IsAbs(dir) {
		t.Errorf("%q, %v; want an absolute path", dir, err)
	}
}
