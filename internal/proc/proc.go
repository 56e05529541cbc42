// Package proc reads what processes and the host use of CPU and memory, from Linux's procfs.
//
// Data flow: a Sampler takes one Snapshot of every node, of this process and of the host; a Series
// of snapshots gives the cores used and the largest memory between two instants.
package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/prometheus/procfs"
)

// ErrEnded is the error about a process that runs no longer.
var ErrEnded = errors.New("process has ended")

// Usage is what one process uses.
type Usage struct {
	CPU     float64 // seconds of CPU, user and system, since the process started; resolution 10 ms
	RSS     uint64  // resident memory in bytes, now; Linux keeps it per core and may be some 100 kB behind
	Started uint64  // clock ticks after boot: a later process with the same pid has another one
}

// Process returns the usage of the process pid. The error is ErrEnded where the process runs no
// longer, also while its parent has not yet reaped it.
func Process(pid int) (Usage, error) {
	var stat procfs.ProcStat
	p, err := procfs.NewProc(pid)
	if err == nil {
		stat, err = p.Stat()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ESRCH), err == nil && (stat.State == "Z" || stat.State == "X"):
		return Usage{}, fmt.Errorf("process %d: %w", pid, ErrEnded)
	case err != nil:
		return Usage{}, fmt.Errorf("process %d: read usage: %w", pid, err)
	}
	return Usage{CPU: stat.CPUTime(), RSS: uint64(max(0, stat.ResidentMemory())), Started: stat.Starttime}, nil
}

// Self returns the usage of this process.
func Self() (Usage, error) { return Process(os.Getpid()) }
