package study

import (
	"runtime"
	"time"

	"meterbench/bench/scenario"
)

// An Estimate is about how long a scenario takes.
type Estimate struct {
	Load  time.Duration // exactly what the scenario says; at most, where it searches
	FE    time.Duration // the table of encryption costs
	SetUp time.Duration // networks, meters, ciphertexts made before the load, what levels take to drain
}

// Total is all of it.
func (e Estimate) Total() time.Duration { return e.Load + e.FE + e.SetUp }

// What the parts of a run took on a virtual machine of two cores whose P-256 signature takes 30 us.
const (
	networkTime = 2500 * time.Millisecond // to bring one up, read its ledger and take it down
	drainTime   = 400 * time.Millisecond  // of a load level
	meterTime   = 120 * time.Microsecond  // to derive a meter's key and register it
	signTime    = 30e-6                   // seconds of one signature, in which costs of encryption are stated
	crowded     = 1.5                     // an encryption while all cores encrypt, in encryptions
)

// Estimated returns about how long s takes, whose table of encryption costs is over these schemes.
func Estimated(s scenario.Scenario, schemes scenario.Schemes) Estimate {
	var e Estimate
	for _, one := range sessions(s) {
		e.SetUp += networkTime
		for _, series := range one.series {
			for _, w := range series.Workloads() {
				traits := w.Traits()
				n := float64(traits.Bank + planned(s.Seed, one.turns, series))
				e.SetUp += time.Duration(w.Meters) * meterTime
				e.SetUp += seconds(n*crowded/float64(runtime.GOMAXPROCS(0))*traits.Cost.Encrypt*signTime + traits.Cost.Setup*signTime)
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
			e.FE += seconds(cost.Setup * signTime)
		}
		e.FE += seconds(float64(s.FE.Samples) * cost.Sample * signTime)
	}
	return e
}

func seconds(s float64) time.Duration { return time.Duration(min(s, 9e9) * float64(time.Second)) }
