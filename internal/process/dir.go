package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Folder is a run folder: it belongs to one process, named by its pid and
// start time, so that a later process with the same pid is not taken for it.
type Folder struct {
	Path   string
	Prefix string
	PID    int  // the owner's
	Alive  bool // the owner is running

	start uint64 // the owner's start, clock ticks since boot
}

// NewDir makes a run folder of this process under parent and returns its path.
// The caller removes it; Sweep does if the caller is killed.
func NewDir(parent, prefix string) (string, error) {
	start, _, err := startTime(os.Getpid())
	if err != nil {
		return "", fmt.Errorf("make a run folder: %w", err)
	}
	dir, err := os.MkdirTemp(parent, fmt.Sprintf("%s.pid%d.start%d.*", prefix, os.Getpid(), start))
	if err != nil {
		return "", fmt.Errorf("make a run folder: %w", err)
	}
	return dir, nil
}

// Mark returns a new name that tells which process owns what bears it, for
// things other than folders of NewDir that outlive a process that is killed.
func Mark(prefix string) (string, error) {
	start, _, err := startTime(os.Getpid())
	if err != nil {
		return "", fmt.Errorf("name what this process owns: %w", err)
	}
	return fmt.Sprintf("%s.pid%d.start%d.%d", prefix, os.Getpid(), start, time.Now().UnixNano()), nil
}

// Abandoned tells whether a name comes from Mark, or NewDir, in a process that
// runs no longer.
func Abandoned(name string) bool {
	f, ok := parseName(name)
	return ok && !f.running()
}

// Stat tells whose run folder dir is, and whether that process is running.
func Stat(dir string) (Folder, error) {
	info, err := os.Lstat(dir)
	if err != nil {
		return Folder{}, fmt.Errorf("look at a run folder: %w", err)
	}
	f, ok := parseName(filepath.Base(dir))
	if !ok || !info.IsDir() {
		return Folder{}, fmt.Errorf("%s is not a run folder", dir)
	}
	f.Path, f.Alive = dir, f.running()
	return f, nil
}

// running tells whether the owner runs, and also if that cannot be told.
func (f Folder) running() bool {
	start, running, err := startTime(f.PID)
	if err != nil {
		return !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ESRCH)
	}
	return running && start == f.start
}

// Folders returns the run folders under parent that belong to this user, in
// the order of their names. A parent that does not exist has none.
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
		if _, ok := parseName(entry.Name()); !ok || !entry.IsDir() {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			continue // removed since
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
			continue
		}
		f, err := Stat(filepath.Join(parent, entry.Name()))
		if err != nil {
			continue // removed since
		}
		folders = append(folders, f)
	}
	return folders, nil
}

// Sweep removes the run folders under parent whose owners are gone and
// returns their paths. It goes on after one that it cannot remove.
func Sweep(parent string) (removed []string, err error) {
	folders, err := Folders(parent)
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, f := range folders {
		if f.Alive {
			continue
		}
		if err := os.RemoveAll(f.Path); err != nil {
			failed = append(failed, fmt.Errorf("sweep a run folder whose owner is gone: %w", err))
			continue
		}
		removed = append(removed, f.Path)
	}
	return removed, errors.Join(failed...)
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

// startTime returns when a process started, in clock ticks since boot, and
// whether it still runs: a zombie does not. See proc_pid_stat(5), fields 3
// and 22; field 2, the program's name in brackets, may hold anything.
func startTime(pid int) (start uint64, running bool, err error) {
	path := fmt.Sprintf("/proc/%d/stat", pid)
	stat, err := os.ReadFile(path)
	if err != nil {
		return 0, false, err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 {
		return 0, false, fmt.Errorf("%s: unexpected form", path)
	}
	start, err = strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("%s: start time: %w", path, err)
	}
	return start, fields[0] != "Z" && fields[0] != "X", nil
}
