package lab

import (
	"context"
	"encoding/json"
	"iter"

	"meterbench/bench"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/internal/alarm"
	"meterbench/internal/proc"
)

// simulatedNote goes with every figure of a simulated ledger.
const simulatedNote = "simulated reference ledger: these are no figures of a blockchain; it runs in the client's process, whose CPU includes it"

// A referenceLab is a study's Lab on a simulated ledger.
type referenceLab struct {
	scenario scenario.Scenario
}

// FE implements study.Lab.
func (l *referenceLab) FE(ctx context.Context, spec scenario.FE, working func(string)) ([]result.FECost, error) {
	return MeasureFE(ctx, spec, l.scenario.Seed, working)
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
	config := referenceConfig(*l.scenario.Target)
	config.Seed = l.scenario.Seed + uint64(session.Number) // a run's transaction ids must differ
	site := &referenceSite{config: config, sampler: sampler, clock: clock}
	site.fleets = fleets{seed: l.scenario.Seed, channels: 1, commit: func(context.Context, bench.Transaction) error { return nil }} // it has no contract
	if site.ledger, err = reference.New(config, clock, site.log); err != nil {
		clock.Close() // the first error counts
		return nil, InputError{err}
	}
	return site, nil
}

// referenceConfig turns a target into what a ledger is told to be.
func referenceConfig(t scenario.Target) reference.Config {
	stage := func(servers int, s scenario.Service) *reference.Stage {
		return &reference.Stage{Servers: servers, Service: reference.Distribution{Kind: reference.Kind(s.Kind), Mean: s.Mean, CV: s.CV}}
	}
	c := reference.Config{GiveUp: t.GiveUp}
	if e := t.Endorse; e != nil {
		c.Endorse = stage(e.Servers, e.Service)
	}
	if o := t.Order; o != nil {
		c.Order = stage(o.Servers, o.Service)
	}
	if b := t.Batch; b != nil {
		c.Batch = &reference.Batch{Timeout: b.Timeout, Messages: b.Messages, Bytes: b.Bytes}
	}
	if s := t.Commit; s != nil {
		c.Commit = &reference.Commit{Stage: *stage(s.Servers, s.Service), Per: reference.Per(s.Per)}
	}
	for _, f := range t.Failures {
		for _, o := range result.Outcomes() {
			if o.String() == f.Outcome {
				c.Failures = append(c.Failures, reference.Failure{Outcome: o, Share: f.Share})
			}
		}
	}
	for _, s := range t.Stalls {
		c.Stalls = append(c.Stalls, reference.Stall(s))
	}
	return c
}

// A referenceSite is a simulated ledger that runs.
type referenceSite struct {
	config  reference.Config
	ledger  *reference.Ledger
	clock   *alarm.Alarm
	sampler *proc.Sampler
	fleets  fleets
	entries []bench.Entry // what was committed, by the ledger's own log
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
	f := study.Facts{Target: "reference", Topology: "reference", TopologyJSON: described, Notes: []string{simulatedNote, s.config.Describe()}}
	if b := s.config.Batch; b != nil {
		f.BatchTimeout, f.Messages = b.Timeout, uint32(b.Messages)
	}
	return f
}

// Target implements study.Site.
func (s *referenceSite) Target() bench.Target { return s.ledger }

// Series implements study.Site.
func (s *referenceSite) Series(ctx context.Context, series scenario.Series, need study.Need, working func(string)) (bench.Workload, result.Preparation, error) {
	return s.fleets.series(ctx, series, need, working)
}

// Sample implements study.Site: there are only the client and the host.
func (s *referenceSite) Sample() (proc.Snapshot, error) { return s.sampler.Sample() }

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

// Stored implements study.Site. There is no contract that counts, so that this
// is the number of valid transactions in the ledger's own log.
func (s *referenceSite) Stored(ctx context.Context) (n uint64, err error) {
	for e := range s.Ledger(ctx) {
		if e.Outcome == result.Valid {
			n++
		}
	}
	return n, nil
}

// Died implements study.Site: nothing here can end on its own.
func (s *referenceSite) Died() <-chan error { return nil }

// Close implements study.Site.
func (s *referenceSite) Close() error {
	s.ledger.Close()
	return s.clock.Close()
}

var _ study.Site = (*referenceSite)(nil)
