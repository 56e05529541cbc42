package daemons

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestChanged(t *testing.T) {
	for name, test := range map[string]struct{ source, want string }{
		"once":  {"a\n\t" + refuses + "\n}", "a\n\t" + accepts + "\n}"},
		"never": {"a\n", ""},
		"twice": {refuses + refuses, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := changed([]byte(test.source))
			if string(got) != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// A release whose code has become another one is refused, not built without the change.
func TestUnknownCode(t *testing.T) {
	fakeGo(t, "exit 1")
	tool := strings.Split(os.Getenv("PATH"), ":")[0]
	text, err := os.ReadFile(filepath.Join(tool, "go"))
	if err == nil {
		err = os.WriteFile(filepath.Join(tool, "go"), []byte(strings.Replace(string(text), refuses, "other", 1)), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if _, err := Ensure(t.Context(), Config{Dir: root}); err == nil || !strings.Contains(err.Error(), "core/peer/config.go has 0 times") {
		t.Errorf("got %v", err)
	}
	noLeftovers(t, root)
}
