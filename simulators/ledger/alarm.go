package ledger

import (
	"container/heap"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// sleep waits for d and returns false where stop is closed first.
func sleep(stop <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-stop:
		return false
	}
}

// An alarm wakes goroutines by a timer of the kernel (timerfd). An idle Go
// program sleeps in epoll_wait, whose timeout is in milliseconds, so that its
// timers are up to a millisecond late; a file that becomes readable wakes it
// within some ten microseconds.
type alarm struct {
	fd   int
	file *os.File // of fd, read through Go's poller

	mu       sync.Mutex
	closed   bool
	sleepers schedule[*sleeper]
}

// A sleeper is a goroutine that an alarm is to wake.
type sleeper struct {
	due   time.Time
	awake chan struct{}
}

func (s *sleeper) Before(other *sleeper) bool { return s.due.Before(other.due) }

func newAlarm() (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("kernel timer: %w", err)
	}
	a := &alarm{fd: fd, file: os.NewFile(uintptr(fd), "timerfd")}
	go a.ring()
	return a, nil
}

// sleep is the function of that name, on the alarm.
func (a *alarm) sleep(stop <-chan struct{}, d time.Duration) bool {
	s := &sleeper{due: time.Now().Add(d), awake: make(chan struct{})}
	a.mu.Lock()
	heap.Push(&a.sleepers, s)
	if a.sleepers[0] == s {
		a.set()
	}
	a.mu.Unlock()
	select {
	case <-s.awake:
		return true
	case <-stop:
		return false // the alarm forgets it when it is due
	}
}

// set has the kernel's timer ring when the first sleeper is due.
func (a *alarm) set() {
	if a.closed || len(a.sleepers) == 0 {
		return
	}
	wait := max(1, time.Until(a.sleepers[0].due)) // 0 would stop it
	// The only errors are those of a bad descriptor or time.
	_ = unix.TimerfdSettime(a.fd, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(wait))}, nil)
}

// ring wakes who is due whenever the timer rings, until the alarm is closed.
func (a *alarm) ring() {
	var rings [8]byte
	for {
		if _, err := a.file.Read(rings[:]); err != nil {
			return
		}
		a.mu.Lock()
		for now := time.Now(); len(a.sleepers) > 0 && !a.sleepers[0].due.After(now); {
			close(heap.Pop(&a.sleepers).(*sleeper).awake)
		}
		a.set()
		a.mu.Unlock()
	}
}

// close ends the alarm. It wakes nobody any more.
func (a *alarm) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	return a.file.Close()
}
