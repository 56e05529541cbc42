package launch

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"meterbench/bench/worker"
	"meterbench/internal/process"
)

// A jobState is what Slurm says of a job.
type jobState struct{ state, reason, nodes, exit string }

var jobFields = regexp.MustCompile(`(?:^| )(JobState|Reason|NodeList|ExitCode)=(\S*)`)

// parseJob reads a line of scontrol show job.
func parseJob(line string) (s jobState) {
	for _, f := range jobFields.FindAllStringSubmatch(line, -1) {
		switch f[1] {
		case "JobState":
			s.state = f[2]
		case "Reason":
			s.reason = f[2]
		case "NodeList":
			s.nodes = f[2]
		case "ExitCode":
			s.exit = f[2]
		}
	}
	return s
}

// waits reports whether the job is in the queue.
func (s jobState) waits() bool {
	return slices.Contains([]string{"PENDING", "REQUEUED", "RESV_DEL_HOLD"}, s.state)
}

// completing is the state of a job that has been cancelled, or has ended, and whose nodes are not all clear of it.
const completing = "COMPLETING"

// over reports whether the job has ended.
func (s jobState) over() bool {
	working := []string{"RUNNING", "CONFIGURING", completing, "STAGE_OUT", "SIGNALING", "STOPPED", "SUSPENDED", "RESIZING"}
	return s.state != "" && !s.waits() && !slices.Contains(working, s.state)
}

// hopeless says that a job waits for what does not come by waiting, by the reason that Slurm gives.
func (s jobState) hopeless() bool {
	return s.waits() && slices.Contains([]string{
		"PartitionConfig", "PartitionNodeLimit", "PartitionTimeLimit", "BadConstraints", "JobHeldUser", "JobHeldAdmin", "InvalidAccount", "InvalidQOS",
		"AssocMaxNodePerJobLimit", "AssocMaxCpuPerJobLimit", "QOSMaxNodePerJobLimit", "QOSMaxCpuPerJobLimit", "QOSTimeLimit", "AccountNotAllowed", "QOSNotAllowed",
	}, s.reason)
}

// noOutput is the exit code that Slurm gives a job whose output it could not open.
const noOutput = "0:53"

// look asks Slurm for the state of the job. A job that it has forgotten has ended.
func (b *batch) look(ctx context.Context) (jobState, error) {
	said, err := slurm(ctx, nil, "scontrol", append(slices.Clone(b.cluster), "show", "job", "--oneliner", b.id)...)
	if err != nil && strings.Contains(said, "Invalid job id") {
		return jobState{state: "ENDED", reason: "None"}, nil
	}
	return parseJob(said), err
}

// watch follows the job until it ends, or ctx does: it says how the job waits, and what ended workers that had not come.
func (b *batch) watch(ctx context.Context, c *Crew) {
	queued, runs := time.Now(), false
	for every := time.Second / 2; ; every = min(every*5/4, 10*time.Second) {
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return
		}
		s, err := b.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil || s.state == "":
			continue // it may answer again
		case s.hopeless():
			c.giveUp(worker.InputErrorf("job %s of Slurm cannot start: %s: ask for what this cluster has, by fewer workers, or by SBATCH_PARTITION, "+
				"SBATCH_ACCOUNT, SBATCH_TIMELIMIT and so on in the environment", b.id, s.reason))
			return
		case s.waits():
			c.working(fmt.Sprintf("job %s waits in the queue, %v (%s)", b.id, time.Since(queued).Round(time.Second), s.reason))
		case !s.over():
			if !runs {
				runs = true
				c.step(fmt.Sprintf("job %s runs on %s", b.id, s.nodes))
			}
		default:
			why := b.explain(s)
			c.giveUp(why)
			for rank := range b.workers {
				c.Ended(rank, why)
			}
			return
		}
	}
}

// explain says why workers are gone with their job.
func (b *batch) explain(s jobState) error {
	if s.exit == noOutput {
		return worker.InputErrorf("job %s of Slurm has failed: its nodes cannot write to %s: choose a folder that they share by --out", b.id, b.log)
	}
	text := fmt.Sprintf("job %s of Slurm has ended: %s", b.id, s.state)
	if s.reason != "None" && s.reason != "" {
		text += " (" + s.reason + ")"
	}
	if said := workersSaid(process.Tail(b.log)); said != "" {
		text += ": " + said
	}
	return errors.New(text)
}

var labelled = regexp.MustCompile(`^([0-9]+): (.*)$`)

// workersSaid returns from the output of a job what the first worker said that failed, or else the last line. What is said at length comes
// at the end, and begins with the name of the program.
func workersSaid(lines []string) string {
	for _, line := range lines {
		if m := labelled.FindStringSubmatch(line); m != nil && strings.HasPrefix(m[2], "meterbench: ") {
			return "worker " + m[1] + ": " + strings.TrimPrefix(m[2], "meterbench: ")
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}
