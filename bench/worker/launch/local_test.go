package launch

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"meterbench/internal/process"
)

// Why a worker ended is its error, and not what it said last of its work.
func TestEnded(t *testing.T) {
	status := exec.Command("false")
	if err := status.Run(); err == nil {
		t.Fatal("false has succeeded")
	}
	for want, tail := range map[string][]string{
		"it ended: exit status 1":                  {"[0:00] rank 0 of 2: join the coordinator at 127.0.0.1:7100"},
		"it ended: exit status 1: no such station": {"[0:00] rank 0 of 2: join the coordinator", "meterbench: no such station"},
	} {
		err := ended(&process.ExitError{Status: status.ProcessState.String(), Tail: tail})
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
	if err := ended(&process.ExitError{Status: "signal: killed"}); err.Error() != "it ended: signal: killed" {
		t.Error(err)
	}
}

// A worker that the run has lost was not sent home: it is ended at once.
func TestStopLost(t *testing.T) {
	p, err := process.Start(process.Spec{Name: "worker 0", Path: "/bin/sleep", Argv0: "sleep", Args: []string{"60"}, LogPath: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Kill() })
	p.Suspend()
	l := &processes{crew: &Crew{lost: []int{0}}, all: []*process.Process{p}}
	begun := time.Now()
	if err := l.stop(true); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took >= grace {
		t.Errorf("ended after %v, as who was sent home", took)
	}
}
