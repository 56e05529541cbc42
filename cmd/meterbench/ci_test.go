package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"meterbench/bench/history"
	"meterbench/bench/result"
	"meterbench/internal/proc"
)

// A ciStep is a step of a pipeline that runs commands, as the service would.
type ciStep struct {
	script string
	env    map[string]string
	always bool // though one before it failed
}

// ciSteps returns the steps of both jobs of a pipeline by what runs them.
func ciSteps(t *testing.T) map[string]func(job string) []ciStep {
	return map[string]func(string) []ciStep{
		"github.yml": func(job string) (steps []ciStep) {
			var workflow struct {
				Jobs map[string]struct {
					Env   map[string]string
					Steps []struct {
						Run, If string
						Env     map[string]string
					}
				}
			}
			readYAML(t, "examples/ci/github.yml", &workflow)
			for _, s := range workflow.Jobs[job].Steps {
				if s.Run != "" {
					steps = append(steps, ciStep{s.Run, s.Env, s.If == "always()"})
				}
			}
			return steps
		},
		"gitlab-ci.yml": func(job string) []ciStep {
			type commands struct {
				Before []string `yaml:"before_script"`
				Script []string
				After  []string `yaml:"after_script"`
			}
			var shared struct{ Default commands }
			jobs := map[string]commands{}
			readYAML(t, "examples/ci/gitlab-ci.yml", &shared)
			readYAML(t, "examples/ci/gitlab-ci.yml", &jobs)
			script := append(shared.Default.Before, jobs[job].Script...)
			return []ciStep{{script: strings.Join(script, "\n")}, {script: strings.Join(jobs[job].After, "\n"), always: true}}
		},
		"benchmark.mk": func(job string) []ciStep {
			if job == "baseline" {
				return []ciStep{{script: "make -f benchmark.mk baseline"}}
			}
			return []ciStep{{script: "make -f benchmark.mk pairs"}, {script: "make -f benchmark.mk gate"}}
		},
	}
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// runSteps runs them in a folder, and returns the exit code of the first that failed, and what all of them printed.
func runSteps(t *testing.T, dir string, steps []ciStep) (code int, out string) {
	t.Helper()
	for _, s := range steps {
		if code != 0 && !s.always || s.script == "" {
			continue
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-e", "-o", "pipefail", "-c", s.script)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "tools")+":"+os.Getenv("PATH"), "PAIRS=1", "GITHUB_PATH="+filepath.Join(dir, "path"), "GITHUB_OUTPUT="+filepath.Join(dir, "output"))
		for key, value := range s.env {
			cmd.Env = append(cmd.Env, key+"="+value)
		}
		printed, err := cmd.CombinedOutput()
		out += string(printed)
		exit, failed := errors.AsType[*exec.ExitError](err)
		switch {
		case failed && code == 0:
			code = exit.ExitCode()
		case err != nil && !failed:
			t.Fatal(err)
		}
	}
	return code, out
}

// foreignTool stands for programs of the services: it notes its call, and posts what it is given.
const foreignTool = `#!/bin/sh
echo "${0##*/} $*" >> calls
case "${0##*/}" in
gh|curl) cat comment.md > posted.md ;;
make) [ "$1" = -C ] || exec %s "$@" ;;
esac
`

// ciFolder makes a folder as a pipeline has it once it has checked out base and head.
func ciFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program, err := exec.LookPath("make")
	if err != nil {
		t.Skip("needs make")
	}
	for _, at := range []string{"", "base", "head"} {
		if err := os.CopyFS(filepath.Join(dir, at), os.DirFS(filepath.Join(root, "examples", "ci"))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "tools"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"gh", "curl", "git", "make"} {
		if err := os.WriteFile(filepath.Join(dir, "tools", tool), fmt.Appendf(nil, foreignTool, program), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The pipelines of examples/ci measure what their jobs say, and in turn.
func TestCIMeasures(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for some seconds")
	}
	for name, steps := range ciSteps(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := ciFolder(t)
			if code, out := runSteps(t, dir, steps("baseline")); code != 0 {
				t.Fatalf("baseline: exit %d\n%s", code, out)
			}
			runFolder(t, filepath.Join(dir, "out", "main"), "bench")
			if h, err := history.Read(filepath.Join(dir, "history.csv")); err != nil || len(h.Lines) != 1 || h.Lines[0].Scenario != "bench" {
				t.Errorf("the history of the baseline: %+v, %v", h, err)
			}
			if _, err := os.Stat(filepath.Join(dir, "out", "history", "report.html")); err != nil {
				t.Error(err)
			}
			code, out := runSteps(t, dir, steps("compare")) // one pair: it cannot be told, nor anything on a busy host
			comment, err := os.ReadFile(filepath.Join(dir, "comment.md"))
			switch busy := "has no valid point to compare"; {
			case code == 0 && (err != nil || !strings.Contains(string(comment), "cannot tell head from base")):
				t.Errorf("compare passes, and its comment is none: %v\n%s", err, comment)
			case code == exitUsage && strings.Contains(out, busy): // make's own code is 2, too
				_, why, _ := strings.Cut(out, "meterbench: ")
				t.Logf("compare: exit %d, for the host was too busy for a valid point: %s", code, strings.TrimSpace(why))
				if err == nil {
					t.Errorf("compare failed, and left a comment:\n%s", comment)
				}
			case code != 0:
				t.Fatalf("compare: exit %d\n%s", code, out)
			}
			for _, side := range []string{"base", "head"} {
				stored, err := result.Open(runFolder(t, filepath.Join(dir, "out", side), "bench"))
				if err != nil || len(stored.Summary.Points) != 1 || stored.Summary.Points[0].Throughput == 0 || stored.Run.Seed != 1 {
					t.Errorf("%s: %v, %+v", side, err, stored)
				}
			}
		})
	}
}

// The history is kept of runs that fail, too, as a missed threshold is one, and on GitHub, whose runners differ, for each kind of
// processor.
func TestCIKeepsHistory(t *testing.T) {
	type step struct {
		ID, Uses, If, Run string
		With              map[string]string
	}
	var workflow struct {
		Jobs map[string]struct{ Steps []step }
	}
	readYAML(t, "examples/ci/github.yml", &workflow)
	var saved []step
	for _, s := range workflow.Jobs["baseline"].Steps {
		switch action, _, _ := strings.Cut(s.Uses, "@"); {
		case s.ID == "machine":
			dir := t.TempDir()
			code, out := runSteps(t, dir, []ciStep{{script: s.Run}})
			if name, err := os.ReadFile(filepath.Join(dir, "output")); code != 0 || err != nil || !regexp.MustCompile(`^name=[-A-Za-z0-9]*\n$`).Match(name) {
				t.Errorf("exit %d, %v: %q\n%s", code, err, name, out)
			}
		case action == "actions/cache":
			t.Error("actions/cache keeps nothing of a run that fails")
		case action == "actions/cache/save":
			saved = append(saved, s)
		}
	}
	if len(saved) != 1 || !strings.HasPrefix(saved[0].If, "always() ") || !strings.Contains(saved[0].With["key"], "steps.machine.outputs.name") {
		t.Errorf("saved by %+v", saved)
	}
	jobs := map[string]struct {
		Cache struct{ When string }
	}{}
	readYAML(t, "examples/ci/gitlab-ci.yml", &jobs)
	if when := jobs["baseline"].Cache.When; when != "always" {
		t.Errorf("GitLab keeps the history when: %q", when)
	}
}

// Their gates fail where head is worse, and only there, and the comment comes in either case.
func TestCIGates(t *testing.T) {
	for name, steps := range ciSteps(t) {
		for _, c := range []struct {
			name   string
			slower float64
			passes bool
			says   string
		}{{"same", 0, true, "no difference"}, {"slower", 0.1, false, "worse"}} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				dir := ciFolder(t)
				storeRuns(t, filepath.Join(dir, "out", "base", "bench"), making{first: 0, repetitions: 1})
				storeRuns(t, filepath.Join(dir, "out", "head", "bench"), making{first: 1, repetitions: 1, slower: c.slower})
				all := steps("compare")
				for i := range all { // nothing is measured: it is there
					all[i].script = strings.ReplaceAll(all[i].script, "meterbench run", "true meterbench run")
				}
				if strings.HasSuffix(name, ".mk") {
					all = all[1:]
				}
				code, out := runSteps(t, dir, all)
				want := 0
				if !c.passes {
					want = exitLimit
				}
				if !c.passes && strings.HasSuffix(name, ".mk") {
					want = 2 // make's own, whatever fails
				}
				if code != want {
					t.Errorf("exit %d, want %d\n%s", code, want, out)
				}
				posted := "posted.md"
				if strings.HasSuffix(name, ".mk") { // who runs it reads it
					posted = "comment.md"
				}
				for _, file := range []string{posted, "gate.xml"} {
					if text, err := os.ReadFile(filepath.Join(dir, file)); err != nil || !strings.Contains(string(text), c.says) {
						t.Errorf("%s: %v, and it lacks %q\n%s\n%s", file, err, c.says, text, out)
					}
				}
			})
		}
	}
}

// storeRuns writes ten runs that took turns with those of another side.
func storeRuns(t *testing.T, dir string, m making) {
	t.Helper()
	for i := range 10 {
		started := time.Date(2026, 1, 2, 3, 2*i+m.first, 0, 0, time.UTC)
		run := result.Run{
			ID: started.Format("20060102-150405"), Scenario: "bench", Seed: uint64(i + 1), Started: started, Ended: started.Add(time.Minute),
			Target: result.TargetReference, Host: result.Host{Host: proc.Host{OS: "linux", CPU: "a", Cores: 2}, Sign: 20e-6},
		}
		w, err := result.Create(filepath.Join(dir, run.ID), run)
		if err == nil {
			err = w.Close(run, m.summary(rand.New(rand.NewPCG(uint64(m.first), uint64(i)))))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
