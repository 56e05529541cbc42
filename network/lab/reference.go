package lab

import (
	"context"
	"encoding/json"
	"iter"

	"meterbench/bench"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/alarm"
	"meterbench/internal/proc"
	"meterbench/network/fabric/daemons"
	"meterbench/workloads"
)

// simulatedNote goes with every figure of a simulated ledger.
const simulatedNote = "simulated reference ledger: these are no figures of a blockchain; it runs in the client's process, whose CPU includes it"

// A referenceLab is a study's Lab on a simulated ledger.
type referenceLab struct{ Plan }

func newReferenceLab(p Plan, _ string, _ func(string) (daemons.Binaries, error)) (study.Lab, error) {
	return &referenceLab{p}, nil
}

// Start implements study.Lab.
func (l *referenceLab) Start(_ context.Context, session study.Session, _ func(string)) (study.Site, error) {
	sampler, err := proc.NewSampler(nil)
	if err != nil {
		return nil, err
	}
	clock, err := alarm.New()
	if err != nil {
		return nil, err
	}
	config := *l.Scenario.Target.Options.(*reference.Config)
	config.Seed = session.Seed // also of transaction ids, which must differ within a run
	site := &referenceSite{config: config, Sampler: sampler, clock: clock}
	site.builder = builder{
		site:   workloads.Spec{Seed: l.Scenario.Seed, Start: fleetStart, Channels: []string{""}},
		commit: func(context.Context, bench.Transaction) error { return nil }, // it has no contract
	}
	if site.ledger, err = reference.New(config, clock, site.log); err != nil {
		clock.Close() // the first error counts
		return nil, InputError{err}
	}
	return site, nil
}

// A referenceSite is a simulated ledger that runs.
type referenceSite struct {
	builder
	*proc.Sampler // there are only the client and the host
	config        reference.Config
	ledger        *reference.Ledger
	clock         *alarm.Alarm
	entries       []bench.Entry // what was committed, by the ledger's own log
}

// log takes what really became of a transaction.
func (s *referenceSite) log(x reference.True) {
	if !x.Committed.IsZero() {
		s.entries = append(s.entries, bench.Entry{TxID: x.TxID, Outcome: x.Outcome})
	}
}

// Facts implements study.Site.
func (s *referenceSite) Facts() study.Facts {
	described, err := json.Marshal(s.config)
	if err != nil {
		panic(err) // plain data always marshals
	}
	f := study.Facts{
		Target: result.TargetReference, TopologyJSON: described, Conditions: result.Conditions{Topology: result.TargetReference},
		Warnings: []result.Warning{{Code: result.TargetNote, Text: simulatedNote}, {Code: result.TargetNote, Text: s.config.Describe()}},
	}
	if b := s.config.Batch; b != nil {
		f.Conditions.BatchTimeout, f.Conditions.BatchMessages = b.Timeout.Seconds(), uint32(b.Messages)
	}
	return f
}

// Target implements study.Site.
func (s *referenceSite) Target() bench.Target { return s.ledger }

// Ledger implements study.Site.
func (s *referenceSite) Ledger(context.Context) iter.Seq2[bench.Entry, error] {
	s.ledger.Close() // transactions whose clients have gone are committed as well
	return func(yield func(bench.Entry, error) bool) {
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
	for e := range s.Ledger(ctx) {
		if e.Outcome == result.Valid {
			n++
		}
	}
	return n, true, nil
}

// Incidents implements study.Site: nothing here can end or hang.
func (s *referenceSite) Incidents() <-chan result.Incident { return nil }

// Close implements study.Site.
func (s *referenceSite) Close() error {
	s.ledger.Close()
	return s.clock.Close()
}

var _ study.Site = (*referenceSite)(nil)
