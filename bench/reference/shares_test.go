package reference_test

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
	"meterbench/internal/race"
	"meterbench/internal/random"
)

// step keeps workers in step.
type step struct {
	ready, ended sync.WaitGroup
	epoch        func() time.Time
	over         chan struct{}
}

func newStep(workers int) *step {
	s := &step{epoch: sync.OnceValue(func() time.Time { return time.Now().Add(time.Second) }), over: make(chan struct{})}
	s.ready.Add(workers)
	s.ended.Add(workers)
	go func() { s.ended.Wait(); close(s.over) }()
	return s
}

func (s *step) Start(context.Context) (time.Time, error) {
	s.ready.Done()
	s.ready.Wait()
	return s.epoch(), nil
}

func (s *step) Ended() <-chan struct{} {
	s.ended.Done()
	return s.over
}

// ofWorker is the sink of a worker's records.
type ofWorker struct {
	*result.Level
	rank int
}

func (w ofWorker) Record(r result.Record) {
	r.Worker = uint16(w.rank)
	w.Level.Record(r)
}

// sharedLevel runs a level with so many workers, each on a ledger of its own, into the folder of a run, and returns its window and the
// folder.
func sharedLevel(t *testing.T, dir string, c reference.Config, p bench.Plan, from time.Duration, workers int) (result.Window, *result.Folder) {
	t.Helper()
	w, err := result.Create(dir, result.Run{ID: "r1", Scenario: "shares", Target: result.TargetReference})
	if err != nil {
		t.Fatal(err)
	}
	var ranks []int
	for rank := range workers {
		ranks = append(ranks, rank)
	}
	if workers > 1 {
		if err := w.Workers(ranks); err != nil {
			t.Fatal(err)
		}
	}
	level, err := w.Level(levelKey, from, p.Hold)
	if err != nil {
		t.Fatal(err)
	}
	others, errs, results := newStep(workers), make([]error, workers), make([]bench.Result, workers)
	var running sync.WaitGroup
	for _, rank := range ranks {
		c, p := c, p
		c.Seed, p.Share = c.Seed+uint64(rank), bench.Share{Rank: rank, Of: workers}
		running.Go(func() {
			target, err := reference.New(c, alarm.Timers{}, nil)
			if err != nil {
				errs[rank] = err
				return
			}
			defer target.Close()
			loads := []bench.Load{{Plan: p, Workload: workload(empty), Sink: ofWorker{level, rank}}}
			of, err := bench.RunShares(t.Context(), alarm.Timers{}, loads, target, bench.Watch{}, others)
			if errs[rank] = err; err == nil {
				results[rank] = of[0]
			}
		})
	}
	running.Wait()
	window, err := level.Close()
	if err := errors.Join(append(errs, err, w.Close(result.Run{ID: "r1", Scenario: "shares", Target: result.TargetReference}, result.Summary{Complete: true}))...); err != nil {
		t.Fatal(err)
	}
	all := bench.Union(results)
	for o, n := range all.RunOut {
		all.Counts[o] += n
	}
	if all.Counts != window.Level {
		t.Errorf("the engines counted %v, the level %v", all.Counts.Map(), window.Level.Map())
	}
	s, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return window, s
}

var levelKey = result.LevelKey{Series: "plain", Repetition: 1, Load: result.Load{Kind: result.LoadOpen, Offered: 500, Slots: 10_000}}

// counts returns a histogram bucket by bucket.
func counts(h *hdrhistogram.Histogram) map[int64]int64 {
	all := map[int64]int64{}
	if h == nil {
		return all
	}
	for _, bar := range h.Distribution() {
		if bar.Count > 0 {
			all[bar.From] = bar.Count
		}
	}
	return all
}

// However many workers make a load, the window's histograms and the log's are those of the rows of all of them, bucket for bucket, and
// the instants at which transactions were intended are the same.
func TestHistogramsOfWorkersAreThoseOfTheirRows(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	queues := reference.Config{
		Endorse: stage(8, reference.Lognormal, 5*time.Millisecond), Order: stage(2, reference.Exponential, time.Millisecond),
		Batch: &reference.Batch{Timeout: 200 * time.Millisecond, Messages: 20}, Commit: perBlock(1, reference.Exponential, 20*time.Millisecond),
		Failures: []reference.Failure{{Outcome: result.MVCCConflict, Share: 0.05}, {Outcome: result.EndorseRefused, Share: 0.02}}, Seed: 9,
	}
	queues.Endorse.Service.CV = 0.5
	open := bench.Plan{Slots: 10_000, Hold: 8 * time.Second, First: 40, Spare: 1 << 20, Random: random.Stream{Seed: 4, Purpose: random.Arrivals}}
	poisson, periodic := open, open
	poisson.Arrivals = arrival.Poisson{PerSecond: 500}
	periodic.Arrivals = arrival.Periodic{Meters: 900, Interval: 2 * time.Second, Jitter: 0.3}
	for _, tt := range []struct {
		name   string
		ledger reference.Config
		plan   bench.Plan
	}{
		{"poisson", queues, poisson},
		{"periodic", queues, periodic},
		// Where clients wait for each other, when they are due depends on who waits where.
		{"closed", reference.Config{Endorse: stage(100, reference.Constant, 7*time.Millisecond), Commit: commit(100, reference.Constant, 31*time.Millisecond), Seed: 9},
			bench.Plan{Clients: 24, Think: time.Millisecond, Spread: 40 * time.Millisecond, Hold: 8 * time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var alone map[time.Duration]int
			for _, workers := range []int{1, 2, 4} {
				synctest.Test(t, func(t *testing.T) {
					window, s := sharedLevel(t, filepath.Join(t.TempDir(), "r1"), tt.ledger, tt.plan, 2*time.Second, workers)
					intended := map[time.Duration]int{}
					by := map[result.Part]*hdrhistogram.Histogram{}
					var sent [4]int
					for row, err := range s.Transactions() {
						if err != nil {
							t.Fatal(err)
						}
						sent[row.Worker]++
						if row.Intended < tt.plan.Hold {
							intended[row.Intended]++
						}
						if row.Outcome != result.Valid || row.Intended < window.From || row.Intended >= window.To {
							continue
						}
						for _, p := range result.Parts() {
							if took, ok := row.Span(p); ok {
								if by[p] == nil {
									by[p] = hdrhistogram.New(1, int64(time.Hour), 3)
								}
								if err := by[p].RecordValue(int64(took)); err != nil {
									t.Fatal(err)
								}
							}
						}
					}
					if len(by) < 6 {
						t.Errorf("%d parts have values", len(by))
					}
					for _, p := range result.Parts() {
						merged, _ := window.Latency(p)
						if diff := cmp.Diff(counts(by[p]), counts(merged)); diff != "" {
							t.Errorf("%d workers: %s (-rows +window):\n%s", workers, p, diff)
						}
						logged, err := s.Latencies(p, []result.LevelKey{levelKey})
						if err != nil {
							t.Fatal(err)
						}
						if diff := cmp.Diff(counts(by[p]), counts(logged[levelKey])); diff != "" {
							t.Errorf("%d workers: %s (-rows +log):\n%s", workers, p, diff)
						}
					}
					for rank := range workers {
						if most := slices.Max(sent[:]); sent[rank] < most*8/10 {
							t.Errorf("worker %d of %d sent %d, another one %d", rank, workers, sent[rank], most)
						}
					}
					if alone == nil {
						alone = intended
					}
					if !maps.Equal(alone, intended) {
						t.Errorf("%d workers: %d instants, %d of one worker", workers, len(intended), len(alone))
					}
				})
			}
		})
	}
}
