package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/internal/proc"
	"meterbench/internal/random"
)

// Lab returns a study.Lab on whose sites the workers make the load. What it wraps must start sites that are Hosts. The scenario is its
// text in full, files are those that it names.
func (o *Coordinator) Lab(of study.Lab, text string, files []File) study.Lab {
	return &lab{of, o, text, files}
}

type lab struct {
	study.Lab
	of    *Coordinator
	text  string
	files []File
}

// Start implements study.Lab: the site, and a station at each worker.
func (l *lab) Start(ctx context.Context, session study.Session, working func(string)) (study.Site, error) {
	if _, err := l.of.crew(); err != nil {
		return nil, err
	}
	l.of.quieten(ctx, working)
	started, err := l.Lab.Start(ctx, session, working)
	if err != nil {
		return nil, err
	}
	host, ok := started.(Host)
	if !ok {
		return nil, errors.Join(errors.New("workers cannot make the load on this target: leave --workers out"), started.Close())
	}
	s := &site{Host: host, of: l.of, loaded: map[*member]bool{}}
	if err := s.open(ctx, l, session, working); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.watch()
	return s, nil
}

// A site is a study.Site whose loads workers make.
type site struct {
	Host
	of *Coordinator

	opened []*member        // where stations were
	loaded map[*member]bool // who began a level, so that something may be on the ledger of its station

	keepers atomic.Bool // stations have ledgers of their own

	mu      sync.Mutex
	entries []bench.Entry // of the stations' ledgers, once they were read
	read    bool

	reckoned bool // the host knows what became of the workers' transactions
}

// Unwrap returns what is wrapped, for who asks whether it is more than a study.Site.
func (s *site) Unwrap() study.Site { return s.Host }

// Workers implements study.Crew.
func (s *site) Workers() (all []study.Worker) {
	for _, m := range s.opened {
		all = append(all, study.Worker{
			Rank: m.Rank.Number, Host: m.Host, PID: m.PID, Here: m.here(), Version: m.Version, Machine: m.Machine, Mark: m.mark,
		})
	}
	return all
}

// open opens a station at each worker.
func (s *site) open(ctx context.Context, l *lab, session study.Session, working func(string)) error {
	handover, err := s.Host.Handover(ctx)
	if err != nil {
		return err
	}
	coded, err := newCodec()
	if err != nil {
		return err
	}
	if s.opened, err = s.of.crew(); err != nil {
		return err
	}
	return s.each(ctx, working, func(m *member, share bench.Share, working func(string)) error {
		whole, err := coded.encode.Marshal(Opening{
			Scenario: l.text, Files: l.files, Session: session.Number, Handover: handover, Rank: m.Rank.Number, Mark: m.mark, Share: share,
			Seed: random.Stream{Seed: session.Seed, Purpose: random.Ledger, Series: "worker", Index: uint64(m.Rank.Number)}.Seed64(),
		})
		if err != nil {
			return err
		}
		d, err := m.ask(ctx, whole, &order{Open: true}, working, nil)
		if err == nil && d.Keeper {
			s.keepers.Store(true)
		}
		return err
	})
}

// each has every worker do something at once. Where workers are lost and enough are left it goes on with them; whatever a worker says
// itself is an error.
func (s *site) each(ctx context.Context, working func(string), do func(m *member, share bench.Share, working func(string)) error) error {
	members, err := s.of.crew()
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	failed := make([]error, len(members))
	for i, m := range members {
		all.Go(func() {
			failed[i] = do(m, bench.Share{Rank: i, Of: len(members)}, func(text string) {
				mu.Lock()
				defer mu.Unlock()
				if working != nil {
					working(fmt.Sprintf("%s: %s", m, text))
				}
			})
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for i, m := range members {
		if failed[i] != nil && m.lost() == nil {
			return failed[i]
		}
	}
	_, err = s.of.crew()
	return err
}

// Series implements study.Site: it is prepared here, and then by all workers.
func (s *site) Series(ctx context.Context, series scenario.Series, need study.Need, working func(string)) (bench.Workload, result.Preparation, error) {
	workload, preparation, err := s.Host.Series(ctx, series, need, working)
	if err != nil {
		return nil, preparation, err
	}
	handover, err := s.Host.HandoverOf(ctx, series.Name)
	if err != nil {
		return nil, preparation, err
	}
	var mu sync.Mutex
	err = s.each(ctx, working, func(m *member, _ bench.Share, working func(string)) error {
		d, err := m.ask(ctx, handover, &order{Prepare: &prepare{Series: series.Name, Need: need}}, working, nil)
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			preparation = prepared(preparation, d.Prepared)
		}
		return err
	})
	return workload, preparation, err
}

// Ledger implements study.Site: besides what it wraps, the ledgers of the stations.
func (s *site) Ledger(ctx context.Context, see func(*result.BlockRow)) iter.Seq2[bench.Entry, error] {
	return func(yield func(bench.Entry, error) bool) {
		for e, err := range s.Host.Ledger(ctx, see) {
			if !yield(e, err) || err != nil {
				return
			}
		}
		theirs, err := s.stations(ctx)
		if err != nil {
			yield(bench.Entry{}, err)
			return
		}
		for _, e := range theirs {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// stations returns what is on the ledgers of the stations, which are read once. Without such ledgers it takes no worker: that of a network
// is there however many were lost.
func (s *site) stations(ctx context.Context) ([]bench.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read || !s.keepers.Load() {
		return s.entries, nil
	}
	gone := func() error {
		for _, m := range s.opened {
			if s.loaded[m] && m.lost() != nil {
				return fmt.Errorf("the simulated ledger of %s is gone with it, so that nothing can be audited", m)
			}
		}
		return nil
	}
	if err := gone(); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	by := map[*member][]bench.Entry{}
	err := s.each(ctx, nil, func(m *member, _ bench.Share, _ func(string)) error {
		return m.do(ctx, nil, &order{Entries: true}, nil, func(some []bench.Entry) {
			mu.Lock()
			defer mu.Unlock()
			by[m] = append(by[m], some...)
		})
	})
	if err := cmp.Or(gone(), err); err != nil {
		return nil, err
	}
	for _, m := range s.opened {
		for _, e := range by[m] {
			e.Mark = m.mark // as the ledger is its own
			s.entries = append(s.entries, e)
		}
	}
	s.read = true
	return s.entries, nil
}

// Stored implements study.Site: a simulated ledger has no contract that counts, so that it is what is valid on those of the stations.
func (s *site) Stored(ctx context.Context) (n uint64, counted bool, err error) {
	if err := s.reckon(ctx); err != nil {
		return 0, false, err
	}
	if n, counted, err = s.Host.Stored(ctx); err != nil {
		return n, counted, err
	}
	theirs, err := s.stations(ctx)
	for _, e := range theirs {
		if e.Outcome == result.Valid {
			n++
		}
	}
	return n, counted, err
}

// Facts implements study.Site.
func (s *site) Facts() study.Facts {
	facts := s.Host.Facts()
	facts.Processes = append(slices.Clip(facts.Processes), result.Process{Role: result.RoleCoordinator, Name: string(result.RoleCoordinator)})
	if gone := s.of.departed(); gone != nil {
		text := fmt.Sprintf("fewer workers than the %d that were asked for make the load: %s", s.of.workers(), strings.Join(gone, "; "))
		if s.keepers.Load() {
			text += "; their simulated ledgers are gone with them, so that what was measured with all is of another system"
		}
		facts.Warnings = append(slices.Clip(facts.Warnings), result.Warning{Code: result.FewerWorkers, Text: text})
	}
	return facts
}

// Sample implements study.Site: the client is the workers, and this process the coordinator. What they used is as old as their last
// word, up to a second.
func (s *site) Sample() (proc.Snapshot, error) {
	snap, err := s.Host.Sample()
	rename(snap.CPU, proc.Client, string(result.RoleCoordinator))
	rename(snap.RSS, proc.Client, string(result.RoleCoordinator))
	rename(snap.Threads, proc.Client, string(result.RoleCoordinator))
	rename(snap.Throttle, proc.Client, string(result.RoleCoordinator))
	for _, m := range s.opened {
		used := m.usage.Load()
		if used == nil {
			continue
		}
		if m.here() {
			snap.CPU[proc.Client] += used.CPU
			snap.RSS[proc.Client] += used.RSS
			continue
		}
		if snap.Elsewhere == nil {
			snap.Elsewhere = map[string]float64{}
		}
		snap.Elsewhere[proc.Client] += used.CPU
	}
	return snap, err
}

func rename[V any](of map[string]V, from, to string) {
	if v, ok := of[from]; ok {
		of[to] = v
		delete(of, from)
	}
}

// closing is how long stations have to close.
const closing = 10 * time.Second

// Close implements study.Site.
func (s *site) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	var all sync.WaitGroup
	failed := make([]error, len(s.opened))
	for i, m := range s.opened {
		if m.lost() == nil {
			all.Go(func() {
				if err := m.do(ctx, nil, &order{Close: true}, nil, nil); m.lost() == nil {
					failed[i] = err
				}
			})
		}
	}
	all.Wait()
	return errors.Join(errors.Join(failed...), s.Host.Close())
}

var _ study.Crew = (*site)(nil)
