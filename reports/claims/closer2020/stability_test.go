package closer2020

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"meterbench/bench/result"
)

// twoCores are the verdicts of the world on two cores.
func twoCores() map[string]result.Verdict {
	return map[string]result.Verdict{
		"peer-limit": result.Depends, "overhead-key-size": result.Reproduced, "overhead-vs-transaction": result.Depends,
		"practicable-minimal": result.Depends, "scales-with-capacity": result.Reproduced, "algorithm-integrity": result.Reproduced,
	}
}

// What two cores show without noise: both forms of the study, on machines of several speeds.
func TestVerdictsOfTheStudy(t *testing.T) {
	for _, cost := range []float64{0.6e-3, 1.25e-3, 2.5e-3} {
		for _, form := range []string{"closer2020", "closer2020-full"} {
			run, sum := (&world{cost: cost}).summary(study(t, form))
			got := verdicts(t, run, sum)
			for id, want := range twoCores() {
				if got[id] != want {
					t.Errorf("%s, cost %g: %s is %q, want %q", form, cost, id, got[id], want)
				}
			}
		}
	}
}

// knee is the law of a peer that reaches its limit at the given number of
// clients, under every setting: a straight line up to there.
func knee(at float64) func(result.Conditions, int) (float64, result.Limit) {
	return func(c result.Conditions, clients int) (float64, result.Limit) {
		if n := float64(clients); n < at {
			return 100 * n, result.Limit{Kind: result.LimitNone}
		}
		return 100 * at, peerCap
	}
}

// power is the law of a peer whose throughput is a power of its quota.
func power(exponent float64) func(result.Conditions, int) (float64, result.Limit) {
	return func(c result.Conditions, clients int) (float64, result.Limit) {
		return 400 * math.Pow(c.Caps.Peer.CPUs, exponent), peerCap
	}
}

// Every figure of the quick study is off by up to a quarter, each by itself, as one window's throughput
// may be from the next one's on a shared machine: the verdicts stay those of the world that they are of,
// whichever that is. Where the truth lies next to a threshold they cannot, and the share that may differ
// says so.
func TestVerdictsAreStable(t *testing.T) {
	trials := 300
	if testing.Short() {
		trials = 100
	}
	quick, full := study(t, "closer2020"), study(t, "closer2020-full")
	times := func(factor float64) func(string, int, int) float64 {
		return func(scheme string, bits, length int) float64 { return factor * encryptTime(scheme, bits, length) }
	}
	for i, c := range []struct {
		name   string
		world  world
		want   map[string]result.Verdict
		differ float64 // the share of trials that may, at most
		full   bool    // not the quick form of the study
	}{
		{"two cores", world{}, twoCores(), 0.02, false},
		{"two cores, full form", world{}, twoCores(), 0.02, true},
		{"a machine twice as fast", world{cost: 0.6e-3}, twoCores(), 0.02, false},
		{"a machine half as fast", world{cost: 2.5e-3}, twoCores(), 0.02, false},
		{"the limit at 2 clients", world{law: knee(2)}, map[string]result.Verdict{"peer-limit": result.NotReproduced}, 0, false},
		{"the limit at 4 clients", world{law: knee(4)}, map[string]result.Verdict{"peer-limit": result.NotReproduced}, 0.01, false},
		{"the limit at 8 clients", world{law: knee(8)}, map[string]result.Verdict{"peer-limit": result.Reproduced}, 0.02, false},
		{"the limit at 12 clients", world{law: knee(12)}, map[string]result.Verdict{"peer-limit": result.Reproduced}, 0.01, false},
		{"the limit at 32 clients", world{law: knee(32)}, map[string]result.Verdict{"peer-limit": result.NotReproduced}, 0.25, false},
		{"the limit at 64 clients", world{law: knee(64)}, map[string]result.Verdict{"peer-limit": result.NotReproduced}, 0, false},
		{"no scaling", world{law: power(0)}, map[string]result.Verdict{"scales-with-capacity": result.NotReproduced}, 0.01, false},
		{"throughput as the root of the quota", world{law: power(0.5)}, map[string]result.Verdict{"scales-with-capacity": result.Depends}, 0.08, false},
		{"throughput as the quota", world{law: power(1)}, map[string]result.Verdict{"scales-with-capacity": result.Reproduced}, 0.01, false},
		{"encryption at no cost", world{encrypt: times(1e-4)}, map[string]result.Verdict{"overhead-vs-transaction": result.Reproduced, "practicable-minimal": result.Reproduced}, 0, false},
		{"encryption at ten thousand times the cost", world{encrypt: times(1e4)}, map[string]result.Verdict{"overhead-vs-transaction": result.NotReproduced, "practicable-minimal": result.NotReproduced}, 0, false},
		{"keys of any size at one cost", world{encrypt: func(_ string, _, length int) float64 { return 1e-3 * float64(length) }}, map[string]result.Verdict{"overhead-key-size": result.NotReproduced}, 0, false},
	} {
		differ, by, of, trials := 0, map[string]int{}, quick, trials
		if c.full {
			of, trials = full, trials/5 // which takes longer
		}
		for trial := range trials {
			w := c.world
			if w.cost == 0 {
				w.cost = 1.25e-3
			}
			w.noise, w.luck = 0.25, rand.New(rand.NewPCG(uint64(i), uint64(trial)))
			run, sum := w.summary(of)
			judged, _ := Publication().Judge(run, sum, devices()[0])
			got, turned := map[string]result.Verdict{}, false
			for _, c := range judged {
				got[strings.TrimPrefix(c.ID, "closer2020/")] = c.Verdict
			}
			for id, want := range c.want {
				if got[id] != want {
					by[id+" "+string(got[id])]++
					turned = true
				}
			}
			if turned {
				differ++
			}
		}
		share := float64(differ) / float64(trials)
		t.Logf("%s: %.3f of %d trials differ %v", c.name, share, trials, by)
		if share > c.differ {
			t.Errorf("%s: in %.3f of %d trials the verdicts differ, in %g they may: %v", c.name, share, trials, c.differ, by)
		}
	}
}
