// Package heartbeat notices when this process did not run: because it was stopped by a signal or a debugger, frozen with
// its control group, or suspended with the machine. That it had to wait for a processor is told apart.
package heartbeat

import (
	"runtime"
	"time"
	"unsafe"

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

// A Monitor beats until it is stopped. It is a goroutine with a timer: a thread that sleeps in the kernel, of which it would
// be known exactly how long it waited, makes Go's runtime look after it so often that the client of a network took a tenth
// more CPU time.
type Monitor struct {
	quit chan struct{}
	gaps chan []Gap
}

// Start returns a Monitor that beats.
func Start() *Monitor {
	m := &Monitor{quit: make(chan struct{}), gaps: make(chan []Gap, 1)}
	go m.beat(now(), newWaits())
	return m
}

// Stop ends the beats and returns the gaps, in order.
func (m *Monitor) Stop() []Gap {
	close(m.quit)
	return <-m.gaps
}

func (m *Monitor) beat(before instant, waits *waits) {
	var gaps []Gap
	timer := time.NewTimer(every)
	defer timer.Stop()
	for {
		select {
		case <-m.quit:
			m.gaps <- gaps
			return
		case <-timer.C:
		}
		at := now()
		if at.boot-before.boot-every >= leastHalted {
			waited, known := waits.since()
			if gap := between(before, at, waited, known, runtime.GOMAXPROCS(0)); gap.Length >= leastLength || gap.Halted >= leastHalted {
				gaps = append(gaps, gap)
			}
		} else if at.at.Sub(waits.at) >= waitsEvery {
			waits.since()
		}
		before = at
		timer.Reset(every)
	}
}

// An instant is what the clocks show at a time.
type instant struct {
	at   time.Time
	boot time.Duration // as at, but goes on while the machine is suspended (CLOCK_BOOTTIME)
	cpu  time.Duration // that the process has used
}

func now() instant {
	return instant{at: time.Now(), boot: clock(unix.CLOCK_BOOTTIME), cpu: clock(unix.CLOCK_PROCESS_CPUTIME_ID)}
}

// clock reads a clock of the kernel, 0 where it does not have it. That never blocks; told that it may, Go's scheduler would
// wake a thread of its own with each beat.
func clock(id uintptr) time.Duration {
	t := &unix.Timespec{}
	if _, _, err := unix.RawSyscall(unix.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(t)), 0); err != 0 {
		return 0
	}
	return time.Duration(t.Nano())
}

const (
	// leastShare is the part of a processor that a thread which is ready to run gets even where others want it too.
	leastShare = 0.1
	// surely is the halt that is believed where the kernel does not say how long a thread waited: none waits for so long.
	surely = time.Second
)

// between returns the gap between two beats of a process that runs Go on so many threads at a time, of length 0 where the
// later one came in time. waited is for how long its threads waited for a processor meanwhile, all together.
//
// Where a beat is late, a thread waits for a processor, or the beat waits until it may run Go. It does so only while all procs
// threads that may are running or waiting for a processor themselves, of which each gets a leastShare at least; so that takes
// no longer than the CPU time of the process over procs x leastShare. What is left of the time is the halt.
func between(before, at instant, waited time.Duration, known bool, procs int) Gap {
	length := max(0, at.boot-before.boot-every)
	g := Gap{Start: before.at.Add(every), End: at.at, Length: length}
	g.Suspended = at.boot - before.boot - at.at.Sub(before.at)
	if g.Suspended < time.Millisecond { // two clocks are not read at once
		g.Suspended = 0
	}
	running := time.Duration(float64(at.cpu-before.cpu) / (float64(procs) * leastShare))
	g.Halted = length - running - waited
	if !known && g.Halted < surely {
		g.Halted = 0
	}
	g.Halted = max(0, g.Halted, g.Suspended)
	if g.End.Before(g.Start) { // the machine was suspended within the pause
		g.Start = g.End
	}
	return g
}
