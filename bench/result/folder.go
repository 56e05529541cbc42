package result

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// NewFolder makes a folder for a run below parent, named after the time. discard removes it, and the
// folders above it that were made for it, if they are empty.
func NewFolder(parent string) (dir string, discard func(), err error) {
	above, err := makeDir(parent)
	discard = func() { removeDirs(append([]string{dir}, above...)...) }
	base := filepath.Join(parent, time.Now().UTC().Format("20060102-150405"))
	dir = base
	for n := 2; err == nil; n++ {
		if err = os.Mkdir(dir, 0o755); err == nil {
			return dir, discard, nil
		}
		if errors.Is(err, fs.ErrExist) {
			dir, err = fmt.Sprintf("%s-%d", base, n), nil
		}
	}
	discard()
	return "", nil, fmt.Errorf("make a folder for results: %w", err)
}

// makeDir is os.MkdirAll that tells which folders were missing, innermost first.
func makeDir(dir string) (missing []string, err error) {
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			return missing, os.MkdirAll(dir, 0o755)
		}
		missing = append(missing, d)
	}
}

// removeDirs removes folders. Those that hold anything stay.
func removeDirs(dirs ...string) {
	for _, dir := range dirs {
		_ = os.Remove(dir)
	}
}
