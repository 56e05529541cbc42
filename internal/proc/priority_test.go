package proc_test

import (
	"errors"
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"meterbench/internal/proc"
)

// All threads get the priority, and all get the usual one back.
func TestPrioritise(t *testing.T) {
	nice := func() (all map[int]int) {
		all = map[int]int{}
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			t.Fatal(err)
		}
		for _, thread := range threads {
			id, _ := strconv.Atoi(thread.Name())
			if raw, err := unix.Getpriority(unix.PRIO_PROCESS, id); err == nil { // 20 - nice, as the kernel returns it
				all[20-raw]++
			}
		}
		return all
	}
	before := nice()
	if len(before) != 1 || before[0] == 0 {
		t.Skipf("the test itself is not of the usual priority: %v", before)
	}
	restore, err := proc.Prioritise(-5)
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		if after := nice(); after[0] == 0 || len(after) != 1 {
			t.Errorf("it is not permitted, but the priorities are %v", after)
		}
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if during := nice(); len(during) != 1 || during[-5] == 0 {
		t.Errorf("threads by their priority: %v, want all at -5", during)
	}
	if err := restore(); err != nil {
		t.Fatal(err)
	}
	if after := nice(); len(after) != 1 || after[0] == 0 {
		t.Errorf("threads by their priority: %v, want all at 0", after)
	}
}
