package study

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strings"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/alarm"
	"meterbench/internal/heartbeat"
	"meterbench/internal/proc"
)

// A crewSite has its load made by workers, which this process plays.
type crewSite struct {
	*site
	workers   int
	workloads map[string]bench.Workload
	late      time.Duration // of transactions of the last worker
	seldom    int           // one of how many of them is late; 0: all are
	tell      func(*WorkerLevel)
	extra     []bench.Entry // on the ledger, beside what was sent
	filtered  bool          // the ledger shows no marks
	stored    uint64        // by extra
	quiet     time.Duration // for which the ledger was to be, before it was read
	shared    bool          // others may use it
	lost      int           // workers that are gone once a level was made
	levels    int           // that were begun
}

// here returns the ranks of the workers that make the level.
func (c *crewSite) here() []int {
	if c.levels > 1 {
		return c.Ranks()[:c.workers-c.lost]
	}
	return c.Ranks()
}

func (c *crewSite) Facts() Facts {
	f := c.site.Facts()
	f.Shared = c.shared
	if len(c.here()) < c.workers {
		f.Warnings = append(f.Warnings, result.Warning{Code: result.FewerWorkers, Text: "worker 4 is gone"})
	}
	return f
}

func (c *crewSite) Settle(_ context.Context, quiet time.Duration) ([]result.LedgerRead, error) {
	c.quiet = quiet
	return nil, nil
}

func (c *crewSite) Stored(ctx context.Context) (uint64, bool, error) {
	n, counted, err := c.site.Stored(ctx)
	return n + c.stored, counted, err
}

// Ledger implements Site: of what was sent it shows the first worker's mark, since what is on record needs none.
func (c *crewSite) Ledger(ctx context.Context, see func(*result.BlockRow)) iter.Seq2[bench.Entry, error] {
	return func(yield func(bench.Entry, error) bool) {
		show := func(e bench.Entry, err error) bool {
			if c.filtered {
				e.Mark = bench.Mark{}
			}
			return yield(e, err)
		}
		for e, err := range c.site.Ledger(ctx, see) {
			e.Mark = markOf(c.Ranks()[0])
			if !show(e, err) {
				return
			}
		}
		for _, e := range c.extra {
			if !show(e, nil) {
				return
			}
		}
	}
}

// markOf returns the mark of a rank. That of one that no worker has is a stranger's.
func markOf(rank int) bench.Mark { return bench.Mark{1, 2, 3, byte(rank)} }

func (c *crewSite) Series(ctx context.Context, one scenario.Series, need Need, working func(string)) (bench.Workload, result.Preparation, error) {
	w, p, err := c.site.Series(ctx, one, need, working)
	c.workloads[one.Name] = w
	return w, p, err
}

func (c *crewSite) Ranks() (all []int) {
	for rank := range c.workers {
		all = append(all, rank+3) // as where others are not up
	}
	return all
}

// RunTogether implements Crew: it deals the records of one process out to workers.
var _ Crew = (*crewSite)(nil)

// Workers implements Crew.
func (c *crewSite) Workers() (all []Worker) {
	for i, rank := range c.Ranks() {
		all = append(all, Worker{Rank: rank, Host: fmt.Sprint("n", i+1), Here: i == 0, Mark: markOf(rank)})
	}
	return all
}

func (c *crewSite) RunTogether(ctx context.Context, level CrewLevel, watch bench.Watch) ([]bench.Result, []WorkerLevel, error) {
	loads := make([]bench.Load, len(level.Loads))
	for i, l := range level.Loads {
		l.Workload, l.Sink = c.workloads[level.Keys[i].Series], dealer{l.Sink, c}
		loads[i] = l
	}
	c.levels++
	results, err := bench.RunTogether(ctx, alarm.Timers{}, loads, c.Target(), watch)
	var workers []WorkerLevel
	for i, rank := range c.here() {
		w := WorkerLevel{Rank: rank, Host: fmt.Sprint("n", i+1), Here: i == 0, Share: bench.Share{Rank: i, Of: len(c.here())}, Results: results, Stalls: make([]uint64, len(loads))}
		for at := time.Duration(0); at <= 20*time.Second; at += time.Second {
			w.Usage = append(w.Usage, Usage{At: at, CPU: 0.25 * at.Seconds()})
		}
		if c.tell != nil && i == c.workers-1 {
			c.tell(&w)
		}
		workers = append(workers, w)
	}
	return results, workers, err
}

type dealer struct {
	bench.Sink
	of *crewSite
}

func (d dealer) Record(r result.Record) {
	ranks := d.of.here()
	i := int(r.Seq) % len(ranks)
	r.Worker = uint16(ranks[i])
	if i == d.of.workers-1 && r.Started != result.NotReached && int(r.Seq)/d.of.workers%max(1, d.of.seldom) == 0 {
		r.Started += d.of.late
	}
	d.Sink.Record(r)
}

// A point says what each worker did, and is not valid where one of them did not do its part: then it says which, and why.
func TestWorkers(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name string
		late time.Duration
		tell func(*WorkerLevel)
		want string // of the last worker's fault; empty: none
	}{
		{"all in time", 0, nil, ""},
		{"late", 8 * ms, nil, "was late: schedule lag p50 8.0 ms, more than 5.0 ms"},
		{"halted", 0, func(w *WorkerLevel) {
			at := w.Results[0].Epoch.Add(2 * time.Second)
			w.Gaps = []heartbeat.Gap{{Start: at, End: at.Add(time.Second), Length: time.Second, Halted: time.Second}}
		}, "did not run for 1 s, more than 0.035 s: stopped, or frozen with its control group"},
		{"stalled", 0, func(w *WorkerLevel) { w.Stalls[0] = 2 }, "waited 2 times for the coordinator to take what it recorded"},
		{"collecting garbage", 0, func(w *WorkerLevel) {
			w.Results = []bench.Result{w.Results[0]}
			w.Results[0].GC.PauseMax = 6 * ms
		}, "was stopped by garbage collection for 6.0 ms, more than 5.0 ms"},
		{"its wall clock off", 0, func(w *WorkerLevel) { w.Clock.Wall = 300 * ms }, ""},
		{"far away", 0, func(w *WorkerLevel) { w.Clock.Half = 31 * ms },
			"may have had its window 0.031 s beside that of the level, more than 0.03 s: half a round trip of 0.031 s, and a drift of 0 s"},
		{"drifting by as much as any clock", 0, func(w *WorkerLevel) { w.Clock.Drift, w.Clock.Half = 300*time.Microsecond, 50*time.Microsecond }, ""},
		{"drifting", 0, func(w *WorkerLevel) { w.Clock.Drift = -4 * ms },
			"has a clock that is -0.13 % off the coordinator's, so that its latencies may be"},
		{"drifting as far as its round trips are long", 0, func(w *WorkerLevel) { w.Clock.Drift, w.Clock.Half, w.Clock.AfterHalf = 4*ms, 2*ms, 2*ms }, ""},
		{"drifting far", 0, func(w *WorkerLevel) { w.Clock.Drift = 40 * ms },
			"may have had its window 0.04 s beside that of the level, more than 0.03 s: half a round trip of 0 s, and a drift of 0.04 s"},
		{"lost", 0, func(w *WorkerLevel) {
			w.Lost = &Loss{Why: "it ended: signal: killed", Until: 2 * time.Second, Scheduled: 50, Received: 40}
		},
			"was lost 2 s after the level's start (it ended: signal: killed): 20 % of its transactions until then are not on record"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at, crew := newSite(), (*crewSite)(nil)
			at.mixed = true
			at.as = func(s *site) Site {
				crew = &crewSite{site: s, workers: 2, workloads: map[string]bench.Workload{}, late: tt.late, tell: tt.tell}
				return crew
			}
			o := conduct(t, series(open("a", 4*time.Second, 50)), at, nil)
			p := o.summary.Points[0]
			if len(p.Workers) != 2 || p.Workers[0].Rank != 3 || p.Workers[1].Host != "n2" {
				t.Fatalf("%+v", p.Workers)
			}
			var scheduled uint64
			for i, w := range p.Workers {
				scheduled += w.Scheduled
				if w.CPU == nil || math.Abs(*w.CPU-0.25) > 1e-9 {
					t.Errorf("worker %d: CPU %v", i, w.CPU)
				}
			}
			equal(t, "scheduled by all", p.Scheduled, scheduled)
			// The first one is on this machine. What the site's samples say of a client is not what the workers do.
			if got, there := p.CPU[proc.Client], p.Elsewhere[proc.Client]; math.Abs(got-0.25) > 1e-9 || math.Abs(there-0.25) > 1e-9 {
				t.Errorf("CPU of the client %v here, %v elsewhere", got, there)
			}
			if got, want := p.ClientCPU*p.Throughput, 0.5; math.Abs(got-want) > 1e-9 {
				t.Errorf("CPU of the client by commit is that of %v cores, not of %v", got, want)
			}
			equal(t, "the first one's faults", 0, len(p.Workers[0].Reasons))
			equal(t, "the last one's faults", tt.want, strings.Join(p.Workers[1].Reasons, "; "))
			equal(t, "valid", tt.want == "", p.Workers[1].Valid)
			said := strings.Join(p.Reasons, "; ")
			if p.Valid != (tt.want == "") || tt.want != "" && !strings.Contains(said, "worker 4 on n2 "+tt.want) {
				t.Errorf("valid %t, %s", p.Valid, said)
			}
			equal(t, "complete", tt.name != "lost", o.summary.Complete)
			equal(t, "levels in which this process, which makes no load, was watched", 0, at.watched)
		})
	}
}

// Where the lag of all is too late at a quantile for which one worker alone has too few transactions, the worker is named even so.
func TestWorkerLateAtTimes(t *testing.T) {
	at := newSite()
	at.mixed = true
	at.as = func(s *site) Site {
		return &crewSite{site: s, workers: 2, workloads: map[string]bench.Workload{}, late: 9 * time.Millisecond, seldom: 8}
	}
	p := conduct(t, series(open("a", 4*time.Second, 80)), at, nil).summary.Points[0]
	equal(t, "valid", false, p.Valid)
	equal(t, "the first one's faults", 0, len(p.Workers[0].Reasons))
	if said := strings.Join(p.Workers[1].Reasons, "; "); !strings.HasPrefix(said, "was late: schedule lag p95 9.0 ms") || p.Workers[1].Valid {
		t.Errorf("the last one: %q", said)
	}
}

// A worker that is lost between two levels is missing in no point: the run says that the others made the next one.
func TestFewerWorkers(t *testing.T) {
	for lost := range 2 {
		at := newSite()
		at.mixed = true
		at.as = func(s *site) Site {
			return &crewSite{site: s, workers: 2, workloads: map[string]bench.Workload{}, lost: lost}
		}
		o := conduct(t, series(open("a", 4*time.Second, 50, 49.999)), at, nil)
		equal(t, "workers of the first level", 2, len(o.summary.Points[0].Workers))
		equal(t, "workers of the second level", 2-lost, len(o.summary.Points[1].Workers))
		var said []string
		for _, w := range o.summary.Notices {
			if w.Code == result.FewerWorkers {
				said = append(said, w.Text)
			}
		}
		equal(t, "warnings of fewer workers", strings.Repeat("worker 4 is gone", lost), strings.Join(said, "; "))
	}
}

// A search, and repetitions, go on with the workers that are left: the level that lost one counts for nothing, and is measured again where
// a search needs it.
func TestLostInSearch(t *testing.T) {
	of := func(lost int) outcome {
		at := newSite()
		at.mixed = true
		at.as = func(s *site) Site {
			crew := &crewSite{site: s, workers: 2, workloads: map[string]bench.Workload{}, lost: lost}
			if lost > 0 {
				crew.tell = kill()
			}
			return crew
		}
		s := series(searching(closed("c", 4*time.Second), scenario.Search{From: 2, To: 4}))
		s.Repeat = 2
		return conduct(t, s, at, nil)
	}
	whole, struck := of(0), of(1)
	for _, o := range []outcome{whole, struck} {
		if o.err != nil || len(o.summary.Saturation) != 1 {
			t.Fatalf("%v, %d series saturate, want 1", o.err, len(o.summary.Saturation))
		}
	}
	equal(t, "levels", len(whole.summary.Points)+1, len(struck.summary.Points))
	for i, p := range struck.summary.Points {
		if lost := i == 0; p.LostWorker() != lost || p.Valid == lost || len(p.Workers) != map[bool]int{true: 2, false: 1}[lost] {
			t.Errorf("level %d, %v: lost a worker: %v, valid: %v, %d workers", i, p.Load, p.LostWorker(), p.Valid, len(p.Workers))
		}
	}
	first, again := struck.summary.Points[0], struck.summary.Points[1]
	if first.Load != again.Load || again.Repetition != first.Repetition+1 {
		t.Errorf("%v is followed by %v", first.Load, again.Load)
	}
	equal(t, "clients", whole.summary.Saturation[0].Clients, struck.summary.Saturation[0].Clients)
	equal(t, "complete", false, struck.summary.Complete)
}
