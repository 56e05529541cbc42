package proc

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"
)

func TestThreads(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := threads(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		after, err := threads(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if after.CPU[unix.Gettid()] >= before.CPU[unix.Gettid()]+0.05 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the spinning thread %d does not show: %v, then %v", unix.Gettid(), before.CPU, after.CPU)
		}
	}
}

func TestParseThread(t *testing.T) {
	for name, c := range map[string]struct {
		stat  string
		state byte
		cpu   float64
		ok    bool
	}{
		"busy":      {"7 (peer) R 1 7 7 0 -1 4194560 10 0 0 0 1234 66 0 0 20 0 9 0 5 6 7", 'R', 13, true},
		"disk":      {"8 (a) b (c) D 1 7 7 0 -1 4194560 10 0 0 0 5 0 0 0 20 0 9 0 5 6 7", 'D', 0.05, true},
		"truncated": {"8 (peer) S 1 7 7", 0, 0, false},
		"empty":     {"", 0, 0, false},
		"no number": {"8 (peer) S 1 7 7 0 -1 4194560 10 0 0 0 x 0 0", 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			state, cpu, ok := parseThread([]byte(c.stat))
			if state != c.state || cpu != c.cpu || ok != c.ok {
				t.Errorf("state %q, %v s, %v; want %q, %v s, %v", state, cpu, ok, c.state, c.cpu, c.ok)
			}
		})
	}
}

// Serial work that moves from one thread to another fills a core, and parallel work that uses as much does not.
func TestBusiestThread(t *testing.T) {
	t0 := time.Unix(1000, 0)
	var s Series
	for i := range 9 {
		snap := Snapshot{At: t0.Add(time.Duration(i) * 500 * time.Millisecond), Threads: map[string]Threads{}}
		if i%2 == 0 { // once a second
			n := float64(i / 2)
			snap.Threads["serial"] = Threads{CPU: map[int]float64{1: min(n, 2), 2: max(0, n-2), 3: 0.01 * n}}
			snap.Threads["parallel"] = Threads{CPU: map[int]float64{1: n / 2, 2: n / 2}}
		}
		if i == 4 {
			snap.Threads["once"] = Threads{CPU: map[int]float64{1: 5}}
		}
		s = append(s, snap)
	}
	got := s.BusiestThread(t0, t0.Add(4*time.Second))
	if diff := cmp.Diff(map[string]float64{"serial": 1, "parallel": 0.5}, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("busiest threads (-want +got):\n%s", diff)
	}
	if got := s.BusiestThread(t0, t0); got != nil {
		t.Errorf("of one snapshot: %v", got)
	}
}

func TestDiskWait(t *testing.T) {
	t0 := time.Unix(1000, 0)
	var s, uncounted Series
	for i := range 11 {
		snap := Snapshot{At: t0.Add(time.Duration(i) * time.Second), CPU: map[string]float64{"waits": 1, "idles": 1}, Threads: map[string]Threads{}}
		if i == 5 || i == 6 {
			snap.Threads["waits"] = Threads{Waiting: i == 6}
			snap.Threads["idles"] = Threads{}
		}
		uncounted = append(uncounted, snap)
		snap.Disk = &Pressure{Some: 0.75 * float64(i), Full: 0.5 * float64(i)}
		s = append(s, snap)
	}
	got := s.DiskWait(t0.Add(2*time.Second), t0.Add(9*time.Second))
	if diff := cmp.Diff(map[string]float64{"waits": 1. / 8}, got); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	got = uncounted.DiskWait(t0, t0.Add(10*time.Second))
	if diff := cmp.Diff(map[string]float64{"waits": 0.5}, got); diff != "" {
		t.Errorf("waits where only what was read is known (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&Pressure{Some: 0.75, Full: 0.5}, s.DiskPressure(t0, t0.Add(4*time.Second))); diff != "" {
		t.Errorf("pressure (-want +got):\n%s", diff)
	}
	if got := uncounted.DiskPressure(t0, t0.Add(4*time.Second)); got != nil {
		t.Errorf("pressure that nobody counted: %v", got)
	}
}

// Threads are read of those that could fill a core, once a second, and of all while a disk is waited for.
func TestReadThreads(t *testing.T) {
	t0 := time.Unix(1000, 0)
	s := Sampler{read: map[string]time.Time{}}
	cpu, waited := 0.0, 0.0
	reads := func(seconds int, cores, pressure float64, counted bool) (n int) {
		for range 4 * seconds {
			t0 = t0.Add(250 * time.Millisecond)
			cpu, waited = cpu+cores/4, waited+pressure/4
			snap := Snapshot{At: t0, CPU: map[string]float64{Client: cpu}, Threads: map[string]Threads{}}
			if counted {
				snap.Disk = &Pressure{Some: waited}
			}
			s.readThreads(&snap)
			n += len(snap.Threads)
		}
		return n
	}
	reads(1, 0, 0, true)
	for _, c := range []struct {
		name            string
		cores, pressure float64
		counted         bool
		want            int
	}{
		{"idle", 0.4, 0.2, true, 0},
		{"busy", 0.9, 0.2, true, 3},
		{"waiting", 0.1, 0.3, true, 12},
		{"idle, where waits are not counted", 0.1, 0, false, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := reads(3, c.cores, c.pressure, c.counted); got != c.want {
				t.Errorf("threads read %d times in 3 s, want %d", got, c.want)
			}
		})
	}
}
