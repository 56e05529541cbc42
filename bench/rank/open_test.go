package rank

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// A folder of runs stands for all of them, and a run that is named twice is one.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"out/a/1", "out/a/2", "out/b/1", "out/b/deep/er/1"} {
		made := folder(varied("a", 100, straight()), varied("b", 100, straight()))
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(at, 0o755); err != nil {
			t.Fatal(err)
		}
		made.Summary.Complete, made.Summary.Schema, made.Run.Schema = false, result.Schema, result.Schema // as a run that was killed leaves it
		for file, v := range map[string]any{"run.json": made.Run, "summary.json": made.Summary} {
			if err := result.WriteJSON(filepath.Join(at, file), v); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "out/none"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		paths []string
		want  []string
		err   string
	}{
		{paths: []string{"out"}, want: []string{"out/a/1", "out/a/2", "out/b/1"}},
		{paths: []string{"out/b", "out/a/1", "out/a/1/"}, want: []string{"out/b/1", "out/a/1"}},
		{paths: []string{"out/none"}, err: "holds no run; name a folder as out/<scenario>/<run>, or one of those above it"},
		{paths: []string{"out/a/1/run.json"}, err: "is not the folder of a run"},
	} {
		var paths, got []string
		for _, p := range c.paths {
			paths = append(paths, filepath.Join(dir, p))
		}
		runs, err := Open(paths)
		for _, f := range runs {
			rel, _ := filepath.Rel(dir, f.Dir)
			got = append(got, rel)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%v: %s", c.paths, d)
		}
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%v: %v, want %q", c.paths, err, c.err)
		}
	}
}
