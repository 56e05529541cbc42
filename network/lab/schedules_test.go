package lab

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/network/fabric/daemons"
)

// How many schedules TestSchedules tries, from which seed on, on which topologies.
//
//	go test ./network/lab -run TestSchedules -v -timeout 2h -schedules 100
var (
	schedules          = flag.Int("schedules", 1, "number of schedules that TestSchedules tries on each topology")
	scheduleSeed       = flag.Uint64("schedules.seed", 1, "seed of the first one")
	scheduleTopologies = flag.String("schedules.topologies", "minimal,inter-nmi", "topologies, separated by commas")
	scheduleKinds      = flag.String("schedules.kinds", "kill, stop, restart, heal, cut, slow, fill", "kinds of events that are drawn")
)

const scheduleText = `name: schedule
topology: %s
seed: %d
warmup: 200ms
series:
  - name: readings
    workload: {kind: plain, length: 1}
    load: {kind: open, rate: 40/s, arrivals: poisson, hold: 3s, timeout: 2s, failover: true}
    events:
      - random: {count: 5, from: 300ms, until: 2500ms, kinds: [%s]}
`

// Whatever is done to a network at random: no committed transaction is lost and none is there twice, every one whose end the
// client did not see is decided, and nothing is left.
func TestSchedules(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real networks")
	}
	binaries, err := daemons.Ensure(t.Context(), daemons.Config{})
	if err != nil {
		t.Fatal(err)
	}
	with := Programs{Daemons: func(string) (daemons.Binaries, error) { return binaries, nil }}
	for topology := range strings.SplitSeq(*scheduleTopologies, ",") {
		for i := range uint64(*schedules) {
			seed := *scheduleSeed + i
			t.Run(fmt.Sprint(topology, " ", seed), func(t *testing.T) {
				schedule(t, with, topology, seed)
			})
		}
	}
}

// schedule runs one schedule.
func schedule(t *testing.T, with Programs, topology string, seed uint64) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	before := leftovers(t, temp)
	file := filepath.Join(t.TempDir(), "schedule.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, scheduleText, topology, seed, *scheduleKinds), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Read(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	site, err := New(p, dir, with)
	if err != nil {
		t.Fatal(err)
	}
	err = study.Run(t.Context(), study.Config{Scenario: p.Scenario, Lab: site, Dir: dir, ID: "1", Observer: silent{}})
	if _, notValid := errors.AsType[*study.NotValidError](err); err != nil && !notValid {
		t.Error(err)
	}
	after := leftovers(t, temp)
	for end := time.Now().Add(time.Minute); !slices.Equal(before, after) && time.Now().Before(end); after = leftovers(t, temp) {
		time.Sleep(10 * time.Millisecond) // what was killed takes a moment to go
	}
	if !slices.Equal(before, after) {
		t.Errorf("left: %v, before: %v", after, before)
	}
	stored, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	judge(t, stored)
}

// judge looks at what the audit of a schedule says.
func judge(t *testing.T, stored *result.Folder) {
	t.Helper()
	s := &stored.Summary
	a := s.Audit
	if !s.Complete || len(s.Incidents) > 0 {
		t.Errorf("complete %v, with the incidents %+v", s.Complete, s.Incidents)
	}
	var told []string
	for _, p := range s.Points {
		for _, e := range p.Events {
			text := fmt.Sprintf("%.2f %s %s", e.At, e.Kind, e.Asked)
			if e.Failed != "" {
				text += " failed: " + e.Failed
				if !strings.HasSuffix(e.Failed, "does not run") { // as one that ended full
					t.Error(text)
				}
			}
			told = append(told, text)
		}
		told = append(told, fmt.Sprint(p.Outcomes))
	}
	if a == nil {
		t.Fatalf("no audit; %s", strings.Join(told, ", "))
	}
	if problem := a.Problem(); problem != "" {
		t.Errorf("%s; %s", problem, strings.Join(told, ", "))
	}
	var lost uint64
	for row, err := range stored.Transactions() {
		if err != nil {
			t.Fatal(err)
		}
		if row.InDoubt() {
			lost++
		}
	}
	for attempt, err := range stored.Attempts() {
		if err != nil {
			t.Fatal(err)
		}
		if attempt.InDoubt() {
			lost++
		}
	}
	if d := a.InDoubt; d != nil && (d.Total != lost || d.Committed+d.Invalid+d.NotCommitted != d.Total) || d == nil && lost > 0 {
		t.Errorf("%d are in doubt, decided are %+v", lost, d)
	}
	t.Logf("%d committed, %d in doubt; %s", a.Expected, lost, strings.Join(told, ", "))
}

// leftovers returns what runs, is mounted, or lies about because of this process.
func leftovers(t *testing.T, temp string) (all []string) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		children, _ := os.ReadFile(task) // a thread that has ended has none
		for pid := range strings.FieldsSeq(string(children)) {
			command, _ := os.ReadFile("/proc/" + pid + "/cmdline")
			all = append(all, "process "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	groups, err := filepath.Glob(fmt.Sprintf("/sys/fs/cgroup/*/meterbench/*.pid%d.*", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(temp, "*"))
	if err != nil {
		t.Fatal(err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	all = slices.Concat(all, groups, files)
	if strings.Contains(string(mounts), temp) {
		all = append(all, "mounts")
	}
	return all
}
