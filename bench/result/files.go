package result

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/renameio/v2"
)

// WriteJSON writes v to path in one step: a reader sees the old file or the whole new one, after a power failure too.
func WriteJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return writeFile(path, append(data, '\n'))
}

// writeFile writes data to path in one step, after a sync: without it a power failure could leave the new
// name on an empty file.
func writeFile(path string, data []byte) error {
	folder := filepath.Dir(path)
	err := renameio.WriteFile(path, data, 0o644, renameio.WithTempDir(folder), renameio.WithStaticPermissions(0o644))
	if err != nil {
		return unwritable(path, err)
	}
	// The new name outlives a power failure where the file system can: what is in the file is safe by now,
	// and a reader that finds an old name says so.
	if dir, err := os.Open(folder); err == nil {
		_ = dir.Sync()
		dir.Close()
	}
	return nil
}

// unwritable is the error of a file or folder that cannot be written, nil where err is nil.
func unwritable(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: cannot be written: %w; choose another folder or make room", path, cause(err))
}

// cause takes the operation and path off a file error: our messages begin with the path already.
func cause(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	}
	return err
}

// fill puts into words what scripts read as words, and replaces nil by empty where summary.json promises a
// list or an object. The error is that of check.
func (s *Summary) fill() error {
	s.Upgrade()
	s.Warnings = inWords(s.Notices)
	s.Points, s.Saturation, s.FE = nonNil(s.Points), nonNil(s.Saturation), nonNil(s.FE)
	for i := range s.Points {
		p := &s.Points[i]
		p.Reasons = nonNil(p.Reasons)
		p.Warnings = inWords(p.Notices)
		p.LimitedBy = cmp.Or(p.Limit.String(), p.LimitedBy)
		p.Outcomes, p.Latency, p.Intervals = nonNilMap(p.Outcomes), nonNilMap(p.Latency), nonNilMap(p.Intervals)
		p.CPU, p.RSS = nonNilMap(p.CPU), nonNilMap(p.RSS)
	}
	for i := range s.Saturation {
		f := &s.Saturation[i]
		f.LimitedBy = cmp.Or(f.Limit.String(), f.LimitedBy)
	}
	return s.check()
}

func inWords(warnings []Warning) []string {
	texts := make([]string, len(warnings))
	for i, w := range warnings {
		texts[i] = w.String()
	}
	return texts
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func nonNilMap[T any](m map[string]T) map[string]T {
	if m == nil {
		return map[string]T{}
	}
	return m
}

// check reports the first contradiction in a summary: outcome classes that are unknown or do not sum to what was
// scheduled, latencies over all of another number, a recovery from no event, or a number that JSON cannot hold.
func (s *Summary) check() error {
	for i := range s.Points {
		p := &s.Points[i]
		at := fmt.Sprintf("point %d (%s)", i+1, LevelKey{p.Series, p.Repetition, p.Load})
		var counts Counts
		for name, n := range p.Outcomes {
			o, err := ParseOutcome(name)
			if err != nil {
				return fmt.Errorf("%s: %w", at, err)
			}
			counts[o] = n
		}
		if sum := counts.Total(); sum != p.Scheduled || slices.Max(counts[:]) > sum { // no wrapping round
			return fmt.Errorf("%s: the outcome classes sum to %d, but %d transactions were scheduled", at, sum, p.Scheduled)
		}
		if all := p.LatencyAll; all != nil && (all.N != p.Scheduled || all.Lost() > all.N) {
			return fmt.Errorf("%s: the latency over all is that of %d transactions, %d of them missing, but %d were scheduled", at, all.N, all.Lost(), p.Scheduled)
		}
		if err := p.checkSites(); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		for _, r := range p.Recoveries {
			if r.Event < 0 || r.Event >= len(p.Events) {
				return fmt.Errorf("%s: a recovery is of event %d, and there are %d", at, r.Event, len(p.Events))
			}
		}
		if _, err := json.Marshal(p); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	return nil
}

// NewFolder makes a folder for a run below parent, named after the time. discard removes it, and the folders
// above it that were made for it, if they are empty.
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
	return "", nil, err
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
