// Package heartbeat notices when this process did not run: because it was stopped by a signal or a debugger, frozen with
// its control group, or suspended with the machine. That it had to wait for a processor is told apart.
package heartbeat

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// every is the time between two beats.
const every = 20 * time.Millisecond

// A Gap is a time in which a beat was overdue.
type Gap struct {
	Start, End time.Time // when the beat was due, and when it came; both carry a monotonic reading
	// Length is how long it was overdue. A suspension is part of it, though not of the monotonic time from Start to End.
	Length time.Duration
	// Halted is the part of Length in which the process certainly neither ran nor waited for a processor, at least.
	Halted time.Duration
	// Suspended is the part of Halted in which the machine was suspended.
	Suspended time.Duration
}

// Gaps shorter than both are not kept.
const (
	leastLength = every
	leastHalted = 5 * time.Millisecond
)

// A Monitor beats on a thread of its own until it is stopped.
type Monitor struct {
	quit chan struct{}
	gaps chan []Gap
}

// Start returns a Monitor that beats.
func Start() *Monitor {
	m := &Monitor{quit: make(chan struct{}), gaps: make(chan []Gap, 1)}
	ready := make(chan struct{})
	go m.beat(ready)
	<-ready
	return m
}

// Stop ends the beats and returns the gaps, in order.
func (m *Monitor) Stop() []Gap {
	close(m.quit)
	return <-m.gaps
}

func (m *Monitor) beat(ready chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := newClocks()
	defer c.close()
	var gaps []Gap
	before := c.read()
	close(ready)
	for {
		select {
		case <-m.quit:
			m.gaps <- gaps
			return
		default:
		}
		pause := unix.NsecToTimespec(int64(every))
		_ = unix.Nanosleep(&pause, nil) // a signal may end it early, which is no gap
		now := c.read()
		if gap := between(before, now, runtime.GOMAXPROCS(0)); gap.Length >= leastLength || gap.Halted >= leastHalted {
			gaps = append(gaps, gap)
		}
		before = now
	}
}

// An instant is what the clocks of a thread show at a time.
type instant struct {
	at     time.Time
	boot   time.Duration // as at, but goes on while the machine is suspended (CLOCK_BOOTTIME)
	cpu    time.Duration // that the process has used
	waited time.Duration // that the thread has waited for a processor; -1 where the kernel does not say
}

const (
	// leastShare is the part of a processor that a thread which is ready to run gets even where others want it too.
	leastShare = 0.1
	// surely is the halt that is believed where the kernel does not say how long a thread waited: none waits for so long.
	surely = time.Second
)

// between returns the gap between two beats of a process that runs Go on so many threads at a time, of length 0 where the
// later one came in time.
//
// After its pause the thread first waits for a processor, which the kernel counts. Then it waits until it may run Go. It does
// so only while all procs threads that may are running or waiting for a processor themselves, of which each gets a
// leastShare at least; so that takes no longer than the CPU time of the process over procs x leastShare. What is left of the
// time since the beat before is the halt.
func between(before, now instant, procs int) Gap {
	length := max(0, now.boot-before.boot-every)
	g := Gap{Start: before.at.Add(every), End: now.at, Length: length}
	g.Suspended = now.boot - before.boot - now.at.Sub(before.at)
	if g.Suspended < time.Millisecond { // two clocks are not read at once
		g.Suspended = 0
	}
	running := time.Duration(float64(now.cpu-before.cpu) / (float64(procs) * leastShare))
	g.Halted = length - running
	if now.waited >= 0 && before.waited >= 0 {
		g.Halted -= now.waited - before.waited
	} else if g.Halted < surely {
		g.Halted = 0
	}
	g.Halted = max(0, g.Halted, g.Suspended)
	if g.End.Before(g.Start) { // the machine was suspended within the pause
		g.Start = g.End
	}
	return g
}

// clocks are those of the thread that made them.
type clocks struct {
	schedstat *os.File // nil where there is none
	buffer    [64]byte
}

func newClocks() *clocks {
	c := &clocks{}
	if file, err := os.Open(fmt.Sprintf("/proc/self/task/%d/schedstat", unix.Gettid())); err == nil {
		c.schedstat = file
	}
	return c
}

func (c *clocks) close() {
	if c.schedstat != nil {
		c.schedstat.Close()
	}
}

func (c *clocks) read() instant {
	return instant{at: time.Now(), boot: clock(unix.CLOCK_BOOTTIME), cpu: clock(unix.CLOCK_PROCESS_CPUTIME_ID), waited: c.waited()}
}

// clock reads a clock of the kernel, 0 where it does not have it.
func clock(id int32) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// waited reads how long the thread has waited for a processor, the second figure of schedstat.
func (c *clocks) waited() time.Duration {
	if c.schedstat == nil {
		return -1
	}
	n, err := unix.Pread(int(c.schedstat.Fd()), c.buffer[:], 0)
	if err != nil {
		return -1
	}
	return parseWaited(c.buffer[:n])
}

// parseWaited returns -1 for what is no schedstat.
func parseWaited(line []byte) time.Duration {
	var ran, waited int64
	if _, err := fmt.Sscan(string(line), &ran, &waited); err != nil {
		return -1
	}
	return time.Duration(waited)
}
