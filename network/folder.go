package network

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"meterbench/internal/process"
	"meterbench/internal/regular"
)

// A folder is the run folder of a network.
type folder struct {
	path      string
	temporary bool     // it goes with the network
	existed   bool     // it was there before: only its content goes
	lock      *os.File // on its mark, as long as a network uses it; nil in a folder of this process alone
	pointer   string   // folder by which List finds a network in a folder of the user's choice
}

// markFile lies in a run folder of the user's choice: what else is in there is a network's. Its lock is held as long
// as one uses the folder.
const markFile = ".meterbench"

// pointerFile lies in a folder among the system's temporary files and names a run folder elsewhere.
const pointerFile = "run-folder"

// profileFile is the beginning of the names of connection profiles.
const profileFile = "connection-"

// openFolder makes the run folder of a network, or takes one of the user's choice that is empty or that a network has
// left behind, whose content goes. The others lie in the system's folder for temporary files: ledgers can be large and
// are worth nothing once the network has gone.
func openFolder(chosen, network string) (folder, error) {
	if chosen == "" {
		dir, err := process.NewDir(os.TempDir(), "meterbench-"+network)
		if err != nil {
			return folder{}, fmt.Errorf("%w; set TMPDIR to a folder that may be written", err)
		}
		return folder{path: dir, temporary: true}, nil
	}
	dir, err := filepath.Abs(chosen)
	if err != nil {
		return folder{}, fmt.Errorf("run folder: %w", err)
	}
	f := folder{path: dir}
	entries, err := os.ReadDir(dir)
	switch {
	case err == nil:
		f.existed = true
	case !errors.Is(err, os.ErrNotExist):
		return folder{}, fmt.Errorf("read run folder: %w", err)
	}
	if i := slices.IndexFunc(entries, foreign); i >= 0 || len(entries) > 0 && !slices.ContainsFunc(entries, isMark) {
		return folder{}, fmt.Errorf("run folder %s is not empty: there is %s, which no network has left; name a new one", dir, entries[max(i, 0)].Name())
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return folder{}, fmt.Errorf("make run folder: %w", err)
	}
	if f.lock, err = lockMark(dir); err != nil {
		return folder{}, fmt.Errorf("run folder %s: %w", dir, err)
	}
	for _, e := range entries {
		if !isMark(e) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	if err != nil {
		return folder{}, errors.Join(fmt.Errorf("clear run folder: %w", err), f.lock.Close())
	}
	return f, nil
}

func isMark(e os.DirEntry) bool { return e.Name() == markFile }

// foreign reports whether no network makes an entry of that name in its run folder.
func foreign(e os.DirEntry) bool {
	return !slices.Contains([]string{markFile, guestFile, recordFile, recordFile + ".new", nodesDir, organisationsDir, channelsDir, logsDir}, e.Name()) &&
		!strings.HasPrefix(e.Name(), profileFile)
}

// lockMark makes a folder's mark and locks it.
func lockMark(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, markFile), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close() // the first error counts
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("a network runs there; take it down with meterbench network down %s", dir)
		}
		return nil, err
	}
	return f, nil
}

// point lets List find a network in a folder of the user's choice.
func (f *folder) point(network string) (err error) {
	if f.temporary {
		return nil
	}
	if f.pointer, err = process.NewDir(os.TempDir(), "meterbench-"+network); err == nil {
		err = os.WriteFile(filepath.Join(f.pointer, pointerFile), []byte(f.path), 0o600)
	}
	return err
}

// target returns the run folder that a folder among the system's temporary files is, or names.
func target(path string) string {
	if elsewhere, err := regular.Read(filepath.Join(path, pointerFile), unix.PathMax); err == nil {
		return string(elsewhere)
	}
	return path
}

// close removes what goes with the network: the whole folder, or what was not there before a failed start, or the record.
func (f *folder) close(failed bool) error {
	var err error
	switch {
	case (f.temporary || failed) && !f.existed:
		err = os.RemoveAll(f.path)
	case failed:
		err = empty(f.path)
	default:
		if err = os.Remove(filepath.Join(f.path, recordFile)); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	}
	if f.pointer != "" {
		err = errors.Join(err, os.RemoveAll(f.pointer))
	}
	if f.lock != nil {
		err = errors.Join(err, f.lock.Close())
	}
	return err
}

// empty removes all that is in a folder, but not the folder.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}
