package worker

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/internal/race"
	"meterbench/internal/strictyaml"
)

// options are those of a workload that needs none.
type options struct{}

func (options) Check(string) *strictyaml.Problem { return nil }
func (options) Traits() scenario.Traits          { return scenario.Traits{} }
func (options) Describe(*result.Conditions)      {}
func (options) String() string                   { return "plain" }

// An observer says when a level has begun to run.
type observer struct{ live func() }

func (observer) Step(string)        {}
func (observer) Working(string)     {}
func (observer) Point(result.Point) {}
func (o observer) Live(study.Live)  { o.live() }

// conduct runs a study of an open load and a closed one by a crew, and returns its folder, as it is read.
func conduct(t *testing.T, c *crew, hold time.Duration, live func()) (*result.Folder, error) {
	t.Helper()
	plain := scenario.Workload{Options: options{}}
	arrivals := scenario.Arrivals{Kind: scenario.Poisson}
	s := scenario.Scenario{
		Name: "shared", Warmup: 500 * time.Millisecond, Repeat: 1, Seed: seed, Source: "name: shared\n",
		Series: []scenario.Series{
			{Name: "open", Prefix: "o", Workload: plain, Load: scenario.Load{Kind: result.LoadOpen, Rate: []float64{200}, Slots: 500, Hold: hold, Arrivals: arrivals}},
			{Name: "closed", Prefix: "c", Workload: plain, Load: scenario.Load{Kind: result.LoadClosed, Clients: []int{6}, Hold: 2 * time.Second}},
		},
	}
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ran := study.Run(t.Context(), study.Config{Scenario: s, Lab: c.Lab(&host{}, s.Source, nil), Dir: dir, ID: "run", Observer: observer{live}})
	folder, err := result.Open(dir)
	if err != nil {
		t.Fatalf("%v, after %v", err, ran)
	}
	return folder, ran
}

// A study by workers is one by this process: points, rows and an audit that finds all, with a file of each worker.
func TestStudy(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	c := gather(t, 2, setting{})
	folder, err := conduct(t, c, 3*time.Second, func() {})
	if _, invalid := errors.AsType[*study.NotValidError](err); err != nil && !invalid { // the machine may be full
		t.Fatal(err)
	}
	s := folder.Summary
	if !s.Complete || len(s.Points) != 2 || s.Audit == nil || s.Audit.Problem() != "" || s.Audit.Expected < 500 || s.Audit.Found != s.Audit.Expected {
		t.Fatalf("complete %v, %d points, %+v", s.Complete, len(s.Points), s.Audit)
	}
	var rows [2]uint64
	for row, err := range folder.Transactions() {
		if err != nil {
			t.Fatal(err)
		}
		rows[row.Worker]++
	}
	if rows[0] < s.Audit.Expected/3 || rows[1] < s.Audit.Expected/3 {
		t.Errorf("rows of workers: %d", rows)
	}
	for _, p := range s.Points {
		if p.Throughput < 50 || p.Scheduled == 0 || p.ClientGap == nil || p.GC.Cycles < 0 || p.Latency["commit"].P50 == nil {
			t.Errorf("%+v", p)
		}
	}
	if p := s.Points[0]; p.Throughput < 120 || p.Throughput > 280 {
		t.Errorf("throughput %v of 200 per second", p.Throughput)
	}
	if _, err := os.Stat(filepath.Join(folder.Dir, "transactions.parquet")); err == nil {
		t.Error("there is a file of no worker")
	}
}

// A run that loses a worker is stored with what was measured, says so, and goes on where enough are left.
func TestStudyLosesWorker(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	for name, min := range map[string]int{"ends": 0, "goes on": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := gather(t, 2, setting{min: min})
			lives := 0
			folder, err := conduct(t, c, 10*time.Second, func() {
				if lives++; lives == 3 {
					c.proxies[1].kill()
				}
			})
			_, lost := errors.AsType[*LostError](err)
			if err == nil || lost != (min == 0) || !strings.Contains(err.Error(), "worker 1 on ") {
				t.Errorf("error %v", err)
			}
			s := folder.Summary
			if want := 1 + min; s.Complete || len(s.Points) != want {
				t.Fatalf("complete %v, %d points, want %d", s.Complete, len(s.Points), want)
			}
			first := s.Points[0]
			if !slices.ContainsFunc(first.Notices, func(w result.Warning) bool { return w.Code == result.Shortened }) || first.Window > 4 {
				t.Errorf("%v s, %v", first.Window, first.Notices)
			}
			rows := 0
			for _, err := range folder.Transactions() {
				if err != nil {
					t.Fatal(err)
				}
				rows++
			}
			if rows < 200 {
				t.Errorf("%d rows", rows)
			}
		})
	}
}
