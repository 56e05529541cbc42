package study

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// A Session is one network of a run, from its start to its end. A run has
// several where its series need different networks, or every repetition a
// fresh one.
type Session struct {
	Network    scenario.Network
	Number, Of int
}

// A session is what runs on one network.
type session struct {
	Session
	series     []scenario.Series
	repetition int // of all its levels; 0 where it has several
	turns      []turn
	searched   []scenario.Series // of series, those whose levels a search finds, after all others
	before     int               // number of turns of the sessions before
	after      time.Duration     // what comes after: load, and networks to bring up
	whole      time.Duration     // after of a session before the first
}

// sessions runs all sessions. early is why they ended before all was measured;
// unclosed is why the last network could not be taken down.
func (s *study) sessions(ctx context.Context) (early, unclosed error) {
	for _, one := range sessions(s.Scenario) {
		if early = unclosed; early != nil { // what is left of the network before would disturb
			return early, nil
		}
		if early, unclosed = s.session(ctx, one); early != nil {
			return early, unclosed
		}
	}
	return nil, unclosed
}

// session brings a network up, runs what belongs there, reads its ledger for
// the audit and takes it down.
func (s *study) session(ctx context.Context, one session) (early, unclosed error) {
	if one.Of == 1 {
		step := "bring the network up"
		if target := s.Scenario.Target; target != nil {
			step = "start the " + target.Called
		}
		s.Observer.Step(step)
	} else {
		s.Observer.Step(fmt.Sprintf("bring network %d of %d up: %s", one.Number, one.Of, one.Network))
	}
	site, err := s.Lab.Start(ctx, one.Session, s.Observer.Working)
	if err != nil {
		return err, nil
	}
	defer func() { unclosed = site.Close() }()
	ctx, cancel := withSite(ctx, site)
	defer cancel()

	s.site, s.facts = site, site.Facts()
	s.summary.Target, s.manifest.Target = s.facts.Target, s.facts.Target
	for _, note := range s.facts.Notes {
		s.warn(result.TargetNote, "%s", note)
	}
	maps.Copy(s.manifest.Versions, s.facts.Versions)
	if err := s.prepare(ctx, one); err != nil {
		return err, nil
	}
	s.describeSession(one)
	early = s.levels(ctx, one)
	if len(s.summary.Points) > 0 {
		s.readLedger(ctx, early != nil)
	}
	return early, nil
}

// describeSession puts a network that is up into the manifest.
func (s *study) describeSession(one session) {
	bringup := s.site.Facts().Bringup // complete once the series are prepared
	if one.Number == 1 {
		s.manifest.Topology, s.manifest.Bringup = s.facts.TopologyJSON, bringup
	}
	if one.Of == 1 {
		return
	}
	var names []string
	for _, series := range one.series {
		names = append(names, series.Name)
	}
	s.manifest.Sessions = append(s.manifest.Sessions, result.Session{
		Network: one.Network.String(), Series: names, Repetition: one.repetition, Topology: s.facts.TopologyJSON, Bringup: bringup,
	})
}

// withSite returns a context that also ends when a node of the site dies; its
// cause is then that node's error.
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
func (s *study) prepare(ctx context.Context, one session) error {
	s.workloads = map[string]bench.Workload{}
	for _, series := range one.series {
		s.Observer.Step("prepare series " + series.Name)
		need := Need{First: s.next[series.Name], Planned: planned(s.Scenario.Seed, one.turns, series)}
		if series.Load.Arrivals.Trace != nil {
			need.Rows = due(bench.Plan{Arrivals: series.Process(0), Hold: series.Load.Hold}, math.MaxInt)
		}
		workload, made, err := s.site.Series(ctx, series, need, s.Observer.Working)
		if err != nil {
			return fmt.Errorf("prepare series %q: %w", series.Name, cause(ctx, err))
		}
		s.workloads[series.Name] = workload
		if _, known := s.manifest.Preparation[series.Name]; made.Ciphertexts > 0 && !known {
			s.manifest.Preparation[series.Name] = made
		}
	}
	return nil
}

// levels runs every load level of a session.
func (s *study) levels(ctx context.Context, one session) error {
	if len(one.turns) > 0 {
		s.Observer.Step(fmt.Sprintf("run %d load levels", len(one.turns)))
	}
	for _, t := range one.turns {
		if _, err := s.turn(ctx, t); err != nil {
			return err
		}
	}
	if one.searched == nil {
		return nil
	}
	s.Observer.Step("search for the load at saturation")
	return s.search(ctx, one)
}

// readLedger reads the ledger of a session for the audit. Once the session has
// failed it takes a limited time.
func (s *study) readLedger(ctx context.Context, failed bool) {
	s.Observer.Step("audit the ledger against the client's record")
	if failed {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), closing)
		defer cancel()
	}
	if err := s.ledger.read(ctx, s.site); err != nil {
		s.unread = errors.Join(s.unread, cause(ctx, err))
	}
}

// sessions returns the sessions of a scenario in the order in which they run:
// repetition by repetition each network, or if nothing asks for more than one,
// all repetitions on that one. Every repetition begins with another network, so
// that drift of the machine does not meet the same one last each time.
func sessions(s scenario.Scenario) []session {
	networks := s.Networks()
	var all []session
	if len(networks) == 1 && !s.Fresh {
		one := session{Session: Session{Network: networks[0]}, series: s.Series, searched: searched(s.Series)}
		for repetition := 1; repetition <= s.Repeat; repetition++ {
			one.turns = append(one.turns, turns(s.Series, repetition)...)
		}
		all = []session{one}
	} else {
		for repetition := 1; repetition <= s.Repeat; repetition++ {
			for i := range networks {
				n := networks[(i+repetition-1)%len(networks)]
				series := slices.Clone(s.Series)
				series = slices.DeleteFunc(series, func(one scenario.Series) bool { return one.Network != n })
				one := session{Session: Session{Network: n}, series: series, repetition: repetition, turns: turns(series, repetition)}
				if repetition == 1 { // a search repeats itself
					one.searched = searched(series)
				}
				if len(one.turns)+len(one.searched) > 0 {
					all = append(all, one)
				}
			}
		}
	}
	number(all, s.Repeat)
	return all
}

// searched returns the series whose levels a search finds.
func searched(all []scenario.Series) (of []scenario.Series) {
	for _, series := range all {
		if series.Load.Search != nil {
			of = append(of, series)
		}
	}
	return of
}
