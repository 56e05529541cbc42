package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/internal/race"
	"meterbench/network/lab"
)

// Every example is a scenario that can be run, or a topology that one of them
// names, and the page of examples lists it.
func TestExamples(t *testing.T) {
	list := text(t, "examples/README.md")
	files, err := os.ReadDir(filepath.Join(root, "examples"))
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, file := range files {
		name := file.Name()
		t.Run(name, func(t *testing.T) {
			if name != "README.md" && !strings.Contains(list, "]("+name+")") {
				t.Error("examples/README.md does not list it")
			}
			if filepath.Ext(name) != ".yaml" || strings.HasSuffix(name, ".topology.yaml") {
				return
			}
			read++
			plan, err := lab.Read(t.Context(), filepath.Join(root, "examples", name), nil)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.TrimSuffix(name, ".yaml"); plan.Scenario.Name != want {
				t.Errorf("its name is %s, want %s", plan.Scenario.Name, want)
			}
		})
	}
	if read < 8 {
		t.Errorf("only %d examples were read", read)
	}
}

// The examples on a simulated ledger run, and what they leave passes the audit.
func TestExamplesRun(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, c := range []struct {
		name   string
		points int
		valid  uint64 // transactions of the first point, where their number is fixed
		long   bool
	}{{"reference-ledger", 2, 0, false}, {"trace-replay", 1, 20, false}, {"outage", 1, 0, true}} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.long {
				t.Skip("takes half a minute")
			}
			t.Parallel()
			out := t.TempDir()
			if p, code := command(t, t.TempDir(), "run", filepath.Join(root, "examples", c.name+".yaml"), "--out", out); code != exitOK {
				t.Fatalf("exit %d\n%s%s", code, &p.stdout, &p.stderr)
			}
			dirs, err := filepath.Glob(filepath.Join(out, c.name, "*"))
			if err != nil {
				t.Fatal(err)
			}
			if len(dirs) != 1 {
				t.Fatalf("%d folders of runs: %q", len(dirs), dirs)
			}
			stored, err := result.Open(dirs[0])
			if err != nil {
				t.Fatal(err)
			}
			sum := stored.Summary
			if len(sum.Points) != c.points {
				t.Fatalf("%d points, want %d", len(sum.Points), c.points)
			}
			if valid := sum.Points[0].Outcomes[result.Valid.String()]; valid == 0 || c.valid > 0 && valid != c.valid {
				t.Errorf("%d valid transactions, want %d", valid, c.valid)
			}
			if sum.Audit == nil {
				t.Fatal("no audit")
			}
			if problem := sum.Audit.Problem(); problem != "" {
				t.Error(problem)
			}
		})
	}
}
