package main

import (
	"context"
	"path/filepath"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/proc"
	"meterbench/network/lab"
)

// A feFolder is the folder of a run that measures encryption costs alone. A nil one is none: nothing is written.
type feFolder struct {
	dir    string
	run    result.Run
	writer *result.Writer
}

// newFEFolder makes the folder dir, which must not be there or be empty.
func newFEFolder(dir string, seed uint64) (*feFolder, error) {
	f := &feFolder{dir: dir, run: result.Run{
		ID: filepath.Base(filepath.Clean(dir)), Scenario: "fe", Seed: seed, SeedNote: "values repeat from the seed; keys and ciphertexts are randomised and do not",
		Started: time.Now().UTC(), Versions: lab.Versions(), Host: result.Host{Host: proc.Describe()},
	}}
	var err error
	f.writer, err = result.Create(dir, f.run)
	return f, err
}

// discard removes the folder of a run that measured nothing.
func (f *feFolder) discard(why error) error {
	if f == nil {
		return nil
	}
	return f.writer.Abort(why)
}

// write completes the folder with the costs, and with the report on them.
func (f *feFolder) write(ctx context.Context, costs []result.FECost, complete bool) error {
	if f == nil {
		return nil
	}
	f.run.Ended = time.Now().UTC()
	if err := f.writer.Close(f.run, result.Summary{Complete: complete, FE: costs}); err != nil {
		return err
	}
	stored, err := result.Open(f.dir)
	if err != nil {
		return err
	}
	_, err = redraw(context.WithoutCancel(ctx), stored)
	return err
}
