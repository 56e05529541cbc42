package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"meterbench/internal/proc"
)

// Folder is a run folder of one process, named by its pid and start time, as pids are used again.
type Folder struct {
	Path   string
	Prefix string
	PID    int  // the owner's
	Alive  bool // the owner is running

	start uint64 // of the owner, see proc.Usage
}

// NewDir makes a run folder of this process under parent, and returns its absolute path, because processes with other
// working directories use it. The caller removes it, or Sweep if it is killed.
func NewDir(parent, prefix string) (string, error) {
	dir, err := owned(prefix)
	if err == nil {
		parent, err = filepath.Abs(parent)
	}
	if err == nil {
		dir, err = os.MkdirTemp(parent, dir+"*")
	}
	if err != nil {
		return "", fmt.Errorf("make a run folder: %w", err)
	}
	return dir, nil
}

// Mark returns a new name with this process as the owner, for other things that outlive a killed process.
func Mark(prefix string) (string, error) {
	name, err := owned(prefix)
	if err != nil {
		return "", fmt.Errorf("name what this process owns: %w", err)
	}
	return fmt.Sprint(name, time.Now().UnixNano()), nil
}

// owned returns the beginning of a name that identifies this process as the owner.
func owned(prefix string) (string, error) {
	self, err := proc.Self()
	return fmt.Sprintf("%s.pid%d.start%d.", prefix, os.Getpid(), self.Started), err
}

// Abandoned reports whether a name comes from Mark, or NewDir, in a process that runs no longer.
func Abandoned(name string) bool {
	f, ok := parseName(name)
	return ok && !f.running()
}

// running reports whether the owner runs, or may run for all that can be read.
func (f Folder) running() bool {
	owner, err := proc.Process(f.PID)
	if err != nil {
		return !errors.Is(err, proc.ErrEnded)
	}
	return owner.Started == f.start
}

// Folders returns this user's run folders under parent, by name, none where it does not exist.
func Folders(parent string) ([]Folder, error) {
	entries, err := os.ReadDir(parent)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for run folders: %w", err)
	}
	var folders []Folder
	for _, entry := range entries {
		f, ok := parseName(entry.Name())
		info, err := entry.Info()
		if !ok || err != nil || !info.IsDir() { // or removed since
			continue
		}
		if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) == os.Geteuid() {
			f.Path, f.Alive = filepath.Join(parent, entry.Name()), f.running()
			folders = append(folders, f)
		}
	}
	return folders, nil
}

// Sweep removes the run folders whose owners are gone and returns their paths, also if it cannot remove all.
func Sweep(parent string) (removed []string, err error) {
	folders, err := Folders(parent)
	if err != nil {
		return nil, err
	}
	for _, f := range folders {
		if f.Alive {
			continue
		}
		if failed := os.RemoveAll(f.Path); failed != nil {
			err = errors.Join(err, fmt.Errorf("sweep a run folder whose owner is gone: %w", failed))
			continue
		}
		removed = append(removed, f.Path)
	}
	return removed, err
}

var folderName = regexp.MustCompile(`^(.*)\.pid([0-9]+)\.start([0-9]+)\.[0-9]+$`)

func parseName(name string) (Folder, bool) {
	m := folderName.FindStringSubmatch(name)
	if m == nil {
		return Folder{}, false
	}
	pid, err1 := strconv.Atoi(m[2])
	start, err2 := strconv.ParseUint(m[3], 10, 64)
	return Folder{Prefix: m[1], PID: pid, start: start}, err1 == nil && err2 == nil && pid > 0
}
