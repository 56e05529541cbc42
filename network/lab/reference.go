package lab

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"path/filepath"
	"sync"

	"meterbench/bench"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/internal/alarm"
	"meterbench/internal/proc"
	"meterbench/workloads"
)

// simulatedNote goes with every figure of a simulated ledger.
const simulatedNote = "simulated reference ledger: these are no figures of a blockchain; it runs in the client's process, whose CPU includes it"

// workersNote goes with every figure of a simulated ledger to which workers send their loads.
const workersNote = "every worker has a simulated ledger of its own, in its process: transactions of one never wait for those of another"

// A referenceLab is a study's Lab on a simulated ledger.
type referenceLab struct {
	authorityPlan
	logs string
}

func newReferenceLab(p Plan, dir string, with Programs) (study.Lab, error) {
	beside, err := p.authorityPlan(with)
	return &referenceLab{beside, filepath.Join(dir, study.LogsFolder)}, err
}

// Start implements study.Lab.
func (l *referenceLab) Start(ctx context.Context, session study.Session, _ func(string)) (_ study.Site, err error) {
	site := &referenceSite{incidents: make(chan result.Incident)}
	defer func() {
		if err != nil {
			site.Close() // the first error counts
		}
	}()
	if site.authorities, err = l.start(ctx, logsOf(l.logs, session)); err != nil {
		return nil, err
	}
	if site.Sampler, err = proc.NewSampler(site.authorities.nodes()); err != nil {
		return nil, err
	}
	if site.clock, err = alarm.New(); err != nil {
		return nil, err
	}
	config := *l.Scenario.Target.Options.(*reference.Config)
	config.Seed = session.Seed // also of transaction ids, which must differ within a run
	site.config = config
	site.builder = builder{
		site:   workloads.Spec{Seed: l.Scenario.Seed, Start: fleetStart, Channels: []string{""}, CA: site.authorities.as},
		commit: func(context.Context, bench.Transaction) error { return nil }, // it has no contract
	}
	if site.ledger, err = reference.New(config, site.clock, site.log); err != nil {
		return nil, InputError{err}
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	site.unwatch = stop
	site.authorities.watchAlone(watching, site.incidents)
	return site, nil
}

// A referenceSite is a simulated ledger that runs.
type referenceSite struct {
	builder
	*proc.Sampler // there are only the client, the host, and authorities
	authorities
	incidents chan result.Incident
	unwatch   context.CancelFunc // nil: nothing is watched yet
	config    reference.Config
	ledger    *reference.Ledger
	clock     *alarm.Alarm
	entries   []bench.Entry     // what was committed, by the ledger's own log
	blocks    []result.BlockRow // by their numbers from 1, where it has blocks

	mu      sync.Mutex
	watched bool          // its blocks are
	untold  []study.Block // of them, those that nobody was told of
}

// NewBlocks implements study.Teller.
func (s *referenceSite) NewBlocks() (all []study.Block) {
	if s.config.Batch == nil {
		return nil // every transaction would be a block
	}
	s.mu.Lock()
	all, s.untold = s.untold, nil
	first := !s.watched
	s.watched = true
	s.mu.Unlock()
	if first {
		s.ledger.WatchCuts(func(c reference.Cut) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.untold = append(s.untold, study.Block{Number: c.Number, Transactions: c.Transactions, At: c.At, Reason: c.Reason})
		})
	}
	return all
}

// log takes what really became of a transaction.
func (s *referenceSite) log(x reference.True) {
	if x.Committed.IsZero() {
		return
	}
	s.entries = append(s.entries, bench.Entry{TxID: x.TxID, Outcome: x.Outcome})
	if s.config.Batch == nil || x.Block == 0 {
		return
	}
	for uint64(len(s.blocks)) < x.Block {
		b := result.BlockRow{Observer: result.TargetReference, Reason: result.CutTimer}
		if s.config.Batch.Bytes > 0 {
			b.Reason = result.CutTimerOrBytes
		}
		b.Number, b.Checks = uint64(len(s.blocks)+1), result.AllUnchecked("a simulated ledger has no hashes and no signatures")
		s.blocks = append(s.blocks, b)
	}
	b := &s.blocks[x.Block-1]
	b.Cut, b.Received, b.Validated, b.Committed = x.Ordered, x.Ordered, x.Ordered, x.Committed
	if b.Transactions++; int(b.Transactions) >= s.config.Batch.Messages {
		b.Reason = result.CutCount
	}
	if x.Outcome == result.Valid {
		b.Valid++
	}
}

// Facts implements study.Site.
func (s *referenceSite) Facts() study.Facts {
	described, err := json.Marshal(s.config)
	if err != nil {
		panic(err) // plain data always marshals
	}
	f := study.Facts{
		Target: result.TargetReference, TopologyJSON: described, Processes: s.authorities.processes(),
		Conditions: result.Conditions{Topology: result.TargetReference},
		Warnings:   []result.Warning{{Code: result.TargetNote, Text: simulatedNote}, {Code: result.TargetNote, Text: s.config.Describe()}},
	}
	if s.builder.site.Duty.None {
		f.Warnings = append(f.Warnings, result.Warning{Code: result.TargetNote, Text: workersNote})
	}
	if b := s.config.Batch; b != nil {
		f.Conditions.BatchTimeout, f.Conditions.BatchMessages = b.Timeout.Seconds(), uint32(b.Messages)
	}
	return f
}

// Target implements study.Site.
func (s *referenceSite) Target() bench.Target { return s.ledger }

// Ledger implements study.Site.
func (s *referenceSite) Ledger(_ context.Context, see func(*result.BlockRow)) iter.Seq2[bench.Entry, error] {
	s.ledger.Close() // transactions whose clients have gone are committed as well
	return func(yield func(bench.Entry, error) bool) {
		for i := range s.blocks {
			if see != nil {
				see(&s.blocks[i])
			}
		}
		for _, e := range s.entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Stored implements study.Site. There is no contract that counts, so that this is the number of valid
// transactions in the ledger's own log.
func (s *referenceSite) Stored(ctx context.Context) (n uint64, counted bool, err error) {
	for e := range s.Ledger(ctx, nil) {
		if e.Outcome == result.Valid {
			n++
		}
	}
	return n, true, nil
}

// Disturb implements study.Disturber.
func (s *referenceSite) Disturb(_ context.Context, e scenario.Event) (result.Event, error) {
	act := s.ledger.Kill
	if e.Kind == result.EventRestart {
		act = s.ledger.Restart
	}
	return result.Event{Nodes: s.config.Nodes()}, act()
}

// Incidents implements study.Site: those of authorities.
func (s *referenceSite) Incidents() <-chan result.Incident { return s.incidents }

// Close implements study.Site.
func (s *referenceSite) Close() error {
	if s.unwatch != nil {
		s.unwatch()
	}
	if s.ledger != nil {
		s.ledger.Close()
	}
	var err error
	if s.clock != nil {
		err = s.clock.Close()
	}
	return errors.Join(err, s.Sampler.Close(), s.authorities.close())
}

var (
	_ study.Disturber = (*referenceSite)(nil)
	_ study.Teller    = (*referenceSite)(nil)
)
