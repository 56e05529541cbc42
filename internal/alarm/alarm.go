// Package alarm lets goroutines wait more precisely than Go's timers do.
package alarm

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"meterbench/internal/heap"
)

// Clock lets goroutines wait.
type Clock interface {
	// Sleep waits for d and returns false where stop is closed first. A nil stop is never closed.
	Sleep(stop <-chan struct{}, d time.Duration) bool
}

// Timers is the Clock of Go's timers: exact in virtual time (testing/synctest), else up to 1.1 ms late.
type Timers struct{}

// Sleep implements Clock.
func (Timers) Sleep(stop <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-stop:
		return false
	}
}

// Alarm is a Clock that wakes goroutines by a timer of the kernel (timerfd). An idle Go program sleeps in
// epoll_wait, whose timeout is in milliseconds, so that its timers are up to a millisecond late; a file that
// becomes readable wakes it within some ten microseconds. It knows real time only.
//
// Its system calls never block, and do not tell Go's scheduler that they may: that wakes a thread of the scheduler
// (sysmon) in a program that was idle, as this one was.
type Alarm struct {
	fd    int
	file  *os.File        // of fd
	raw   syscall.RawConn // of file, read through Go's poller
	start time.Time

	mu       sync.Mutex
	closed   bool
	sleepers heap.Heap[chan struct{}] // closed to wake them; due since start
}

// New returns an Alarm. The error is that of a system without timerfd or out of file descriptors.
func New() (*Alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("kernel timer: %w", err)
	}
	a := &Alarm{fd: fd, file: os.NewFile(uintptr(fd), "timerfd"), start: time.Now()}
	if a.raw, err = a.file.SyscallConn(); err != nil {
		a.file.Close() // the first error counts
		return nil, fmt.Errorf("kernel timer: %w", err)
	}
	go a.ring()
	return a, nil
}

// Sleep implements Clock.
func (a *Alarm) Sleep(stop <-chan struct{}, d time.Duration) bool {
	awake := make(chan struct{})
	due := time.Since(a.start) + d
	a.mu.Lock()
	a.sleepers.Push(heap.Item[chan struct{}]{At: due, Value: awake})
	if a.sleepers[0].Value == awake {
		a.set()
	}
	a.mu.Unlock()
	select {
	case <-awake:
		return true
	case <-stop:
		return false // the alarm forgets it when it is due
	}
}

// set has the kernel's timer ring when the first sleeper is due.
func (a *Alarm) set() {
	if a.closed || len(a.sleepers) == 0 {
		return
	}
	wait := max(1, a.sleepers[0].At-time.Since(a.start)) // 0 would stop it
	spec := &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(wait))}
	// The only errors are those of a bad descriptor or time.
	unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(a.fd), 0, uintptr(unsafe.Pointer(spec)), 0, 0, 0)
}

// ring wakes the sleepers that are due whenever the timer rings, until the alarm is closed.
func (a *Alarm) ring() {
	rings := new(uint64)
	read := func(fd uintptr) bool {
		_, _, err := unix.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(rings)), unsafe.Sizeof(*rings))
		return err != unix.EAGAIN
	}
	for a.raw.Read(read) == nil {
		a.mu.Lock()
		for now := time.Since(a.start); len(a.sleepers) > 0 && a.sleepers[0].At <= now; {
			close(a.sleepers.Pop().Value)
		}
		a.set()
		a.mu.Unlock()
	}
}

// Close ends the alarm, which then wakes no sleeper.
func (a *Alarm) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	return a.file.Close()
}
