// Package export writes a stored run in the formats of other programs: those that compare benchmarks, and services that
// keep their history. What they know of a figure, its name, unit and direction, comes from the table of bench/metric.
package export

import (
	"fmt"
	"path/filepath"

	"github.com/google/renameio/v2"

	"meterbench/bench/result"
	"meterbench/internal/regular"
)

// A Format is a form in which other programs read a run.
type Format struct {
	File  string // in the run's folder
	bytes func(result.Run, result.Summary) ([]byte, error)
}

// Formats returns all of them.
func Formats() []Format {
	return []Format{
		{"bench.txt", func(run result.Run, sum result.Summary) ([]byte, error) { return GoBench(run, sum), nil }},
		{"bench-bigger.json", biggerIsBetter},
		{"bench-smaller.json", smallerIsBetter},
		{"bmf.json", bencher},
	}
}

// Folder writes a run into its folder in every format. Each file appears whole or not at all, and none outside of the
// folder, wherever a link in it leads.
func Folder(dir string, run result.Run, sum result.Summary) error {
	root, err := regular.Folder(dir)
	if err != nil {
		return fmt.Errorf("writing benchmark files: %w", err)
	}
	defer root.Close()
	for _, f := range Formats() {
		text, err := f.bytes(run, sum)
		if err == nil {
			err = renameio.WriteFile(f.File, text, 0o644, renameio.WithRoot(root), renameio.WithStaticPermissions(0o644))
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", filepath.Join(dir, f.File), err)
		}
	}
	return nil
}
