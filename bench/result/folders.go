package result

import (
	"fmt"
	"os"
	"path/filepath"
)

const (
	// deepestRun is how many folders below a named one are searched for runs: out/<scenario>/<run>.
	deepestRun = 2
	// mostRuns is the most runs that a folder stands for: one that holds more is not meant.
	mostRuns = 1000
)

// Folders returns the folders of runs that a path stands for, by name: the path itself where it is one, or else those up to two
// folders below it. It follows no symbolic links below it. The error is about a folder that cannot be read, or that holds no run or
// more than 1000.
func Folders(path string) ([]string, error) {
	dirs, err := foldersBelow(path, deepestRun)
	if err == nil && len(dirs) == 0 {
		err = fmt.Errorf("%s: holds no run; name a folder as out/<scenario>/<run>, or one of those above it", path)
	}
	return dirs, err
}

func foldersBelow(dir string, depth int) (dirs []string, err error) {
	if _, err := os.Lstat(filepath.Join(dir, runFile)); err == nil {
		return []string{dir}, nil
	}
	if depth == 0 {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		more, err := foldersBelow(filepath.Join(dir, e.Name()), depth-1)
		if err != nil {
			return nil, err
		}
		if dirs = append(dirs, more...); len(dirs) > mostRuns {
			return nil, fmt.Errorf("%s: holds more than %d runs; name those that are meant", dir, mostRuns)
		}
	}
	return dirs, nil
}
