package calibration

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/proc"
)

// maxBytes is more than a calibration takes.
const maxBytes = 1 << 20

// ThisMachine identifies this machine.
func ThisMachine() (result.Machine, error) {
	name, err := os.Hostname()
	if err != nil {
		return result.Machine{}, fmt.Errorf("this machine's name: %w", err)
	}
	digest := sha256.Sum256([]byte(name))
	facts := proc.Describe()
	return result.Machine{CPU: facts.CPU, Cores: facts.Cores, Kernel: facts.Kernel, Host: hex.EncodeToString(digest[:])}, nil
}

// Path returns the file that the calibration of this machine is kept in, for this user.
func Path() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("calibration: there is no folder to keep it in: %w", err)
	}
	return filepath.Join(dir, "meterbench", "calibration.json"), nil
}

// Save writes a calibration to a file, in one step.
func Save(path string, c result.Calibration) error {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = result.WriteJSON(path, c)
	}
	if err != nil {
		return fmt.Errorf("keep the calibration: %w", err)
	}
	return nil
}

// Stated returns the instrument that this machine's calibration states. Where there is none, the
// error says why, for the reader of a report.
func Stated() (result.Instrument, error) {
	path, err := Path()
	if err != nil {
		return result.Instrument{}, err
	}
	machine, err := ThisMachine()
	if err != nil {
		return result.Instrument{}, err
	}
	return Load(path, machine, time.Now())
}

// Load returns the instrument that a file describes for a machine, with its age. Where there is
// none, the error says why, for the reader of a report.
func Load(path string, machine result.Machine, now time.Time) (result.Instrument, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return result.Instrument{}, errors.New("never calibrated")
	}
	if err != nil {
		return result.Instrument{}, err
	}
	defer file.Close()
	kept, err := read(file)
	if err != nil {
		return result.Instrument{}, fmt.Errorf("%s: %w", path, err)
	}
	if kept.Machine != machine {
		return result.Instrument{}, errors.New("the calibration is of another machine, or of this one before its CPU, kernel or name changed")
	}
	kept.Instrument.Age = max(0, now.Sub(kept.Calibrated)).Seconds()
	return kept.Instrument, nil
}

// read reads a calibration and checks that it can be quoted.
func read(from io.Reader) (c result.Calibration, err error) {
	if err := json.NewDecoder(io.LimitReader(from, maxBytes)).Decode(&c); err != nil {
		return c, fmt.Errorf("the calibration is damaged: %w", err)
	}
	i := c.Instrument
	switch {
	case c.Schema > result.Schema:
		return c, fmt.Errorf("the calibration has schema %d, and this program reads up to %d", c.Schema, result.Schema)
	case c.Schema < 1 || i.Calibrated.IsZero() || !i.Calibrated.Equal(c.Calibrated) || i.LatencyError < 0 || i.CapacityError < 0 || i.LagP99 < 0:
		return c, errors.New("the calibration is damaged: its figures are impossible")
	}
	return c, nil
}
