package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"meterbench/bench/worker"
	"meterbench/internal/printable"
	"meterbench/internal/process"
)

// slurmPrefix begins the name of the folder of a job, which is the name of the job, too: by that it is cancelled, also where whoever
// submitted it was killed before Slurm said its number.
const slurmPrefix = "meterbench-slurm"

// A batch is a job of Slurm.
type batch struct {
	name, id string
	cluster  []string // option that names it, where there are many
	log      string   // its output
	workers  int
	unwatch  func() // ends what watches it
}

// startSlurm submits a job and watches it.
func startSlurm(ctx context.Context, c *Crew) (started, error) {
	parent, err := filepath.Abs(c.cfg.Dir)
	if err == nil {
		err = os.MkdirAll(parent, 0o755)
	}
	if err == nil {
		err = c.folder(parent, slurmPrefix, slurmEnvironment()...)
	}
	if err != nil {
		return nil, err
	}
	b := &batch{
		name: filepath.Base(c.dir), log: filepath.Join(c.dir, "output"), workers: c.cfg.Workers(), unwatch: func() {},
	}
	script := filepath.Join(c.dir, "job.sh")
	if err := os.WriteFile(script, []byte(batchScript(c.cfg, c.dir, c.join)), 0o600); err != nil {
		return nil, err
	}
	said, err := slurm(ctx, c.environment(foreign), "sbatch", append(batchOptions(c.cfg, b), script)...)
	if err != nil {
		err = refusal(fmt.Errorf("submit the job of %s: %w", printable.Count(b.workers, "worker"), err))
		if unconfigured.MatchString(err.Error()) {
			return nil, err // there is nothing to cancel
		}
		return b, err
	}
	if b.id, b.cluster, err = parseSubmitted(said); err != nil {
		return b, err
	}
	c.step(fmt.Sprintf("job %s of Slurm: %s, one on each node, to join %s", b.id, printable.Count(b.workers, "worker"), c.join))
	watched, end := context.WithCancel(context.WithoutCancel(ctx))
	var watching sync.WaitGroup
	watching.Go(func() { b.watch(watched, c) })
	b.unwatch = func() { end(); watching.Wait() }
	return b, nil
}

// batchOptions returns the options of sbatch. On the command line they go before what the user has in the environment (SBATCH_PARTITION,
// SBATCH_ACCOUNT, SBATCH_TIMELIMIT, ...).
func batchOptions(cfg Config, b *batch) []string {
	options := []string{
		"--parsable", "--job-name=" + b.name, "--output=" + b.log, "--export=ALL", "--no-requeue", "--exclusive",
		fmt.Sprintf("--nodes=%d", b.workers), fmt.Sprintf("--ntasks=%d", b.workers), "--ntasks-per-node=1",
	}
	if cfg.Least() < b.workers {
		options = append(options, "--no-kill") // if a node fails
	}
	return options
}

// batchScript returns the script of the job, whose folder is dir: a worker on each node. One that fails ends all, unless the run goes on
// without it.
func batchScript(cfg Config, dir, join string) string {
	failing := "--kill-on-bad-exit=1"
	if cfg.Least() < cfg.Workers() {
		failing = "--kill-on-bad-exit=0 --no-kill --wait=0"
	}
	return fmt.Sprintf(batchText, quoted(filepath.Join(dir, "started")), cfg.Workers(), failing, quoted(cfg.Executable), quoted(join))
}

// batchText is the script. Slurm puts a job back into the queue whose start it takes for failed, whatever --no-requeue says: it may have
// been started, and workers have joined.
const batchText = `#!/bin/sh
mkdir %s || { echo "Slurm has started this job a second time"; exit 1; }
exec srun --ntasks=%d --ntasks-per-node=1 %s --label --export=ALL %s worker --join %s
`

// slurmEnvironment returns what the commands of Slurm need of the environment.
func slurmEnvironment() (env []string) {
	for _, key := range []string{"PATH", "SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTERS"} {
		if value, ok := os.LookupEnv(key); ok {
			env = append(env, key+"="+value)
		}
	}
	return env
}

// quoted returns a word as a shell reads it.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// foreign reports whether a variable must not reach the job: what Slurm has set for a job in which this process runs, and options of
// sbatch with which nothing works.
func foreign(key string) bool {
	switch key {
	case "SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTERS":
		return false
	case "SBATCH_WAIT", "SBATCH_ARRAY_INX":
		return true
	}
	for _, prefix := range []string{"SLURM_", "OMPI_", "PMI_", "PMIX_"} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

var submitted = regexp.MustCompile(`(?m)^([0-9]+)(?:;([^\s;]+))?$`)

// parseSubmitted reads what sbatch --parsable says, among its warnings.
func parseSubmitted(said string) (id string, cluster []string, err error) {
	found := submitted.FindStringSubmatch(said)
	if found == nil {
		return "", nil, fmt.Errorf("sbatch says no number of a job: %q", said)
	}
	if found[2] != "" {
		cluster = []string{"--clusters=" + found[2]}
	}
	return found[1], cluster, nil
}

// The time that Slurm may take to answer, and how much it may say.
const (
	answers = 30 * time.Second
	mostSay = 1 << 20
)

// slurm runs one of its commands. env is as for process.Output. The error has Slurm's message.
func slurm(ctx context.Context, env []string, command string, args ...string) (string, error) {
	path, err := exec.LookPath(command)
	if err != nil {
		return "", worker.InputErrorf("there is no %s on PATH: install the commands of Slurm, or start workers by other means (join:N)", command)
	}
	limited, cancel := context.WithTimeout(ctx, answers)
	defer cancel()
	out, err := process.Output(limited, mostSay, env, path, args...)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err == nil {
		return string(out), nil
	}
	why := fmt.Errorf("%s: %s", command, message(string(out), err))
	if unconfigured.MatchString(why.Error()) {
		why = worker.InputErrorf("Slurm is not configured on this machine, or its configuration is wrong (%w): set SLURM_CONF, or start workers by "+
			"other means (join:N)", why)
	}
	return string(out), why
}

// unconfigured is in Slurm's messages where its commands do not find a configuration, or cannot use it.
var unconfigured = regexp.MustCompile(`(?i)establish a configuration source|unable to process configuration file`)

// silence is how Slurm's messages begin where it does not answer, as it may do later.
var silence = regexp.MustCompile(`(?i)unable to contact slurm|timed out|temporarily`)

// refusal returns an error of sbatch: in what the user asked for, unless Slurm does not answer.
func refusal(err error) error {
	if silence.MatchString(err.Error()) {
		return err
	}
	return worker.InputErrorf("%w", err)
}

// complaint begins a line of Slurm's on what is wrong.
var complaint = regexp.MustCompile(`^.*?(?:error|fatal): `)

// message returns in one line what a command of Slurm says of its failure.
func message(said string, err error) string {
	var lines []string
	for line := range strings.Lines(said) {
		if text := complaint.ReplaceAllString(strings.TrimSpace(line), ""); text != "" {
			lines = append(lines, text)
		}
	}
	if lines == nil {
		return err.Error()
	}
	return strings.Join(lines, "; ")
}

// stop waits until the workers that were sent home have ended, if all had come, and cancels what is left. Slurm itself sees to a node of a
// cancelled job that does not answer.
func (b *batch) stop(whole bool) error {
	b.unwatch()
	if whole && b.await(grace).over() {
		return nil
	}
	_, err := slurm(context.Background(), nil, "scancel", append(slices.Clone(b.cluster), "--name="+b.name)...)
	if b.id == "" {
		return err
	}
	if s := b.await(2 * grace); s.over() || s.state == completing {
		return err
	}
	return errors.Join(fmt.Errorf("job %s has not ended: see to it by scancel %s", b.id, b.id), err)
}

// await waits until the job has ended, at most so long, and returns its last state.
func (b *batch) await(most time.Duration) (s jobState) {
	for until := time.Now().Add(most); time.Now().Before(until) && !s.over(); time.Sleep(200 * time.Millisecond) {
		if now, err := b.look(context.Background()); err == nil {
			s = now
		}
	}
	return s
}

// Dispatch does what a launcher has started this program for, if it has: cancel the job of a process that was killed. args is the whole
// argument list. The main of a program that calls Start calls it before any other Dispatch, and exits with the code if it was handled.
func Dispatch(args []string) (code int, handled bool) {
	if !process.IsReaper(args) || len(args) != 2 || !strings.HasPrefix(filepath.Base(args[1]), slurmPrefix+".") {
		return 0, false
	}
	return process.Reap(args, func() error {
		_, err := slurm(context.Background(), nil, "scancel", "--name="+filepath.Base(args[1]))
		return err
	})
}
