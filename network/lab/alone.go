package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/workloads"
)

// An aloneSite is a session of which no series uses a ledger: there are certification authorities, and no network is brought up.
type aloneSite struct {
	builder
	*proc.Sampler
	authorities
	topology  topology.Topology // that it would have
	incidents chan result.Incident
	unwatch   context.CancelFunc
}

// startAlone starts authorities, whose logs go to a folder, and nothing else.
func (l *fabricLab) startAlone(ctx context.Context, logs string, t topology.Topology) (study.Site, error) {
	started, err := l.start(ctx, logs)
	if err != nil {
		return nil, err
	}
	sampler, err := proc.NewSampler(started.nodes())
	if err != nil {
		return nil, errors.Join(err, started.close())
	}
	site := &aloneSite{Sampler: sampler, authorities: started, topology: t, incidents: make(chan result.Incident),
		builder: builder{site: workloads.Spec{Seed: l.Scenario.Seed, Start: fleetStart, CA: started.as}}}
	ctx, site.unwatch = context.WithCancel(context.WithoutCancel(ctx))
	started.watchAlone(ctx, site.incidents)
	return site, nil
}

// aloneNote goes with a run without a ledger.
const aloneNote = "no series uses the ledger: the topology's network was not brought up"

// Facts implements study.Site.
func (s *aloneSite) Facts() study.Facts {
	described, err := json.Marshal(s.topology)
	if err != nil {
		panic(err) // plain data always marshals
	}
	return study.Facts{
		Target: result.TargetAlone, TopologyJSON: described, Processes: s.authorities.processes(), Conditions: result.Conditions{Topology: result.TargetAlone},
		Warnings: []result.Warning{{Code: result.TargetNote, Text: aloneNote}},
	}
}

// Target implements study.Site.
func (s *aloneSite) Target() bench.Target { return noLedger{} }

// noLedger takes no transaction.
type noLedger struct{}

func (noLedger) Submit(context.Context, bench.Transaction) (bench.Receipt, error) {
	return bench.Receipt{Outcome: result.PrepareError}, fmt.Errorf("there is no ledger")
}

// Describe implements study.Describer: there is nothing of a network.
func (s *aloneSite) Describe(_ scenario.Series, c *result.Conditions) { c.Channels = 1 }

// Ledger implements study.Site.
func (s *aloneSite) Ledger(context.Context, func(*result.BlockRow)) iter.Seq2[bench.Entry, error] {
	return func(func(bench.Entry, error) bool) {}
}

// Stored implements study.Site.
func (s *aloneSite) Stored(context.Context) (n uint64, counted bool, err error) { return 0, true, nil }

// Calls returns how many requests the client has sent.
func (s *aloneSite) Calls() map[result.Call]uint64 { return s.authorities.addCalls(nil) }

// Incidents implements study.Site.
func (s *aloneSite) Incidents() <-chan result.Incident { return s.incidents }

// Close implements study.Site.
func (s *aloneSite) Close() error {
	s.unwatch()
	return errors.Join(s.Sampler.Close(), s.authorities.close())
}

var _ study.Site = (*aloneSite)(nil)
