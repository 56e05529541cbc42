package study

import (
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
	"meterbench/internal/proc"
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
	drainTime   = 600 * time.Millisecond  // of a load level: it runs out, and then that ends
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
			e.Load += n * longest(series, s.WarmupOf(series))
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

// calibrate describes the host and times signatures on it. They are the yardstick by which runs on different
// machines, or at different hours on a shared one, can be set side by side.
func calibrate() (result.Host, error) {
	sign, verify, err := timeSignatures(500)
	return result.Host{Host: proc.Describe(), Sign: sign, Verify: verify}, err
}

// SignTime returns about how long one ECDSA P-256 signature takes on this machine.
func SignTime() time.Duration {
	sign, _, err := timeSignatures(51)
	if err != nil {
		return usualSign
	}
	return time.Duration(sign * float64(time.Second))
}

// timeSignatures times one ECDSA P-256 signature and one verification, in seconds: the median of many, alone
// on one goroutine.
func timeSignatures(rounds int) (signing, verifying float64, err error) {
	key, digest, err := signer()
	if err != nil {
		return 0, 0, err
	}
	sign, verify := make([]float64, rounds), make([]float64, rounds)
	for i := range rounds {
		start := time.Now()
		signature, err := ecdsa.SignASN1(rand.Reader, key, digest)
		signed := time.Now()
		if err != nil {
			return 0, 0, fmt.Errorf("time a signature: %w", err)
		}
		if !ecdsa.VerifyASN1(&key.PublicKey, digest, signature) {
			return 0, 0, errors.New("time a signature: it does not verify")
		}
		sign[i], verify[i] = signed.Sub(start).Seconds(), time.Since(signed).Seconds()
	}
	return stats.Median(sign), stats.Median(verify), nil
}

// The garbage that a level may leave before it is collected, in percent of what is alive: as much of a collector's work
// for every transaction whatever is alive, some 2 % of the client's CPU time, each time for a few milliseconds beside the
// load. mostPercent takes four times the memory of what is alive, some 10 MB; where that is more than room, garbage
// takes no more than room or as much again as is alive.
const (
	mostPercent  = 300
	leastPercent = 100
	room         = 64 << 20
)

// collect takes away what came before, returns its memory to the system, and sets when the next collection begins. Where
// the collector is off it stays off.
func collect() {
	debug.FreeOSMemory() // after a collection
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := room * 100 / max(live[0].Value.Uint64(), 1)
	if before := debug.SetGCPercent(int(min(max(percent, leastPercent), mostPercent))); before < 0 {
		debug.SetGCPercent(before)
	}
}
