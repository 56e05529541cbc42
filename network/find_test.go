package network

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A held network is named by its topology or that one's file; what is no held
// topology may be a folder.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "my.yaml")
	if err := os.WriteFile(file, []byte("name: mine\norganisations: [{name: ptb}]\nchannels: [{name: metrology}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	named := func(name string) *Record {
		r := &Record{}
		r.Topology.Name = name
		return r
	}
	held := []*Record{named("minimal"), named("mine"), named("minimal")}
	for _, c := range []struct {
		arg   string
		found int
		says  string
	}{
		{"minimal", 2, ""},
		{"mine", 1, ""},
		{file, 1, ""},
		{"two-peer", 0, "no network two-peer is up; "},
		{dir, 0, "open network: no network runs in " + dir},
		{filepath.Join(dir, "nowhere"), 0, "nowhere is up; "},
	} {
		t.Run(c.arg, func(t *testing.T) {
			found, err := find(c.arg, held)
			switch {
			case c.says == "" && err != nil:
				t.Error(err)
			case c.says == "" && len(found) != c.found:
				t.Errorf("found %d networks, want %d", len(found), c.found)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}
