package launch

import (
	"context"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/worker"
)

func TestMain(m *testing.M) {
	if code, handled := Dispatch(os.Args); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

func TestParseJob(t *testing.T) {
	line := "JobId=2 JobName=a UserId=root(0) JobState=RUNNING Reason=None Dependency=(null) ExitCode=0:0 AllocNode:Sid=h:1 ReqNodeList=(null) " +
		"ExcNodeList=(null) NodeList=n[1-2] BatchHost=n1\n"
	want := jobState{state: "RUNNING", reason: "None", nodes: "n[1-2]", exit: "0:0"}
	if got := parseJob(line); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for state, want := range map[jobState][3]bool{ // waits, is over, is hopeless
		{}:                                      {},
		{state: "PENDING"}:                      {true},
		{state: "PENDING", reason: "Resources"}: {true},
		{state: "PENDING", reason: "PartitionNodeLimit"}: {true, false, true},
		{state: "CONFIGURING"}:                           {},
		{state: "RUNNING", reason: "BadConstraints"}:     {},
		{state: "COMPLETED"}:                             {false, true},
		{state: "NODE_FAIL"}:                             {false, true},
		{state: "ENDED"}:                                 {false, true},
	} {
		if got := [3]bool{state.waits(), state.over(), state.hopeless()}; got != want {
			t.Errorf("%+v: %v, want %v", state, got, want)
		}
	}
}

func TestParseSubmitted(t *testing.T) {
	id, cluster, err := parseSubmitted("sbatch: warning: 3 things\n17;east\n")
	if id != "17" || !slices.Equal(cluster, []string{"--clusters=east"}) || err != nil {
		t.Errorf("%s, %v, %v", id, cluster, err)
	}
	if id, cluster, err = parseSubmitted("4\n"); id != "4" || cluster != nil || err != nil {
		t.Errorf("%s, %v, %v", id, cluster, err)
	}
	if _, _, err = parseSubmitted("Submitted batch job 4"); err == nil {
		t.Error("what is no number was taken for one")
	}
}

func TestMessage(t *testing.T) {
	said := "sbatch: error: invalid partition specified: no\nsbatch: error: Batch job submission failed: Invalid partition name specified\n"
	want := "invalid partition specified: no; Batch job submission failed: Invalid partition name specified"
	if got := message(said, nil); got != want {
		t.Errorf("%s", got)
	}
	if got := message("\n", errors.New("exit status 1")); got != "exit status 1" {
		t.Errorf("%s", got)
	}
}

func TestWorkersSaid(t *testing.T) {
	for want, lines := range map[string][]string{
		"":                 nil,
		"worker 1: no":     {"srun: x", "0: [0:00] rank 0", "1: meterbench: no", "0: meterbench: the coordinator has gone", "srun: error"},
		"slurmstepd: what": {"0: [0:00] rank 0", "slurmstepd: what"},
	} {
		if got := workersSaid(lines); got != want {
			t.Errorf("%q: %q, want %q", lines, got, want)
		}
	}
}

// The script is run by a shell, whatever the program is called.
func TestBatchScript(t *testing.T) {
	dir := t.TempDir()
	odd := filepath.Join(dir, "it's a $HOME `program`")
	err := errors.Join(
		os.WriteFile(odd, []byte("#!/bin/sh\necho \"$@\"\n"), 0o700),
		os.WriteFile(filepath.Join(dir, "srun"), []byte("#!/bin/sh\nwhile [ \"${1#--}\" != \"$1\" ]; do echo $1; shift; done; exec \"$@\"\n"), 0o700),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for text, want := range map[string]string{
		"slurm:3":       "--ntasks=3 --ntasks-per-node=1 --kill-on-bad-exit=1 --label --export=ALL worker --join [::1]:7",
		"slurm:3,min=2": "--ntasks=3 --ntasks-per-node=1 --kill-on-bad-exit=0 --no-kill --wait=0 --label --export=ALL worker --join [::1]:7",
	} {
		r, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		job := filepath.Join(dir, r.String()+"'s")
		if err := os.Mkdir(job, 0o700); err != nil {
			t.Fatal(err)
		}
		run := func() (string, error) {
			cmd := exec.Command("sh")
			cmd.Stdin = strings.NewReader(batchScript(Config{Request: r, Executable: odd}, job, "[::1]:7"))
			out, err := cmd.CombinedOutput()
			return strings.Join(strings.Fields(string(out)), " "), err
		}
		if got, err := run(); got != want || err != nil {
			t.Errorf("%s: %v\n%s", text, err, got)
		}
		if got, err := run(); !strings.HasSuffix(got, "Slurm has started this job a second time") || err == nil {
			t.Errorf("%s again: %v\n%s", text, err, got)
		}
	}
}

// A fake is a Slurm whose commands answer what the test says, and note how they are called.
func fake(t *testing.T, answers map[string]string) (calls func() string) {
	t.Helper()
	dir := t.TempDir()
	noted := filepath.Join(dir, "calls")
	for _, command := range []string{"sbatch", "scontrol", "scancel", "sinfo"} {
		script := "#!/bin/sh\necho " + command + " \"$@\" >> " + noted + "\n" + answers[command] + "\n"
		if err := os.WriteFile(filepath.Join(dir, command), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() string {
		all, err := os.ReadFile(noted)
		if err != nil {
			t.Fatal(err)
		}
		return string(all)
	}
}

// A spoken is what Start says.
type spoken struct {
	mu   sync.Mutex
	text []string
}

func (s *spoken) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, text)
}

// begin starts the workers of a Slurm that is a fake, and returns the error.
func begin(t *testing.T, ctx context.Context, dir string, say *spoken) error {
	t.Helper()
	r, err := Parse("slurm:2")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Start(ctx, Config{Request: r, Executable: os.Args[0], Version: "1", Dir: dir, Working: say.say, Step: say.say})
	if err == nil {
		t.Error("workers have joined that nobody started", c.Close())
	}
	return err
}

func TestSlurmRefuses(t *testing.T) {
	const known = "echo 127.0.0.1"
	for name, one := range map[string]struct {
		answers map[string]string
		want    string
		mistake bool // in what was asked for
		called  []string
	}{
		"the job": {
			map[string]string{"sinfo": known, "sbatch": "echo sbatch: error: Invalid account >&2; exit 1"},
			"submit the job of 2 workers: sbatch: Invalid account", true, []string{"sinfo", "sbatch", "scancel"},
		},
		"to take it now": {
			map[string]string{"sinfo": known, "sbatch": "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1"},
			"submit the job of 2 workers: sbatch: Batch job submission failed: Socket timed out", false, nil,
		},
		"to answer": {
			map[string]string{"sinfo": "echo 'slurm_load_partitions: Unable to contact slurm controller (connect failure)'; exit 1"},
			"Unable to contact slurm controller", false, []string{"sinfo"},
		},
		"for want of a configuration": {
			map[string]string{"sinfo": "printf 'sinfo: error: fetch_config: DNS SRV lookup failed\\nsinfo: fatal: Could not establish a configuration source\\n' >&2; exit 1"},
			"Slurm is not configured on this machine, or its configuration is wrong (sinfo: fetch_config: DNS SRV lookup failed; " +
				"Could not establish a configuration source): set SLURM_CONF", true, []string{"sinfo"},
		},
		"for a configuration that is wrong": {
			map[string]string{"sinfo": known, "sbatch": "echo sbatch: fatal: Unable to process configuration file >&2; exit 1"},
			"sbatch: Unable to process configuration file", true, []string{"sinfo", "sbatch"},
		},
		"a job that cannot start": {
			map[string]string{"sinfo": known, "sbatch": "echo 5", "scontrol": "grep -q scancel ${0%/*}/calls && s=CANCELLED || s=PENDING; echo JobId=5 JobState=$s Reason=PartitionNodeLimit"},
			"job 5 of Slurm cannot start: PartitionNodeLimit", true, []string{"sinfo", "sbatch", "scontrol", "scancel", "scontrol"},
		},
		"a job whose workers fail": {
			map[string]string{"sinfo": known, "scontrol": "echo JobId=5 JobState=FAILED Reason=NonZeroExitCode ExitCode=2:0",
				"sbatch": `for a; do case $a in --output=*) printf '0: [0:00]\n1: meterbench: no address\nsrun: error\n' > ${a#*=};; esac; done; echo 5`},
			"job 5 of Slurm has ended: FAILED (NonZeroExitCode): worker 1: no address", false, nil,
		},
		"a job of which a node does not answer": {
			map[string]string{"sinfo": known, "sbatch": "echo 5", "scontrol": "grep -q scancel ${0%/*}/calls && s=COMPLETING || s=PENDING; echo JobId=5 JobState=$s Reason=PartitionNodeLimit"},
			"SBATCH_TIMELIMIT and so on in the environment", true, nil,
		},
		"a folder that nodes do not see": {
			map[string]string{"sinfo": known, "sbatch": "echo 5", "scontrol": "echo JobId=5 JobState=FAILED Reason=JobLaunchFailure ExitCode=0:53"},
			"choose a folder that they share by --out", true, nil,
		},
		"a job that it has forgotten": {
			map[string]string{"sinfo": known, "sbatch": "echo 5", "scontrol": "echo slurm_load_jobs error: Invalid job id specified; exit 1"},
			"job 5 of Slurm has ended: ENDED", false, nil,
		},
		"nodes without addresses": {
			map[string]string{"sinfo": "echo nowhere.invalid"}, "add listen=HOST:PORT", true, []string{"sinfo"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && strings.Contains(one.answers["scontrol"], completing) {
				t.Skip("Slurm has a while to hear from the node")
			}
			calls := fake(t, one.answers)
			dir := t.TempDir()
			err := begin(t, t.Context(), dir, &spoken{})
			if err == nil || !strings.Contains(err.Error(), one.want) || strings.Contains(err.Error(), "\n") { // another error is another line
				t.Errorf("%v, want %q", err, one.want)
			}
			if _, mistake := errors.AsType[worker.InputError](err); mistake != one.mistake {
				t.Errorf("%v is a mistake of the user's: %v, want %v", err, mistake, one.mistake)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
			var called []string
			for line := range strings.Lines(calls()) {
				command, _, _ := strings.Cut(line, " ")
				called = append(called, command)
			}
			if diff := cmp.Diff(one.called, called); one.called != nil && diff != "" {
				t.Errorf("commands called (-want +got)\n%s", diff)
			}
		})
	}
}

// A job that waits is cancelled by the name of its folder, and credentials are in its environment alone.
func TestSlurmInterrupted(t *testing.T) {
	calls := fake(t, map[string]string{
		"sinfo":    "echo 127.0.0.1",
		"sbatch":   `echo "$METERBENCH_CREDENTIALS" > ${0%/*}/credentials; cat ${9} >/dev/null 2>&1; env > ${0%/*}/env; echo 5`,
		"scontrol": "grep -q scancel ${0%/*}/calls && s=CANCELLED || s=PENDING; echo JobId=5 JobState=$s Reason=Priority",
	})
	t.Setenv("SLURM_JOB_ID", "1")
	t.Setenv("SBATCH_WAIT", "1")
	t.Setenv("SBATCH_PARTITION", "long")
	t.Setenv(worker.CredentialsFileVariable, "another")
	ctx, cancel := context.WithCancel(t.Context())
	say := &spoken{}
	go func() {
		for ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond)
			say.mu.Lock()
			if slices.ContainsFunc(say.text, func(s string) bool {
				return strings.Contains(s, "waits in the queue") && strings.Contains(s, "(Priority)")
			}) {
				cancel()
			}
			say.mu.Unlock()
		}
	}()
	if err := begin(t, ctx, t.TempDir(), say); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	called := calls()
	if !strings.Contains(called, "scancel --name="+slurmPrefix+".pid") {
		t.Errorf("the job is not cancelled\n%s", called)
	}
	path, _ := exec.LookPath("sbatch")
	text, err := os.ReadFile(filepath.Join(filepath.Dir(path), "credentials"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := worker.ParseCredentials(text); err != nil {
		t.Error(err)
	}
	block, _ := pem.Decode(text)
	if block == nil || strings.Contains(called, "BEGIN") || strings.Contains(called, string(text[100:140])) {
		t.Errorf("credentials are among the arguments\n%s", called)
	}
	env, err := os.ReadFile(filepath.Join(filepath.Dir(path), "env"))
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"SLURM_JOB_ID=", "SBATCH_WAIT=", worker.CredentialsFileVariable + "="} {
		if strings.Contains("\n"+string(env), "\n"+gone) {
			t.Errorf("the job has the variable %s", gone)
		}
	}
	if !strings.Contains(string(env), "SBATCH_PARTITION=long\n") {
		t.Error("what the user wants of Slurm is lost")
	}
}

func TestSlurmMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := begin(t, t.Context(), t.TempDir(), &spoken{}); err == nil || !strings.Contains(err.Error(), "there is no sinfo on PATH") {
		t.Error(err)
	}
}
