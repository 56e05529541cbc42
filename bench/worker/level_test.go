package worker

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/proc"
	"meterbench/internal/race"
)

// What workers make together is the load of one process: each transaction once, with its number and its instant.
func TestUnion(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	key, plan := open(400, 2*time.Second)
	alone := &sink{}
	single, err := newStation(Opening{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer single.Close()
	want, err := bench.Run(t.Context(), single.clock, plan, workload{single}, single.target, alone, nil)
	if err != nil {
		t.Fatal(err)
	}
	type due struct {
		Seq      uint64
		Intended time.Duration
	}
	inHold := func(all []result.Record) (due_ []due) {
		for _, r := range all {
			if r.Intended < plan.Hold {
				due_ = append(due_, due{r.Seq, r.Intended})
			}
		}
		slices.SortFunc(due_, func(a, b due) int { return cmp.Compare(a.Seq, b.Seq) })
		return due_
	}
	for _, size := range []int{1, 2, 4} {
		c := gather(t, size, setting{})
		s, err := c.start(t)
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range s.Workers() {
			if w.Rank != i || w.Host == "" || w.PID == 0 || !w.Here || w.Version != "v1" || w.Machine.Cores == 0 {
				t.Errorf("worker %d: %+v", i, w)
			}
		}
		to := &sink{}
		var lives []bench.Live
		var epoch time.Time
		results, workers, err := s.RunTogether(t.Context(), level(key, plan, to, func(at time.Time) { epoch = at }),
			bench.Watch{Lag: true, Live: func(l bench.Live) { lives = append(lives, l) }})
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(inHold(alone.all), inHold(to.all)); diff != "" {
			t.Errorf("%d workers: transactions (-alone +workers):\n%s", size, diff)
		}
		got := results[0]
		if got.Scheduled != want.Scheduled || got.Next != want.Next || got.Counts[result.Valid] != want.Counts[result.Valid] || got.Partial || got.Held != plan.Hold {
			t.Errorf("%d workers: %+v, want %+v", size, got, want)
		}
		if n := got.Counts.Total() + got.RunOut.Total(); n != uint64(len(to.all)) {
			t.Errorf("%d records, %d counted", len(to.all), n)
		}
		if !got.Epoch.Equal(epoch) || time.Since(epoch) < plan.Hold {
			t.Errorf("the level began at %v, Begin was told %v", got.Epoch, epoch)
		}
		if len(workers) != size {
			t.Fatalf("%d workers, want %d", len(workers), size)
		}
		for i, w := range workers {
			if w.Rank != i || w.Lost != nil || w.Host == "" || !w.Here || w.Received[0] < want.Scheduled/uint64(size) || w.Stalls[0] != 0 {
				t.Errorf("worker %d: %+v", i, w)
			}
			if cores, ok := w.Cores(500*time.Millisecond, 1500*time.Millisecond); !ok || cores <= 0 || cores > 2 {
				t.Errorf("worker %d used %v cores, %v", i, cores, ok)
			}
			// All are on this machine, whose clocks are the same.
			if off := w.Clock.Wall.Abs(); off > 50*time.Millisecond || w.Clock.Half <= 0 || w.Clock.Half > 50*time.Millisecond || w.Clock.Misplaced() > 100*time.Millisecond {
				t.Errorf("worker %d: clock %+v", i, w.Clock)
			}
		}
		for _, r := range to.all {
			if int(r.Worker) >= size || (r.Intended < plan.Hold && (r.Seq-plan.First)%uint64(size) != uint64(r.Worker)) {
				t.Fatalf("transaction %d is of worker %d of %d", r.Seq, r.Worker, size)
			}
		}
		last := lives[len(lives)-1]
		if len(lives) < 3 || last.InFlight != 0 || last.Counts.Total() != uint64(len(to.all)) {
			t.Errorf("%d states, the last %+v; %d records", len(lives), last, len(to.all))
		}
		for _, l := range lives[:len(lives)-1] {
			if l.Elapsed > plan.Hold { // it may come right after another one
				continue
			}
			if l.Hold != plan.Hold || l.Offered < 50 || l.Offered > 1500 || l.P50 < time.Millisecond || l.P50 > time.Second || l.Lag == nil {
				t.Errorf("state %+v", l)
			}
		}
		// What is on the ledgers is what the workers recorded.
		stored, counted, err := s.Stored(t.Context())
		if err != nil || !counted || stored != got.Counts[result.Valid]+got.RunOut[result.Valid] {
			t.Errorf("%d stored (%v, %v), %d recorded", stored, counted, err, len(to.all))
		}
		on, marks := map[[32]byte]bool{}, map[bench.Mark]bool{}
		for e, err := range s.Ledger(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			on[e.TxID], marks[e.Mark] = true, true
		}
		for i, w := range s.Workers() {
			if c.stations[i].opening.Mark != w.Mark || !marks[w.Mark] || len(marks) != size || marks[bench.Mark{}] {
				t.Errorf("worker %d has the mark %x and was given %x; on the ledger are %v", i, w.Mark, c.stations[i].opening.Mark, marks)
			}
		}
		for _, r := range to.all {
			if !on[r.TxID] {
				t.Fatalf("transaction %x is on no ledger", r.TxID[:4])
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		for rank := range size {
			if err := c.ended(t, rank); err != nil {
				t.Errorf("worker %d: %v", rank, err)
			}
		}
	}
}

// Closed loads, several at once, with a later start, on a second level and in a second session.
func TestLevels(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	c := gather(t, 3, setting{})
	for session := range 2 {
		s, err := c.start(t)
		if err != nil {
			t.Fatal(err)
		}
		first := uint64(10)
		for range 2 {
			k1, p1 := closed(7, time.Second)
			k2, p2 := closed(3, 500*time.Millisecond)
			p1.First, p2.Start = first, 300*time.Millisecond
			a, b := &sink{}, &sink{}
			both := study.CrewLevel{Keys: []result.LevelKey{k1, k2}, Loads: []bench.Load{{Plan: p1, Sink: a}, {Plan: p2, Sink: b}}, Ahead: true, Confined: true}
			both.Loads[0].Begin = func(time.Time) { time.AfterFunc(500*time.Millisecond, runtime.GC) }
			results, workers, err := s.RunTogether(t.Context(), both, bench.Watch{})
			if err != nil {
				t.Fatal(err)
			}
			for i, records := range [][]result.Record{a.all, b.all} {
				r, plan := results[i], both.Loads[i].Plan
				seen := map[uint64]bool{}
				for _, record := range records {
					if seen[record.Seq] || record.Seq < plan.First || record.Seq >= r.Next || record.Intended < plan.Start {
						t.Fatalf("session %d, load %d: transaction %d at %v, numbers end with %d", session, i, record.Seq, record.Intended, r.Next)
					}
					seen[record.Seq] = true
				}
				if n := r.Counts[result.Valid]; n < 40*uint64(plan.Clients) || r.Held != plan.Hold || r.Counts.Total() != r.Scheduled {
					t.Errorf("session %d, load %d: %+v", session, i, r)
				}
			}
			for _, w := range workers {
				collected := func(at time.Duration) bool { return at > 0 && at < 2*time.Second }
				if w.Priority == "" || len(w.Received) != 2 || !slices.ContainsFunc(w.Collections, collected) {
					t.Errorf("worker %+v", w)
				}
			}
			first = results[0].Next
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// What is ended before its time is partial, and what comes after it is not.
func TestInterrupted(t *testing.T) {
	c := gather(t, 2, setting{})
	s, err := c.start(t)
	if err != nil {
		t.Fatal(err)
	}
	key, plan := open(200, 20*time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	to := &sink{}
	results, _, err := s.RunTogether(ctx, level(key, plan, to, func(time.Time) { time.AfterFunc(time.Second, cancel) }), bench.Watch{})
	if err != nil {
		t.Fatal(err)
	}
	if r := results[0]; !r.Partial || r.Held <= 0 || r.Held >= plan.Hold || r.Counts.Total() != r.Scheduled || len(to.all) == 0 {
		t.Errorf("%+v", r)
	}
	// One that is ended before it begins has nothing, and begins even so.
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	begun := false
	results, _, err = s.RunTogether(ended, level(key, plan, to, func(time.Time) { begun = true }), bench.Watch{})
	if err != nil || !begun {
		t.Fatal(err, begun)
	}
	if r := results[0]; !r.Partial || r.Held != 0 || r.Scheduled != 0 || r.Next != plan.First {
		t.Errorf("%+v", r)
	}
	plan.Hold, plan.First = time.Second, results[0].Next
	results, _, err = s.RunTogether(t.Context(), level(key, plan, &sink{}, nil), bench.Watch{})
	if err != nil || results[0].Partial || results[0].Held != plan.Hold {
		t.Errorf("%+v, %v", results, err)
	}
}

// The coordinator's own process is not the client, and the workers are.
func TestSample(t *testing.T) {
	c := gather(t, 2, setting{})
	s, err := c.start(t)
	if err != nil {
		t.Fatal(err)
	}
	check := func(when string, workers bool) {
		snap, err := s.Sample()
		if err != nil || snap.CPU["coordinator"] != 7 || snap.RSS["coordinator"] != 8 {
			t.Errorf("%s: %+v, %v", when, snap, err)
		}
		if used, ok := snap.CPU[proc.Client]; ok != workers || workers && used <= 0 {
			t.Errorf("%s: the client used %v, %v", when, used, ok)
		}
	}
	check("before", false)
	key, plan := closed(4, 2*time.Second)
	seen := 0
	_, _, err = s.RunTogether(t.Context(), level(key, plan, &sink{}, nil), bench.Watch{Live: func(l bench.Live) {
		if seen++; l.Elapsed < plan.Hold {
			check("during", true)
		}
	}})
	if err != nil || seen < 2 {
		t.Errorf("%v, %d states", err, seen)
	}
	check("after", false)
	if got := s.Facts().Processes; len(got) != 1 || got[0].Role != result.RoleCoordinator {
		t.Errorf("processes %v", got)
	}
}

// A wall clock that is off changes no latency and no instant. It is reported.
func TestWallClockOff(t *testing.T) {
	const off = 300 * time.Millisecond
	c := gather(t, 2, setting{as: func(rank int, cfg *ServeConfig) {
		if rank == 1 {
			cfg.skew = off
		}
	}})
	s, err := c.start(t)
	if err != nil {
		t.Fatal(err)
	}
	key, plan := open(300, 2*time.Second)
	to := &sink{}
	results, workers, err := s.RunTogether(t.Context(), level(key, plan, to, nil), bench.Watch{})
	if err != nil || results[0].Partial {
		t.Fatal(results, err)
	}
	for i, want := range []time.Duration{0, off} {
		if got := workers[i].Clock; (got.Wall-want).Abs() > time.Millisecond || got.Misplaced() > 2*time.Millisecond || got.Drifted() {
			t.Errorf("worker %d: clock %+v, want %v off", i, got, want)
		}
	}
	least := [2]time.Duration{time.Hour, time.Hour} // latencies, which a machine that stalls leaves to some transactions
	for _, r := range to.all {
		least[r.Worker] = min(least[r.Worker], r.Committed-r.Intended)
	}
	for w, latency := range least {
		if latency <= 0 || latency > off/2 {
			t.Errorf("worker %d: least latency %v", w, latency)
		}
	}
}
