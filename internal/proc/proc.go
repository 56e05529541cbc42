// Package proc reads what processes and the host use of CPU and memory, from Linux's procfs.
//
// Data flow: a Sampler takes one Snapshot of every node, of this process and of the host; a Series of
// snapshots gives the cores used and the largest memory between two instants.
package proc

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// ErrEnded is the error about a process that runs no longer.
var ErrEnded = errors.New("process has ended")

// Usage is the CPU time and the memory of one process.
type Usage struct {
	CPU     float64 // seconds of CPU, user and system, since the process started; resolution 10 ms
	RSS     uint64  // resident memory in bytes, now; Linux keeps it per core and may be some 100 kB behind
	Started uint64  // clock ticks after boot: a later process with the same pid has another one
	Stopped bool    // by a signal or a debugger, now
}

// Process returns the usage of the process pid. The error is ErrEnded where it has ended; as long as it is not reaped, CPU is
// what it has used.
func Process(pid int) (Usage, error) {
	var stat procfs.ProcStat
	p, err := procfs.NewProc(pid)
	if err == nil {
		stat, err = p.Stat()
	}
	switch {
	case err == nil && (stat.State == "Z" || stat.State == "X"):
		return Usage{CPU: stat.CPUTime(), Started: stat.Starttime}, fmt.Errorf("process %d: %w", pid, ErrEnded)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ESRCH):
		return Usage{}, fmt.Errorf("process %d: %w", pid, ErrEnded)
	case err != nil:
		return Usage{}, fmt.Errorf("process %d: read usage: %w", pid, err)
	}
	return Usage{CPU: stat.CPUTime(), RSS: uint64(max(0, stat.ResidentMemory())), Started: stat.Starttime,
		Stopped: stat.State == "T" || stat.State == "t"}, nil
}

// Since returns when the process started, to a hundredth of a second; zero where that is not known.
func (u Usage) Since() time.Time {
	var up unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &up); err != nil || u.Started == 0 {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(u.Started)*time.Second/ticks - time.Duration(up.Nano())).Round(0)
}

// Self returns the usage of this process.
func Self() (Usage, error) { return Process(os.Getpid()) }

// Times is the CPU time since boot of the cores that the host offers, in seconds.
type Times struct {
	Busy  float64 // running anything, interrupts included
	Steal float64 // wanted to run, but the hypervisor ran something else
}

// hostStat reads the counters of the host's processors.
func hostStat() (stat procfs.Stat, err error) {
	procs, err := procfs.NewDefaultFS()
	if err == nil {
		stat, err = procs.Stat()
	}
	if err != nil {
		return stat, fmt.Errorf("read the host's CPU times: %w", err)
	}
	return stat, nil
}

// times sums the kernel's classes. Guest time is already part of user time, see proc_stat(5).
func times(c procfs.CPUStat) Times {
	return Times{Busy: c.User + c.Nice + c.System + c.IRQ + c.SoftIRQ, Steal: c.Steal}
}

// Host describes the host.
type Host struct {
	OS     string `json:"os"`     // as the distribution names itself
	Kernel string `json:"kernel"` // release
	CPU    string `json:"cpu"`    // model
	Cores  int    `json:"cores"`  // that this process may use
	// Quota is the number of cores that a control group's quota, as that of a container, leaves of them; 0: all.
	Quota   float64 `json:"cpu_quota_cores,omitempty"`
	Memory  uint64  `json:"memory_bytes"`
	Virtual string  `json:"virtualisation,omitempty"` // virtual machine, container or both, with the platform's name where known
}

// Offered returns the number of cores that a run may use together.
func (h Host) Offered() float64 {
	if h.Quota > 0 {
		return min(h.Quota, float64(h.Cores))
	}
	return float64(h.Cores)
}

// Describe describes this host. What cannot be read is "unknown" or zero.
func Describe() Host {
	h := Host{OS: distribution(), Kernel: kernel(), CPU: "unknown", Cores: runtime.NumCPU(), Quota: offered().quota}
	var hypervisor bool
	if procs, err := procfs.NewDefaultFS(); err == nil {
		if cpus, err := procs.CPUInfo(); err == nil && len(cpus) > 0 {
			h.CPU = cmp.Or(cpus[0].ModelName, h.CPU)
			hypervisor = slices.Contains(cpus[0].Flags, "hypervisor")
		}
		if mem, err := procs.Meminfo(); err == nil && mem.MemTotalBytes != nil {
			h.Memory = *mem.MemTotalBytes
		}
	}
	h.Virtual = virtual(hypervisor)
	return h
}

func distribution() string {
	text, _ := os.ReadFile("/etc/os-release")
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
			return strings.Trim(name, `"'`)
		}
	}
	return runtime.GOOS
}

func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Release[:])
}

// virtual goes by the CPU's hypervisor flag, the firmware's product name and the marker files that container
// runtimes leave.
func virtual(hypervisor bool) string {
	var layers []string
	if hypervisor {
		machine := "virtual machine"
		if product, err := os.ReadFile("/sys/class/dmi/id/product_name"); err == nil {
			machine += " (" + strings.TrimSpace(string(product)) + ")"
		}
		layers = append(layers, machine)
	}
	for _, marker := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(marker); err == nil {
			layers = append(layers, "container")
			break
		}
	}
	return strings.Join(layers, ", ")
}
