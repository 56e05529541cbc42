package scenario

import (
	"cmp"
	"fmt"
	"math"
	"sort"
	"strings"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/strictyaml"
)

// A Load is closed (Clients, each with one transaction outstanding) or open (arriving whatever the network does). Rate
// has its levels, unless Arrivals have a rate of their own: then there is one level. With a Search neither is given.
type Load struct {
	Kind     result.LoadKind `yaml:"kind"`      // closed: clients with one transaction outstanding each; open: at a rate, whatever the network does
	Clients  []int           `yaml:"clients"`   // closed: the levels
	Think    time.Duration   `yaml:"think"`     // closed: a client's pause between its transactions, default 0s
	Rate     []float64       `yaml:"rate,rate"` // open: the levels, transactions per second
	Slots    int             `yaml:"slots"`     // open: most transactions in flight, default 2000; one that is due without a slot is dropped
	Search   *Search         `yaml:"search"`    // in place of clients or rate: the study finds the load
	Arrivals Arrivals        `yaml:"arrivals"`  // open: when transactions are due, default constant
	Hold     time.Duration   `yaml:"hold"`      // length of a level, warm-up included, up to 744h; steps and trace have their own
	Longer   *Longer         `yaml:"longer"`    // closed: levels from a number of clients on are held longer, as where throughput stops growing
	Wait     result.Wait     `yaml:"wait"`      // for what clients wait, default commit; acknowledge: an orderer has it; endorse: it is never ordered

	// Failover has a transaction whose attempt got no definite answer sent again through another gateway.
	Failover bool `yaml:"failover"` // a reading without a definite answer is submitted again through another gateway; its contract must refuse what it stored

	Driver result.Driver `yaml:"client"` // wire (default); gateway: as ordinary clients, with a commit-status call each; direct: without gateway service

	Site    string        `yaml:"site"`    // where the clients stand, which then use the gateways there; left out: all gateways in turn
	Timeout time.Duration `yaml:"timeout"` // how long a client waits for an answer, and for a commit, 100ms to 10m, default 30s
}

// Longer has the levels of a closed load from a number of clients on held longer than the others: where throughput
// stops growing it takes many transactions to tell, where clients wait for a batch timer few.
type Longer struct {
	From int           `yaml:"from"` // fewest clients of a longer level
	Hold time.Duration `yaml:"hold"` // length of the longer levels, warm-up included
}

// At returns the series with the hold of its level with that many clients.
func (s Series) At(clients int) Series {
	if l := s.Load.Longer; l != nil && clients >= l.From {
		s.Load.Hold = l.Hold
	}
	return s
}

// UnmarshalNode reads a load with its defaults, see Parse.
func (l *Load) UnmarshalNode(n *strictyaml.Node) error {
	type plain Load
	*l = Load{Wait: result.WaitCommit}
	if err := cmp.Or(n.Decode((*plain)(l)), l.checkTimeout(n)); err != nil {
		return err
	}
	if l.Kind != result.LoadOpen {
		return nil
	}
	if n.Get("slots") == nil {
		l.Slots = 2000
	}
	if n.Get("arrivals") == nil {
		l.Arrivals.Kind = Constant
	}
	l.settle()
	return nil
}

func (l Load) check(at string) *strictyaml.Problem {
	p := cmp.Or(strictyaml.OneOf(at+"kind", l.Kind, result.LoadKinds()...), strictyaml.OneOf(at+"wait", l.Wait, result.Waits()...))
	switch {
	case p != nil:
		return p
	case l.Hold <= 0 && !l.unsettled():
		return strictyaml.Problemf("for example hold: 20s", at+"hold", "how long each level lasts must be above 0")
	case l.Hold > maxHold:
		return strictyaml.Problemf("", at+"hold", "must be at most %s, got %s", maxHold, l.Hold)
	}
	if l.Kind == result.LoadClosed {
		return cmp.Or(l.checkClosed(at), l.checkLonger(at))
	}
	switch {
	case l.Longer != nil:
		return strictyaml.Problemf("use kind: closed", at+"longer", "an open load has no clients")
	case l.Clients != nil:
		return strictyaml.Problemf("use kind: closed", at+"clients", "an open load has no clients")
	case l.Think != 0:
		return strictyaml.Problemf("use kind: closed", at+"think", "an open load has no think time")
	}
	return strictyaml.Between(at+"slots", l.Slots, 1, maxMany)
}

func (l Load) checkClosed(at string) *strictyaml.Problem {
	switch {
	case l.Rate != nil:
		return strictyaml.Problemf("use kind: open", at+"rate", "a closed load has no rate")
	case l.Slots != 0:
		return strictyaml.Problemf("use kind: open", at+"slots", "a closed load has no slots")
	case l.Arrivals.Kind != "":
		return strictyaml.Problemf("use kind: open", at+"arrivals", "a closed load's transactions are due when its clients are free")
	case l.Think < 0:
		return strictyaml.Problemf("", at+"think", "must not be negative, got %s", l.Think)
	case l.Think >= l.Hold:
		return strictyaml.Problemf("hold longer", at+"think", "with a pause of %s a client has one transaction in a level of %s", l.Think, l.Hold)
	case len(l.Clients) == 0 && l.Search == nil:
		return strictyaml.Problemf("for example clients: [1, 2, 4]", at+"clients", "a closed load needs its numbers of clients")
	}
	return each(at+"clients", l.Clients, func(path string, n int) *strictyaml.Problem { return strictyaml.Between(path, n, 1, maxClients) })
}

// checkLonger looks at the levels of a closed load that are held longer.
func (l Load) checkLonger(at string) *strictyaml.Problem {
	longer := l.Longer
	switch {
	case longer == nil:
		return nil
	case l.Search != nil:
		return strictyaml.Problemf("leave it out", at+"longer", "a search finds its levels itself")
	case longer.Hold <= l.Hold || longer.Hold > maxHold:
		return strictyaml.Problemf("", at+"longer.hold", "must be above the hold of %s, and at most %s; got %s", l.Hold, maxHold, longer.Hold)
	}
	return strictyaml.Between(at+"longer.from", longer.From, 1, maxClients)
}

// checkRates looks at the levels of an open load.
func (l Load) checkRates(at string) *strictyaml.Problem {
	if len(l.Rate) == 0 {
		return strictyaml.Problemf("for example rate: 100/s", at+"rate", "an open load needs its rates")
	}
	return each(at+"rate", l.Rate, func(path string, rate float64) *strictyaml.Problem {
		if rate <= 0 || rate > maxRate {
			return strictyaml.Problemf("", path, "must be above 0 and at most %.0f/s, got %g/s", maxRate, rate)
		}
		return nil
	})
}

// A Search has the study find the load: under a closed load the fewest clients that reach the highest
// throughput, under an open one the highest rate that the target keeps up with.
type Search struct {
	From, To    float64       // least and most that are tried: clients, or transactions per second
	P99         time.Duration // open: most that the commit latency's p99 may be; 0 for any
	Repetitions int           // of the search; 0 for as many as the scenario's

	rates bool // From and To are rates
}

// A clientSearch is the text of a closed load's search.
type clientSearch struct {
	From        int           `yaml:"from"`        // fewest clients, or lowest rate, that is tried
	To          int           `yaml:"to"`          // most clients, or highest rate, that is tried
	P99         time.Duration `yaml:"p99"`         // open: most that the p99 of the commit latency may be, any if left out
	Repetitions int           `yaml:"repetitions"` // of the search, as many as the scenario's if left out
}

// A rateSearch is the text of an open load's search.
type rateSearch struct {
	From        float64       `yaml:"from,rate"`   // fewest clients, or lowest rate, that is tried
	To          float64       `yaml:"to,rate"`     // most clients, or highest rate, that is tried
	P99         time.Duration `yaml:"p99"`         // open: most that the p99 of the commit latency may be, any if left out
	Repetitions int           `yaml:"repetitions"` // of the search, as many as the scenario's if left out
}

// UnmarshalNode reads a search from clients to clients, or from rate to rate.
func (s *Search) UnmarshalNode(n *strictyaml.Node) error {
	*s = Search{}
	for _, key := range []string{"from", "to"} {
		if end := n.Get(key); end != nil {
			text, _ := end.Scalar()
			s.rates = s.rates || strings.Contains(text, "/")
		}
	}
	var err error
	if s.rates {
		var t rateSearch
		err = n.Decode(&t)
		s.From, s.To, s.P99, s.Repetitions = t.From, t.To, t.P99, t.Repetitions
	} else {
		var t clientSearch
		err = n.Decode(&t)
		s.From, s.To, s.P99, s.Repetitions = float64(t.From), float64(t.To), t.P99, t.Repetitions
	}
	switch repetitions, p99 := n.Get("repetitions"), n.Get("p99"); {
	case err != nil:
		return err
	case repetitions != nil && s.Repetitions < 1:
		return repetitions.Errorf("leave it out for as many as the scenario's", "must be at least 1, got %d", s.Repetitions)
	case p99 != nil && s.P99 <= 0:
		return p99.Errorf("leave it out if any latency will do", "must be above 0, got %s", s.P99)
	}
	return nil
}

// mostLonger is how many times as long as the hold a step of a search may be, to have the transactions of its p99.
const mostLonger = 10

// HoldAt returns how long a step of the series' search is held at a load: as long as the load says, or longer where a
// latency objective would else have too few transactions after the warm-up. A p99 takes 1,000, and where arrivals are
// random as many more as make that sure.
func (s Series) HoldAt(load float64, warmup time.Duration) time.Duration {
	if s.Load.Search.P99 == 0 {
		return s.Load.Hold
	}
	needed := float64(stats.SamplesFor(99))
	if s.Load.Arrivals.random() {
		needed = surely(needed)
	}
	window := time.Duration(min(math.Ceil(10*needed/load), maxHold.Seconds()*10)) * 100 * time.Millisecond
	return max(s.Load.Hold, warmup+window)
}

// checkHeld looks at the hold of a search with a latency objective. Its steps at low loads are longer; that they are so
// by far is not what the hold promises.
func (s Series) checkHeld(at string, warmup func(Series) time.Duration) *strictyaml.Problem {
	search := s.Load.Search
	if search == nil || search.P99 == 0 {
		return nil
	}
	longest := s.HoldAt(search.From, warmup(s))
	if longest <= mostLonger*s.Load.Hold {
		return nil
	}
	hold := s.Load.Hold
	at100ms := sort.Search(int(maxHold/(100*time.Millisecond)), func(n int) bool {
		s.lasting(time.Duration(n) * 100 * time.Millisecond)
		return s.HoldAt(search.From, warmup(s)) <= mostLonger*s.Load.Hold
	})
	least := time.Duration(at100ms) * 100 * time.Millisecond
	return strictyaml.Problemf(fmt.Sprintf("hold: %s would do, or a higher search.from", least), at+"load.hold",
		"is too short for search.p99: from %g/s a step takes %s to have its transactions, more than %d times the hold of %s",
		search.From, longest, mostLonger, hold)
}

// checkSearch looks at a load whose levels are searched for.
func (s Series) checkSearch(at string) *strictyaml.Problem {
	l, search := s.Load, s.Load.Search
	at += "load."
	switch {
	case search == nil:
		return nil
	case l.Clients != nil:
		return strictyaml.Problemf("leave it out", at+"clients", "a search finds the clients")
	case l.Rate != nil:
		return strictyaml.Problemf("leave it out", at+"rate", "a search finds the rate")
	case s.Workload.Traits().Ahead:
		return strictyaml.Problemf("use {bank: K}", strings.TrimSuffix(at, "load.")+"workload.encryption",
			"how many ciphertexts a search takes is not known beforehand")
	}
	at += "search."
	if search.Repetitions > maxSearches {
		return strictyaml.Between(at+"repetitions", search.Repetitions, 1, maxSearches)
	}
	if l.Kind == result.LoadOpen {
		return search.checkOpen(at, l.Arrivals)
	}
	return search.checkClosed(at)
}

func (s Search) checkClosed(at string) *strictyaml.Problem {
	switch {
	case s.rates:
		return strictyaml.Problemf("for example {from: 1, to: 512}, or use kind: open", at+"from", "the search of a closed load goes from clients to clients")
	case s.P99 != 0:
		return strictyaml.Problemf("use kind: open", at+"p99", "only the search of an open load has a latency to meet")
	}
	return cmp.Or(strictyaml.Between(at+"from", int(s.From), 1, maxClients), strictyaml.Between(at+"to", int(s.To), int(s.From), maxClients))
}

func (s Search) checkOpen(at string, a Arrivals) *strictyaml.Problem {
	switch {
	case !a.rated():
		return strictyaml.Problemf("use constant or poisson", strings.TrimSuffix(at, "search.")+"arrivals",
			"the rate of %s arrivals follows from themselves, so that it cannot be searched for", a.Kind)
	case !s.rates:
		return strictyaml.Problemf("for example {from: 100/s, to: 5000/s}, or use kind: closed", at+"from", "the search of an open load goes from rate to rate")
	case s.From <= 0 || s.From > maxRate:
		return strictyaml.Problemf("", at+"from", "must be above 0 and at most %.0f/s, got %g/s", maxRate, s.From)
	case s.To < s.From || s.To > maxRate:
		return strictyaml.Problemf("", at+"to", "must be %g/s to %.0f/s, got %g/s", s.From, maxRate, s.To)
	}
	return nil
}
