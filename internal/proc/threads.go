package proc

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// Threads is what the threads of a process did until one instant.
type Threads struct {
	CPU     map[int]float64 // cumulative seconds by thread; resolution 10 ms
	Waiting bool            // at least one of them waits for the disk: it sleeps where no signal wakes it
}

// ticks is the number of units per second in which procfs counts CPU time, the same on all machines (time(7)).
const ticks = 100

// threads reads the threads of a process. A thread that ends meanwhile is left out.
func threads(pid int) (Threads, error) {
	folder := fmt.Sprintf("/proc/%d/task", pid)
	d, err := os.Open(folder)
	if err != nil {
		return Threads{}, fmt.Errorf("read threads of process %d: %w", pid, err)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return Threads{}, fmt.Errorf("read threads of process %d: %w", pid, err)
	}
	all := Threads{CPU: make(map[int]float64, len(names))}
	for _, name := range names {
		id, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join(folder, name, "stat"))
		if err != nil {
			continue
		}
		if state, cpu, ok := parseThread(stat); ok {
			all.CPU[id] = cpu
			all.Waiting = all.Waiting || state == 'D'
		}
	}
	return all, nil
}

// parseThread returns state and CPU time of proc_pid_stat(5). A general parser takes several times as long, and
// there may be hundreds of threads to read each second.
func parseThread(stat []byte) (state byte, cpu float64, ok bool) {
	const stateAt, userAt, systemAt = 0, 11, 12 // behind the command, which may hold brackets and spaces
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) <= systemAt {
		return 0, 0, false
	}
	user, err := strconv.ParseUint(string(fields[userAt]), 10, 64)
	if err != nil {
		return 0, 0, false
	}
	system, err := strconv.ParseUint(string(fields[systemAt]), 10, 64)
	if err != nil {
		return 0, 0, false
	}
	return fields[stateAt][0], float64(user+system) / ticks, true
}

// When threads are read. To read one costs up to 20 µs, so that those of a process that cannot fill a core are left
// alone, unless a disk is waited for.
const (
	threadsEvery = 0.9  // seconds at least between two readings
	busyEnough   = 0.5  // cores that a process used since the last snapshot
	waitedEnough = 0.25 // share of the time since then in which processes of the host waited for a disk: each snapshot
)

// readThreads puts the threads into the snapshot of those processes of which there is reason to read them. Where the
// kernel does not say how long disks are waited for, they are read at intervals.
func (s *Sampler) readThreads(snap *Snapshot) {
	since := snap.At.Sub(s.last.At).Seconds()
	counted := snap.Disk != nil && s.last.Disk != nil
	waited := counted && snap.Disk.Some-s.last.Disk.Some >= waitedEnough*since
	for _, n := range append(slices.Clone(s.nodes), Node{Name: Client, PID: os.Getpid()}) {
		cpu, ok := snap.CPU[n.Name]
		due := snap.At.Sub(s.read[n.Name]).Seconds() >= threadsEvery
		if busy := cpu-s.last.CPU[n.Name] >= busyEnough*since; !ok || n.PID == 0 || !(waited || due && (busy || !counted)) {
			continue
		}
		if all, err := threads(n.PID); err == nil { // else it has ended meanwhile
			snap.Threads[n.Name], s.read[n.Name] = all, snap.At
		}
	}
	s.last = *snap
}

// BusiestThread returns the mean number of cores that the busiest thread of each process used between the first and
// the last snapshot from one instant to another: span by span the busiest of them, so that serial work that moves to
// another thread once in a while still counts. A process of which threads were read less than twice is missing: it
// used less than half a core. Spans in which they were not read count as idle.
func (s Series) BusiestThread(from, to time.Time) map[string]float64 {
	within := s.within(from, to)
	if len(within) < 2 {
		return nil
	}
	span := within[len(within)-1].At.Sub(within[0].At).Seconds()
	cores, last := map[string]float64{}, map[string]Threads{}
	for _, snap := range within {
		for name, now := range snap.Threads {
			if before, ok := last[name]; ok && span > 0 {
				most := 0.0
				for id, cpu := range now.CPU {
					most = max(most, cpu-before.CPU[id])
				}
				cores[name] += most / span
			}
			last[name] = now
		}
	}
	if len(cores) == 0 {
		return nil
	}
	return cores
}

// DiskWait returns the share of the snapshots from one instant to another, both included, at which a thread of the
// process waited for the disk, for the processes of which one did. While hardly any process of the host waits for a
// disk, threads are not read, and none counts as waiting.
func (s Series) DiskWait(from, to time.Time) map[string]float64 {
	looks, waits := map[string]int{}, map[string]int{}
	for _, snap := range s.within(from, to) {
		for name := range snap.CPU {
			threads, read := snap.Threads[name]
			if read || snap.Disk != nil { // else it is not known
				looks[name]++
			}
			if threads.Waiting {
				waits[name]++
			}
		}
	}
	var shares map[string]float64
	for name, n := range waits {
		if shares == nil {
			shares = make(map[string]float64)
		}
		shares[name] = float64(n) / float64(looks[name])
	}
	return shares
}
