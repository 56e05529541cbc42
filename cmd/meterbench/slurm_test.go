package main

import (
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"meterbench/bench/compare"
	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/internal/process"
)

var (
	slurmKills = flag.Int("slurm.kills", 1, "number of times that TestSlurm ends a run in each way")
	slurmPairs = flag.Int("slurm.pairs", 0, "of how many interleaved pairs of runs TestSlurmPairs compares those with two workers of Slurm; six take some eight minutes and want the machine for themselves")
)

// A cluster is a Slurm of this host alone: a controller and two nodes, with a key of its own.
type cluster struct {
	test    *testing.T // whose end is that of the cluster
	dir     string
	program string // meterbench, as its nodes start it
	nodes   [2]*exec.Cmd
}

// slurmConf is the configuration of the cluster: host name, folder, three ports.
const slurmConf = `ClusterName=meterbench
SlurmctldHost=%[1]s(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=%[2]s/munge.sock
CredType=cred/munge
SlurmctldPort=%[3]d
StateSaveLocation=%[2]s/state
SlurmdSpoolDir=%[2]s/spool-%%n
SlurmctldPidFile=%[2]s/slurmctld.pid
SlurmdPidFile=%[2]s/slurmd-%%n.pid
SlurmctldLogFile=%[2]s/slurmctld.log
SlurmdLogFile=%[2]s/slurmd-%%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
KillWait=5
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=n1 NodeHostname=%[1]s NodeAddr=127.0.0.1 Port=%[4]d CPUs=1 State=UNKNOWN
NodeName=n2 NodeHostname=%[1]s NodeAddr=127.0.0.1 Port=%[5]d CPUs=1 State=UNKNOWN
PartitionName=p Nodes=n[1-2] Default=YES MaxTime=60 State=UP
`

// newCluster starts a Slurm, or skips the test where there can be none, but not in CI.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	lacks := ""
	for _, name := range []string{"munged", "slurmctld", "slurmd", "sbatch", "srun", "scancel", "scontrol", "sinfo", "squeue"} {
		if _, err := exec.LookPath(name); err != nil {
			lacks = "there is no " + name + ": install slurmctld, slurmd, slurm-client and munge"
		}
	}
	if lacks == "" && os.Getuid() != 0 {
		lacks = "slurmd runs as root"
	}
	if lacks != "" && os.Getenv("CI") == "true" {
		t.Fatal(lacks)
	} else if lacks != "" {
		t.Skip(lacks)
	}
	dir, err := os.MkdirTemp("", "slurm") // a short name, as that of a socket has to be
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{test: t, dir: dir, program: filepath.Join(dir, "meterbench")}
	t.Cleanup(func() {
		if t.Failed() {
			for _, log := range []string{"slurmctld.log", "slurmd-n1.log", "slurmd-n2.log"} {
				t.Logf("%s:\n%s", log, strings.Join(process.Tail(filepath.Join(dir, log)), "\n"))
			}
		}
		for _, pid := range openedBelow(dir) { // daemons of steps
			syscall.Kill(pid, syscall.SIGKILL)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	ports, err := process.FreePorts(3)
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	key := make([]byte, 1024)
	rand.Read(key)
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, "munge.key"), key, 0o600),
		os.WriteFile(c.conf(), fmt.Appendf(nil, slurmConf, host, dir, ports[0], ports[1], ports[2]), 0o600),
		os.Mkdir(filepath.Join(dir, "state"), 0o700),
		copyProgram(c.program),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLURM_CONF", c.conf())
	at := func(name string) string { return filepath.Join(dir, name) }
	c.daemon(t, "munged", "--foreground", "--force", "--socket="+at("munge.sock"), "--key-file="+at("munge.key"), "--pid-file="+at("munged.pid"),
		"--log-file="+at("munged.log"), "--seed-file="+at("munge.seed"))
	eventually(t, "munged listens", func() bool { _, err := os.Stat(at("munge.sock")); return err == nil })
	c.daemon(t, "slurmctld", "-D", "-i", "-f", c.conf())
	for i := range c.nodes {
		c.startNode(t, i)
	}
	return c
}

func (c *cluster) conf() string { return filepath.Join(c.dir, "slurm.conf") }

// copyProgram makes this program another file, by the name by which it is meterbench.
func copyProgram(to string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if os.Link(self, to) == nil {
		return nil
	}
	from, err := os.Open(self)
	if err != nil {
		return err
	}
	defer from.Close()
	f, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

// daemon starts a daemon that ends with the cluster.
func (c *cluster) daemon(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.test.Cleanup(func() {
		cmd.Process.Kill() // it may have been before
		cmd.Wait()
	})
	return cmd
}

// startNode starts a node and waits until jobs can run on it.
func (c *cluster) startNode(t *testing.T, i int) {
	t.Helper()
	c.runNode(t, i)
	c.idle(t, fmt.Sprint("n", i+1))
}

// runNode starts a node, on which a job may run that it knows nothing of.
func (c *cluster) runNode(t *testing.T, i int) {
	t.Helper()
	c.nodes[i] = c.daemon(t, "slurmd", "-D", "-N", fmt.Sprint("n", i+1), "-f", c.conf())
}

// killNode kills the daemon of a node, and nothing else of it.
func (c *cluster) killNode(t *testing.T, i int) {
	t.Helper()
	if err := c.nodes[i].Process.Kill(); err != nil {
		t.Error(err)
	}
	c.nodes[i].Wait()
}

// failNode kills all that there is of a node: its daemon, those of the steps on it, and what they have started.
func (c *cluster) failNode(t *testing.T, i int) {
	t.Helper()
	c.killNode(t, i)
	all, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is right
	struck := 0
	for _, path := range all {
		text, _ := os.ReadFile(path) // it may have ended
		env := strings.Split(string(text), "\x00")
		if !slices.Contains(env, "SLURM_CONF="+c.conf()) || !slices.Contains(env, fmt.Sprint("SLURMD_NODENAME=n", i+1)) {
			continue
		}
		var pid, step int
		var name, state string
		text, _ = os.ReadFile(filepath.Join(filepath.Dir(path), "stat"))
		if _, err := fmt.Sscanf(string(text), "%d %s %s %d", &pid, &name, &state, &step); err != nil {
			continue
		}
		if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", step)); strings.HasPrefix(string(name), "slurmstepd") {
			syscall.Kill(step, syscall.SIGKILL)
		}
		syscall.Kill(pid, syscall.SIGKILL)
		struck++
	}
	if struck == 0 {
		t.Errorf("nothing ran on node %d", i+1)
	}
}

// idle waits until a node is.
func (c *cluster) idle(t *testing.T, name string) {
	t.Helper()
	eventually(t, name+" is idle", func() bool {
		out, err := exec.Command("sinfo", "--noheader", "--nodes="+name, "--format=%T").Output()
		return err == nil && strings.TrimSpace(string(out)) == "idle"
	})
}

// start starts meterbench where nodes can start it, too.
func (c *cluster) start(t *testing.T, temp string, args ...string) *program {
	t.Helper()
	cmd := exec.Command(c.program, args...)
	cmd.Env, cmd.WaitDelay = append(os.Environ(), "TMPDIR="+temp), 10*time.Second
	return startCommand(t, cmd)
}

// workers returns the workers of this cluster.
func (c *cluster) workers() []int { return running(c.program + "\x00worker\x00") }

// running returns the processes whose command lines begin with something.
func running(begins string) (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is right
	for _, path := range all {
		line, err := os.ReadFile(path)
		if pid, wrong := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && wrong == nil && strings.HasPrefix(string(line), begins) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// openedBelow returns the processes that have a file below dir open.
func openedBelow(dir string) (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is right
	for _, path := range all {
		to, err := os.Readlink(path)
		pid, wrong := strconv.Atoi(strings.Split(path, "/")[2])
		if err == nil && wrong == nil && strings.HasPrefix(to, dir+"/") && pid != os.Getpid() && !slices.Contains(pids, pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// clean makes sure that nothing is left of a run: no job, no worker, no folder of the job.
func (c *cluster) clean(t *testing.T, out string) {
	t.Helper()
	left := ""
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		queued, err := exec.Command("squeue", "--noheader", "--format=%i %j %T").CombinedOutput()
		folders, _ := filepath.Glob(filepath.Join(out, "meterbench-slurm.*")) // the pattern is right
		if left = fmt.Sprintf("jobs: %s, %v; workers: %v; folders: %v", queued, err, c.workers(), folders); err == nil && len(queued)+len(folders)+len(c.workers()) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("left behind: %s", left)
			exec.Command("scancel", "--user=root").Run()
			return
		}
	}
	for i := range c.nodes {
		c.idle(t, fmt.Sprint("n", i+1))
	}
}

// slurmRun is a run on a network that is up.
const slurmRun = `name: shared
topology: minimal
warmup: 500ms
series:
  - {name: open, workload: {kind: plain, meters: 20}, load: {kind: open, rate: 40/s, hold: %[1]s}}
  - {name: closed, workload: {kind: plain, meters: 20}, load: {kind: closed, clients: [4], hold: %[1]s}}
`

// Workers of a real Slurm, with two nodes on this machine, make the load of a network. However a run ends, nothing is left.
func TestSlurm(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network and a real Slurm")
	}
	c := newCluster(t)
	temp := t.TempDir()
	network := c.start(t, temp, "network", "up", "minimal")
	network.says(t, &network.stdout, "takes it down")
	file := func(t *testing.T, hold string) string {
		path := filepath.Join(t.TempDir(), "shared.yaml")
		if err := os.WriteFile(path, fmt.Appendf(nil, slurmRun, hold), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	args := func(t *testing.T, hold, out string) []string {
		return []string{"run", file(t, hold), "--on", "minimal", "--workers", "slurm:2", "--out", out}
	}
	t.Run("measures", func(t *testing.T) {
		out := t.TempDir()
		p := c.start(t, temp, args(t, "3s", out)...)
		if code := p.exit(t); code != exitOK {
			t.Fatalf("exit code %d\n%s", code, &p.stderr)
		}
		sharedRun(t, out, 0, 1)
		c.clean(t, out)
	})
	t.Run("measures by the job of the examples", func(t *testing.T) {
		dir, out := t.TempDir(), t.TempDir()
		cmd := exec.Command("sbatch", "--nodes=2", "--output="+filepath.Join(dir, "output"), filepath.Join("..", "..", "examples", "slurm", "meterbench.sbatch"),
			file(t, "3s"), "--on", "minimal", "--out", out)
		cmd.Env = append(os.Environ(), "PATH="+c.dir+":"+os.Getenv("PATH"), "TMPDIR="+temp, "COORDINATOR="+unusedAddress(t))
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		c.clean(t, out)
		sharedRun(t, out, 1)
		if log, err := os.ReadFile(filepath.Join(dir, "output")); err != nil || t.Failed() {
			t.Errorf("%v\n%s", err, log)
		}
	})
	for name, refused := range map[string]struct {
		env, workers, says string // all of bad input
	}{
		"no such partition": {"SBATCH_PARTITION=none", "slurm:2", "submit the job of 2 workers: sbatch: invalid partition specified: none"},
		"too many nodes":    {"", "slurm:3", "cannot start: Partition"},
		"too long":          {"SBATCH_TIMELIMIT=2-0", "slurm:2", "cannot start: Partition"},
	} {
		t.Run("refuses/"+name, func(t *testing.T) {
			if key, value, ok := strings.Cut(refused.env, "="); ok {
				t.Setenv(key, value)
			}
			out := t.TempDir()
			p := c.start(t, temp, "run", file(t, "1s"), "--on", "minimal", "--workers", refused.workers, "--out", out)
			if code := p.exit(t); code != exitUsage || !strings.Contains(p.stderr.String(), refused.says) {
				t.Errorf("exit code %d, want %q\n%s", code, refused.says, &p.stderr)
			}
			c.clean(t, out)
		})
	}
	t.Run("interrupted in the queue", func(t *testing.T) {
		other, err := exec.Command("sbatch", "--parsable", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 600").Output()
		if err != nil {
			t.Fatal(err)
		}
		out := t.TempDir()
		p := c.start(t, temp, args(t, "1s", out)...)
		p.says(t, &p.stderr, "waits in the queue")
		p.signal(t, syscall.SIGTERM)
		if code := p.exit(t); code != exitInterrupted {
			t.Errorf("exit code %d\n%s", code, &p.stderr)
		}
		if err := exec.Command("scancel", strings.TrimSpace(string(other))).Run(); err != nil {
			t.Error(err)
		}
		c.clean(t, out)
	})
	for name, one := range map[string]struct {
		strike func(t *testing.T, p *program, i int)
		code   int
		says   string
	}{
		"a worker is killed":   {func(t *testing.T, _ *program, i int) { syscall.Kill(c.workers()[i%2], syscall.SIGKILL) }, exitFailed, "workers are there, fewer than 2"},
		"a worker is stopped":  {func(t *testing.T, _ *program, i int) { syscall.Kill(c.workers()[i%2], syscall.SIGSTOP) }, exitFailed, "workers are there, fewer than 2"},
		"a slurmd is killed":   {func(t *testing.T, _ *program, i int) { c.killNode(t, i%2) }, exitFailed, "workers are there, fewer than 2"},
		"the run is killed":    {func(t *testing.T, p *program, _ int) { p.signal(t, syscall.SIGKILL) }, -1, ""},
		"the run is to end":    {func(t *testing.T, p *program, _ int) { p.signal(t, syscall.SIGTERM) }, exitInterrupted, "interrupted"},
		"its job is cancelled": {func(t *testing.T, p *program, _ int) { exec.Command("scancel", "--user=root").Run() }, exitFailed, "workers are there, fewer than 2"},
	} {
		for i := range *slurmKills {
			t.Run(fmt.Sprintf("%s/%d", name, i), func(t *testing.T) {
				out := t.TempDir()
				p := c.start(t, temp, args(t, "10m", out)...)
				p.says(t, &p.stderr, "run 2 load levels")
				time.Sleep(3 * time.Second) // so that there is something to keep
				if n := len(c.workers()); n != 2 {
					t.Fatalf("%d workers", n)
				}
				one.strike(t, p, i)
				code := p.exit(t)
				if code != one.code || !strings.Contains(p.stderr.String(), one.says) {
					t.Errorf("exit code %d, want %d and %q\n%s", code, one.code, one.says, &p.stderr)
				}
				if name == "a slurmd is killed" {
					c.startNode(t, i%2)
				}
				c.clean(t, out)
				partOfRun(t, out, code)
			})
		}
	}
	// With min=1 the second level is that of the worker that is left.
	for name, strike := range map[string]func(t *testing.T){
		"a worker is killed, min=1": func(*testing.T) { syscall.Kill(c.workers()[0], syscall.SIGKILL) },
		"a node fails, min=1": func(t *testing.T) { // that of the batch script; back again, it has lost all
			c.failNode(t, 0)
			c.runNode(t, 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			p := c.start(t, temp, "run", file(t, "7s"), "--on", "minimal", "--workers", "slurm:2,min=1", "--out", out)
			p.says(t, &p.stderr, "run 2 load levels")
			time.Sleep(2 * time.Second) // within the window
			strike(t)
			if code := p.exit(t); code != exitOK {
				t.Errorf("exit code %d\n%s", code, &p.stderr)
			}
			c.clean(t, out)
			wentOn(t, out)
		})
	}
	network.signal(t, syscall.SIGINT)
	network.exit(t)
}

// slurmPair is a load below saturation and one at it.
const slurmPair = `name: pair
topology: minimal
warmup: 3s
seed: %d
series:
  - {name: open, workload: {kind: plain, meters: 64, length: 24}, load: {kind: open, rate: 100/s, hold: 15s}}
  - {name: closed, workload: {kind: plain, meters: 64, length: 24}, load: {kind: closed, clients: [32], hold: 15s}}
`

// Figures of two workers of a real Slurm are no different from those of one process at the same load:
//
//	go test ./cmd/meterbench -run TestSlurmPairs -v -slurm.pairs 6 -timeout 1h
//
// All runs are on one network, as networks differ (docs/statistics.md), and each audits the ledger. CPU per commit is told only: a worker
// has a stream of blocks and a runtime of its own.
func TestSlurmPairs(t *testing.T) {
	if *slurmPairs == 0 {
		t.Skip("takes long, and a machine for itself: give -slurm.pairs 6")
	}
	c := newCluster(t)
	temp, dir := t.TempDir(), t.TempDir()
	up := c.start(t, temp, "network", "up", "minimal")
	up.says(t, &up.stdout, "takes it down")
	base, head := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	for pair := range *slurmPairs {
		file := filepath.Join(dir, "pair.yaml")
		if err := os.WriteFile(file, fmt.Appendf(nil, slurmPair, pair+1), 0o600); err != nil {
			t.Fatal(err)
		}
		for turn := range 2 {
			args := []string{"run", file, "--on", "minimal", "--out", base}
			if (pair+turn)%2 == 1 {
				args = []string{"run", file, "--on", "minimal", "--out", head, "--workers", "slurm:2"}
			}
			if p := c.start(t, temp, args...); p.exit(t) != exitOK { // as it is with an audit that failed
				t.Fatal(&p.stderr)
			}
		}
	}
	up.signal(t, syscall.SIGINT)
	up.exit(t)
	for _, r := range compared(t, filepath.Join(base, "pair"), filepath.Join(head, "pair")).Rows {
		if !r.Gated {
			continue
		}
		t.Log(r.Series, evidence(r))
		if r.Verdict == compare.Worse && r.Metric.Name != metric.ClientCPUPerCommit {
			t.Errorf("%s of %s is worse with two workers", r.Metric.Name, r.Series)
		}
	}
}

// wentOn makes sure that the run below out has lost one of two workers in its first level, and made the second one with the other.
func wentOn(t *testing.T, out string) {
	t.Helper()
	dir := runFolder(t, out, "*")
	stored, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	points := stored.Summary.Points
	if len(points) != 2 {
		t.Fatalf("%d levels", len(points))
	}
	lost := 0
	for _, w := range points[0].Workers {
		if w.Lost != nil {
			lost++
		}
	}
	if lost != 1 || points[0].Valid {
		t.Errorf("the first level: %d workers are lost, valid is %v", lost, points[0].Valid)
	}
	second := points[1]
	if valid := second.Outcomes[result.Valid.String()]; len(second.Workers) != 1 || valid == 0 || valid != second.Scheduled {
		t.Errorf("the second level: %+v; %d of %d are valid, %q", second.Workers, valid, second.Scheduled, second.Reasons)
	}
}

// partOfRun makes sure that the run below out can be read and says that it is part of one. A run that was killed may have measured nothing.
func partOfRun(t *testing.T, out string, code int) {
	t.Helper()
	dir := runFolder(t, out, "*")
	r, drawn := command(t, t.TempDir(), "report", dir)
	if drawn != exitOK && code < 0 && strings.Contains(r.stderr.String(), "the run did not finish") {
		return
	}
	if drawn != exitOK || !strings.Contains(r.stdout.String(), "PARTIAL") {
		t.Errorf("exit code %d\n%s%s", drawn, &r.stdout, &r.stderr)
	}
}
