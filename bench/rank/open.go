package rank

import (
	"fmt"
	"os"
	"path/filepath"

	"meterbench/bench/result"
)

const (
	// manifest is the file by which the folder of a run is known.
	manifest = "run.json"
	// deepest is how many folders below a named one are searched for runs: out/<scenario>/<run>.
	deepest = 2
	// mostRuns is the most runs that are ranked together: a folder that holds more is not meant.
	mostRuns = 1000
)

// Open opens the runs that paths name: folders of runs, or folders that hold some, which stand for all of them.
func Open(paths []string) (runs []*result.Folder, err error) {
	seen := map[string]bool{}
	for _, path := range paths {
		dirs, err := below(path, deepest)
		if err != nil {
			return nil, err
		}
		if len(dirs) == 0 {
			dirs = []string{path} // whose error says what it lacks
		}
		for _, dir := range dirs {
			if clean := filepath.Clean(dir); seen[clean] {
				continue // named twice, it is no second run
			}
			seen[filepath.Clean(dir)] = true
			folder, err := result.Open(dir)
			if err != nil {
				return nil, err
			}
			if runs = append(runs, folder); len(runs) > mostRuns {
				return nil, fmt.Errorf("%s: with it there are more than %d runs; name those to rank", path, mostRuns)
			}
		}
	}
	return runs, nil
}

// below returns the folders of runs at or below a folder, by name. It follows no symbolic links below it.
func below(dir string, depth int) (dirs []string, err error) {
	if _, err := os.Lstat(filepath.Join(dir, manifest)); err == nil {
		return []string{dir}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil || depth == 0 {
		return nil, nil // no folder, or none that is looked into: result.Open says what is wrong with what was named
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		more, err := below(filepath.Join(dir, e.Name()), depth-1)
		if err != nil {
			return nil, err
		}
		if dirs = append(dirs, more...); len(dirs) > mostRuns {
			return nil, fmt.Errorf("%s: holds more than %d runs; name those to rank", dir, mostRuns)
		}
	}
	return dirs, nil
}
