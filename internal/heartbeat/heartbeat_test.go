package heartbeat

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A gap is a halt as far as the process neither ran nor waited.
func TestBetween(t *testing.T) {
	const ms = time.Millisecond
	start := time.Now()
	for name, tt := range map[string]struct {
		took, boot, cpu, waited time.Duration // since the beat before
		procs                   int
		unknown                 bool // how long the thread waited
		want                    Gap
	}{
		"in time":                           {took: 20 * ms, boot: 20 * ms, procs: 2, want: Gap{}},
		"early, by a signal":                {took: 3 * ms, boot: 3 * ms, procs: 2, want: Gap{}},
		"stopped":                           {took: 2020 * ms, boot: 2020 * ms, procs: 2, want: Gap{Length: 2000 * ms, Halted: 2000 * ms}},
		"stopped and busy before":           {took: 2020 * ms, boot: 2020 * ms, cpu: 5 * ms, procs: 2, want: Gap{Length: 2000 * ms, Halted: 1975 * ms}},
		"stopped, then waited":              {took: 2020 * ms, boot: 2020 * ms, waited: 60 * ms, procs: 2, want: Gap{Length: 2000 * ms, Halted: 1940 * ms}},
		"waited for a processor":            {took: 420 * ms, boot: 420 * ms, waited: 400 * ms, procs: 2, want: Gap{Length: 400 * ms}},
		"waited to run Go":                  {took: 420 * ms, boot: 420 * ms, cpu: 800 * ms, procs: 2, want: Gap{Length: 400 * ms}},
		"waited to run Go, on a full host":  {took: 420 * ms, boot: 420 * ms, cpu: 100 * ms, procs: 2, want: Gap{Length: 400 * ms}},
		"waited to run Go, of many threads": {took: 420 * ms, boot: 420 * ms, cpu: 400 * ms, procs: 8, want: Gap{Length: 400 * ms}},
		"suspended": {took: 21 * ms, boot: 3600 * time.Second, procs: 2,
			want: Gap{Length: 3599980 * ms, Halted: 3599979 * ms, Suspended: 3599979 * ms}},
		"suspended while it ran": {took: 20 * ms, boot: 320 * ms, cpu: 40 * ms, procs: 2,
			want: Gap{Length: 300 * ms, Halted: 300 * ms, Suspended: 300 * ms}},
		"stopped, how long it waited unknown": {took: 2020 * ms, boot: 2020 * ms, procs: 2, unknown: true, want: Gap{Length: 2000 * ms, Halted: 2000 * ms}},
		"late, how long it waited unknown":    {took: 520 * ms, boot: 520 * ms, procs: 2, unknown: true, want: Gap{Length: 500 * ms}},
	} {
		t.Run(name, func(t *testing.T) {
			before := instant{at: start, boot: time.Hour, cpu: time.Minute}
			at := instant{at: start.Add(tt.took), boot: time.Hour + tt.boot, cpu: time.Minute + tt.cpu}
			got := between(before, at, tt.waited, !tt.unknown, tt.procs)
			if got.End.Before(got.Start) && got.Length > 0 {
				t.Errorf("ends %v before it starts", got.Start.Sub(got.End))
			}
			got.Start, got.End = time.Time{}, time.Time{}
			near := cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() <= ms })
			if diff := cmp.Diff(tt.want, got, near); diff != "" {
				t.Errorf("gap (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseWait(t *testing.T) {
	for line, want := range map[string]time.Duration{"37020 1565018 2\n": 1565018, "": -1, "37020": -1, "a b c": -1} {
		got, ok := parseWait([]byte(line))
		if !ok {
			got = -1
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
}

// watchedEnv makes the test program a process that beats and does other things until it is told to stop.
const watchedEnv = "HEARTBEAT_WATCHED"

func TestMain(m *testing.M) {
	if how, watched := os.LookupEnv(watchedEnv); watched {
		watch(how)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// watch prints the longest halt in milliseconds.
func watch(how string) {
	monitor := Start()
	fmt.Println("beats")
	var quit atomic.Bool
	if how == "busy" {
		for range 4 * runtime.GOMAXPROCS(0) {
			go func() {
				for !quit.Load() {
					continue
				}
			}()
		}
	}
	bufio.NewReader(os.Stdin).ReadString('\n')
	quit.Store(true)
	var most time.Duration
	for _, gap := range monitor.Stop() {
		most = max(most, gap.Halted)
	}
	fmt.Println(most.Milliseconds())
}

// A process that is stopped finds out for how long. One that is busy, and one beside others that want the processors,
// find no halt.
func TestHalts(t *testing.T) {
	const stopped = 1500 * time.Millisecond
	for name, tt := range map[string]struct {
		how     string
		stopped time.Duration
		part    float64 // of stopped that is found at least
	}{
		"idle":             {"idle", 0, 0},
		"busy":             {"busy", 0, 0},
		"stopped":          {"idle", stopped, 0.8},
		"busy and stopped": {"busy", stopped, 1. / 3},
	} {
		t.Run(name, func(t *testing.T) {
			// What is found is a bound from below: what the process computed and waited for just before and after counts against
			// it, on a full machine for more than a short halt. It does not grow with the halt.
			for tries := 5; ; tt.stopped *= 2 {
				halted := halts(t, tt.how, tt.stopped)
				// A virtual machine that stood still was halted indeed.
				if tries--; tt.stopped == 0 && halted > 200*time.Millisecond && tries > 0 {
					continue
				}
				if low := time.Duration(float64(tt.stopped) * tt.part); halted < low && tt.stopped < 8*stopped {
					continue
				} else if high := tt.stopped + 10*time.Second; halted < low || halted > high || tt.stopped == 0 && halted > 200*time.Millisecond {
					t.Errorf("stopped for %v: halted for %v, want %v to %v, or 200ms where it was not stopped", tt.stopped, halted, low, high)
				}
				return
			}
		})
	}
}

// halts returns the longest halt that a process finds which is stopped for that long.
func halts(t *testing.T, how string, stopped time.Duration) time.Duration {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), watchedEnv+"="+how)
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	time.Sleep(300 * time.Millisecond)
	if stopped > 0 {
		cmd.Process.Signal(syscall.SIGSTOP)
		time.Sleep(stopped)
		cmd.Process.Signal(syscall.SIGCONT)
	}
	time.Sleep(300 * time.Millisecond)
	fmt.Fprintln(in)
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	halted, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(halted) * time.Millisecond
}
