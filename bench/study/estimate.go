package study

import (
	"runtime"
	"time"

	"meterbench/bench/scenario"
)

// Estimate is about how long a scenario takes.
type Estimate struct {
	Load  time.Duration // exactly what the scenario says; at most, where it searches
	FE    time.Duration // the table of encryption costs
	SetUp time.Duration // networks, meters, ciphertexts made before the load, what levels take to drain
}

// Total is all of it.
func (e Estimate) Total() time.Duration { return e.Load + e.FE + e.SetUp }

// The parts of a run, on a virtual machine of two cores whose P-256 signature takes usualSign. What a
// processor does is scaled by the signature's time on this machine.
const (
	usualSign   = 30 * time.Microsecond
	networkTime = 2500 * time.Millisecond // to bring one up, read its ledger and take it down
	drainTime   = 400 * time.Millisecond  // of a load level: the last blocks' timer
	meterCost   = 4                       // to derive a meter's key and register it, in signatures
	crowded     = 1.5                     // an encryption while all cores encrypt, in encryptions
)

// Estimated returns about how long s takes, whose table of encryption costs is over these schemes, on a
// machine whose P-256 signature takes sign.
func Estimated(s scenario.Scenario, schemes scenario.Schemes, sign time.Duration) Estimate {
	var e Estimate
	signatures := func(n float64) time.Duration { return time.Duration(min(n*sign.Seconds(), 9e9) * float64(time.Second)) }
	for _, one := range sessions(s) {
		e.SetUp += time.Duration(float64(networkTime) * sign.Seconds() / usualSign.Seconds())
		for _, series := range one.series {
			for _, w := range series.Workloads() {
				traits := w.Traits()
				n := float64(traits.Bank + planned(s.Seed, one.turns, series))
				e.SetUp += time.Duration(w.Meters) * meterCost * sign
				e.SetUp += signatures(n*crowded/float64(runtime.GOMAXPROCS(0))*traits.Cost.Encrypt + traits.Cost.Setup)
			}
		}
		for _, t := range one.turns {
			e.Load += t.hold()
			e.SetUp += drainTime
		}
		for _, series := range one.searched {
			n := time.Duration(bound(series, s.Repeat))
			e.Load += n * series.Load.Hold
			e.SetUp += n * drainTime
		}
	}
	if s.FE == nil {
		return e
	}
	setUp := map[scenario.Cell]bool{}
	for _, cell := range s.FE.Cells(schemes) {
		cost := schemes.Of(cell.Scheme).Cost(cell.Bits, cell.Length)
		if size := (scenario.Cell{Scheme: cell.Scheme, Bits: cell.Bits}); !setUp[size] {
			setUp[size] = true
			e.FE += signatures(cost.Setup)
		}
		e.FE += signatures(float64(s.FE.Samples) * cost.Sample)
	}
	return e
}
