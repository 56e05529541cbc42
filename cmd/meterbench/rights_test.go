package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What a user without rights may not do is refused before anything starts, at the place in the scenario that takes it, on a
// network of which the sites are not apart.
func TestRights(t *testing.T) {
	for _, tool := range []string{"unshare", "setpriv"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "meterbench")); err != nil {
		t.Fatal(err)
	}
	without := func(command string) ([]byte, error) { // root's files, but neither capabilities nor user namespaces
		cmd := exec.Command("unshare", "--user", "--map-root-user", "sh", "-ec", "echo 0 > /proc/sys/user/max_user_namespaces\n"+
			"exec setpriv --no-new-privs --bounding-set -all --inh-caps -all "+command)
		cmd.Dir = dir
		return cmd.CombinedOutput()
	}
	if out, err := without("true"); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	for event, want := range map[string]string{
		"cut: ptb":               "meterbench: a.yaml:5:9: events: cut ptb: emulation of distances: it takes root, or user namespaces",
		"slow: ptb, delay: 20ms": "meterbench: a.yaml:5:9: events: slow ptb: emulation of distances: it takes root, or user namespaces",
		"fill: peer0.ptb":        "meterbench: a.yaml:5:9: events: fill peer0.ptb: mount a file system",
	} {
		t.Run(event, func(t *testing.T) {
			text := "name: a\ntopology: minimal\nworkload: {kind: plain}\nload: {kind: open, rate: 5/s, hold: 4s}\nevents: [{at: 1s, " + event + "}]\n"
			if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := without("./meterbench run a.yaml")
			exit, _ := err.(*exec.ExitError)
			if exit == nil || exit.ExitCode() != 2 || !strings.HasPrefix(string(out), want) || !strings.HasSuffix(string(out), "; or leave the event out\n") ||
				strings.Count(string(out), "\n") != 1 {
				t.Errorf("%v\n%s", err, out)
			}
			if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
				t.Error("it left a folder of results")
			}
		})
	}
}
