package study

import (
	"runtime"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

const (
	// usual is what the load generator spends on a transaction, in signatures, encryption apart: 7 to 11.
	usual = 10
	// roomy is the part of one processor that the load generator may need for that one to be enough: an M/D/1 queue so
	// busy has someone in it a third of the time, and each waits for 0.1 ms.
	roomy = 1. / 3
	// ratesEvery is the time between the rates of arrivals that are looked at.
	ratesEvery = 100 * time.Millisecond
)

// confine has Go run on one processor at a time during a turn whose arrivals need no more, and returns what ends that.
// Transactions that come one by one are each a few steps that wait for the network. With a second processor the scheduler
// wakes another thread at each step, in case that there is more to do than one can; this was half of the CPU time that such
// a transaction took. Clients that a block wakes all at once do have more to do.
func (s *session) confine(t turn) (restore func()) {
	if !s.fits(t) {
		return func() {}
	}
	before := runtime.GOMAXPROCS(1)
	return func() { runtime.GOMAXPROCS(before) }
}

// fits reports whether one processor is enough for the load generator.
func (s *session) fits(t turn) bool {
	if s.burdens(t) {
		return false
	}
	signatures := 0. // per second
	for _, l := range t.levels {
		if l.load.Kind != result.LoadOpen || l.series.Load.Arrivals.Trace != nil { // many at once
			return false
		}
		signatures += peak(l) * (usual + encryption(l.series))
	}
	return signatures*s.manifest.Host.Sign <= roomy
}

// peak returns the highest rate of a level's arrivals, per second.
func peak(l level) (most float64) {
	process := l.series.Process(l.load.Offered)
	for at := time.Duration(0); at <= l.series.Load.Hold; at += ratesEvery {
		most = max(most, process.Rate(at))
	}
	return most
}

// encryption returns what the load generator spends on the encryption of a transaction at most, in signatures.
func encryption(series scenario.Series) (most float64) {
	for _, w := range series.Workloads() {
		if traits := w.Traits(); !traits.Ahead && traits.Bank == 0 {
			most = max(most, traits.Cost.Encrypt)
		}
	}
	return most
}
