package study

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
)

// session is one network of a run while it is up.
type session struct {
	*study
	sessionPlan
	site      Site
	facts     Facts
	workloads map[string]bench.Workload // by series
	sign      float64                   // time of one signature, right before the level under way
}

// session brings a network up, runs what belongs there, reads its ledger for the audit and takes it
// down. The error is why not all of it was measured.
func (s *study) session(ctx context.Context, plan sessionPlan) error {
	if plan.Of == 1 {
		s.Observer.Step(map[bool]string{true: "start the simulated ledger", false: "bring the network up"}[s.Scenario.Target != nil])
	} else {
		s.Observer.Step(fmt.Sprintf("bring network %d of %d up: %s", plan.Number, plan.Of, plan.Network))
	}
	site, err := s.Lab.Start(ctx, plan.Session, s.Observer.Working)
	if err != nil {
		return err
	}
	defer func() { s.unclosed = site.Close() }()
	ctx, cancel := withSite(ctx, site)
	defer cancel()

	one := session{study: s, sessionPlan: plan, site: site, facts: site.Facts(), workloads: map[string]bench.Workload{}}
	s.summary.Target, s.manifest.Target = one.facts.Target, one.facts.Target
	for _, note := range one.facts.Notes {
		s.warn(result.TargetNote, "%s", note)
	}
	maps.Copy(s.manifest.Versions, one.facts.Versions)
	if err := one.prepare(ctx); err != nil {
		return err
	}
	one.describe()
	err = one.measure(ctx)
	if len(s.summary.Points) > 0 {
		one.readLedger(ctx, err != nil)
	}
	return err
}

// withSite returns a context that also ends when a node of the site dies; its cause is then that
// node's error.
func withSite(ctx context.Context, site Site) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case err := <-site.Died():
			cancel(err)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// prepare makes the workload of every series ready, before any load.
func (s *session) prepare(ctx context.Context) error {
	for _, series := range s.series {
		s.Observer.Step("prepare series " + series.Name)
		need := Need{First: s.next[series.Name], Planned: planned(s.Scenario.Seed, s.turns, series)}
		if series.Load.Arrivals.Trace != nil {
			need.Rows = due(bench.Plan{Arrivals: series.Process(0), Hold: series.Load.Hold}, math.MaxInt)
		}
		workload, preparation, err := s.site.Series(ctx, series, need, s.Observer.Working)
		if err != nil {
			return fmt.Errorf("prepare series %q: %w", series.Name, cause(ctx, err))
		}
		s.workloads[series.Name] = workload
		if _, known := s.manifest.Preparation[series.Name]; preparation.Ciphertexts > 0 && !known {
			s.manifest.Preparation[series.Name] = preparation
		}
	}
	return nil
}

// describe puts a network that is up into the manifest.
func (s *session) describe() {
	bringup := s.site.Facts().Bringup // complete once the series are prepared
	if s.Number == 1 {
		s.manifest.Topology, s.manifest.Bringup = s.facts.TopologyJSON, bringup
	}
	if s.Of == 1 {
		return
	}
	var names []string
	for _, series := range s.series {
		names = append(names, series.Name)
	}
	s.manifest.Sessions = append(s.manifest.Sessions, result.Session{
		Network: s.Network.String(), Series: names, Repetition: s.repetition, Topology: s.facts.TopologyJSON, Bringup: bringup,
	})
}

// measure runs every load level.
func (s *session) measure(ctx context.Context) error {
	if len(s.turns) > 0 {
		s.Observer.Step(fmt.Sprintf("run %d load levels", len(s.turns)))
	}
	for _, t := range s.turns {
		if _, err := s.turn(ctx, t); err != nil {
			return err
		}
	}
	if s.searched == nil {
		return nil
	}
	s.Observer.Step("search for the load at saturation")
	return s.search(ctx)
}

// readLedger reads the ledger for the audit. Once the session has failed it takes a limited time.
func (s *session) readLedger(ctx context.Context, failed bool) {
	s.Observer.Step("audit the ledger against the client's record")
	if failed {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), auditTimeout)
		defer cancel()
	}
	if err := s.ledgers.read(ctx, s.site); err != nil {
		s.unread = errors.Join(s.unread, cause(ctx, err))
	}
}

// auditTimeout is how long the audit may take once a session has failed.
const auditTimeout = 2 * time.Minute
