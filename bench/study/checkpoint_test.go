package study

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/alarm"
	"meterbench/internal/proc"
)

// snapshots opens a run's folder whenever a level has begun, as whoever finds it after a kill would.
type snapshots struct {
	watcher
	t     *testing.T
	dir   string
	found map[int]result.Summary // by the number of the level under way
}

func (s *snapshots) Live(l Live) {
	if _, seen := s.found[l.Level]; seen || l.Level == 1 {
		return
	}
	stored, err := result.Open(s.dir)
	if err != nil {
		s.t.Errorf("in level %d: %v", l.Level, err)
		return
	}
	s.found[l.Level] = stored.Summary
}

// A run that is killed within a level keeps all levels before, each with its verdict, and says that it is no more than part
// of a run. What it has, a complete run has too.
func TestKilledInALevel(t *testing.T) {
	s := series(open("a", 3*time.Second, 50, 80, 120, 160), closed("b", 3*time.Second, 1, 2, 4))
	s.FE = &scenario.FE{Schemes: []string{"ddh"}}
	at := newSite()
	killed := &snapshots{t: t, dir: filepath.Join(t.TempDir(), "r1"), found: map[int]result.Summary{}}
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{Scenario: s, Lab: at, Dir: killed.dir, ID: "r1", Observer: killed}
		err := run(context.Background(), cfg, alarm.Timers{}, processor{func() (result.Host, error) {
			return result.Host{Host: proc.Host{Cores: 2}, Sign: 25e-6, Verify: 60e-6}, nil
		}, at.reading, at.watchHalts, at.paced})
		if err != nil {
			t.Fatal(err)
		}
	})
	whole, err := result.Open(killed.dir)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "complete", true, whole.Summary.Complete)
	equal(t, "levels that were under way", 6, len(killed.found))
	for level, part := range killed.found {
		equal(t, "complete", false, part.Complete)
		equal(t, "points", level-1, len(part.Points))
		equal(t, "encryption costs", 1, len(part.FE))
		if part.Audit != nil {
			t.Error("an audit before the end")
		}
		if last := part.Warnings[len(part.Warnings)-1]; !strings.HasPrefix(last, "the run was killed, or goes on: the figures cover what was measured until ") {
			t.Errorf("the last warning is %q", last)
		}
		for i, p := range part.Points {
			equal(t, "throughput", whole.Summary.Points[i].Throughput, p.Throughput)
			equal(t, "intervals", whole.Summary.Points[i].Intervals["throughput_per_s"], p.Intervals["throughput_per_s"])
			equal(t, "limited", false, p.Limit == result.Limit{})
		}
	}
	equal(t, "series of which saturation is known in the last level", 2, len(killed.found[7].Saturation))
	equal(t, "saturation of the series that was over", whole.Summary.Saturation[1], killed.found[7].Saturation[1])
}
