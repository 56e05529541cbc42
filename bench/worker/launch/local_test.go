package launch

import (
	"os/exec"
	"testing"

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
