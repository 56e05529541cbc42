package bench_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
	"meterbench/internal/random"
)

// A step keeps processes in step: the level starts some time after all are ready, and its run-outs end once all have ended.
type step struct {
	ready, ended sync.WaitGroup
	epoch        func() time.Time
	over         chan struct{}
}

func newStep(processes int, later time.Duration) *step {
	s := &step{epoch: sync.OnceValue(func() time.Time { return time.Now().Add(later) }), over: make(chan struct{})}
	s.ready.Add(processes)
	s.ended.Add(processes)
	go func() {
		s.ended.Wait()
		close(s.over)
	}()
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

// A part is what one process makes of a load.
type part struct {
	bench.Result
	records
}

// shared runs a level in several processes, as it were, or in one that is alone, and returns what each makes of each load. Every load has a
// workload of its own, every process a target.
func shared(plans []bench.Plan, processes int, served func() (bench.Workload, bench.Target)) (of [][]part, err error) {
	of = make([][]part, processes)
	errs := make([]error, processes)
	var others *step
	if processes > 1 {
		others = newStep(processes, 1500*time.Millisecond)
	}
	var running sync.WaitGroup
	for rank := range processes {
		of[rank] = make([]part, len(plans))
		var loads []bench.Load
		var target bench.Target
		for i, p := range plans {
			var w bench.Workload
			w, target = served()
			if processes > 1 {
				p.Share = bench.Share{Rank: rank, Of: processes}
			}
			loads = append(loads, bench.Load{Plan: p, Workload: w, Sink: &of[rank][i].records})
		}
		running.Go(func() {
			var results []bench.Result
			if others == nil {
				results, errs[rank] = bench.RunTogether(context.Background(), alarm.Timers{}, loads, target, bench.Watch{})
			} else {
				results, errs[rank] = bench.RunShares(context.Background(), alarm.Timers{}, loads, target, bench.Watch{}, others)
			}
			for i, r := range results {
				of[rank][i].Result = r
			}
		})
	}
	running.Wait()
	return of, errors.Join(errs...)
}

// union returns the result of a load, and its transactions by when they were intended.
func union(of [][]part, load int) (bench.Result, []result.Record) {
	var results []bench.Result
	var all []result.Record
	for i := range of {
		results = append(results, of[i][load].Result)
		all = append(all, of[i][load].all...)
	}
	slices.SortFunc(all, func(a, b result.Record) int {
		return cmp.Or(cmp.Compare(a.Intended, b.Intended), cmp.Compare(a.Seq, b.Seq))
	})
	return bench.Union(results), all
}

// A steady server takes a time for each transaction that follows from the client and how many it has sent, or from the sequence number of
// an open load: so it does not matter who else sends what. No transaction ends when another is due.
type steadyServer struct {
	longest time.Duration
	mu      sync.Mutex
	sent    map[int]int
}

func (s *steadyServer) Transaction(ctx context.Context, seq uint64) (bench.Transaction, error) {
	client := bench.OccasionOf(ctx).Client
	h := fnv.New64a()
	if s.sent == nil {
		fmt.Fprint(h, seq)
	} else {
		s.mu.Lock()
		s.sent[client]++
		fmt.Fprint(h, client, s.sent[client])
		s.mu.Unlock()
	}
	return bench.Transaction{Args: [][]byte{binary.BigEndian.AppendUint64(nil, h.Sum64())}}, nil
}

func (s *steadyServer) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	took := time.Duration(binary.BigEndian.Uint64(tx.Args[0])%uint64(s.longest)).Truncate(time.Microsecond) + 3333
	return commits(took/3, took)(ctx, tx)
}

// processesOf draws arrivals of any kind, a few hundred in some seconds.
func processesOf(t *rapid.T) arrival.Process {
	rate := func(label string) float64 { return rapid.Float64Range(5, 200).Draw(t, label) }
	switch kind := rapid.SampledFrom([]string{"constant", "poisson", "periodic", "ramp", "steps", "trace"}).Draw(t, "arrivals"); kind {
	case "constant":
		return arrival.Constant{PerSecond: rate("rate")}
	case "poisson":
		return arrival.Poisson{PerSecond: rate("rate")}
	case "periodic":
		return arrival.Periodic{Meters: rapid.IntRange(1, 150).Draw(t, "meters"), Interval: time.Second + 7, Jitter: rapid.Float64Range(0, 1).Draw(t, "jitter")}
	case "ramp":
		return arrival.Ramp{From: rate("from"), To: rate("to"), Over: time.Second}
	case "steps":
		return arrival.Steps{{PerSecond: rate("first"), For: time.Second}, {PerSecond: rate("second"), For: time.Minute}}
	}
	text, at := "time,meter,value\n", 0.0
	for range rapid.IntRange(1, 200).Draw(t, "rows") {
		text += fmt.Sprintf("%.4f,m1,5\n", at)
		at += rapid.Float64Range(0, 0.05).Draw(t, "gap")
	}
	trace, err := arrival.ReadTrace(context.Background(), "trace.csv", strings.NewReader(text), arrival.Form{Values: arrival.Interval})
	if err != nil {
		t.Fatal(err)
	}
	return arrival.Replay{Trace: trace, Speed: 1}
}

// Whatever the load and however many processes share it, together they make the load of one: the same transactions with the same
// instants, of an open load the same numbers, and the run-out until the last of all transactions of the hold has ended.
func TestSharesAreTheLoadOfOne(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		processes := rapid.SampledFrom([]int{2, 3, 4, 7}).Draw(r, "processes")
		closed := rapid.IntRange(0, 3).Draw(r, "closed") == 0
		longest := time.Duration(rapid.IntRange(1, 1500).Draw(r, "longest in ms")) * time.Millisecond
		var plans []bench.Plan
		for range rapid.IntRange(1, 2).Draw(r, "loads") {
			p := bench.Plan{
				Start: time.Duration(rapid.IntRange(0, 300).Draw(r, "start in ms")) * time.Millisecond,
				// A little more, so that no arrival is due right at the end.
				Hold:  time.Duration(rapid.IntRange(1, 3000).Draw(r, "hold in ms"))*time.Millisecond + 13,
				First: rapid.Uint64Range(0, 1<<40).Draw(r, "first"),
				Wait:  rapid.SampledFrom([]result.Wait{result.WaitCommit, result.WaitAcknowledge}).Draw(r, "wait"),
			}
			if rapid.Bool().Draw(r, "numbers for the run-out") {
				p.Spare = 1<<41 + rapid.Uint64Range(0, 100).Draw(r, "spare")
			}
			if closed {
				p.Clients, p.Think = rapid.IntRange(processes, 20).Draw(r, "clients"), time.Duration(rapid.IntRange(1, 200).Draw(r, "think in ms"))*time.Millisecond+7
				p.Spread = p.Hold / 2
			} else {
				p.Arrivals, p.Slots = processesOf(r), 10_000
				p.Random = random.Stream{Seed: rapid.Uint64().Draw(r, "seed"), Purpose: random.Arrivals}
			}
			plans = append(plans, p)
		}
		served := func() (bench.Workload, bench.Target) {
			s := &steadyServer{longest: longest}
			if closed {
				s.sent = map[int]int{}
			}
			return s, s
		}
		var alone, together [][]part
		var err error
		synctest.Test(t, func(*testing.T) {
			var first, second error
			alone, first = shared(plans, 1, served)
			together, second = shared(plans, processes, served)
			err = errors.Join(first, second)
		})
		if err != nil {
			r.Fatal(err)
		}
		for i, p := range plans {
			if text := unlike(p, alone, together, i); text != "" {
				r.Fatalf("load %d: %s", i, text)
			}
		}
	})
}

// The same of one load of each kind, whose run-out has numbers of its own and does not begin with a turn of the first process.
func TestSharesOfArrivals(t *testing.T) {
	trace, err := arrival.ReadTrace(t.Context(), "trace.csv", strings.NewReader("time,meter,value\n0,a,5\n0.1,b,3\n0.1,a,0\n0.7,a,7\n1.1,b,3\n1.9,b,3\n"), arrival.Form{})
	if err != nil {
		t.Fatal(err)
	}
	for _, arrivals := range []arrival.Process{
		arrival.Constant{PerSecond: 11}, arrival.Poisson{PerSecond: 37}, arrival.Periodic{Meters: 23, Interval: time.Second, Jitter: 0.4},
		arrival.Ramp{From: 10, To: 40, Over: time.Second}, arrival.Steps{{PerSecond: 29, For: time.Second}, {PerSecond: 13, For: time.Minute}},
		arrival.Replay{Trace: trace, Speed: 1},
	} {
		_, isTrace := arrivals.(arrival.Replay)
		for _, processes := range []int{2, 3, 4, 7} {
			t.Run(fmt.Sprintf("%T of %d", arrivals, processes), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := bench.Plan{Arrivals: arrivals, Slots: 1000, Hold: 1200*time.Millisecond + 13, First: 100, Spare: 5000, Random: random.Stream{Seed: 3}}
					served := func() (bench.Workload, bench.Target) {
						s := &steadyServer{longest: 1500 * time.Millisecond}
						return s, s
					}
					alone, err := shared([]bench.Plan{p}, 1, served)
					together, failed := shared([]bench.Plan{p}, processes, served)
					if err := errors.Join(err, failed); err != nil {
						t.Fatal(err)
					}
					if res, _ := union(alone, 0); res.Scheduled < 5 || res.RunOut.Total() < 5 && !isTrace {
						t.Errorf("only %d transactions, and %d of the run-out", res.Scheduled, res.RunOut.Total())
					}
					if text := unlike(p, alone, together, 0); text != "" {
						t.Error(text)
					}
				})
			})
		}
	}
}

// unlike says how a load of several processes differs from that of one.
func unlike(p bench.Plan, alone, together [][]part, load int) string {
	want, all := union(alone, load)
	got, parts := union(together, load)
	type due struct {
		Seq      uint64
		Intended time.Duration
	}
	taken := map[uint64]bool{}
	dues := func(of []result.Record) (is []due) {
		for _, r := range of {
			one := due{r.Seq, r.Intended}
			if p.Clients > 0 { // numbers follow the course of the load
				one.Seq = 0
			}
			is = append(is, one)
		}
		return is
	}
	if diff := gocmp.Diff(dues(all), dues(parts)); diff != "" {
		return "transactions (-one +several):\n" + diff
	}
	for rank := range together {
		for _, r := range together[rank][load].all {
			first, next := p.First, got.Next
			if p.Spare > 0 && r.Intended >= p.Start+p.Hold {
				first, next = p.Spare, got.Spare
			}
			if taken[r.Seq] || r.Seq < first || r.Seq >= next || (r.Seq-first)%uint64(len(together)) != uint64(rank) {
				return fmt.Sprintf("process %d used number %d of %d to %d", rank, r.Seq, first, next)
			}
			taken[r.Seq] = true
		}
	}
	for _, r := range []*bench.Result{&want, &got} {
		r.Epoch, r.GC = time.Time{}, bench.GC{}
		if p.Clients > 0 {
			r.Next, r.Spare = 0, 0
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		return "result (-one +several):\n" + diff
	}
	return ""
}

// Where all clients take as long, those of several processes use the numbers that those of one do.
func TestSharesOfClientsInStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const service = 20 * time.Millisecond
		plans := []bench.Plan{{Clients: 12, Think: time.Millisecond + 7, Spread: 12 * time.Millisecond, Hold: time.Second, First: 100, Spare: 5000}}
		numbers := func(processes int) (hold, runOut []uint64, next uint64) {
			of, err := shared(plans, processes, func() (bench.Workload, bench.Target) { return workload(empty), commits(0, service) })
			if err != nil {
				t.Fatal(err)
			}
			res, all := union(of, 0)
			for _, r := range all {
				if r.Intended < time.Second {
					hold = append(hold, r.Seq)
				} else {
					runOut = append(runOut, r.Seq)
				}
			}
			slices.Sort(hold)
			slices.Sort(runOut)
			return hold, runOut, res.Next
		}
		hold, runOut, next := numbers(1)
		for _, processes := range []int{2, 3, 4} {
			gotHold, gotRunOut, gotNext := numbers(processes)
			if diff := gocmp.Diff(hold, gotHold); diff != "" || gotNext != next {
				t.Errorf("%d processes: next %d, want %d; numbers (-one +several):\n%s", processes, gotNext, next, diff)
			}
			if diff := gocmp.Diff(runOut, gotRunOut); diff != "" {
				t.Errorf("%d processes: numbers of the run-out (-one +several):\n%s", processes, diff)
			}
		}
	})
}

// Slots and the bound of those outstanding are divided without a rest.
func TestSharesOfSlots(t *testing.T) {
	const never = 1000 * time.Hour
	for _, tt := range []struct {
		name string
		plan bench.Plan
	}{
		{"slots", bench.Plan{Slots: 10, Outstanding: 1000, Wait: result.WaitCommit}},
		{"outstanding", bench.Plan{Slots: 1000, Outstanding: 10, Wait: result.WaitAcknowledge}},
	} {
		for _, processes := range []int{1, 2, 3, 4, 7, 10} {
			t.Run(fmt.Sprint(tt.name, " of ", processes), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tt.plan.Arrivals, tt.plan.Hold, tt.plan.Drain = arrival.Constant{PerSecond: 1000}, time.Second, time.Second
					of, err := shared([]bench.Plan{tt.plan}, processes, func() (bench.Workload, bench.Target) { return workload(empty), commits(0, never) })
					if err != nil {
						t.Fatal(err)
					}
					res, _ := union(of, 0)
					if under := res.Counts[result.Unknown]; under != 10 || res.Counts[result.Dropped] != 990 {
						t.Errorf("%d under way and %d dropped, want 10 and 990", under, res.Counts[result.Dropped])
					}
					for rank := range of {
						if n := of[rank][0].Counts[result.Unknown]; n < 10/uint64(processes) || n > 10/uint64(processes)+1 {
							t.Errorf("process %d has %d of 10", rank, n)
						}
					}
				})
			})
		}
	}
}

// The run-out goes on in a process whose own transactions have ended, until those of all have, and no longer than it would by itself.
func TestRunOutUntilAllHaveEnded(t *testing.T) {
	for _, tt := range []struct {
		name  string
		slow  time.Duration
		until time.Duration
	}{
		{"the other is slower", 705 * time.Millisecond, 1605 * time.Millisecond},
		{"the other never ends", 1000 * time.Hour, 6 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rank := 0
				of, err := shared([]bench.Plan{{Arrivals: arrival.Constant{PerSecond: 10}, Slots: 1000, Hold: time.Second, Drain: 5 * time.Second}}, 2,
					func() (bench.Workload, bench.Target) {
						rank++
						if rank == 2 {
							return workload(empty), commits(0, tt.slow)
						}
						return workload(empty), commits(0, time.Millisecond)
					})
				if err != nil {
					t.Fatal(err)
				}
				quick := &of[0][0]
				last := slices.MaxFunc(quick.all, func(a, b result.Record) int { return cmp.Compare(a.Intended, b.Intended) })
				if last.Intended > tt.until || last.Intended < tt.until-300*time.Millisecond {
					t.Errorf("the last transaction is due at %v, want about %v", last.Intended, tt.until)
				}
				if res, _ := union(of, 0); res.Counts.Total() != 10 || res.Partial {
					t.Errorf("%v, partial %v", res.Counts.Map(), res.Partial)
				}
			})
		})
	}
}

type refusing struct{ err error }

func (r refusing) Start(ctx context.Context) (time.Time, error) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
	return time.Time{}, r.err
}

func (refusing) Ended() <-chan struct{} { panic("the level never started") }

// Without an agreed start nothing is sent, and the level is over.
func TestNoStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("the coordinator is gone")
		sink := &records{}
		loads := []bench.Load{
			{Plan: bench.Plan{Clients: 3, Hold: time.Second, Share: bench.Share{Rank: 1, Of: 2}}, Workload: workload(empty), Sink: sink},
			{Plan: bench.Plan{Arrivals: arrival.Constant{PerSecond: 10}, Slots: 3, Hold: time.Second, Share: bench.Share{Rank: 1, Of: 2}}, Workload: workload(empty), Sink: sink},
		}
		loads[0].Begin = func(time.Time) { t.Error("the level began") }
		_, err := bench.RunShares(t.Context(), alarm.Timers{}, loads, commits(0, 0), bench.Watch{Live: func(bench.Live) { t.Error("a state was reported") }}, refusing{why})
		if !errors.Is(err, why) || len(sink.all) > 0 {
			t.Errorf("%v, %d transactions", err, len(sink.all))
		}
	})
}

// An agreed start that is over makes the first transactions late, and none is left out.
func TestStartThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &records{}
		loads := []bench.Load{{Plan: bench.Plan{Arrivals: arrival.Constant{PerSecond: 10}, Slots: 30, Hold: time.Second}, Workload: workload(empty), Sink: sink}}
		res, err := bench.RunShares(t.Context(), alarm.Timers{}, loads, commits(0, time.Millisecond), bench.Watch{}, newStep(1, -450*time.Millisecond))
		if err != nil || res[0].Scheduled != 10 {
			t.Fatalf("%d transactions, %v", res[0].Scheduled, err)
		}
		if first := sink.sorted()[0]; first.Intended != 0 || first.Started != 450*time.Millisecond {
			t.Errorf("the first transaction is intended at %v and starts at %v", first.Intended, first.Started)
		}
	})
}

func TestUnion(t *testing.T) {
	failed := func(o result.Outcome, text string, n uint64) bench.Failure {
		return bench.Failure{Outcome: o, Text: text, Count: n}
	}
	why, later := &bench.ExhaustedError{What: "no ciphertext is left"}, &bench.ExhaustedError{What: "none either"}
	got := bench.Union([]bench.Result{
		{Held: 5 * time.Second, Ended: 6 * time.Second, Scheduled: 3, Counts: result.Counts{result.Valid: 2, result.Unknown: 1}, Next: 10, Spare: 70,
			Partial: true, Exhausted: later, GC: bench.GC{Cycles: 1, PauseTotal: 5, PauseMax: 5},
			Failures: []bench.Failure{failed(result.Unknown, "transaction 0a1b2c3d4e is lost", 1)}},
		{Held: 4 * time.Second, Ended: 7 * time.Second, Scheduled: 2, Counts: result.Counts{result.Valid: 1, result.Unknown: 1}, Next: 11, Spare: 69,
			Partial: true, Exhausted: why, Crowded: true, GC: bench.GC{Cycles: 2, PauseTotal: 4, PauseMax: 3},
			Failures: []bench.Failure{failed(result.Unknown, "transaction 99887766ff is lost", 1), failed(result.Valid, "other errors", 4)}},
		{Held: 8 * time.Second, RunOut: result.Counts{result.Valid: 4}, Failures: []bench.Failure{failed(result.Valid, "x", 2)}},
	})
	want := bench.Result{
		Held: 4 * time.Second, Ended: 7 * time.Second, Scheduled: 5, Counts: result.Counts{result.Valid: 3, result.Unknown: 2},
		RunOut: result.Counts{result.Valid: 4}, Next: 11, Spare: 70, Partial: true, Exhausted: why, Crowded: true,
		GC: bench.GC{Cycles: 3, PauseTotal: 9, PauseMax: 5},
		Failures: []bench.Failure{
			failed(result.Unknown, "transaction 0a1b2c3d4e is lost", 2), failed(result.Valid, "x", 2), failed(result.Valid, "other errors", 4),
		},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("union (-want +got):\n%s", diff)
	}
}
