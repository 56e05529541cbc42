package result

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// NewFolder makes a folder for a run below parent, named after the time. discard removes it, and
// the folders above it that were made for it, if they are empty.
func NewFolder(parent string) (dir string, discard func(), err error) {
	var above []string
	for d := parent; missing(d); d = filepath.Dir(d) {
		above = append(above, d)
	}
	discard = func() {
		for _, d := range append([]string{dir}, above...) {
			os.Remove(d) //nolint:errcheck // what is not empty stays
		}
	}
	err = os.MkdirAll(parent, 0o755)
	base := filepath.Join(parent, time.Now().UTC().Format("20060102-150405"))
	dir = base
	for n := 2; err == nil; n++ {
		if err = os.Mkdir(dir, 0o755); err == nil {
			return dir, discard, nil
		}
		if errors.Is(err, os.ErrExist) {
			dir, err = fmt.Sprintf("%s-%d", base, n), nil
		}
	}
	discard()
	return "", nil, fmt.Errorf("make a folder for results: %w", err)
}

func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}
