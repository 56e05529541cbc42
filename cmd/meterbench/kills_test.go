package main

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
)

// How many runs are killed, and by which seed.
var (
	kills    = flag.Int("kills", 12, "number of runs that TestKills kills")
	killSeed = flag.Uint64("kills.seed", 1, "seed of the signals, roles and moments of TestKills")
)

// killed is a run of some seconds with all stages. With caps it has a device.
const killed = `name: killed
topology: minimal
warmup: 200ms
fe: {schemes: [ddh], bits: [1024], lengths: [1], samples: 6}
workload: {kind: plain, length: 4, meters: 10}
load: {kind: closed, clients: [1, 2, 4], hold: 1s}
%s`

// A killing is one signal to one process of one run.
type killing struct {
	signal syscall.Signal
	role   string        // harness, or what the name of a process begins with
	stage  string        // what standard error says before
	after  time.Duration // from then on
	caps   bool
}

// stages are those of a run, by what announces them on standard error, with about how long they take.
var stages = []struct {
	name, announced string
	takes           time.Duration
}{
	{"begin", "", 200 * time.Millisecond},
	{"encryption", "measure the cost of functional encryption", time.Second},
	{"network", "bring the network up", 4 * time.Second},
	{"preparation", "prepare series", time.Second},
	{"levels", "run 3 load levels", 4 * time.Second},
	{"audit", "audit the ledger", 300 * time.Millisecond},
	{"report", "audit the ledger", 3 * time.Second},
}

// roles are the processes of a run: the load generator, and its children by what their command lines begin with.
var roles = map[string]string{
	"harness": "", "peer": "peer\x00node", "orderer": "orderer\x00", "chaincode": "meterbench-chaincode\x00", "device": "meterbench-device\x00",
}

// A process of a run is killed at a random moment: whatever it is, and however it is ended, nothing runs on, no key is left,
// and the folder is that of a whole run, of part of one, or of none.
func TestKills(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network for each")
	}
	mayCap := network.CheckCaps(topology.Topology{Caps: topology.Caps{Device: topology.Cap{CPUs: 0.5}}}) == nil
	random := rand.New(rand.NewPCG(*killSeed, 0))
	counts := &tally{of: map[string]int{}}
	t.Run("kills", func(t *testing.T) {
		for i := range *kills {
			k := drawKilling(random, mayCap)
			t.Run(fmt.Sprintf("%d-%v-%s-%s", i, k.signal, k.role, k.stage), func(t *testing.T) {
				t.Parallel()
				counts.add(fmt.Sprintf("%-10v %-10s %-12s %s", k.signal, k.role, k.stage, k.check(t)))
			})
		}
	})
	t.Logf("seed %d\n%s", *killSeed, counts)
}

func drawKilling(random *rand.Rand, mayCap bool) killing {
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGKILL}
	who := []string{"harness", "peer", "orderer", "chaincode", "device"}
	if !mayCap {
		who = who[:4]
	}
	k := killing{signal: signals[random.IntN(len(signals))], role: who[random.IntN(len(who))]}
	at := stages[random.IntN(len(stages))]
	k.stage, k.after, k.caps = at.name, time.Duration(random.Int64N(int64(at.takes))), k.role == "device"
	return k
}

// check runs a scenario, kills, and says how it ended.
func (k killing) check(t *testing.T) string {
	temp, out, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "killed.yaml")
	caps := ""
	if k.caps {
		caps = "caps: {device: {cpus: 0.5}}\n"
	}
	if err := os.WriteFile(file, fmt.Appendf(nil, killed, caps), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, temp, "run", file, "--out", out)
	struck := k.strike(t, p)
	code := p.exit(t)
	said := p.stderr.String()

	// A zombie until now, the harness took what it holds with it; a reaper takes a moment more.
	owner := fmt.Sprintf(".pid%d.start", p.cmd.Process.Pid)
	var left []string
	for range 300 {
		if left = leftovers(t, temp, owner); len(left) == 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if len(left) > 0 {
		t.Errorf("left behind:\n%s\n%s", strings.Join(left, "\n"), said)
	}
	noKeys(t, out)
	end := k.folder(t, temp, out, said)
	if want := k.codes(struck, end); !slices.Contains(want, code) {
		t.Errorf("exit code %d, want one of %v; the folder is of %s\n%s", code, want, end, said)
	}
	if !struck {
		return fmt.Sprintf("missed, code %d, %s", code, end)
	}
	return fmt.Sprintf("code %d, %s", code, end)
}

// strike sends the signal at its moment, and reports whether the process was there.
func (k killing) strike(t *testing.T, p *program) bool {
	t.Helper()
	for _, s := range stages {
		if s.name != k.stage || s.announced == "" {
			continue
		}
		for !strings.Contains(p.stderr.String(), s.announced) {
			if len(p.ended) > 0 {
				return false
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	time.Sleep(k.after)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if len(p.ended) > 0 {
			return false
		}
		if k.role == "harness" {
			return p.cmd.Process.Signal(k.signal) == nil
		}
		if pid := child(p.cmd.Process.Pid, roles[k.role]); pid > 0 {
			return syscall.Kill(pid, k.signal) == nil
		}
	}
	return false
}

// codes are the exit codes that are right after an end of a run.
func (k killing) codes(struck bool, end string) []int {
	switch {
	case !struck:
		return []int{exitOK}
	case k.role == "harness" && k.signal == syscall.SIGKILL, k.role == "harness" && k.stage == "begin" && end == "nothing":
		return []int{-1, exitInterrupted} // the former where the signal came before it was awaited
	case end == "a whole run" && k.role == "harness":
		return []int{exitOK, exitInterrupted} // it came too late to matter, or kept the report from being drawn
	case end == "a whole run":
		return []int{exitOK} // likewise
	case k.role == "harness":
		return []int{exitInterrupted}
	}
	return []int{exitFailed}
}

// child returns the child of a process whose command line begins with something, 0 if there is none.
func child(parent int, begins string) int {
	all, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, path := range all {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := bytes.Cut(stat, []byte(") "))
		fields := strings.Fields(string(after))
		if len(fields) < 2 || fields[1] != strconv.Itoa(parent) || fields[0] == "Z" {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline")) // as above
		name, rest, _ := strings.Cut(string(line), "\x00")
		if strings.HasPrefix(filepath.Base(name)+"\x00"+rest, begins) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err == nil {
				return pid
			}
		}
	}
	return 0
}

// leftovers returns the processes, files and control groups of a run.
func leftovers(t *testing.T, temp, owner string) (all []string) {
	t.Helper()
	all = processes(t, temp)
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is right
	for _, path := range lines {
		if line, err := os.ReadFile(path); err == nil && bytes.Contains(line, []byte(temp)) {
			all = append(all, path+" "+strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	entries, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	for _, pattern := range []string{"*", "*/*", "*/*/*", "*/*/*/*"} {
		groups, _ := filepath.Glob("/sys/fs/cgroup/" + pattern + owner + "*") // the pattern is right
		all = append(all, groups...)
	}
	return all
}

// noKeys fails the test where a file of a run's folder holds a private key.
func noKeys(t *testing.T, out string) {
	t.Helper()
	for name, data := range files(t, out) {
		if bytes.Contains(data, []byte("PRIVATE KEY")) {
			t.Errorf("%s holds a private key", name)
		}
	}
}

// folder has the report of the run drawn, and says what is there: a whole run, part of one, or nothing. It is wrong that
// nothing is there once something was measured, and that what is there claims to be more than it is.
func (k killing) folder(t *testing.T, temp, out, said string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(out, "killed", "*"))
	if err != nil || len(found) > 1 {
		t.Fatalf("%v, %v", found, err)
	}
	// The line of a level, or of the stage after the encryption, is written before what it says is stored.
	points, costs := strings.Count(said, "valid/s   commit"), strings.Contains(said, "prepare series")
	if len(found) == 0 {
		if points > 0 || costs {
			t.Errorf("nothing is left of %d levels\n%s", points, said)
		}
		return "nothing"
	}
	p, code := command(t, temp, "report", found[0])
	if code != exitOK {
		if points > 1 || costs {
			t.Errorf("the report of %d levels: exit code %d\n%s\n%s", points, code, &p.stderr, said)
		}
		if why := p.stderr.String(); !strings.Contains(why, "the run did not finish") && !strings.Contains(why, "is not the folder of a run") && !strings.Contains(why, "the run failed") {
			t.Errorf("the report is refused by %s", why)
		}
		return "nothing"
	}
	stored, err := result.Open(found[0])
	if err != nil {
		t.Fatal(err)
	}
	if n := len(stored.Summary.Points); n < points-1 {
		t.Errorf("%d points of %d levels are stored\n%s", n, points, said)
	}
	checkPoints(t, stored.Summary)
	if stored.Summary.Complete {
		// A level during which a full machine let nothing come due is a warning and no point.
		idle := strings.Count(strings.Join(stored.Summary.Warnings, "\n"), "no transaction was due after the warm-up")
		if n := len(stored.Summary.Points); n > 3 || n+min(2, 2*idle) < 3 || stored.Summary.Audit == nil {
			t.Errorf("a whole run of %d levels, audit %v", n, stored.Summary.Audit)
		}
		return "a whole run"
	}
	if !strings.Contains(p.stdout.String(), "PARTIAL") {
		t.Errorf("the report of part of a run does not say so:\n%s", &p.stdout)
	}
	return "part of a run"
}

// checkPoints makes sure that every scheduled transaction of the points that there are has one outcome.
func checkPoints(t *testing.T, s result.Summary) {
	t.Helper()
	if len(s.Points) > 0 {
		checkSums(t, s)
	}
}

// A tally counts lines.
type tally struct {
	mu sync.Mutex
	of map[string]int
}

func (c *tally) add(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[line]++
}

// String returns the lines in order, each with its count.
func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines []string
	for line, n := range c.of {
		lines = append(lines, fmt.Sprintf("%3d x %s", n, line))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[6:], b[6:]) })
	return strings.Join(lines, "\n")
}
