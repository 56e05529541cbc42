package proc

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Priority is what a process has ahead of others.
type Priority string

// The priorities, the highest first.
const (
	PriorityRealTime Priority = "real time"  // it runs as soon as it can (SCHED_RR, sched(7))
	PriorityNice     Priority = "nice value" // of -10: of a processor that others want too it has about nine tenths
	PriorityUsual    Priority = "usual"
)

// priorities are what there is to try.
func priorities() []struct {
	Priority
	attr unix.SchedAttr
} {
	return []struct {
		Priority
		attr unix.SchedAttr
	}{
		{PriorityRealTime, unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: 1}},
		{PriorityNice, unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL, Nice: -10}},
	}
}

// Prioritise gives every thread of this process, and those that they start from then on, the highest priority that is
// permitted, and returns which, and what gives them the one before again. Processes that are started meanwhile inherit it.
func Prioritise() (p Priority, restore func() error, err error) {
	before, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		return PriorityUsual, nil, fmt.Errorf("read the priority: %w", err)
	}
	restore = func() error { return schedule(before) }
	for _, higher := range priorities() {
		if err = schedule(&higher.attr); err == nil {
			return higher.Priority, restore, nil
		}
		if err := restore(); err != nil {
			return PriorityUsual, nil, err
		}
	}
	return PriorityUsual, restore, nil
}

// schedule sets the priority of all threads: the kernel has one for each. It looks again until it finds no new one.
func schedule(attr *unix.SchedAttr) error {
	done := map[string]bool{}
	for more := true; more; {
		more = false
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, thread := range threads {
			if done[thread.Name()] {
				continue
			}
			id, err := strconv.Atoi(thread.Name())
			if err != nil {
				return err
			}
			if err := unix.SchedSetAttr(id, attr, 0); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("set the priority of thread %d: %w", id, err)
			}
			done[thread.Name()], more = true, true
		}
	}
	return nil
}
