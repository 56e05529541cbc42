package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/internal/proc"
	"meterbench/network/lab"
	"meterbench/reports/claims/closer2020"
	"meterbench/reports/publications"
	"meterbench/workloads"
)

// The time that is printed before the start: the quick study ends within a quarter of an hour with room
// to spare, the full one takes hours and says so.
func TestStudiesSayHowLongTheyTake(t *testing.T) {
	for _, c := range []struct {
		name     string
		at, most time.Duration
		text     string
	}{
		{"closer2020", 10 * time.Minute, 14 * time.Minute, `^about 1[0-3]:\d\d \(`},
		{"closer2020-full", 5 * time.Hour, 8 * time.Hour, `^about [5-7]:\d\d:\d\d h \(`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := scenario.Read(t.Context(), c.name, nil, lab.Catalog())
			if err != nil {
				t.Fatal(err)
			}
			if total := study.Estimated(s, workloads.Schemes(), 30*time.Microsecond).Total(); total < c.at || total > c.most {
				t.Errorf("takes %v, not %v to %v", total, c.at, c.most)
			}
			if text := expected(s, 30*time.Microsecond); !regexp.MustCompile(c.text).MatchString(text) {
				t.Errorf("%q is announced, want %s", text, c.text)
			}
		})
	}
}

// Every attack that a publication's claims need has a trial.
func TestTrials(t *testing.T) {
	for _, p := range publications.All() {
		trial, ok := lab.FindTrial(p.Attack)
		if ok != (p.Attack != "") || ok && (trial.Try == nil || trial.Step == "") {
			t.Errorf("%s: attack %q has the trial %q, %t", p.ID, p.Attack, trial.Step, ok)
		}
	}
}

// The verdicts become part of a stored run: its report has them from then on.
func TestVerdictsAreStored(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	run := result.Run{ID: "run", Scenario: "closer2020", Target: "fabric", Started: time.Unix(1, 0), Host: result.Host{Host: proc.Host{Cores: 2}, Sign: 30e-6}}
	w, err := result.Create(dir, run)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(run, result.Summary{Complete: true}); err != nil {
		t.Fatal(err)
	}
	tried := &result.Integrity{Probes: []result.Probe{{Kind: result.ProbeReplay, System: result.SystemLedger, Attempts: 1, Accepted: 1, Refused: map[string]uint64{}}}}
	publication := closer2020.Publication()
	if err := publication.JudgeStored(dir, publication.Devices[0], tried); err != nil {
		t.Fatal(err)
	}
	stored, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	verdicts := map[string]result.Verdict{}
	for _, c := range stored.Summary.Claims {
		verdicts[c.ID] = c.Verdict
	}
	want := map[string]result.Verdict{}
	for _, c := range publication.Claims {
		want["closer2020/"+c.ID] = result.Inconclusive
	}
	want["closer2020/algorithm-integrity"] = result.NotReproduced
	equal(t, "stored verdicts", verdicts, want)
	equal(t, "stored attempts", stored.Summary.Integrity, tried)
	var out bytes.Buffer
	if err := present(t.Context(), &out, dir, nil); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "closer2020/algorithm-integrity: not reproduced") {
		t.Errorf("the report says\n%s", text)
	}
}
