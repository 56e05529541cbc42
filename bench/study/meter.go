package study

import (
	"slices"
	"sync"
	"time"

	"meterbench/bench/bottleneck"
	"meterbench/bench/scenario"
	"meterbench/internal/proc"
)

// A meter samples CPU and memory of all nodes during a level.
type meter struct {
	site     Site
	edges    []time.Duration // of the windows, since the level's start
	begun    chan time.Time
	quit     chan struct{}
	sampling sync.WaitGroup

	mu     sync.Mutex
	series proc.Series
	others []proc.Everyone // at the edges; none where the site does not know
	// accounts are taken at the edges of a single window.
	accounts []account
}

// sampleEvery is long enough to cost nothing. At the edges of windows samples are taken besides.
const sampleEvery = 250 * time.Millisecond

// newMeter starts a meter for a level whose windows have these edges.
func newMeter(site Site, edges []time.Duration) *meter {
	m := &meter{site: site, edges: edges, begun: make(chan time.Time, 1), quit: make(chan struct{})}
	m.sample()
	m.sampling.Go(m.run)
	return m
}

// begin tells the meter when its level started.
func (m *meter) begin(epoch time.Time) { m.begun <- epoch }

func (m *meter) run() {
	tick := time.Tick(sampleEvery)
	var epoch time.Time
	var edge <-chan time.Time
	wait := func() { // for the next edge
		edge = nil
		if len(m.edges) > 0 {
			edge, m.edges = time.After(time.Until(epoch.Add(m.edges[0]))), m.edges[1:]
		}
	}
	for {
		select {
		case epoch = <-m.begun:
			wait()
		case <-edge:
			m.sample()
			m.account()
			m.onlook()
			wait()
		case <-tick:
			m.sample()
		case <-m.quit:
			return
		}
	}
}

// windowEdges returns the instants at which the windows of levels begin and end, in order.
func windowEdges(levels []level, s scenario.Scenario) (edges []time.Duration) {
	for _, l := range levels {
		edges = append(edges, l.series.Start+s.WarmupOf(l.series), l.end())
	}
	slices.Sort(edges)
	return slices.Compact(edges)
}

func (m *meter) sample() {
	// A node that has ended is reported by the site; the others still count.
	snap, _ := m.site.Sample()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.series = append(m.series, snap)
}

// An onlooker is a Site that knows the processes of its host.
type onlooker interface{ Others() proc.Everyone }

// onlook reads all processes of the host.
func (m *meter) onlook() {
	if host, ok := as[onlooker](m.site); ok {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.others = append(m.others, host.Others())
	}
}

// account takes an account of what was sent until now.
func (m *meter) account() {
	a := accountOf(m.site)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accounts = append(m.accounts, a)
}

// strangers returns the processes outside of the run that used most CPU from the first window's begin to the last one's
// end. It is called after stop.
func (m *meter) strangers() []proc.Stranger {
	if len(m.others) < 2 {
		return nil
	}
	return m.others[0].Strangers(m.others[len(m.others)-1])
}

func (m *meter) stop() proc.Series {
	close(m.quit)
	m.sampling.Wait()
	m.sample()
	return m.series
}

// busiest returns which node, or the client, used most CPU over about the last second, in cores.
func (m *meter) busiest() (name string, cores float64) {
	nodes := m.cores()
	delete(nodes, proc.Other)
	delete(nodes, proc.Steal)
	return bottleneck.Largest(nodes)
}

// newest returns the newest sample.
func (m *meter) newest() proc.Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.series[len(m.series)-1]
}

// cores returns the CPU that each process used over about the last second.
func (m *meter) cores() map[string]float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := len(m.series) - 1
	from := max(0, last-int(time.Second/sampleEvery))
	return m.series[from].Cores(m.series[last])
}
