package rank

import (
	"fmt"
	"os"
	"path/filepath"

	"meterbench/bench/result"
)

// mostRuns is the most runs that are ranked together.
const mostRuns = 1000

// Open opens the runs that paths name: folders of runs, or folders that hold some, which stand for all of them.
func Open(paths []string) (runs []*result.Folder, err error) {
	seen := map[string]bool{}
	for _, path := range paths {
		dirs := []string{path} // of what is no folder the error says what it lacks
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			if dirs, err = result.Folders(path); err != nil {
				return nil, err
			}
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
