package proc

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// Stranger is a process of the host that is not the run's.
type Stranger struct {
	PID   int     `json:"pid"`
	Name  string  `json:"name"` // as the kernel has it, which anyone can choose: escape it where it is printed
	Cores float64 `json:"cpu_cores"`
}

const (
	mostRead     = 4096 // processes: to read one takes about 10 µs
	mostStated   = 3    // strangers
	leastStrange = 0.05 // cores that a stranger uses who is stated
)

// Everyone is the CPU time of the processes of the host at one instant.
type Everyone struct {
	at  time.Time
	all map[int]stranger
}

type stranger struct {
	name    string
	parent  int
	cpu     float64 // seconds
	started string  // clock ticks after boot
}

// Others reads the CPU time of all processes of the host, at most mostRead of them.
func (s *Sampler) Others() Everyone {
	e := Everyone{at: time.Now(), all: map[int]stranger{}}
	procs, err := os.Open("/proc")
	if err != nil {
		return e
	}
	defer procs.Close()
	names, _ := procs.Readdirnames(-1) // what can be read will do
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || len(e.all) == mostRead {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", name, "stat"))
		if err != nil {
			continue // it has ended
		}
		if one, ok := parseStranger(stat); ok {
			e.all[pid] = one
		}
	}
	return e
}

// parseStranger reads proc_pid_stat(5).
func parseStranger(stat []byte) (s stranger, ok bool) {
	const parentAt, startedAt = 1, 19 // behind the command, which may hold brackets and spaces
	from, to := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if from < 0 || to < from {
		return s, false
	}
	_, cpu, ok := parseThread(stat)
	fields := bytes.Fields(stat[to+1:])
	if !ok || len(fields) <= startedAt {
		return s, false
	}
	parent, err := strconv.Atoi(string(fields[parentAt]))
	return stranger{string(stat[from+1 : to]), parent, cpu, string(fields[startedAt])}, err == nil
}

// Strangers returns the processes that used most CPU from one instant to a later one and are neither this process nor
// come from it, the busiest first; nil where none used any to speak of. Processes that were there at one of the instants
// only are not known.
func (from Everyone) Strangers(to Everyone) (all []Stranger) {
	span := to.at.Sub(from.at).Seconds()
	for pid, end := range to.all {
		begin, there := from.all[pid]
		if !there || begin.started != end.started || !(span > 0) || to.ours(pid) {
			continue
		}
		if cores := (end.cpu - begin.cpu) / span; cores >= leastStrange {
			all = append(all, Stranger{pid, end.name, cores})
		}
	}
	slices.SortFunc(all, func(a, b Stranger) int { return cmp.Or(cmp.Compare(b.Cores, a.Cores), cmp.Compare(a.PID, b.PID)) })
	return all[:min(len(all), mostStated)]
}

// ours reports whether a process is this one or comes from it.
func (e Everyone) ours(pid int) bool {
	for range len(e.all) { // pids are used again, so that parents might go round
		if pid == os.Getpid() {
			return true
		}
		one, there := e.all[pid]
		if !there || one.parent == 0 {
			break
		}
		pid = one.parent
	}
	return false
}
