package proc_test

import (
	"maps"
	"os"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"meterbench/internal/proc"
)

// All threads get the priority, and all get back the one that they had.
func TestPrioritise(t *testing.T) {
	type scheduling struct {
		policy, priority uint32
		nice             int32
	}
	threads := func() map[scheduling]bool {
		all := map[scheduling]bool{}
		entries, err := os.ReadDir("/proc/self/task")
		if err != nil {
			t.Fatal(err)
		}
		for _, thread := range entries {
			id, _ := strconv.Atoi(thread.Name())
			if a, err := unix.SchedGetAttr(id, 0); err == nil {
				all[scheduling{a.Policy, a.Priority, a.Nice}] = true
			}
		}
		return all
	}
	before := threads()
	if len(before) != 1 {
		t.Skipf("the test's own threads differ: %v", before)
	}
	p, restore, err := proc.Prioritise()
	if err != nil {
		t.Fatal(err)
	}
	want, ok := map[proc.Priority]scheduling{
		proc.PriorityRealTime: {unix.SCHED_RR, 1, 0}, proc.PriorityNice: {unix.SCHED_NORMAL, 0, -10},
	}[p]
	if !ok { // not permitted
		for usual := range maps.Keys(before) {
			want = usual
		}
	}
	during := threads()
	if err := restore(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[scheduling]bool{want: true}, during, cmp.AllowUnexported(scheduling{})); diff != "" {
		t.Errorf("with priority %s (-want +got):\n%s", p, diff)
	}
	if diff := cmp.Diff(before, threads(), cmp.AllowUnexported(scheduling{})); diff != "" {
		t.Errorf("after it (-before +after):\n%s", diff)
	}
}
