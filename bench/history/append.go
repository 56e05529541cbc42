package history

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

	"meterbench/internal/printable"
	"meterbench/internal/regular"
)

// Check reports why nothing could be appended to a file: it is no history, or there is none and its folder takes no file.
func Check(path string) error {
	path, _, err := current(path)
	if err != nil {
		return err
	}
	if err := unix.Access(filepath.Dir(path), unix.W_OK|unix.X_OK); err != nil {
		return &fs.PathError{Op: "write into", Path: filepath.Dir(path), Err: err}
	}
	return nil
}

// current returns the content of the history at a path, the header first, and the path without symbolic links. The content is
// nil where there is no file yet.
func current(path string) (string, [][]string, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	data, err := regular.Read(path, maxBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil, nil
	}
	if err != nil {
		return path, nil, err
	}
	_, cells, err := parse(path, data)
	return path, cells, err
}

// Append adds a run to the history in a file, which it makes where there is none. The file gets the columns that it lacks,
// and keeps those that the run has not. It is replaced as a whole, so that it is the old or the new one however the program
// ends, under a lock on its folder, so that no run of another process is lost. A run that is there already is not added again.
func Append(path string, r Record) error {
	dir := filepath.Dir(path)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		dir = filepath.Dir(real)
	}
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	path, cells, err := current(path)
	if err != nil {
		return err
	}
	text := func() []byte {
		var b bytes.Buffer
		_ = csv.NewWriter(&b).WriteAll(cells) // a buffer takes everything
		return b.Bytes()
	}
	cells = with(cells, r)
	if len(text()) > maxBytes {
		return fmt.Errorf("%s: would be longer than %d MiB; begin another", printable.Line(path), maxBytes>>20)
	}
	if _, cells, err = parse(path, text()); err != nil { // as if it had been there already, with other figures
		return fmt.Errorf("with run %s: %w", printable.Line(r.Run), err)
	}
	return renameio.WriteFile(path, text(), 0o644, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o644))
}

// with returns the cells of a history with a run added.
func with(cells [][]string, r Record) [][]string {
	if cells == nil {
		cells = [][]string{{timeColumn, runColumn, scenarioColumn}}
	}
	row := make([]string, len(cells[0]))
	set := func(column, text string) {
		at := slices.Index(cells[0], column)
		if at < 0 {
			for i := range cells {
				cells[i] = append(cells[i], "")
			}
			at, row = len(row), append(row, "")
			cells[0][at] = column
		}
		row[at] = text
	}
	set(timeColumn, r.Started.UTC().Format(time.RFC3339Nano))
	set(runColumn, printable.Cell(r.Run))
	set(scenarioColumn, printable.Cell(r.Scenario))
	for _, c := range r.Conditions {
		set(printable.Cell(c.Key), printable.Cell(c.Value))
	}
	for _, f := range r.Figures {
		set(printable.Cell(f.Column.String()), strconv.FormatFloat(f.Value, 'g', -1, 64))
	}
	return append(cells, row)
}

// patience is how long Append waits for other processes that append in the same folder.
const patience = 30 * time.Second

// lock keeps other processes from appending to histories in a folder until unlock is called. The folder itself is locked, so
// that no file is left for it.
func lock(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil // which unlocks
		}
		if wait := errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EINTR); !wait || time.Since(start) > patience {
			_ = f.Close()
			return nil, fmt.Errorf("lock the folder %s: %w", printable.Line(dir), err)
		}
	}
}
