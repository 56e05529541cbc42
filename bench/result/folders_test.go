package result

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A path stands for the run in it, or for those in its folders, as deep as runs write them.
func TestFolders(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/1", "a/2", "b/1", "b/deep/er/1", "a/2/inner"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, runFile), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "a"), filepath.Join(dir, "b", "link")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		".": {"a/1", "a/2", "b/1"}, "a": {"a/1", "a/2"}, "a/2": {"a/2"}, "b": {"b/1", "b/deep/er/1"}, "b/deep/er/1": {"b/deep/er/1"},
	} {
		if path == "b" {
			want = want[:1] // the other is three folders below
		}
		found, err := Folders(filepath.Join(dir, path))
		var got []string
		for _, f := range found {
			rel, _ := filepath.Rel(dir, f)
			got = append(got, rel)
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", path, err, diff)
		}
	}
	if _, err := Folders(filepath.Join(dir, "none")); !os.IsNotExist(err) {
		t.Errorf("nothing there: %v", err)
	}
	many := t.TempDir()
	for i := range mostRuns + 1 {
		name := filepath.Join(many, fmt.Sprint(i))
		if err := os.Mkdir(name, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(name, runFile), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Folders(many); err == nil || !strings.Contains(err.Error(), "holds more than 1000 runs") {
		t.Error(err)
	}
}

// What is written is read again, and nothing else is a load.
func TestParseLoad(t *testing.T) {
	for text, want := range map[string]bool{
		"clients=8": true, "offered=100/s": true, "offered=0.5/s": true, "offered=1e3/s": true, "offered=33.3333/s": true,
		"clients=0": false, "clients=-1": false, "clients=": false, "clients=9999999999": false, "offered=100": false, "offered=0/s": false,
		"offered=-1/s": false, "offered=NaN/s": false, "offered=Inf/s": false, "offered=0x1p3/s": false, "offered=1e999/s": false, "rate=1/s": false, "": false,
	} {
		load, ok := ParseLoad(text)
		if again, also := ParseLoad(load.Expression()); ok != want || ok && (!also || again != load) {
			t.Errorf("%q: %+v, %v; as %s", text, load, ok, load.Expression())
		}
	}
}
