package study

import (
	"math"
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

// What the parts of a run took on a virtual machine of two cores whose P-256
// signature takes 30 us.
const (
	networkTime = 2500 * time.Millisecond // to bring one up, read its ledger and take it down
	drainTime   = 400 * time.Millisecond  // of a load level
	meterTime   = 120 * time.Microsecond  // to derive a meter's key and register it
	encryptTime = 6 * time.Millisecond    // per value, ddh at 2048 bits; the header counts as one more
	encryptPow  = 2.6                     // of the key size, curves included
	modulusTime = time.Second             // of the search for one of 2048 bits, paillier
	modulusPow  = 5                       // of its size
	sampleTime  = 2.2                     // of the table, in encryptions: a key pair, an encryption, a decryption
	crowded     = 1.5                     // an encryption while all cores encrypt, in encryptions
)

// Estimated returns about how long s takes.
func Estimated(s scenario.Scenario) Estimate {
	var e Estimate
	for _, one := range sessions(s) {
		e.SetUp += networkTime
		for _, series := range one.series {
			for _, w := range series.Workloads() {
				n := float64(w.Encryption.Bank + planned(s.Seed, one.turns, series))
				e.SetUp += time.Duration(w.Meters) * meterTime
				e.SetUp += seconds(n*crowded/float64(runtime.GOMAXPROCS(0))*encryption(w.Scheme, w.Bits, w.Length)) + modulus(w.Scheme, w.Bits)
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
	for _, scheme := range s.FE.Schemes {
		for _, bits := range s.FE.Sizes(scheme) {
			e.FE += modulus(scheme, bits)
			for _, length := range s.FE.Lengths {
				e.FE += seconds(float64(len(s.FE.Bounds)*s.FE.Samples) * sampleTime * encryption(scheme, bits, length))
			}
		}
	}
	return e
}

// encryption is about how long one encryption takes, in seconds.
func encryption(scheme string, bits, length int) float64 {
	cost := encryptTime.Seconds() * math.Pow(float64(bits)/2048, encryptPow) * float64(1+length)
	switch scheme {
	case "damgard": // twice the exponentiations
		cost *= 2
	case "paillier": // modulo the square of n
		cost *= 3
	}
	return cost
}

// modulus is about how long the keys of a scheme take to find.
func modulus(scheme string, bits int) time.Duration {
	if scheme != "paillier" {
		return 0
	}
	return seconds(modulusTime.Seconds() * math.Pow(float64(bits)/2048, modulusPow))
}

func seconds(s float64) time.Duration { return time.Duration(min(s, 9e9) * float64(time.Second)) }
