package openmetrics

import (
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/bench/study"
	"meterbench/internal/proc"
)

// Run says what a Study measures.
type Run struct {
	Scenario, ID string
	Started      time.Time
}

// A Study follows a study, as its study.Follower and by its records, for who scrapes.
type Study struct {
	run   Run
	began time.Time // the program

	mu       sync.Mutex
	up       time.Time // the network, whose processes are as old as that
	prepared bool      // a level has run on it
	facts    study.Facts
	roles    map[string]result.Role // of processes, by name
	live     *study.Live            // nil: no level is under way
	tallies  []*tally               // by series, in their order
	blocks   map[blockKey]uint64
	packed   map[string]uint64 // transactions by channel
	events   map[string]uint64
	warnings map[stats.Code]uint64
	known    []result.Saturation
}

// blockKey is what blocks are counted by.
type blockKey struct {
	channel string
	reason  string
}

// Study returns what follows a study, whose metrics are served from now on. What was counted of the one before is gone: counters
// begin with 0 again, as those of a program that was started anew.
func (m *Metrics) Study(run Run) *Study {
	s := &Study{run: run, began: m.began, roles: map[string]result.Role{}, blocks: map[blockKey]uint64{}, packed: map[string]uint64{}, events: map[string]uint64{},
		warnings: map[stats.Code]uint64{}}
	m.show(s, collector(s.emit))
	return s
}

// Records is a study.Config's.
func (s *Study) Records(series string, from, to time.Duration) func(*result.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	series = plain(series)
	i := slices.IndexFunc(s.tallies, func(t *tally) bool { return t.series == series })
	if i < 0 {
		i, s.tallies = len(s.tallies), append(s.tallies, &tally{series: series, created: time.Now()})
	}
	return s.tallies[i].level(from, to)
}

// Step implements study.Observer: what is going on in words is for people.
func (s *Study) Step(string) {}

// Working implements study.Observer.
func (s *Study) Working(string) {}

// Network implements study.Follower.
func (s *Study) Network(facts study.Facts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.facts = facts
	if s.prepared || s.up.IsZero() { // it is another one
		s.up, s.prepared = time.Now(), false
	}
	for _, p := range slices.Concat(facts.Processes, result.Processes()) {
		s.roles[p.Name] = p.Role
	}
	if s.live != nil {
		s.live.Usage = proc.Snapshot{} // of another network's nodes
	}
}

// Level implements study.Follower.
func (s *Study) Level(l study.Live) { s.Live(l) }

// Live implements study.Observer.
func (s *Study) Live(l study.Live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live != nil && l.Usage.CPU == nil { // nothing is sampled yet
		l.Usage = s.live.Usage
	}
	s.live = &l
	s.prepared = true
	for _, b := range l.Blocks {
		if b.At.Before(l.Begun) {
			continue // of what was sent before
		}
		s.blocks[blockKey{b.Channel, b.Reason.String()}]++
		s.packed[b.Channel] += uint64(b.Transactions)
	}
}

// Point implements study.Observer: a level is over.
func (s *Study) Point(result.Point) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live != nil { // nothing is offered until the next one, but the processes are what they are
		s.live = &study.Live{Level: s.live.Level, Levels: s.live.Levels, Remaining: s.live.Remaining, Usage: s.live.Usage}
	}
}

// Event implements study.Follower.
func (s *Study) Event(e result.Event, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !over {
		s.events[string(e.Kind)]++
	}
}

// Warnings implements study.Follower.
func (s *Study) Warnings(all []result.Warning) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.warnings)
	for _, w := range all {
		s.warnings[w.Code]++
	}
}

// Results implements study.Follower.
func (s *Study) Results(known result.Summary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = slices.Clone(known.Saturation)
}

// Describe implements prometheus.Collector.
func (s *Study) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (s *Study) Collect(to chan<- prometheus.Metric) {
	s.mu.Lock()
	tallies := slices.Clone(s.tallies)
	s.mu.Unlock()
	for _, t := range tallies {
		for _, one := range t.collect() {
			to <- one
		}
	}
}

// emit tells all but what is counted from records.
func (s *Study) emit(to emitter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.facts.Conditions
	to.gauge(runInfo, 1, s.run.Scenario, s.run.ID, s.facts.Target, c.Topology)
	to.gauge(runStart, seconds(s.run.Started))
	s.emitLevel(to)
	for _, b := range s.known {
		if b.Reached {
			to.gauge(saturated, b.Throughput, b.Series)
		}
	}
	for key, n := range s.blocks {
		to.counter(blocks, s.run.Started, float64(n), key.channel, key.reason)
	}
	for channel, n := range s.packed {
		to.counter(packed, s.run.Started, float64(n), channel)
	}
	for kind, n := range s.events {
		to.counter(events, s.run.Started, float64(n), kind)
	}
	for code, n := range s.warnings {
		to.gauge(warnings, float64(n), string(code))
	}
}

// emitLevel tells of the level under way, and of the processes.
func (s *Study) emitLevel(to emitter) {
	l := s.live
	if l == nil {
		return
	}
	to.gauge(levels, float64(l.Levels))
	to.gauge(remaining, l.Remaining.Seconds())
	for _, of := range []map[string]float64{l.Usage.CPU, l.Usage.Elsewhere} {
		for name, used := range of {
			since := s.up
			if name == proc.Client {
				since = s.began
			}
			to.counter(cpu, since, used, string(s.roles[name]), name)
		}
	}
	for name, bytes := range l.Usage.RSS {
		to.gauge(memory, float64(bytes), string(s.roles[name]), name)
	}
	to.gauge(offered, l.Now.Offered)
	to.gauge(flight, float64(l.Now.InFlight))
	if l.Series == "" {
		return
	}
	to.gauge(level, float64(l.Level), l.Series)
	within := 0.
	if l.From <= l.Now.Elapsed && l.Now.Elapsed < l.To {
		within = 1
	}
	to.gauge(inWindow, within)
	if l.Load.Clients > 0 {
		to.gauge(clients, float64(l.Load.Clients))
	}
	if l.Now.Lag != nil {
		to.gauge(lag, l.Now.Lag.Seconds())
	}
}
