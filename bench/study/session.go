package study

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/printable"
	"meterbench/internal/proc"
	"meterbench/internal/random"
	"meterbench/internal/strictyaml"
)

// session is one network of a run while it is up.
type session struct {
	*study
	sessionPlan
	site        Site
	tracer      Tracer // the site; nil where its nodes report nothing
	facts       Facts
	workloads   map[string]bench.Workload // by series
	pace        []float64                 // readings of the yardstick, one right before each level
	left        leftover
	doubts      doubts
	blocks      blockBook
	lostWorkers bool            // some, in its levels
	strangers   []proc.Stranger // during the turn that was measured last

	events          *disturbance // nil where it has none
	abort           context.CancelCauseFunc
	incidents       incidents
	incidentsBefore int    // of the run, of sessions before
	spans           []span // of its points
}

// session brings a network up, runs what belongs there, reads its ledger for the audit and takes it down. The
// error is why not all of it was measured.
func (s *study) session(ctx context.Context, plan sessionPlan) error {
	switch {
	case s.Scenario.Target != nil && s.Scenario.Target.Others:
		s.Observer.Step("attach to the network")
	case s.Scenario.Target != nil && plan.Of == 1:
		s.Observer.Step("start the simulated ledger")
	case plan.Of == 1:
		s.Observer.Step("bring the network up")
	default:
		s.Observer.Step(fmt.Sprintf("bring network %d of %d up: %s", plan.Number, plan.Of, plan.Network))
	}
	plan.Seed = random.Stream{Seed: s.Scenario.Seed, Purpose: random.Ledger, Index: uint64(plan.Number)}.Seed64()
	site, err := s.Lab.Start(ctx, plan.Session, s.Observer.Working)
	if err != nil {
		return err
	}
	defer func() { s.unclosed = site.Close() }()
	one := &session{study: s, sessionPlan: plan, site: site, facts: site.Facts(), workloads: map[string]bench.Workload{},
		left: leftover{fastest: map[string]time.Duration{}}, incidentsBefore: len(s.summary.Incidents)}
	if one.events, err = newDisturbance(site, s.clock, plan.Events, one.incident); err != nil {
		return err
	}
	ctx, cancel := one.watch(ctx)
	defer cancel()
	defer one.disrupt() // some are noticed late
	one.tracer, _ = as[Tracer](site)
	if s.Scenario.Target != nil && s.Scenario.Target.Others {
		if err := s.Scenario.CutAfter(time.Duration(one.facts.Conditions.BatchTimeout * float64(time.Second))); err != nil {
			return err
		}
	}
	s.network(one.facts)
	if err := one.man(); err != nil {
		return err
	}
	s.writer.Begin(one.Number, one.facts.Sites)
	s.summary.Target, s.manifest.Target = one.facts.Target, one.facts.Target
	for _, w := range one.facts.Warnings {
		s.add(w)
	}
	s.shared, s.summary.NotSeen = s.shared || one.facts.Shared, one.facts.NotSeen
	for name, version := range one.facts.Versions {
		s.manifest.Versions[name] = joined(s.manifest.Versions[name], version)
	}
	if err := one.prepare(ctx); err != nil {
		return err
	}
	one.describe()
	if err := one.survey(ctx); err != nil {
		return err
	}
	first := len(s.summary.Points)
	err = one.measure(ctx)
	if err == nil {
		err = one.read()
	}
	one.applyYardstick(first)
	if len(s.summary.Points) > 0 {
		one.readLedger(ctx, err != nil)
	}
	return err
}

// prepare makes the workload of every series ready, before any load.
func (s *session) prepare(ctx context.Context) error {
	for _, series := range s.series {
		s.Observer.Step("prepare series " + series.Name)
		first := max(s.next[series.Name], s.spare[series.Name])
		need := Need{First: first, Planned: planned(s.Scenario.Seed, s.turns, series), Levels: plannedLevels(s.Scenario.Seed, s.turns, series)}
		s.next[series.Name], s.spare[series.Name] = first, 0
		if series.Load.Kind == result.LoadOpen && series.Load.Search == nil {
			// What is planned keeps its numbers, and so its readings, however long levels run out.
			s.spare[series.Name] = first + uint64(scheduled(s.Scenario.Seed, s.turns, series.Name, math.MaxInt))
		}
		if series.Load.Arrivals.Trace != nil {
			need.Rows = due(bench.Plan{Arrivals: series.Process(0), Hold: series.Load.Hold}, math.MaxInt)
		}
		workload, preparation, err := s.site.Series(ctx, series, need, s.Observer.Working)
		if why := s.explain(ctx, err); why != nil {
			return why
		}
		if _, input := errors.AsType[*strictyaml.Error](err); input {
			return err // which has its place in the scenario
		}
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
	prepared := s.site.Facts() // complete once the series are
	bringup := prepared.Bringup
	s.network(prepared)
	s.facts.NotSeen, s.summary.NotSeen = prepared.NotSeen, prepared.NotSeen
	for _, w := range prepared.Warnings {
		s.add(w)
	}
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
		Network: s.networkName(), Series: names, Repetition: s.repetition, Topology: s.facts.TopologyJSON, Bringup: bringup,
	})
}

// networkName names the network among those of the run; it is empty where the run has one.
func (s *session) networkName() string {
	if s.Of == 1 {
		return ""
	}
	network := s.Network
	network.Topology = cmp.Or(network.Topology, s.facts.Conditions.Topology) // of a network that others run
	return network.String()
}

// measure runs every load level.
func (s *session) measure(ctx context.Context) error {
	if len(s.turns) > 0 {
		s.Observer.Step("run " + printable.Count(len(s.turns), "load level"))
	}
	for _, t := range s.turns {
		_, err := s.turn(ctx, t)
		s.checkpoint(seriesOf(t)...)
		if err != nil {
			return err
		}
	}
	if len(s.searched) == 0 {
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
	err := s.settleLedgers(ctx)
	if err == nil {
		err = s.ledgers.read(ctx, s.site, s.doubts.seen(), s.keepBlocks())
	}
	if err != nil {
		s.unread = errors.Join(s.unread, cause(ctx, err))
		return
	}
	s.decide(ctx, time.Now())
}

// auditTimeout bounds the audit of a session that failed.
const auditTimeout = 2 * time.Minute

// Session is one network of a run, from its start to its end. A run has several where its series need
// different networks, or every repetition a fresh one.
type Session struct {
	Network    scenario.Network
	Number, Of int
	Seed       uint64 // of the random numbers that a simulated target draws, set when it starts
	// Events are those of the session's only turn, in order of time; nil where it has none.
	Events []scenario.Event
}

// A sessionPlan is the series and turns that run on one network.
type sessionPlan struct {
	Session
	series     []scenario.Series
	repetition int // of all its levels; 0 where it has several
	turns      []turn
	searched   []scenario.Series // of series, those whose levels a search finds, after all others
	before     int               // number of turns of the sessions before
	after      time.Duration     // what comes after: load, and networks to bring up
	whole      time.Duration     // after of a session before the first
}

// levels returns the number of its load levels, the most that it can be where it searches.
func (p sessionPlan) levels(repeat int) int {
	n := len(p.turns)
	for _, series := range p.searched {
		n += bound(series, repeat)
	}
	return n
}

// sessions returns the sessions of a scenario in the order in which they run: repetition by repetition each
// network, or if nothing asks for more than one, all repetitions on that one. Every repetition begins with
// another network, so that drift of the machine does not meet the same one last each time. Levels with events come last,
// each on a network of its own.
func sessions(s scenario.Scenario) []sessionPlan {
	quiet, disturbed := s, s
	eventful := func(one scenario.Series) bool { return !one.Events.Empty() }
	quiet.Series = slices.DeleteFunc(slices.Clone(s.Series), eventful)
	disturbed.Series = slices.DeleteFunc(slices.Clone(s.Series), func(one scenario.Series) bool { return !eventful(one) })
	return number(append(quietSessions(quiet), disturbedSessions(disturbed)...), s)
}

// quietSessions are those of series without events.
func quietSessions(s scenario.Scenario) (all []sessionPlan) {
	networks := s.Networks()
	if len(networks) == 1 && !s.Fresh {
		one := sessionPlan{Session: Session{Network: networks[0]}, series: s.Series, searched: searched(s.Series)}
		for repetition := 1; repetition <= s.Repeat; repetition++ {
			one.turns = append(one.turns, planTurns(s.Series, repetition)...)
		}
		return []sessionPlan{one}
	}
	for repetition := 1; repetition <= s.Repeat && len(networks) > 0; repetition++ {
		for i := range networks {
			n := networks[(i+repetition-1)%len(networks)]
			series := slices.DeleteFunc(slices.Clone(s.Series), func(one scenario.Series) bool { return one.Network != n })
			one := sessionPlan{Session: Session{Network: n}, series: series, repetition: repetition, turns: planTurns(series, repetition)}
			if repetition == 1 { // a search repeats itself
				one.searched = searched(series)
			}
			if len(one.turns)+len(one.searched) > 0 {
				all = append(all, one)
			}
		}
	}
	return all
}

// disturbedSessions are those of series with events, one of each level.
func disturbedSessions(s scenario.Scenario) (all []sessionPlan) {
	for repetition := 1; repetition <= s.Repeat; repetition++ {
		for _, t := range planTurns(s.Series, repetition) {
			l := t.levels[0] // the only one: phases have no events
			series := slices.DeleteFunc(slices.Clone(s.Series), func(one scenario.Series) bool { return one.Name != l.series.Name })
			all = append(all, sessionPlan{
				Session: Session{Network: l.series.Network, Events: l.series.EventsAt(s.Seed, l.load, repetition)},
				series:  series, repetition: repetition, turns: []turn{t},
			})
		}
	}
	return all
}

// searched returns the series whose levels a search finds.
func searched(all []scenario.Series) []scenario.Series {
	return slices.DeleteFunc(slices.Clone(all), func(series scenario.Series) bool { return series.Load.Search == nil })
}

// number counts the sessions and their turns, and the time after each turn. A search counts as the most
// levels that it can take.
func number(all []sessionPlan, s scenario.Scenario) []sessionPlan {
	of := 0
	for i := range all {
		all[i].before = of
		of += all[i].levels(s.Repeat)
	}
	after, bounded := time.Duration(0), false
	for i := range slices.Backward(all) {
		one := &all[i]
		one.Number, one.Of, one.after = i+1, len(all), after
		for _, series := range one.searched {
			after += time.Duration(bound(series, s.Repeat)) * longest(series, s.WarmupOf(series))
			bounded = true
		}
		for j := range slices.Backward(one.turns) {
			t := &one.turns[j]
			t.number, t.of, t.after, t.bound = one.before+j+1, of, after, bounded
			after += t.hold()
		}
		if i > 0 {
			after += networkTime
		}
	}
	for i := range all {
		all[i].whole = after
	}
	return all
}

// Levels returns the number of load levels that s runs, phases that run together counted as one. Where it
// searches, that is the most that it can be.
func Levels(s scenario.Scenario) (n int) {
	for _, one := range sessions(s) {
		n += one.levels(s.Repeat)
	}
	return n
}

// Searches reports whether s looks for any of its loads, so that how long it takes is not known beforehand.
func Searches(s scenario.Scenario) bool { return len(searched(s.Series)) > 0 }

// joined returns the versions of what has one in some networks and another in others.
func joined(versions, version string) string {
	switch all := strings.Split(versions, ", "); {
	case versions == "":
		return version
	case slices.Contains(all, version):
		return versions
	}
	return versions + ", " + version
}
