package proc

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Prioritise gives every thread of this process, and those that they start from then on, a nice value below 0 where
// that is permitted, and returns what gives them the usual one again. Processes that are started meanwhile inherit it.
// The error says why it is not permitted; nothing has changed then.
func Prioritise(nice int) (restore func() error, err error) {
	if err := setPriority(nice); err != nil {
		return nil, errors.Join(err, setPriority(0))
	}
	return func() error { return setPriority(0) }, nil
}

// setPriority sets the nice value of all threads: the kernel has one for each. It looks again until it finds no new one.
func setPriority(nice int) error {
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
			if err := unix.Setpriority(unix.PRIO_PROCESS, id, nice); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("set the priority of thread %d: %w", id, err)
			}
			done[thread.Name()], more = true, true
		}
	}
	return nil
}
